"""The name of every key of the store; all keys of one partition share its hash tag.

Nothing outside this file and the include of the scripts that mirrors it builds a key.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partition:
    """The unit of atomicity: `tag` is what stands between the braces of all its keys."""

    tag: str

    def view(self, market: str) -> str:
        """Hash SKU -> sellable quantity, and the market's own facts in one field of its own."""
        return f"{{{self.tag}}}:v:{market}"

    def sku(self, sku: str) -> str:
        """Hash: the state of one SKU; only scripts read it."""
        return f"{{{self.tag}}}:k:{sku}"

    @property
    def net(self) -> str:
        """Hash: the compiled network."""
        return f"{{{self.tag}}}:net"

    def stage(self, change_id: str) -> str:
        """Hash with a time to live: a compiled network that is not yet the one in force."""
        return f"{{{self.tag}}}:net:{change_id}"

    def version(self, version: int | str) -> str:
        """Hash: one version of the network: document (zlib), author, comment, apply_ms."""
        return f"{{{self.tag}}}:n:{version}"

    def reservation(self, reservation_id: str) -> str:
        """String: one reservation, a MessagePack map."""
        return f"{{{self.tag}}}:r:{reservation_id}"

    def sourced(self, reservation_id: str) -> str:
        """Hash: what is kept beside a reservation that has a plan, or of which one was wanted."""
        return f"{{{self.tag}}}:s:{reservation_id}"

    @property
    def ship_by(self) -> str:
        """Sorted set: open reservations with a plan by when their goods should have left."""
        return f"{{{self.tag}}}:shipby"

    @property
    def escalated(self) -> str:
        """Sorted set: open reservations that a person must decide about, by since when."""
        return f"{{{self.tag}}}:escalated"

    @property
    def days(self) -> str:
        """Sorted set: daily capacities that were taken, by when they may be forgotten."""
        return f"{{{self.tag}}}:days"

    def follower(self, name: str) -> str:
        """String: up to which entry somebody has followed the ledger."""
        return f"{{{self.tag}}}:follow:{name}"

    def holders(self, sku: str) -> str:
        """Sorted set: the HELD reservations of this SKU, by expiry."""
        return f"{{{self.tag}}}:h:{sku}"

    @property
    def expiry(self) -> str:
        """Sorted set: every reservation that can expire, by expiry; for the sweeper."""
        return f"{{{self.tag}}}:x"

    def deltas(self, location: str, sku: str) -> str:
        """Sorted set: deltas and shipments of a position by observation time."""
        return f"{{{self.tag}}}:d:{location}:{sku}"

    def location(self, location: str) -> str:
        """Set: the SKUs with a position at this location."""
        return f"{{{self.tag}}}:l:{location}"

    @property
    def overcommitted(self) -> str:
        """Sorted set: the overcommitted positions."""
        return f"{{{self.tag}}}:o"

    @property
    def unsettled(self) -> str:
        """Hash `<location>+<supply>:<sku>` -> how often units were kept for those who wait."""
        return f"{{{self.tag}}}:w"

    @property
    def ledger(self) -> str:
        """Stream: every change, written by the script that made it."""
        return f"{{{self.tag}}}:ledger"

    def facts(self, location: str, sku: str) -> str:
        """Hash: the deltas and shipments themselves, by source and event id."""
        return f"{{{self.tag}}}:f:{location}:{sku}"

    def index(self, name: str) -> str:
        """Sorted set: reservations by number.

        `s:<state>`, `k:<sku>`, `l:<location>`, `o:<order>`, `w:<location>+<supply>:<sku>`.
        """
        return f"{{{self.tag}}}:i:{name}"

    @property
    def closed(self) -> str:
        """Sorted set: closed reservations by when they may be forgotten."""
        return f"{{{self.tag}}}:c"

    @property
    def number(self) -> str:
        """Counter: the number of the youngest reservation."""
        return f"{{{self.tag}}}:number"

    @property
    def pending(self) -> str:
        """Sorted set: locations that a roll-out still has to walk, by epoch."""
        return f"{{{self.tag}}}:pending"

    @property
    def rollout(self) -> str:
        """Hash: how many positions the roll-out has to look at, and how many it has."""
        return f"{{{self.tag}}}:rollout"

    @property
    def quotas(self) -> str:
        """Hash quota -> units that were taken of it and not given back."""
        return f"{{{self.tag}}}:q"

    @property
    def seen(self) -> str:
        """Hash location -> the newest observation time of its feed, in ms."""
        return f"{{{self.tag}}}:seen"

    @property
    def aged(self) -> str:
        """Hash location -> for how many periods its feed is taken to be silent."""
        return f"{{{self.tag}}}:aged"

    @property
    def aging(self) -> str:
        """Sorted set: locations by when the silence of their feed is to be looked at again."""
        return f"{{{self.tag}}}:aging"

    def waiting(self, source: str) -> str:
        """Stream: what a source put in for the ingest workers; gone once it is applied."""
        return f"{{{self.tag}}}:in:{source}"

    def begun(self, source: str) -> str:
        """Hash entry of the source's stream -> rows of it that are applied, while some are not."""
        return f"{{{self.tag}}}:begun:{source}"

    def log(self, source: str, name: str) -> str:
        """Hash: how far a log of a source (a file, a foreign stream) is, and its outcomes."""
        return f"{{{self.tag}}}:log:{source}:{name}"

    def feed(self, source: str) -> str:
        """Hash: what a source did: rows by outcome, when it was heard, its newest facts."""
        return f"{{{self.tag}}}:feed:{source}"

    @property
    def feeds(self) -> str:
        """Sorted set: every source by when rows of it were last applied, in ms."""
        return f"{{{self.tag}}}:feeds"

    def dead(self, source: str) -> str:
        """Stream: rows of a source that were refused or given up, until somebody resolves them."""
        return f"{{{self.tag}}}:dead:{source}"

    def tried(self, source: str) -> str:
        """Hash dead letter -> how often it was tried, and why it was refused the last time."""
        return f"{{{self.tag}}}:tried:{source}"

    def sync(self, location: str) -> str:
        """Hash: the full count of a location that goes on, or the last one."""
        return f"{{{self.tag}}}:sync:{location}"

    def sync_rows(self, location: str) -> str:
        """Hash SKU -> quantity: the rows of a full count that is not applied yet."""
        return f"{{{self.tag}}}:syncrows:{location}"

    @property
    def applying(self) -> str:
        """Set: locations whose full count is committed and not yet applied."""
        return f"{{{self.tag}}}:applying"

    @property
    def rebased(self) -> str:
        """Stream: SKUs whose base was set, or that were deleted; for those who keep times."""
        return f"{{{self.tag}}}:rebased"

    @property
    def counted(self) -> str:
        """Hash location -> the newest full count of it: what was not in it counts as 0 then."""
        return f"{{{self.tag}}}:counted"

    @property
    def asked(self) -> str:
        """String with a time to live: services answer clients, so that feeds take less."""
        return f"{{{self.tag}}}:asked"

    @property
    def identity(self) -> str:
        """Hash: the store's id, its number of partitions and its layout."""
        return f"{{{self.tag}}}:identity"

    @property
    def mark(self) -> str:
        """String: set behind the writes of a batch, so that waiting for it covers all before it."""
        return f"{{{self.tag}}}:mark"

    def lease(self, work: str) -> str:
        """String with a time to live: which process does this background work."""
        return f"{{{self.tag}}}:lease:{work}"
