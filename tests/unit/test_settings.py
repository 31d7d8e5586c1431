"""Settings: their ranks, their bounds, and every mistake answered in words."""

from __future__ import annotations

import os
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from sellable import limits
from sellable.errors import SettingsRefused
from sellable.settings import PREFIX, TABLE, Settings, load_settings

DURABILITIES = "fsync, primary or replica:N with N from 1 to 8"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the environment of the tests says."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


def refused(**flags: object) -> tuple[str, ...]:
    """Return the sentences with which these settings are refused."""
    with pytest.raises(SettingsRefused) as caught:
        load_settings(**flags)
    return caught.value.problems


def test_defaults_serve_embedded_on_the_usual_address() -> None:
    """Nothing has to be set."""
    settings = load_settings()
    assert (
        settings.listen,
        settings.transport,
        settings.store,
        settings.durability_effective,
        settings.partitions,
    ) == ("127.0.0.1:50051", "auto", None, "fsync", 1)
    assert (
        settings.ttl_ms_min,
        settings.ttl_ms_default,
        settings.ttl_ms_max,
    ) == (limits.TTL_MS_MIN, limits.TTL_MS_DEFAULT, limits.TTL_MS_MAX)


def test_flag_wins_over_environment_wins_over_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest word counts; a flag that was not given is no word."""
    monkeypatch.setenv("SELLABLE_LISTEN", "environment:1")
    assert load_settings(listen=None).listen == "environment:1"
    assert load_settings(listen="flag:1").listen == "flag:1"


@pytest.mark.parametrize(
    ("data_home", "expected"),
    [("/x", Path("/x/sellable")), ("", Path("/home/me/.local/share/sellable"))],
)
def test_data_folder_is_where_the_platform_keeps_data(
    monkeypatch: pytest.MonkeyPatch, data_home: str, expected: Path
) -> None:
    """XDG_DATA_HOME counts, and its default where it is not set."""
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_DATA_HOME", data_home)
    assert expected == load_settings().data


def test_a_store_of_the_user_is_durable_as_its_primary_is() -> None:
    """The default promise depends on who runs the store; a stated one does not."""
    store = "redis://localhost"
    assert load_settings(store=store).durability_effective == "primary"
    assert load_settings(store=store, durability="fsync").durability_effective == "fsync"


@pytest.mark.parametrize("replicas", [1, limits.REPLICAS_MAX])
def test_a_durability_may_ask_for_replicas(replicas: int) -> None:
    """Of a store of the user, within the bound."""
    settings = load_settings(store="redis://localhost", durability=f"replica:{replicas}")
    assert settings.durability_effective.replicas == replicas
    assert not settings.durability_effective.fsync


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("SELLABLE_LISTN", ": did you mean SELLABLE_LISTEN?"),
        ("SELLABLE_TTL_MS_MAXIMUM", ": did you mean SELLABLE_TTL_MS_MAX?"),
        ("sellable_transprt", ": did you mean SELLABLE_TRANSPORT?"),
        ("SELLABLE_QQQ", ""),
    ],
)
def test_unknown_name_is_refused_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, name: str, nearest: str
) -> None:
    """A misspelt setting is an error and not a default."""
    monkeypatch.setenv(name, "1")
    assert (f"{name} is not a setting{nearest}",) == refused()


@pytest.mark.parametrize(
    "name",
    [
        "SELLABLE_PORT",
        "SELLABLE_PORT_50051_TCP_ADDR",
        "SELLABLE_SERVICE_HOST",
        "SELLABLE_SERVICE_PORT_GRPC",
        "SELLABLE_VALKEY_SERVICE_HOST",
        "SELLABLE_VALKEY_PORT_6379_TCP",
        "SELLABLE_TEST_SERVER",
    ],
)
def test_names_of_others_are_let_be(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Kubernetes names services in every pod; a service called sellable must start there."""
    monkeypatch.setenv(name, "tcp://10.0.0.1:1")
    assert load_settings() == Settings()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            {"partitions": 3},
            "partitions is 3: more than 1 comes with the cluster (partitions from --partitions)",
        ),
        (
            {"ttl_ms_min": 5_000, "ttl_ms_max": 4_000},
            (
                "ttl_ms_min 5000, ttl_ms_default 900000 and ttl_ms_max 4000 must be in this order "
                "(ttl_ms_min from --ttl-ms-min, ttl_ms_default from default, "
                "ttl_ms_max from --ttl-ms-max)"
            ),
        ),
        (
            {"tls_key_file": "k"},
            (
                "tls_certificate_file and tls_key_file go together: one is missing "
                "(tls_certificate_file from default, tls_key_file from --tls-key-file)"
            ),
        ),
        (
            {"tls_key_file": "k", "tls_certificate_file": "c", "transport": "native"},
            (
                "transport native has no TLS: choose grpcio or auto (transport from --transport, "
                "tls_certificate_file from --tls-certificate-file)"
            ),
        ),
        (
            {"ttl_ms_max": limits.TTL_MS_MAX + 1},
            "--ttl-ms-max: '604800001' is not a whole number from 1000 to 604800000",
        ),
        (
            {"drain_grace_ms": "-1"},
            "--drain-grace-ms: '-1' is not a whole number from 0 to 300000",
        ),
        (
            {"workers": limits.WORKERS_MAX + 1},
            "--workers: '65' is not a whole number from 1 to 64",
        ),
        ({"workers": 0}, "--workers: '0' is not a whole number from 1 to 64"),
        (
            {"workers": 2, "listen": "unix:/tmp/s"},
            (
                "workers is 2 and listen a Unix socket: several share a port, so listen on "
                "host:port or [ipv6]:port, or set workers to 1 "
                "(workers from --workers, listen from --listen)"
            ),
        ),
        ({"partitions": "1_0"}, "--partitions: '1_0' is not a whole number from 1 to 1024"),
        ({"transport": "http"}, "--transport: 'http' is not auto, native or grpcio"),
        (
            {"durability": "replica:0", "store": "redis://localhost"},
            f"--durability: 'replica:0' is not {DURABILITIES}",
        ),
        (
            {"durability": f"replica:{limits.REPLICAS_MAX + 1}", "store": "redis://localhost"},
            f"--durability: 'replica:9' is not {DURABILITIES}",
        ),
        ({"durability": "replica"}, f"--durability: 'replica' is not {DURABILITIES}"),
        (
            {"only": "sourcing"},
            (
                "only sourcing has no store of its own: name the one that the availability service "
                "uses with --store, or choose all (only from --only, store from default)"
            ),
        ),
        ({"only": "reads"}, "--only: 'reads' is not all, availability or sourcing"),
        (
            {"durability": "replica:1"},
            (
                "durability replica:1 needs a store of yours with replicas, as the embedded one "
                "has none: name it with --store, or choose fsync "
                "(durability from --durability, store from default)"
            ),
        ),
        (
            {"log_level": "x" * 100},
            f"--log-level: '{'x' * 64}...' is not debug, info, warning or error",
        ),
        ({"listne": "h:1"}, "--listne is not a setting: did you mean --listen?"),
    ],
)
def test_value_that_cannot_hold_is_refused(flags: dict[str, object], sentence: str) -> None:
    """Each bound and each contradiction is told by name."""
    assert (sentence,) == refused(**flags)


