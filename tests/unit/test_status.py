"""Refusals on the wire: nothing is lost on the way to a client, and nothing is too large."""

from __future__ import annotations

import inspect
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pygrpc_native.aio
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from sellable import errors
from sellable.errors import (
    InsufficientStock,
    InvalidFields,
    NoFeasiblePlan,
    ShortLine,
    Violation,
)
from sellable.rpc.status import (
    CODES,
    ROW_REASONS,
    TRAILER_BYTES_MAX,
    RefusedCall,
    error_from_rpc,
    to_status,
)
from sellable.v1 import errors_pb2
from support.refusals import SAMPLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

START_UP_ONLY = {errors.StoreRefused, errors.ListenRefused, errors.SettingsRefused}


async def ask(channel: grpc.aio.Channel) -> RefusedCall:
    """Call the method, and return what there is to know of its refusal."""
    method: Any = channel.unary_unary("/test.Refusals/Refuse")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await method(b"")
    return error_from_rpc(caught.value)


def kinds_below(kind: type[errors.SellableError]) -> Iterator[type[errors.SellableError]]:
    """Return the kinds of `errors` that are raised: those below a kind, but for private ones."""
    for sub in kind.__subclasses__():
        if sub.__module__.startswith(errors.__name__):
            if not sub.__name__.startswith("_"):
                yield sub
            yield from kinds_below(sub)


@asynccontextmanager
async def refusing(error: errors.SellableError, transport: str) -> AsyncIterator[grpc.aio.Channel]:
    """Serve a method that always ends with this error, and give a channel with default limits."""

    async def refuse(_request: bytes, context: Any) -> bytes:
        await context.abort_with_status(rpc_status.to_status(to_status(error)))
        return b""

    server = pygrpc_native.aio.server() if transport == "native" else grpc.aio.server()
    handler: Any = grpc.unary_unary_rpc_method_handler(refuse)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("test.Refusals", {"Refuse": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        await server.stop(1)


async def refused(error: errors.SellableError, transport: str) -> RefusedCall:
    """Return what a client learns of this error."""
    async with refusing(error, transport) as channel:
        return await ask(channel)


def test_every_refusal_of_a_call_has_a_sample() -> None:
    """So that the tests below speak of all of them."""
    kinds = set(kinds_below(errors.SellableError)) - START_UP_ONLY - {errors.BugError}
    assert kinds == {type(sample) for sample in SAMPLES if not isinstance(sample, errors.BugError)}


def test_every_reason_has_a_code_and_a_number() -> None:
    """The reasons of the exceptions, of the table and of the contract are the same."""
    reasons = {f"ERROR_REASON_{reason}" for reason in set(CODES) | ROW_REASONS}
    assert {sample.reason for sample in SAMPLES} == set(CODES)
    assert reasons | {"ERROR_REASON_UNSPECIFIED"} == set(errors_pb2.ErrorReason.keys())


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """The docstring of `errors` shows every kind with the reason it carries."""
    shown = dict(
        re.findall(r"^[├└]── (\w+) +(\w+|\(start-up only\))", errors.__doc__ or "", re.MULTILINE)
    )
    real = {
        kind.__name__: "(start-up only)" if kind in START_UP_ONLY else kind.reason
        for kind in kinds_below(errors.SellableError)
    }
    assert shown == real


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample.reason))
def test_every_status_is_complete(sample: errors.SellableError) -> None:
    """The code of the table, our domain, the data by name, and no detail twice."""
    status = to_status(sample)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert status.code == CODES[sample.reason].value[0]
    assert status.message == str(sample)
    assert (info.reason, info.domain, dict(info.metadata)) == (
        sample.reason,
        "sellable",
        sample.metadata,
    )
    urls = [detail.type_url for detail in status.details]
    assert len(set(urls)) == len(urls)


@pytest.mark.parametrize("transport", ["native", "grpcio"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample.reason))
async def test_a_client_learns_everything(sample: errors.SellableError, transport: str) -> None:
    """Whatever the refusal says arrives at the other end, on both transports."""
    violations = sample.violations if isinstance(sample, InvalidFields) else ()
    if isinstance(sample, errors.InvalidNetwork):
        violations = (
            Violation("document:12:5 markets[0].cap", "must be 0 or more"),
            Violation("document:14:1 rules", "is not known"),
        )
    assert await refused(sample, transport) == RefusedCall(
        code=CODES[sample.reason].name,
        reason=sample.reason,
        message=str(sample),
        metadata=sample.metadata,
        violations=violations,
        short_lines=sample.lines if isinstance(sample, InsufficientStock) else (),
        blocked_lines=sample.lines if isinstance(sample, NoFeasiblePlan) else (),
        retry_after_ms=getattr(sample, "retry_after_ms", 0),
    )


LONG = {
    "short": InvalidFields(*(Violation(f"skus[{n}]", "must be good") for n in range(1000))),
    "encoded": InvalidFields(*(Violation(f"skus[{n}]", "ü%" * 200) for n in range(1000))),
    "lines": InsufficientStock(
        *(ShortLine(f"{n:064}", "商品" * 21, 10**12, 10**12 - 1) for n in range(1000))
    ),
    "network": errors.InvalidNetwork(
        *(errors.Problem(n, 1, f"k{n}" * 100, "x" * 5000) for n in range(1000))
    ),
}


@pytest.mark.parametrize("transport", ["native", "grpcio"])
@pytest.mark.parametrize("error", LONG.values(), ids=LONG)
async def test_a_long_list_is_cut_and_says_so(error: errors.SellableError, transport: str) -> None:
    """A client with default limits gets what fits, never a broken call; the first come first."""
    call = await refused(error, transport)
    entries = call.violations or call.short_lines
    assert call.reason == error.reason
    assert len(entries) > 5
    assert len(entries) + int(call.metadata["omitted_count"]) == 1000
    assert to_status(error).ByteSize() * 4 // 3 < TRAILER_BYTES_MAX


async def test_a_full_cart_of_short_lines_arrives_whole() -> None:
    """100 lines with the article numbers and line ids that shops use are all listed."""
    error = InsufficientStock(*(ShortLine(f"{n}", f"SKU-{n:06}", 12, 11) for n in range(100)))
    call = await refused(error, "native")
    assert (call.short_lines, call.metadata) == (error.lines, {})


async def test_a_status_that_is_not_ours_keeps_its_code() -> None:
    """A call that never reached the service has no reason, and still says what happened."""
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        call = await ask(channel)
    assert (call.code, call.reason, call.metadata) == ("UNAVAILABLE", "", {})
    assert call.message


def test_no_other_module_maps_reasons() -> None:
    """Errors know nothing of gRPC."""
    assert "grpc." not in inspect.getsource(errors)
