"""The servers that are measured: how each is started, and where its answers can be checked."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from arrangement import HERE, SERVER_CORE, free_port

ECHO, GRPCIO_ECHO, PLAIN, RIVAL = "echo, native", "echo, grpcio", "grpc.aio + redis-py", "rival"
SELLABLE, FSYNC, ONE, TWO = "sellable", "sellable, fsync", "1 process", "2 processes"
Command: TypeAlias = "tuple[str | Path, ...]"
BOTH_CORES = f"{SERVER_CORE},{SERVER_CORE + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One server, not yet started."""

    name: str
    command: Command
    port: int
    cores: str = str(SERVER_CORE)

    @property
    def target(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"


def echo(transport: str, *answer_bytes: int, kind: str = "bytes") -> Contender:
    """Answer nothing, in these sizes."""
    port = free_port()
    told = (str(port), transport, kind, *map(str, answer_bytes))
    command: Command = (Path(sys.executable), HERE / "echo_server.py", *told)
    return Contender(name=f"echo, {transport}", command=command, port=port)


def plain(store: str) -> Contender:
    """Answer as one would write it first."""
    port = free_port()
    command = (Path(sys.executable), HERE / "redis_py_server.py", str(port), store)
    return Contender(name=PLAIN, command=command, port=port)


def rival(command: str, store: str) -> Contender:
    """Run a foreign server by its command, with `{port}` and `{socket}` filled in."""
    port = free_port()
    filled = command.replace("{port}", str(port)).replace("{socket}", store.removeprefix("unix://"))
    return Contender(name=RIVAL, command=tuple(shlex.split(filled)), port=port)


def sellable(
    store: str, name: str = SELLABLE, *options: str, cores: str = str(SERVER_CORE)
) -> Contender:
    """Answer with the product, by its console command."""
    port = free_port()
    program = Path(sys.executable).with_name("sellable")
    listen = ("--listen", f"127.0.0.1:{port}", "--transport", "native")
    command: Command = (program, "serve", "--store", store, *listen, *options)
    return Contender(name=name, command=command, port=port, cores=cores)