def test_every_problem_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to start twice to learn of the second mistake."""
    monkeypatch.setenv("SELLABLE_LISTN", "h:1")
    monkeypatch.setenv("SELLABLE_SWEEP_INTERVAL_MS", "soon")
    problems = refused(health_interval_ms=1, partitions=2)
    assert [problem.split()[0] for problem in problems] == [
        "SELLABLE_LISTN",
        "--health-interval-ms:",
        "SELLABLE_SWEEP_INTERVAL_MS:",
        "partitions",
    ]


def test_of_a_wrong_value_nothing_follows() -> None:
    """A value that is not even read contradicts nothing, so there is one problem and not two."""
    assert 1 == len(refused(ttl_ms_min=limits.TTL_MS_MAX + 1, ttl_ms_default=1_000))


@pytest.mark.parametrize("store", ["http://:secret@h", "localhost:6379", "redis:secret"])
def test_refused_store_keeps_its_password(store: str) -> None:
    """The sentence about a bad store shows what is allowed and not what was given."""
    (problem,) = refused(store=store)
    assert "redis" in problem
    assert store not in problem


def test_password_of_the_store_is_not_shown() -> None:
    """Printing the settings does not print the address of the store."""
    assert "secret" not in repr(load_settings(store="redis://:secret@h"))


def test_settings_do_not_change() -> None:
    """What the service was started with stays true."""
    settings = load_settings()
    with pytest.raises(FrozenInstanceError):
        settings.listen = "other:1"  # type: ignore[misc]


def test_every_setting_says_what_it_is() -> None:
    """Each setting has a description; each that is a time says its unit."""
    for name, setting in TABLE.items():
        assert setting.meaning, name
        if any(word in name for word in ("timeout", "interval", "grace", "ttl", "tolerance")):
            assert "_ms" in name


def test_what_the_commands_read_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that commands ask may be in the environment of the service."""
    monkeypatch.setenv("SELLABLE_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("SELLABLE_TLS_CA_FILE", "ca.pem")
    assert "127.0.0.1:50051" == load_settings().listen
