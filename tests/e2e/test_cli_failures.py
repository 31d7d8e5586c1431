"""Whatever goes wrong is one plain sentence, an exit code that tells it, and JSON if asked."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest

from sellable.limits import SWITCHES_MAX
from support.command import Command, odd_service
from support.server import ValkeyProcess
from support.service import ServiceProcess
from support.tls import self_signed

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = "127.0.0.1:1"


def test_shortage_lists_every_short_line(sellable: Command) -> None:
    """Exit 1, nothing taken, and each line that is short with what it could have had."""
    assert 0 == sellable("set", "F1", "DC-PARIS", "2").exit_code
    assert 0 == sellable("set", "F2", "DC-PARIS", "1").exit_code
    arguments = ("reserve", "web/FR", "F1=3", "F2=5", "F1=1@DC-PARIS")
    refused = sellable.script(*arguments)
    assert (1, "") == refused[:2]
    assert refused.err.splitlines() == [
        "error: not enough stock: nothing was taken",
        "  F1: 3 wanted, 1 can be sold",
        "  F2: 5 wanted, 1 can be sold",
    ]
    error = sellable(*arguments, "--json").error
    assert (1, "INSUFFICIENT_STOCK") == (error["exit_code"], error["reason"])
    assert [("F1", 3, 1), ("F2", 5, 1)] == [
        (line["sku"], line["requested_quantity"], line["sellable_quantity"])
        for line in error["short_lines"]
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("check web/AT S", "market 'web/AT' is not known"),
        ("positions nobody", "sku 'nobody' is not known"),
        ("show nobody", "reservation 'nobody' is not known"),
        ("set S NOWHERE 4", "location NOWHERE is not known"),
        ("check web/FR S --location DC-BERLIN", "does not sell from location 'DC-BERLIN'"),
    ],
)
def test_what_the_service_refuses_is_exit_1(sellable: Command, arguments: str, said: str) -> None:
    """What it does not know or cannot do is refused in its words, on standard error."""
    refused = sellable(*arguments.split())
    assert (1, "") == refused[:2]
    assert refused.err.startswith("error: ")
    assert said in refused.err


def test_every_violation_is_listed(sellable: Command) -> None:
    """Exit 2, and each field with what is allowed."""
    arguments = ("reserve", "web/FR", f"{'S' * 129}=1", "--id", "x" * 65)
    refused = sellable.script(*arguments)
    assert (2, "") == refused[:2]
    assert refused.err.splitlines() == [
        "error: the request is not valid",
        "  reservation_id: must be 1 to 64 bytes of UTF-8 without control characters",
        "  lines[0].sku: must be 1 to 128 bytes of UTF-8 without control characters",
    ]
    assert ["reservation_id", "lines[0].sku"] == [
        violation["field"] for violation in sellable(*arguments, "--json").error["violations"]
    ]
    one = sellable("extend", "cart", "--ttl", "8d")
    assert one.err.startswith("error: ttl: must be 1000 to 604800000 ms")


def test_nobody_answers(sellable: Command) -> None:
    """Exit 3 at once, with the address and what to do."""
    refused = sellable.script("check", "web/FR", "S", "--address", NOBODY)
    assert (3, "") == refused[:2]
    assert refused.err.splitlines() == [
        f"error: no sellable service answers at {NOBODY}",
        "hint: start one with `sellable serve`, or name another with --address",
    ]
    error = sellable("check", "web/FR", "S", "--address", NOBODY, "--json").error
    assert (3, "SERVICE_UNREACHABLE") == (error["exit_code"], error["reason"])


def test_no_answer_in_time_tells_how_to_repeat() -> None:
    """Exit 3; a call that may have changed something names the id that makes a repeat safe."""
    with odd_service(silent=True) as odd:
        command = Command(odd.address)
        late = command.script("reserve", "web/FR", "S=1", "--id", "cart-7", "--timeout", "300ms")
        assert (3, "") == late[:2]
        assert late.err.splitlines() == [
            f"error: no answer from {odd.address} within 300 ms",
            "hint: it may have been done: repeat the command with --id cart-7, it counts once",
        ]
        read = command("check", "web/FR", "S", "--timeout", "300ms")
        assert "hint: allow it more with --timeout" == read.err.splitlines()[-1]


def test_interrupt_is_exit_130() -> None:
    """Ctrl-C in a call ends the command without more than a word."""
    with odd_service(silent=True) as odd:
        process = Command(odd.address).start("show", "cart-7")
        assert odd.called.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (130, "", "error: interrupted\n") == (process.returncode, out, err)


def test_other_services_are_told_apart() -> None:
    """One that knows no such call is exit 3; one that fails is exit 4."""
    with odd_service() as odd:
        unknown = Command(odd.address)("show", "cart-7")
    assert (3, "") == unknown[:2]
    assert "does not know this call" in unknown.err
    with odd_service(failing=True) as odd:
        failed = Command(odd.address).script("show", "cart-7", "--json")
    assert (4, "INTERNAL") == (failed.exit_code, failed.error["reason"])


def test_a_certificate_makes_it_tls(tmp_path: Path) -> None:
    """With the certificate the service is reached, here only to learn that it is another one."""
    tls = self_signed(tmp_path)
    with odd_service(tls=tls) as odd:
        command = Command(odd.address)
        reached = command("show", "cart-7", "--tls-ca-file", str(tls.certificate_file), "--json")
        assert "UNIMPLEMENTED" == reached.error["code"]
        assert "SERVICE_UNREACHABLE" == command("show", "cart-7", "--json").error["reason"]


async def test_differences_and_a_lost_store(tmp_path: Path) -> None:
    """A planted difference is shown with exit 1; without its store the service is exit 3."""
    with ValkeyProcess() as valkey:
        async with ServiceProcess(valkey.url) as service:
            command = Command(service.address)

            def run() -> None:
                network = tmp_path / "network.yaml"
                network.write_text(
                    "locations: [{id: A, type: store, country: FR}]\n"
                    "markets: [{channel: web, country: FR, locations: [A]}]\n"
                )
                assert 0 == command("network", "apply", str(network), "--wait").exit_code
                assert 0 == command("set", "S", "A", "7").exit_code
                with valkey.client() as client:
                    client.hincrby("{0}:v:web/FR", "S", 2)
                found = command("verify")
                assert 1 == found.exit_code
                assert ["S", "sellable", "in", "web/FR", "9", "7"] in found.rows
                assert ["1", "SKUs", "checked,", "1", "differences"] == found.rows[-1]
                value = command("verify", "S", "--json")
                assert (
                    1,
                    [
                        {
                            "sku": "S",
                            "counter": "sellable in web/FR",
                            "stored_quantity": 9,
                            "recomputed_quantity": 7,
                        }
                    ],
                ) == (value.exit_code, value.value["differences"])
                valkey.kill()
                lost = command("check", "web/FR", "S", "--json")
                assert (3, "STORE_UNAVAILABLE") == (lost.exit_code, lost.error["reason"])

            await asyncio.to_thread(run)


BAD_NETWORK = """locations:
  - {id: DC-PARIS, type: warehouse, country: FRA}
