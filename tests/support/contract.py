"""The contract as protoc reads it: descriptors together with their comments."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from google.protobuf.descriptor_pb2 import FileDescriptorSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        EnumDescriptorProto,
        FieldDescriptorProto,
        FileDescriptorProto,
        MethodDescriptorProto,
    )

ROOT: Final = Path(__file__).parents[2]
PROTOS: Final = ROOT / "protos"

Element = TypeVar("Element")

_MESSAGE, _ENUM, _SERVICE = 4, 5, 6  # field numbers of FileDescriptorProto


class Commented(NamedTuple, Generic[Element]):
    """An element of the contract, its full name and the lines of its comment."""

    name: str
    element: Element
    comment: str


@cache
def contract() -> Sequence[FileDescriptorProto]:
    """Return our own files with their source information."""
    files = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "contract.binpb"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "grpc_tools.protoc",
                f"-I{PROTOS}",
                "--include_source_info",
                f"--descriptor_set_out={out}",
                *files,
            ],
            check=True,
        )
        return FileDescriptorSet.FromString(out.read_bytes()).file


def methods() -> Iterator[Commented[MethodDescriptorProto]]:
    """Return every call."""
    for file in contract():
        comments = _comments(file)
        for at, service in enumerate(file.service):
            for index, method in enumerate(service.method):
                comment = comments.get((_SERVICE, at, 2, index), "")
                yield Commented(f"{service.name}.{method.name}", method, comment)


def fields() -> Iterator[Commented[FieldDescriptorProto]]:
    """Return every field of every message."""
    for file in contract():
        comments = _comments(file)
        for path, name, message in _messages(file):
            for index, field in enumerate(message.field):
                comment = comments.get((*path, 2, index), "")
                yield Commented(f"{name}.{field.name}", field, comment)


def enums() -> Iterator[Commented[EnumDescriptorProto]]:
    """Return every enum."""
    for file in contract():
        comments = _comments(file)
        for index, enum in enumerate(file.enum_type):
            yield Commented(enum.name, enum, comments.get((_ENUM, index), ""))


def enum_values(name: str) -> Iterator[Commented[int]]:
    """Return the values of one enum in the order of their declaration."""
    for file in contract():
        comments = _comments(file)
        for at, enum in enumerate(file.enum_type):
            if enum.name == name:
                for index, value in enumerate(enum.value):
                    comment = comments.get((_ENUM, at, 2, index), "")
                    yield Commented(value.name, value.number, comment)


def _messages(
    file: FileDescriptorProto,
) -> Iterator[tuple[tuple[int, ...], str, DescriptorProto]]:
    for at, message in enumerate(file.message_type):
        yield (_MESSAGE, at), message.name, message
        for index, nested in enumerate(message.nested_type):
            yield (_MESSAGE, at, 3, index), f"{message.name}.{nested.name}", nested


def _comments(file: FileDescriptorProto) -> dict[tuple[int, ...], str]:
    return {
        tuple(location.path): location.leading_comments
        for location in file.source_code_info.location
    }
