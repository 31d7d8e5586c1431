"""The one edge where refusals become gRPC statuses and faults become INTERNAL.

A wrapper around the servicers and not an interceptor: it is applied once, when a method is
registered, while an interceptor is asked on every call (on the native transport that also
builds the call's metadata and routes unknown methods through a second server). Measured with
`loadtests/check_guard.py`.
"""

from __future__ import annotations

import asyncio
import inspect
import secrets
from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import grpc
import structlog
from grpc_status import rpc_status

from sellable.errors import BugError, SellableError
from sellable.rpc.status import to_status
from sellable.tally import MethodTally

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

_log = structlog.get_logger("sellable.rpc")
_CLOSED = "the server is shutting down; nothing was done"
_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


class InternalFault(BugError):
    """What a client learns of a fault of ours: only the id under which it is logged."""

    def __init__(self, request_id: str) -> None:
        """Name the log entry."""
        super().__init__(f"internal error; it is logged with request id {request_id}")
        self.request_id = request_id

    @property
    def metadata(self) -> dict[str, str]:
        return {"request_id": self.request_id}


class Gate:
    """Lets calls in until it is closed, and knows when the last of them has left."""

    __slots__ = ("_idle", "in_flight", "open", "tallies")

    def __init__(self) -> None:
        """Start open and empty."""
        self.open = True
        self.in_flight = 0
        self.tallies: dict[str, MethodTally] = {}
        self._idle = asyncio.Event()

    def tally(self, method: str) -> MethodTally:
        """Return the counters of a method, by its name; names are unique over all services."""
        return self.tallies.setdefault(method, MethodTally())

    def leave(self, calls: int = 1) -> None:
        """Count out calls that came in."""
        self.in_flight -= calls
        if not self.open and self.in_flight == 0:
            self._idle.set()

    def close(self) -> None:
        """Let nobody in from now on."""
        self.open = False
        if self.in_flight == 0:
            self._idle.set()

    async def idle(self) -> None:
        """Return once the gate is closed and everybody has left."""
        await self._idle.wait()


class Guarded:
    """A servicer as the server registers it: gated, and answering errors in the rich form."""

    def __init__(self, servicer: object, gate: Gate) -> None:
        """Guard every method of this servicer that is asked for."""
        self._servicer = servicer
        self._gate = gate

    def __getattr__(self, name: str) -> Callable[[Any, Any], Any]:
        method = getattr(self._servicer, name)
        if inspect.iscoroutinefunction(method):
            return _guard_unary(method, self._gate, self._gate.tally(name))
        if inspect.isasyncgenfunction(method):
            return _guard_stream(method, self._gate, self._gate.tally(name))
        return _unimplemented


def _guard_unary(
    method: Callable[[Any, Any], Awaitable[Any]], gate: Gate, tally: MethodTally
) -> Callable[[Any, Any], Any]:
    async def call(request: Any, context: Any) -> Any:
        begun_s = perf_counter()
        if not gate.open:
            tally.fail("UNAVAILABLE")
            tally.observe(0.0)
            await context.abort(grpc.StatusCode.UNAVAILABLE, _CLOSED)
        gate.in_flight += 1
        try:
            return await method(request, context)
        except asyncio.CancelledError:
            tally.fail("CANCELLED")
            raise
        except Exception as error:  # noqa: BLE001 - the RPC edge
            await _refuse(error, context, method, tally)
        finally:
            gate.leave()
            tally.observe(perf_counter() - begun_s)

    return call


def _guard_stream(
    method: Callable[[Any, Any], AsyncIterator[Any]], gate: Gate, tally: MethodTally
) -> Callable[[Any, Any], Any]:
    async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
        begun_s = perf_counter()
        if not gate.open:
            tally.fail("UNAVAILABLE")
            tally.observe(0.0)
            await context.abort(grpc.StatusCode.UNAVAILABLE, _CLOSED)
        gate.in_flight += 1
        try:
            async for response in method(request, context):
                yield response
        except (asyncio.CancelledError, GeneratorExit):
            tally.fail("CANCELLED")
            raise
        except Exception as error:  # noqa: BLE001 - the RPC edge
            await _refuse(error, context, method, tally)
        finally:
            gate.leave()
            tally.observe(perf_counter() - begun_s)

    return stream


async def _unimplemented(_request: Any, context: Any) -> None:
    # The generated base class answers methods that nobody wrote with functions that are not
    # coroutines; they would take a thread to say the same.
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, "this method is not served here")


async def _refuse(
    error: Exception, context: Any, method: Callable[..., Any], tally: MethodTally
) -> NoReturn:
    """End the call with the status of this error; cancellation never comes here."""
    if isinstance(error, grpc.aio.AbortError):
        code = context.code()  # a number on grpcio
        tally.fail(_NAMES.get(code, "UNKNOWN") if isinstance(code, int) else code.name)
        raise error  # the handler has answered already
    if isinstance(error, TimeoutError):
        # Store timeouts have become StoreUnavailable by now: this is the caller's own deadline.
        tally.fail("DEADLINE_EXCEEDED")
        await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the deadline of the call passed")
    if not isinstance(error, SellableError) or isinstance(error, BugError):
        fault = InternalFault(secrets.token_hex(8))
        _log.error(
            "call_failed",
            method=method.__qualname__,
            request_id=fault.request_id,
            exc_info=error,
        )
        error = fault
    status = to_status(error)
    tally.fail(_NAMES[status.code])
    await context.abort_with_status(rpc_status.to_status(status))
    raise AssertionError("abort_with_status returns never")