markets:
  - {channel: web, country: FR, locations: [DC-PARI]}
"""


def test_problems_of_a_document_are_shown_where_they_are(sellable: Command, tmp_path: Path) -> None:
    """Exit 2: every problem with line, column, source line and caret; the service says the same."""
    file = tmp_path / "network.yaml"
    file.write_text(BAD_NETWORK)
    found = Command(NOBODY).script("network", "validate", str(file))
    assert (2, "") == found[:2]
    lines = found.err.splitlines()
    assert f"error: {file} has 2 problems" == lines[0]
    assert lines[1].startswith(f"  {file}:2:46: locations[0].country: must be an ISO 3166-1")
    assert "       2 |   - {id: DC-PARIS, type: warehouse, country: FRA}" == lines[2]
    assert "         | ".ljust(lines[2].index("FRA")) + "^" == lines[3]
    assert lines[4].startswith(f"  {file}:4:45: markets[0].locations[0]: unknown location")
    assert "       4 |   - {channel: web, country: FR, locations: [DC-PARI]}" == lines[5]
    assert lines[6].index("^") == lines[5].index("DC-PARI")
    assert found == sellable("network", "apply", str(file))
    error = Command(NOBODY)("network", "validate", str(file), "--json").error
    assert [(2, 46, "locations[0].country"), (4, 45, "markets[0].locations[0]")] == [
        (problem["line"], problem["column"], problem["field"]) for problem in error["problems"]
    ]


def test_validate_asks_no_service(tmp_path: Path) -> None:
    """A good document is exit 0 with what it holds, from a file and from standard input."""
    document = BAD_NETWORK.replace("FRA", "FR").replace("DC-PARI]", "DC-PARIS]")
    file = tmp_path / "network.yaml"
    file.write_text(document)
    valid = Command(NOBODY)("network", "validate", str(file))
    counts = "1 locations, 1 markets, 0 rules, 0 quotas, 0 carriers, 0 profiles"
    assert (0, f"{file} is valid: {counts}\n") == valid[:2]
    read = Command(NOBODY).script("network", "validate", "-", "--json", stdin=document)
    assert {
        "valid": True,
        "location_count": 1,
        "market_count": 1,
        "rule_count": 0,
        "quota_count": 0,
        "carrier_count": 0,
        "profile_count": 0,
    } == read.value


def test_too_many_dates_are_found_without_a_service(tmp_path: Path) -> None:
    """Validate refuses what apply would: more changes to come than can be planned ahead."""
    rules = "".join(
        f"  - {{market: web/FR, sku: S{at}, cap: 1, from: 20{27 + at // 336}-{at // 28 % 12 + 1:02}"
        f"-{at % 28 + 1:02}T00:00:00}}\n"
        for at in range(SWITCHES_MAX + 1)
    )
    document = BAD_NETWORK.replace("FRA", "FR").replace("DC-PARI]", "DC-PARIS]")
    file = tmp_path / "network.yaml"
    file.write_text(f"{document}protections:\n{rules}")
    found = Command(NOBODY).script("network", "validate", str(file))
    assert 2 == found.exit_code
    assert f"protections[{SWITCHES_MAX}]" in found.err
    assert f"more than {SWITCHES_MAX} are still to come" in found.err
