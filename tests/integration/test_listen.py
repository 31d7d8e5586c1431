"""Where the server listens: every form of address, TLS, and each refusal in one clear sentence."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import grpc
import pytest

from sellable.errors import ListenRefused
from sellable.rpc.listen import TcpAddress, TlsFiles, parse_address, require_free, shared_port
from sellable.rpc.server import ServerOptions, Transport, serve
from sellable.v1 import availability_pb2, availability_pb2_grpc
from support import answering
from support.answering import Answering, registration
from support.tls import self_signed

if TYPE_CHECKING:
    from pathlib import Path

BOTH = pytest.mark.parametrize("transport", ["native", "grpcio"])


async def answer_at(channel: grpc.aio.Channel) -> str:
    """Make one call and close the channel."""
    async with channel:
        stub = availability_pb2_grpc.AvailabilityServiceStub(channel)
        request = availability_pb2.CheckSellableRequest(skus=[answering.ECHO])
        return (await stub.CheckSellable(request, timeout=10)).revision


async def refused(options: ServerOptions) -> str:
    """Return the sentence with which these options are refused at the start."""
    with pytest.raises(ListenRefused) as caught:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(serve([registration(Answering())], options))
    return str(caught.value)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """Give a certificate for localhost that signs itself."""
    return self_signed(tmp_path_factory.mktemp("tls"))


@BOTH
@pytest.mark.parametrize("listen", ["localhost:0", "[::1]:0", "127.0.0.1:0"])
async def test_every_form_of_host_serves(transport: Transport, listen: str) -> None:
    """A name, an IPv4 and an IPv6 address are served, and reported as they are dialled."""
    options = ServerOptions(listen=listen, transport=transport)
    async with serve([registration(Answering())], options) as server:
        assert listen.removesuffix("0") == server.address[: len(listen) - 1]
        answer = await answer_at(grpc.aio.insecure_channel(server.address))
        assert answer == answering.ECHO


@BOTH
async def test_unix_socket_serves(transport: Transport, tmp_path: Path) -> None:
    """A Unix socket is served, and one left behind by a dead server is replaced."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    options = ServerOptions(listen=f"unix:{path}", transport=transport)
    async with serve([registration(Answering())], options) as server:
        assert f"unix:{path}" == server.address
        assert await answer_at(grpc.aio.insecure_channel(server.address)) == answering.ECHO


