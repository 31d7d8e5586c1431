"""Dead letters: told in pages, retried exactly once, dropped; over both transports."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import orjson

from sellable import limits
from sellable.store.keys import Partition
from sellable.v1 import operations_pb2 as pb
from support.client import CALL_S_MAX
from support.feeding import (
    DROP,
    LARGER,
    fact,
    feed,
    feeds_of,
    letters_of,
    outcomes,
    refused,
    resolve,
)

if TYPE_CHECKING:
    import pytest

    from support.server import ValkeyProcess
    from support.service import Service

KEYS: Final = Partition("0")


async def test_letters_say_all_of_a_row(fed: Service, clock: list[int]) -> None:
    """A fact is told as feeds write it, anything else as it came; with why, when and how often."""
    far = fact("A", "NOWHERE", 3, event_id="e1", observe_us=clock[0] * 1_000)
    await feed(fed.store, [far, refused("A;DC;\\xff")])
    first, second = await letters_of(fed.client)
    row = orjson.loads(first.payload)
    assert ("e1", "A", "NOWHERE", 3) == (
        row["event_id"],
        row["sku"],
        row["location"],
        row["delta_quantity"],
    )
    assert ("UNKNOWN_LOCATION", "location NOWHERE is not known", 1, "wms") == (
        first.reason,
        first.detail,
        first.attempt_count,
        first.source,
    )
    assert abs(first.create_time.ToMilliseconds() - time.time() * 1_000) < 60_000
    assert ("INVALID_FIELD", "is not JSON", b"A;DC;") == (
        second.reason,
        second.detail,
        second.payload[:5],
    )
    request = pb.ListDeadLettersRequest(dead_letter_ids=[second.dead_letter_id, "wms/1-0"])
    found = await fed.client.operations.ListDeadLetters(request, timeout=CALL_S_MAX)
    assert [second] == list(found.dead_letters)


async def test_letters_come_in_pages(fed: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """By source and age, each once, however long pages are; one of a source only where asked."""
    for source in ("b", "a", "c"):
        await feed(fed.store, [refused(f"{n}", source=source) for n in range(7)], source=source)
    every = await letters_of(fed.client)
    assert [(s, str(n).encode()) for s in "abc" for n in range(7)] == [
        (each.source, each.payload) for each in every
    ]
    for size in (1, 3, 7, 1_000):
        assert every == await letters_of(fed.client, page_size=size)
        assert every[7:14] == await letters_of(fed.client, "b", page_size=size)
    assert [] == await letters_of(fed.client, "nobody")
    # Letters that were resolved between two pages do not disturb the next one.
    request = pb.ListDeadLettersRequest(page_size=5)
    page = await fed.client.operations.ListDeadLetters(request, timeout=CALL_S_MAX)
    await resolve(fed.client, [each.dead_letter_id for each in page.dead_letters], DROP)
    request.page_token = page.next_page_token
    page = await fed.client.operations.ListDeadLetters(request, timeout=CALL_S_MAX)
    assert every[5:10] == list(page.dead_letters)


async def test_a_page_of_letters_has_a_bound_in_bytes(fed: Service) -> None:
    """Long rows make a page shorter, so that it stays a message of usual size."""
    rows = [refused(f"{n}{'x' * 60_000}") for n in range(50)]
    await feed(fed.store, rows)
    request = pb.ListDeadLettersRequest(page_size=limits.PAGE_SIZE_MAX)
    page = await fed.client.operations.ListDeadLetters(request, timeout=CALL_S_MAX)
    assert 0 < len(page.dead_letters) < 25
    assert page.ByteSize() < limits.MESSAGE_BYTES_MAX / 2
    assert 50 == len(await letters_of(fed.client, page_size=1_000))


async def test_a_retried_letter_counts_as_what_became_of_it(fed: Service) -> None:
    """Once its location is known the row is applied, the letter gone, and the counters move."""
    rows = [fact("A", "NEW", 3), fact("A", "DC", 2)]
    await feed(fed.store, [*rows, rows[0]])
    first, second = await letters_of(fed.client)
    assert ["REJECTED"] == await resolve(fed.client, [first.dead_letter_id])
    (again, _) = await letters_of(fed.client)
    assert (2, first.create_time) == (again.attempt_count, first.create_time)
    await fed.store.networks.apply(LARGER)
    ids = [first.dead_letter_id, second.dead_letter_id, first.dead_letter_id, "wms/1-0"]
    assert ["APPLIED", "DUPLICATE", "UNCHANGED", "UNCHANGED"] == await resolve(fed.client, ids)
    told = (await feeds_of(fed.client))["wms"]
    assert ({"applied": 2, "duplicate": 1}, 0) == (outcomes(told), told.dead_letter_count)
    assert "NEW" in [each.location for each in told.locations]
    assert 3 == (await fed.client.positions("A"))["NEW"].on_hand_quantity
    assert [] == await fed.client.differences()


async def test_a_retry_ends_no_silence(fed: Service, clock: list[int]) -> None:
    """It is the operator who spoke and not the feed."""
    await feed(fed.store, [fact("A", "NEW"), fact("A", "DC")])
    (letter,) = await letters_of(fed.client)
    await fed.store.networks.apply(LARGER)
    clock[0] += 600_001
    assert ["APPLIED"] == await resolve(fed.client, [letter.dead_letter_id])
    assert (await feeds_of(fed.client))["wms"].silent


async def test_two_who_retry_at_once_count_once(fed: Service) -> None:
    """Whichever comes first has the row applied; the counters move by one."""
    rows = [fact(f"S{number}", "NEW", 1) for number in range(40)]
    await feed(fed.store, rows)
    ids = [each.dead_letter_id for each in await letters_of(fed.client)]
    await fed.store.networks.apply(LARGER)
    answers = await asyncio.gather(*(resolve(fed.client, ids) for _ in range(4)))
    for each in zip(*answers, strict=True):
        assert ["APPLIED", "UNCHANGED", "UNCHANGED", "UNCHANGED"] == sorted(each)
    told = (await feeds_of(fed.client))["wms"]
    assert ({"applied": 40}, 0) == (outcomes(told), told.dead_letter_count)


async def test_a_row_that_can_be_read_now_is_applied(fed: Service, clock: list[int]) -> None:
    """What can be read now is applied; what nobody can read is refused again, and says why."""
    row = {
        "event_id": "e1",
        "sku": "A",
        "location": "DC",
        "observe_time": clock[0] * 1_000,
        "delta_quantity": 4,
    }
    good = orjson.dumps(row).decode()
    foreign = orjson.dumps(row | {"source": "another"}).decode()
    await feed(fed.store, [refused(good), refused("{"), refused(foreign), refused("\\xff")])
    ids = [each.dead_letter_id for each in await letters_of(fed.client)]
    assert ["APPLIED", *["REJECTED"] * 3] == await resolve(fed.client, ids)
    assert 4 == (await fed.client.positions("A"))["DC"].on_hand_quantity
    told = (await feeds_of(fed.client))["wms"]
    assert ({"applied": 1, "rejected": 3}, 3) == (outcomes(told), told.dead_letter_count)
    broken, another, _ = await letters_of(fed.client)
    assert "is not JSON" in broken.detail
    assert "another" in another.detail
    assert [2, 2] == [broken.attempt_count, another.attempt_count]


async def test_a_dropped_letter_stays_counted(fed: Service, valkey: ValkeyProcess) -> None:
    """It is forgotten with its notes, its row was refused and stays so; a repeat is no change."""
    await feed(fed.store, [refused("a"), refused("b")])
    ids = [each.dead_letter_id for each in await letters_of(fed.client)]
    assert ["REJECTED", "REJECTED"] == await resolve(fed.client, ids)
    assert ["APPLIED", "UNCHANGED"] == await resolve(fed.client, [ids[0], ids[0]], DROP)
    assert [ids[1]] == [each.dead_letter_id for each in await letters_of(fed.client)]
    assert ["APPLIED"] == await resolve(fed.client, [ids[1]], DROP)
    told = (await feeds_of(fed.client))["wms"]
    assert ({"rejected": 2}, 0) == (outcomes(told), told.dead_letter_count)
    with valkey.client() as client:
        assert not client.exists(KEYS.tried("wms"))


async def test_notes_of_tries_are_bounded(fed: Service, valkey: ValkeyProcess) -> None:
    """Tries of letters that the stream forgot are not remembered for ever."""
    for _ in range(5):
        await feed(fed.store, [refused("a"), refused("b")])
        ids = [each.dead_letter_id for each in await letters_of(fed.client)]
        await resolve(fed.client, ids)
        with valkey.client() as client:
            client.xtrim(KEYS.dead("wms"), maxlen=0, approximate=False)
    with valkey.client() as client:
        assert 2 >= int(client.hlen(KEYS.tried("wms")))


async def test_a_given_up_letter_moves_from_given_up(fed: Service, store_url: str) -> None:
    """A row that failed again and again is told as such, and counts as applied once it is."""
    partition, connection = KEYS, fed.store.runner.connection
    key = partition.waiting("wms")
    await connection.execute("XGROUP", "CREATE", key, "sellable", "0", "MKSTREAM")
    entry = (await connection.execute("XADD", key, "*", "event", "{}")).decode()
    read: Any = ("XREADGROUP", "GROUP", "sellable", "w", "COUNT", 1, "STREAMS", key, ">")
    await connection.execute(*read)
    row = fact("A", "DC", 2)
    assert 1 == await fed.store.feeds.give_up("wms", entry, [row], "the script failed")
    (letter,) = await letters_of(fed.client)
    assert ("GIVEN_UP", "the script failed") == (letter.reason, letter.detail)
    assert {"given_up": 1} == outcomes((await feeds_of(fed.client))["wms"])
    assert ["APPLIED"] == await resolve(fed.client, [letter.dead_letter_id])
    assert {"applied": 1} == outcomes((await feeds_of(fed.client))["wms"])


async def test_a_row_that_fails_again_is_given_up_again(
    fed: Service, valkey: ValkeyProcess
) -> None:
    """A fault ends no other retry: the letter says so, and is applied once it is mended."""
    await feed(fed.store, [fact("BAD", "NEW", 1), fact("A", "NEW", 1)])
    ids = [each.dead_letter_id for each in await letters_of(fed.client)]
    await fed.store.networks.apply(LARGER)
    with valkey.client() as client:
        client.set(KEYS.sku("BAD"), "no hash")
        assert ["REJECTED", "APPLIED"] == await resolve(fed.client, ids)
        (letter,) = await letters_of(fed.client)
        assert ("GIVEN_UP", 2) == (letter.reason, letter.attempt_count)
        assert "applying it failed again" in letter.detail
        assert {"applied": 1, "rejected": 1} == outcomes((await feeds_of(fed.client))["wms"])
        client.delete(KEYS.sku("BAD"))
    assert ["APPLIED"] == await resolve(fed.client, ids[:1])
    assert {"applied": 2} == outcomes((await feeds_of(fed.client))["wms"])
