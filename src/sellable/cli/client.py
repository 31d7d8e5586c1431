"""The connection to a running service, and the options that every command that asks it has."""

from __future__ import annotations

import functools
import inspect
import os
from contextlib import contextmanager
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Concatenate,
    Final,
    ParamSpec,
    TypeVar,
    get_type_hints,
)

import grpc
import typer

from sellable.cli.failure import ExitCode, Failure, refusal, usage
from sellable.cli.terminal import Answer, write_answer
from sellable.cli.typed import duration_ms
from sellable.errors import ListenRefused
from sellable.rpc.listen import TcpAddress, parse_address
from sellable.rpc.status import error_from_rpc
from sellable.v1.availability_pb2_grpc import AvailabilityServiceStub
from sellable.v1.inventory_pb2_grpc import InventoryServiceStub
from sellable.v1.network_pb2_grpc import NetworkServiceStub
from sellable.v1.operations_pb2_grpc import OperationsServiceStub
from sellable.v1.reservations_pb2_grpc import ReservationServiceStub
from sellable.v1.sourcing_pb2_grpc import SourcingServiceStub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADDRESS_DEFAULT: Final = "127.0.0.1:50051"
TIMEOUT_DEFAULT: Final = "10s"

_OPTIONS: Final = (
    # A call that may have changed something is sent again by whoever knows its id, not by us.
    ("grpc.enable_retries", 0),
    # The service is reached directly; a proxy of the environment is for the web.
    ("grpc.enable_http_proxy", 0),
    # What the service of one's own choice answers is not too long.
    ("grpc.max_receive_message_length", -1),
)
_NO_ANSWER_CODES: Final = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"})

_PANEL: Final = "Which service"

AsJson = Annotated[
    bool, typer.Option("--json", help="Write one JSON value; an error is one on standard error.")
]
_Address = Annotated[
    str,
    typer.Option(
        envvar="SELLABLE_ADDRESS",
        rich_help_panel=_PANEL,
        help=r"host:port, \[ipv6]:port or unix:path",
    ),
]
_Timeout = Annotated[
    str,
    typer.Option(rich_help_panel=_PANEL, help="how long one call may take, e.g. 500ms, 10s, 2m"),
]
_TlsCaFile = Annotated[
    Path | None,
    typer.Option(
        envvar="SELLABLE_TLS_CA_FILE",
        exists=True,
        dir_okay=False,
        rich_help_panel=_PANEL,
        help="speak TLS with the service, and trust this PEM certificate",
    ),
]

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")
_Arguments = ParamSpec("_Arguments")


