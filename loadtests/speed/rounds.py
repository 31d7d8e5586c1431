"""Rounds: each starts every contender in turn, and asks it what it can answer."""

from __future__ import annotations

import itertools
import secrets
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import psutil

from arrangement import RunningStore, server, valkey
from speed import contenders as field
from speed.checked import answer_bytes
from speed.client import Client, Load, Pressure
from speed.questions import Question, at_echo, check, release, reserve
from speed.stock import seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from speed.contenders import Contender

METHODS = ("CheckSellable", "CheckAvailability")
PER_CALL = (1, 20, 100)
LINES = (1, 5)
_BY_PROCESSES = (("CheckSellable", 20), ("CheckAvailability", 20), ("CheckAvailability", 100))
_ONCE = Pressure(measure_ms=0)
RESERVE_ANSWER_BYTES = 190


class Measured(NamedTuple):
    """One row of one round."""

    contender: str
    question: str
    load: Load


class Options(NamedTuple):
    """What is measured.

    Attributes:
        skus: In the store.
        reservations: Lines that are reserved and released in one measurement.
        measure_ms: How long everything else is measured.
        rival: How another server is started; empty: there is none.
    """

    skus: int
    reservations: int
    measure_ms: int
    rival: str


class Bench:
    """Stores that are filled, and the rounds over them."""

    def __init__(self, client: Client, stores: dict[str, RunningStore], options: Options) -> None:
        self._client = client
        self._stores = stores
        self._options = options
        self._checks = {
            (method, count): check(method, options.skus, count)
            for method, count in itertools.product(METHODS, PER_CALL)
        }
        self._sizes: dict[int, int] = {}
        self._pressure = Pressure(measure_ms=options.measure_ms)

    @property
    def parts(self) -> list[Callable[[], Iterator[Measured]]]:
        """What a round consists of, in order."""
        parts = [self._sellable, self._echo, self._grpcio_echo, self._plain]
        if self._options.rival:
            parts.append(self._rival)
        return [*parts, self._fsync, self._processes]

    def prepare(self) -> None:
        """Fill the stores through the service, and see how large right answers are."""
        for store in self._stores.values():
            contender = field.sellable(store.url)
            with server(contender.port, *contender.command):
                seed(contender.target, self._options.skus)
                for (_, count), question in self._checks.items():
                    size = answer_bytes(contender.target, question)
                    self._sizes.setdefault(count, size)

    def _sellable(self) -> Iterator[Measured]:
        contender = field.sellable(self._stores["memory"].url)
        with self._running(contender) as ask:
            for question in self._checks.values():
                yield ask(question, self._pressure)
            for lines in LINES:
                yield from self._reservations(ask, lines)

    def _echo(self) -> Iterator[Measured]:
        yield from self._echoes("native")

    def _grpcio_echo(self) -> Iterator[Measured]:
        yield from self._echoes("grpcio")

    def _plain(self) -> Iterator[Measured]:
        yield from self._only_checks(field.plain(self._stores["memory"].url))

    def _rival(self) -> Iterator[Measured]:
        url = self._stores["memory"].url
        yield from self._only_checks(field.rival(self._options.rival, url))

    def _fsync(self) -> Iterator[Measured]:
        contender = field.sellable(self._stores["fsync"].url, field.FSYNC)
        with self._running(contender) as ask:
            yield from self._reservations(ask, 1)

    def _processes(self) -> Iterator[Measured]:
        url = self._stores["shared"].url
        # Connections are shared by chance: more of them are shared more evenly.
        pressure = replace(self._pressure, connections=32, calls_each=4, cores=field.BOTH_CORES)
        for name, *options in (
            (field.ONE, "--workers", "1"),
            (field.TWO, "--workers", "2", "--worker-cores", "own"),
        ):
            contender = field.sellable(url, name, *options, cores=field.BOTH_CORES)
            with self._running(contender, "shared") as ask:
                for question in _BY_PROCESSES:
                    yield ask(self._checks[question], pressure)

    def _echoes(self, transport: str) -> Iterator[Measured]:
        contender = field.echo(transport, *self._sizes.values(), RESERVE_ANSWER_BYTES)
        reservations = reserve(self._options.skus, 1, 1_000, "echo")
        with self._running(contender) as ask:
            for count in PER_CALL:
                question = self._checks["CheckSellable", count]
                yield ask(at_echo(question, self._sizes[count]), self._pressure)
            yield ask(at_echo(reservations, RESERVE_ANSWER_BYTES), self._pressure)

    def _only_checks(self, contender: Contender) -> Iterator[Measured]:
        with self._running(contender) as ask:
            for count in PER_CALL:
                question = self._checks["CheckSellable", count]
                answer_bytes(contender.target, question)
                yield ask(question, self._pressure)

    def _reservations(
        self, ask: Callable[[Question, Pressure], Measured], lines: int
    ) -> Iterator[Measured]:
        run, calls = secrets.token_hex(4), self._options.reservations // lines
        yield ask(reserve(self._options.skus, lines, calls, run), _ONCE)
        yield ask(release(lines, calls, run), _ONCE)

    @contextmanager
    def _running(
        self, contender: Contender, store: str = "memory"
    ) -> Iterator[Callable[[Question, Pressure], Measured]]:
        store_pid = self._stores["fsync" if contender.name == field.FSYNC else store].pid
        with server(contender.port, *contender.command, cores=contender.cores) as child:
            pids = [child.pid, *(one.pid for one in psutil.Process(child.pid).children())]

            def ask(question: Question, pressure: Pressure) -> Measured:
                load = self._client.measure(
                    contender.port, question, pressure, server_pids=pids, store_pid=store_pid
                )
                return Measured(contender.name, question.name, load)

            yield ask


@contextmanager
def bench(folder: Path, options: Options) -> Iterator[Bench]:
    """Start the stores and fill them."""
    with ExitStack() as stack:
        stores = {
            "memory": stack.enter_context(valkey()),
            "fsync": stack.enter_context(valkey(fsync=True)),
            "shared": stack.enter_context(valkey(cores=field.BOTH_CORES)),
        }
        made = Bench(Client(folder), stores, options)
        made.prepare()
        yield made
