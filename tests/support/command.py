"""The command line as a person or a script runs it, and a service that misbehaves on request."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from unittest import mock

import grpc
import orjson

from sellable.cli.app import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sellable.rpc.listen import TlsFiles

SCRIPT: Final = Path(sys.executable).with_name("sellable")
_RUN_S_MAX: Final = 60.0


class Ended(NamedTuple):
    """How a command ended."""

    exit_code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """What was written for a script."""
        return orjson.loads(self.out)

    @property
    def error(self) -> Any:
        """What was written for a script instead of a result."""
        assert not self.out
        return orjson.loads(self.err)["error"]

    @property
    def rows(self) -> list[list[str]]:
        """The lines that have words, as words."""
        return [line.split() for line in self.out.splitlines() if line.strip(" ─")]


class Command:
    """Runs `sellable` with a service to ask; no run may ever end in a traceback.

    A call runs it in this process, all but the start of the interpreter, which takes longer than
    everything else; `script` runs the installed console script.

    Args:
        address: The service to ask, as the environment names it.
        variables: What the environment has besides.
    """

    def __init__(self, address: str, **variables: str) -> None:
        self.address = address
        self._variables = variables

    def __call__(self, *arguments: str, stdin: str = "") -> Ended:
        """Run a command here, to its end."""
        out, err = io.StringIO(), io.StringIO()
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()))),
            mock.patch.dict(os.environ, self._environment(), clear=True),
        ):
            exit_code = run(list(arguments))
        assert "Traceback" not in out.getvalue() + err.getvalue(), err.getvalue()
        return Ended(exit_code, out.getvalue(), err.getvalue())

    def script(self, *arguments: str, stdin: str = "") -> Ended:
        """Run the console script to its end."""
        done = subprocess.run(
            [SCRIPT, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_RUN_S_MAX,
            check=False,
            env=self._environment(),
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command; the caller ends it."""
        return subprocess.Popen(
            [SCRIPT, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment(),
        )

    def _environment(self) -> dict[str, str]:
        asked = {"SELLABLE_ADDRESS": self.address} if self.address else {}
        return environment(asked | self._variables)


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return ours without what would change how a command behaves or how wide it writes."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SELLABLE_", "COLUMNS"))}
    return kept | dict(more or {})


class OddService(NamedTuple):
    """A service that answers no call as ours would."""

    address: str
    called: threading.Event


@contextmanager
def odd_service(
    *, failing: bool = False, silent: bool = False, tls: TlsFiles | None = None
) -> Iterator[OddService]:
    """Serve gRPC without a method: fail each call, never answer one, or know none."""
    called, ended = threading.Event(), threading.Event()

    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        called.set()
        if silent:
            ended.wait(_RUN_S_MAX)
        context.abort(grpc.StatusCode.UNKNOWN, "nobody knows")
        return b""

    class _Handler(grpc.GenericRpcHandler):
        def service(self, handler_call_details: object) -> grpc.RpcMethodHandler[bytes, bytes]:
            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.server(ThreadPoolExecutor(2), handlers=[_Handler()] if failing or silent else [])
    if tls is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        credentials = grpc.ssl_server_credentials([tls.read()])
        port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield OddService(f"{'127.0.0.1' if tls is None else 'localhost'}:{port}", called)
    finally:
        ended.set()
        server.stop(None).wait()
