"""Messages of the contract that people write as JSON, refused with the path of each problem."""

from __future__ import annotations

import difflib
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from sellable.cli.documents import document_name
from sellable.cli.failure import ExitCode, Failure, usage
from sellable.limits import MESSAGE_BYTES_MAX

_Message = TypeVar("_Message", bound=Message)

_TIMESTAMP: Final = "google.protobuf.Timestamp"
_POINT: Final = "sellable.v1.GeoPoint"
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,19}")
_INTEGERS: Final = {
    FieldDescriptor.TYPE_INT32: 32,
    FieldDescriptor.TYPE_INT64: 64,
}
_PROBLEMS_MAX: Final = 20  # that are told one by one
_SHOWN_MAX: Final = 40  # characters of a value that is wrong


class _NotTaken(Exception):
    """What Python reads of JSON and we do not."""


def read_message(file: Path, message: _Message, root: str) -> _Message:
    """Fill a message from a file of JSON, as protobuf writes it; names as in the contract as well.

    Args:
        file: `-` reads standard input.
        message: An empty one; it is returned.
        root: What paths begin with, such as `order`.

    Raises:
        Failure: If the file cannot be read, is no JSON, or has fields that are unknown or of
            another type; every one is told by its path, with what is allowed.
    """
    name = document_name(file)
    value = _json(name, _content(file, name))
    problems = list(_problems(message.DESCRIPTOR, value, root))
    if not problems:
        try:
            json_format.ParseDict(value, message)
        except json_format.ParseError as error:  # such as a year beyond what a time can be
            problems = [(root, str(error))]
    if problems:
        raise _refused(name, problems)
    return message


def _content(file: Path, name: str) -> bytes:
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(MESSAGE_BYTES_MAX + 1)
        else:
            with file.open("rb") as opened:
                content = opened.read(MESSAGE_BYTES_MAX + 1)
    except OSError as error:
        raise usage(f"cannot read {name}: {error.strerror}") from error
    if len(content) > MESSAGE_BYTES_MAX:
        raise usage(f"{name} has more than {MESSAGE_BYTES_MAX} bytes")
    return content


def _json(name: str, content: bytes) -> Any:
    try:
        return json.loads(
            content.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_constant
        )
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise usage(f"{name} is not UTF-8: byte {error.start}, line {line}") from error
    except json.JSONDecodeError as error:
        raise usage(f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise usage(f"{name}: it is nested too deeply") from error
    except _NotTaken as error:
        raise usage(f"{name}: {error}") from error
    except ValueError as error:  # Python's own bound of digits
        raise usage(f"{name}: a number has too many digits") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotTaken(f"{twice!r} is given twice in one object")
    return made


def _constant(text: str) -> NoReturn:
    raise _NotTaken(f"{text} is no number of JSON")


def _problems(descriptor: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the fault of everything that is not as the message has it."""
    if descriptor.full_name == _TIMESTAMP:
        if not _is_time(value):
            yield path, f"{_shown(value)} is not a time like 2026-12-01T08:00:00Z"
        return
    if not isinstance(value, dict):
        yield path, f"{_shown(value)} is not an object with {_names(descriptor)}"
        return
    fields = {field.name: field for field in descriptor.fields}
    known = fields | {field.json_name: field for field in descriptor.fields}
    if descriptor.full_name == _POINT:  # 0 would be a place, and hardly ever the one that is meant
        yield from ((f"{path}.{name}", "is required") for name in fields if value.get(name) is None)
    seen: dict[str, str] = {}
    for key, member in value.items():
        field = known.get(key)
        if field is None:
            yield f"{path}.{key}", _unknown(key, fields)
            continue
        if (other := seen.setdefault(field.name, key)) != key:
            yield f"{path}.{key}", f"is the same as {other}: give it once"
        if member is not None:  # as if it were not there
            yield from _field_problems(field, member, f"{path}.{field.name}")


def _field_problems(field: FieldDescriptor, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if not field.is_repeated:
        yield from _value_problems(field, value, path)
    elif isinstance(value, list):
        for at, member in enumerate(value):
            yield from _value_problems(field, member, f"{path}[{at}]")
    else:
        yield path, f"{_shown(value)} is not a list"


def _value_problems(field: FieldDescriptor, value: Any, path: str) -> Iterator[tuple[str, str]]:
    bits = _INTEGERS.get(field.type)
    if field.message_type is not None:
        yield from _problems(field.message_type, value, path)
    elif bits is not None:
        if not _is_whole(value, bits):
            yield path, f"{_shown(value)} is not a whole number of {bits} bits"
    elif field.type == FieldDescriptor.TYPE_DOUBLE:
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isinf(value):
            yield path, f"{_shown(value)} is not a number"
    elif not isinstance(value, str):
        yield path, f"{_shown(value)} is not a text: write it in quotes"
    elif not _is_unicode(value):
        yield path, f"{_shown(value)} has half a character"


def _is_time(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        Timestamp().FromJsonString(value)
    except ValueError:
        return False
    return True


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_whole(value: Any, bits: int) -> bool:
    """Tell whether it is a whole number; protobuf writes those of 64 bits in quotes."""
    whole = int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
    if isinstance(whole, bool) or not isinstance(whole, int):
        return False
    most: int = 1 << (bits - 1)
    return -most <= whole < most


def _unknown(key: str, names: Iterable[str]) -> str:
    allowed = list(names)
    near = difflib.get_close_matches(key, allowed, 1)
    meant = f": did you mean {near[0]}?" if near else ""
    return f"is not known{meant or ': allowed are ' + ', '.join(allowed)}"


def _names(descriptor: Any) -> str:
    return ", ".join(field.name for field in descriptor.fields)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}..."


def _refused(name: str, problems: list[tuple[str, str]]) -> Failure:
    count = len(problems)
    notes = [f"{path}: {description}" for path, description in problems[:_PROBLEMS_MAX]]
    if count > _PROBLEMS_MAX:
        notes.append(f"... and {count - _PROBLEMS_MAX} more")
    return Failure(
        f"{name} has {count} problem{'s' if count > 1 else ''}",
        exit_code=ExitCode.USAGE,
        reason="USAGE",
        notes=notes,
        problems=[{"field": path, "description": text} for path, text in problems],
    )
