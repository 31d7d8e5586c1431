"""Where the server listens: addresses as people write them, and why one cannot be taken."""

from __future__ import annotations

import re
import socket
import ssl
import stat
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sellable.errors import ListenRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

_PORT_MAX = 65_535
# sun_path is 108 bytes with its closing zero on Linux, and 104 on macOS: the smaller one serves.
_UNIX_PATH_BYTES_MAX = 103
_UNIX_PROBE_S_MAX = 1.0
_TCP = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^:\[\]/\s]+)):(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpAddress:
    """A host and a port; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixAddress:
    """A Unix socket by its path."""

    path: Path

    def __str__(self) -> str:
        return f"unix:{self.path}"


Address = TcpAddress | UnixAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """A PEM certificate chain and its private key."""

    certificate_file: Path
    key_file: Path

    def read(self) -> tuple[bytes, bytes]:
        """Return key and chain once they are known to fit each other."""
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            # A key with a passphrase is refused here; without the callback OpenSSL would ask
            # for it on the terminal and the start would hang.
            context.load_cert_chain(self.certificate_file, self.key_file, password=lambda: b"")
            return self.key_file.read_bytes(), self.certificate_file.read_bytes()
        except (OSError, ValueError) as error:
            raise ListenRefused(
                f"the TLS certificate {self.certificate_file} and key {self.key_file} "
                f"cannot be used: {error}"
            ) from error


def parse_address(text: str) -> Address:
    """Read `host:port`, `[ipv6]:port` or `unix:path`; anything else is refused with the forms."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:").removeprefix("//")
        if not path or len(path.encode()) > _UNIX_PATH_BYTES_MAX:
            raise ListenRefused(
                f"cannot listen on {text!r}: the path of a Unix socket has "
                f"1 to {_UNIX_PATH_BYTES_MAX} bytes"
            )
        return UnixAddress(path=Path(path))
    match = _TCP.fullmatch(text)
    if match is None or int(match["port"]) > _PORT_MAX:
        raise ListenRefused(
            f"cannot listen on {text!r}: expected host:port, [ipv6]:port or unix:path, "
            f"with a port from 0 to {_PORT_MAX} (0 takes any free one)"
        )
    return TcpAddress(host=match["v6"] or match["host"], port=int(match["port"]))


def require_free(address: Address) -> None:
    """Refuse an address that cannot be bound, with the reason that the system gives.

    The transports say only that binding failed, and both silently replace a Unix socket that
    another server is using, so this is asked first.
    """
    if isinstance(address, UnixAddress):
        _require_free_path(address)
    else:
        _require_free_port(address)


@contextmanager
def shared_port(address: TcpAddress) -> Iterator[TcpAddress]:
    """Hold a port for processes that are to listen on it together; port 0 becomes a free one.

    What is bound here never listens, so no connection comes to it; and whoever does not mean to
    share the port finds it in use, even while none of the others is there.
    """
    require_free(address)
    port = address.port
    with ExitStack() as stack:
        try:
            for family, kind, protocol, _, target in _targets(address):
                held = stack.enter_context(socket.socket(family, kind, protocol))
                held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                if family == socket.AF_INET6:
                    held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                _hold(held, (target[0], port, *target[2:]))
                port = held.getsockname()[1]
        except OSError as error:
            raise refused(address, _reason(error)) from error
        yield TcpAddress(host=address.host, port=port)


def refused(address: Address, problem: str) -> ListenRefused:
    """Return the one sentence that a person needs."""
    return ListenRefused(f"cannot listen on {address}: {problem}")


def _require_free_port(address: TcpAddress) -> None:
    try:
        for family, kind, protocol, _, target in _targets(address):
            with socket.socket(family, kind, protocol) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                trial.bind(target)
                trial.listen(1)
    except OSError as error:
        raise refused(address, _reason(error)) from error


def _targets(address: TcpAddress) -> list[tuple[Any, ...]]:
    return list(
        socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    )


def _hold(held: socket.socket, target: tuple[Any, ...]) -> None:
    try:
        held.bind(target)
    except OSError:
        # Connections of an earlier service that did not share the port linger for a minute.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(target)


def _require_free_path(address: UnixAddress) -> None:
    path = address.path
    if not path.parent.is_dir():
        raise refused(address, f"the folder {path.parent} does not exist")
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise refused(address, "a file that is not a socket is in the way")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        trial.settimeout(_UNIX_PROBE_S_MAX)
        try:
            trial.connect(str(path))
        except ConnectionRefusedError:
            return  # left behind by a server that is gone; the transport replaces it
        except OSError as error:
            raise refused(address, _reason(error)) from error
    raise refused(address, "another server is listening there")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