@BOTH
async def test_port_in_use_is_refused(transport: Transport) -> None:
    """A port that another server has is refused by name, on both transports alike."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        message = await refused(ServerOptions(listen=listen, transport=transport))
        assert f"cannot listen on {listen}: address already in use" == message


@BOTH
async def test_second_server_on_the_port_is_refused(transport: Transport) -> None:
    """A second server of our own does not share the port by accident."""
    options = ServerOptions(listen="127.0.0.1:0", transport=transport)
    async with serve([registration(Answering())], options) as first:
        message = await refused(ServerOptions(listen=first.address, transport=transport))
        assert f"cannot listen on {first.address}: address already in use" == message


@BOTH
async def test_unix_socket_in_use_is_refused(transport: Transport, tmp_path: Path) -> None:
    """A living server keeps its socket; the transports alone would take it away."""
    options = ServerOptions(listen=f"unix:{tmp_path / 's'}", transport=transport)
    async with serve([registration(Answering())], options) as first:
        message = await refused(options)
        assert f"cannot listen on {first.address}: another server is listening there" == message
        assert await answer_at(grpc.aio.insecure_channel(first.address)) == answering.ECHO


async def test_file_in_the_way_is_kept(tmp_path: Path) -> None:
    """A file that is not a socket is not replaced by one."""
    path = tmp_path / "notes.txt"
    path.write_text("keep me")
    message = await refused(ServerOptions(listen=f"unix:{path}"))
    assert f"cannot listen on unix:{path}: a file that is not a socket is in the way" == message
    assert path.read_text() == "keep me"


async def test_address_of_another_machine_is_refused() -> None:
    """An address that is not ours is refused with the reason of the system."""
    message = await refused(ServerOptions(listen="192.0.2.1:50051"))
    assert message == "cannot listen on 192.0.2.1:50051: cannot assign requested address"


@pytest.mark.parametrize(
    "listen", ["", "localhost", "localhost:", ":50051", "h:65536", "::1:50051", "h:1x", "unix:"]
)
def test_malformed_address_is_refused_with_the_forms(listen: str) -> None:
    """What is no address is refused at once."""
    with pytest.raises(ListenRefused, match="cannot listen on"):
        parse_address(listen)


def test_address_is_written_as_it_is_read() -> None:
    """IPv6 keeps its brackets."""
    assert TcpAddress(host="::1", port=5) == parse_address("[::1]:5")
    assert [str(parse_address(text)) for text in ("[::1]:5", "h:0", "unix:///run/s")] == [
        "[::1]:5",
        "h:0",
        "unix:/run/s",
    ]


@pytest.mark.parametrize("transport", ["auto", "grpcio"])
async def test_tls_is_served_by_grpcio(transport: Transport, tls: TlsFiles) -> None:
    """With TLS, auto takes grpcio and clients that trust the certificate are answered."""
    options = ServerOptions(listen="localhost:0", transport=transport, tls=tls)
    async with serve([registration(Answering())], options) as server:
        trust = grpc.ssl_channel_credentials(tls.certificate_file.read_bytes())
        answer = await answer_at(grpc.aio.secure_channel(server.address, trust))
        assert (server.transport, answer) == ("grpcio", answering.ECHO)


async def test_auto_takes_native_without_tls() -> None:
    """Without TLS the fast transport is the default."""
    async with serve([registration(Answering())], ServerOptions(listen="127.0.0.1:0")) as server:
        assert server.transport == "native"


def test_tls_on_the_native_transport_is_refused(tls: TlsFiles) -> None:
    """The transport that has no TLS says so, instead of serving in the clear."""
    with pytest.raises(ListenRefused, match="native transport has no TLS"):
        ServerOptions(transport="native", tls=tls)


async def test_unusable_tls_files_are_refused(tls: TlsFiles, tmp_path: Path) -> None:
    """Missing, broken or mismatched files are refused by name before anything listens."""
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for certificate in (tmp_path / "missing.pem", broken):
        files = TlsFiles(certificate_file=certificate, key_file=tls.key_file)
        message = await refused(ServerOptions(listen="localhost:0", tls=files))
        assert f"the TLS certificate {certificate} and key {tls.key_file}" in message


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_held_port_is_in_use_for_others(host: str) -> None:
    """A free port is found and held for those who share it, before any of them listens."""
    with shared_port(TcpAddress(host=host, port=0)) as address:
        assert 0 < address.port
        for hold in (require_free, lambda again: shared_port(again).__enter__()):
            with pytest.raises(ListenRefused) as caught:
                hold(address)
            assert f"cannot listen on {address}: address already in use" == str(caught.value)
    require_free(address)


@BOTH
async def test_servers_share_a_held_port(transport: Transport) -> None:
    """Two servers take the same port, and who holds it takes no connection away from them."""
    with shared_port(TcpAddress(host="127.0.0.1", port=0)) as address:
        options = ServerOptions(listen=str(address), transport=transport, shared=True)
        async with (
            serve([registration(Answering())], options) as one,
            serve([registration(Answering())], options) as other,
        ):
            assert str(address) == one.address == other.address
            for _ in range(16):
                channel = grpc.aio.insecure_channel(
                    one.address, [("grpc.use_local_subchannel_pool", 1)]
                )
                assert answering.ECHO == await answer_at(channel)


@BOTH
async def test_a_port_is_held_where_connections_linger(transport: Transport) -> None:
    """What is left of the connections of a service that did not share does not keep ours out."""
    options = ServerOptions(listen="127.0.0.1:0", transport=transport)
    async with serve([registration(Answering())], options) as server:
        address = parse_address(server.address)
        channel = grpc.aio.insecure_channel(server.address)
        stub = availability_pb2_grpc.AvailabilityServiceStub(channel)
        await stub.CheckSellable(availability_pb2.CheckSellableRequest(skus=[answering.ECHO]))
    async with channel:
        assert isinstance(address, TcpAddress)
        with shared_port(address) as held:
            assert address == held
