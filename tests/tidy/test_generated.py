"""The generated code is what `poe protos` makes of the protos, and its floors are declared."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from support.contract import ROOT

GENERATED = ROOT / "src" / "sellable" / "v1"


def project() -> dict[str, Any]:
    """Read pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_generated_code_is_current(tmp_path: Path) -> None:
    """Generating again gives the committed files, byte by byte, and no others."""
    task = project()["tool"]["poe"]["tasks"]["protos"]["shell"]
    program, *arguments = shlex.split(task.replace("_out=src", f"_out={tmp_path}"))
    assert program == "python"
    protos = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(arguments.pop()))
    # The plug-ins that write the type stubs are found beside the interpreter.
    path = str(Path(sys.executable).parent)
    subprocess.run(
        [sys.executable, *arguments, *protos],
        cwd=ROOT,
        env={"PATH": path},
        check=True,
        capture_output=True,
    )
    generated = {file.name: file.read_bytes() for file in (tmp_path / "sellable" / "v1").iterdir()}
    committed = {file.name: file.read_bytes() for file in GENERATED.glob("*_pb2*.py*")}
    assert sorted(generated) == sorted(committed)
    assert [name for name in generated if generated[name] != committed[name]] == []


def test_declared_versions_can_run_the_generated_code() -> None:
    """The oldest grpcio and protobuf that may be installed are new enough for the code."""
    floors = {
        match[1]: match[2]
        for text in project()["project"]["dependencies"]
        if (match := re.match(r"([a-z-]+)>=([\d.]+)", text))
    }
    grpc_code = (GENERATED / "availability_pb2_grpc.py").read_text()
    messages = (GENERATED / "availability_pb2.py").read_text()
    grpc_version = re.search(r"GRPC_GENERATED_VERSION = '([\d.]+)'", grpc_code)
    protobuf_version = re.search(r"Protobuf Python Version: ([\d.]+)", messages)
    assert grpc_version is not None
    assert protobuf_version is not None
    assert (grpc_version[1], protobuf_version[1]) == (floors["grpcio"], floors["protobuf"])