class Service:
    """A service at an address, and its methods in `call` and `stream`."""

    def __init__(self, channel: grpc.Channel, address: str, timeout_ms: int) -> None:
        """Use a channel that the caller closes."""
        self.availability = AvailabilityServiceStub(channel)
        self.inventory = InventoryServiceStub(channel)
        self.network = NetworkServiceStub(channel)
        self.operations = OperationsServiceStub(channel)
        self.reservations = ReservationServiceStub(channel)
        self.sourcing = SourcingServiceStub(channel)
        self._address = address
        self._timeout_ms = timeout_ms

    def call(
        self,
        method: grpc.UnaryUnaryMultiCallable[_Request, _Response],
        request: _Request,
        *,
        again: str | None = None,
    ) -> _Response:
        """Ask once.

        Args:
            method: Of one of the stubs.
            request: What it takes.
            again: Of a call that changes something: the option that makes a repeat count once,
                empty if it needs none.

        Raises:
            Failure: With what the service answered, or why there is no answer.
        """
        try:
            return method(request, timeout=self._timeout_ms / 1_000)
        except grpc.RpcError as error:
            raise self._failure(error, again) from error

    def stream(
        self, method: grpc.UnaryStreamMultiCallable[_Request, _Response], request: _Request
    ) -> Iterator[_Response]:
        """Ask once, and yield the answers as they come.

        Raises:
            Failure: With what the service answered, or why there is no answer.
        """
        try:
            yield from method(request, timeout=self._timeout_ms / 1_000)
        except grpc.RpcError as error:
            raise self._failure(error, None) from error

    def _failure(self, error: grpc.RpcError, again: str | None) -> Failure:
        call = error_from_rpc(error)
        if call.reason:
            failure = refusal(call)
            unknown = call.metadata.get("outcome_unknown") == "true"
        else:
            failure = self._unanswered(call.code, call.message)
            # A connection that was never made carried nothing.
            unknown = call.code in _NO_ANSWER_CODES and "connect" not in call.message
        if unknown and again is not None:
            with_id = f" with {again}" if again else ""
            failure.hint = f"it may have been done: repeat the command{with_id}, it counts once"
        return failure

    def _unanswered(self, code: str, message: str) -> Failure:
        exit_code, reason, hint = ExitCode.NO_ANSWER, "SERVICE_UNREACHABLE", ""
        match code:
            case "UNAVAILABLE":
                text = f"no sellable service answers at {self._address}"
                hint = "start one with `sellable serve`, or name another with --address"
            case "DEADLINE_EXCEEDED":
                reason = "TIMEOUT"
                text = f"no answer from {self._address} within {self._timeout_ms} ms"
                hint = "allow it more with --timeout"
            case "UNIMPLEMENTED":
                text = f"the service at {self._address} does not know this call"
                hint = "it may be an older one, or run with --only for other calls"
            case _:
                exit_code, reason = ExitCode.FAULT, "INTERNAL"
                text = f"the service at {self._address} failed: {message}"
        return Failure(text, exit_code=exit_code, reason=reason, hint=hint, code=code)


def asks_service(
    command: Callable[Concatenate[Service, _Arguments], Answer], *, timeout: str = TIMEOUT_DEFAULT
) -> Callable[..., None]:
    """Give a command its service and the options that go with it, and write its answer."""
    hints = get_type_hints(command, include_extras=True)
    service_name, *own = inspect.signature(command).parameters.values()
    del hints[service_name.name], hints["return"]
    added = {"address": _Address, "timeout": _Timeout, "tls_ca_file": _TlsCaFile, "as_json": AsJson}
    defaults = {
        "address": ADDRESS_DEFAULT,
        "timeout": timeout,
        "tls_ca_file": None,
        "as_json": False,
    }

    @functools.wraps(command)
    def run(**given: Any) -> None:
        common = {name: given.pop(name) for name in added}
        with _connection(common["address"], common["timeout"], common["tls_ca_file"]) as service:
            answer = command(service, **given)  # type: ignore[call-arg]
            write_answer(answer, as_json=common["as_json"])  # a list may still be coming
        raise typer.Exit(answer.exit_code)

    run.__annotations__ = {**hints, **added}
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            *(parameter.replace(annotation=hints[parameter.name]) for parameter in own),
            *(
                inspect.Parameter(
                    name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name], annotation=kind
                )
                for name, kind in added.items()
            ),
        ]
    )
    return run


@contextmanager
def _connection(address: str, timeout: str, tls_ca_file: Path | None) -> Iterator[Service]:
    timeout_ms = duration_ms(timeout, "--timeout")
    target = _target(address)
    # The library writes its own view of a lost connection to standard error; ours is enough.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    if tls_ca_file is None:
        channel = grpc.insecure_channel(target, options=_OPTIONS)
    else:
        try:
            credentials = grpc.ssl_channel_credentials(tls_ca_file.read_bytes())
        except OSError as error:
            raise usage(f"cannot read {tls_ca_file}: {error.strerror}") from error
        channel = grpc.secure_channel(target, credentials, options=_OPTIONS)
    with channel:
        yield Service(channel, address, timeout_ms)


def _target(address: str) -> str:
    try:
        parsed = parse_address(address)
    except ListenRefused:
        parsed = None
    if parsed is None or (isinstance(parsed, TcpAddress) and not parsed.port):
        raise typer.BadParameter(
            f"{address!r} is not host:port, [ipv6]:port or unix:path", param_hint="--address"
        )
    return str(parsed)
