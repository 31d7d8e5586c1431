"""Every row of every table, on the real server; the scripts are never loaded beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from sellable.store.connection import Connection
from sellable.store.scripts import SCRIPTS
from support.bench import Bench
from support.calls import VERBS
from support.keyspace import TAG, keyspace, state_text
from support.tables import rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import redis

    from support.server import ValkeyProcess
    from support.tables import Row

ROWS: Final = rows()
# What is counted of sources and of tries: a repeat is one more.
FEEDS: Final = (f"{TAG}feed", f"{TAG}tried")
# Answers that come with a change; every other outcome is a refusal.
CHANGING: Final = frozenset({"DONE", "HELD", "REPLAYED", "MORE_DUE"})


@pytest.fixture
async def bench(store_url: str) -> AsyncIterator[Bench]:
    """Give a store with the first network."""
    async with await Connection.open(store_url) as connection:
        bench = Bench(connection)
        await bench.open()
        yield bench


def expiry_is_due(client: redis.Redis, now_ms: int) -> bool:
    """Tell whether any hold is past its time."""
    return bool(client.zcount(f"{TAG}x", "-inf", now_ms))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.table}: {row.promise}")
async def test_row(row: Row, bench: Bench, valkey: ValkeyProcess) -> None:
    """The call answers and leaves what the row says; a refusal and a repeat change nothing."""
    for earlier in row.before:
        await bench.call(earlier)
    with valkey.client() as client:
        before, text_before = keyspace(client), state_text(client)
        due = expiry_is_due(client, bench.now_ms)
        client.script_flush()
        assert row.answer == same(row.answer, await bench.call(row.call))
        after, text = keyspace(client), state_text(client)
        assert (row.state if row.names_state else text_before) == text
        refused = row.answer.split()[0] not in CHANGING
        if row.state == "unchanged" or (refused and not due):
            assert before == after
        client.script_flush()
        assert row.answer_again == same(row.answer_again, await bench.call(row.call))
        if not (row.answer.startswith("MORE_DUE") or row.verb == "network"):
            assert without_feeds(after) == without_feeds(keyspace(client))
    assert [] == await bench.differences()


def same(wanted: str, told: str) -> str:
    """Return what was told, but only its outcome where the row wants no more."""
    return f"{told.partition(' ')[0]} ..." if wanted.endswith(" ...") else told


def without_feeds(found: dict[str, object]) -> dict[str, object]:
    """Return all but what is counted of sources: a repeat is a row as well."""
    return {key: held for key, held in found.items() if not key.startswith(FEEDS)}


def test_every_script_has_a_table() -> None:
    """No script is without its table, and a table calls its own script."""
    assert sorted(SCRIPTS) == sorted({row.table for row in ROWS})
    assert [] == [row for row in ROWS if VERBS.get(row.verb, row.verb) != row.table]


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_every_outcome_is_reached(name: str) -> None:
    """Each outcome that a header names is answered in some row, and each answered one is named."""
    seen = {outcome for row in ROWS if row.table == name for outcome in row.outcomes}
    assert SCRIPTS[name].outcomes == seen
