"""What an acknowledged write survives: `fsync`, `primary` or `replica:N`."""

from __future__ import annotations

from typing import Final

from sellable.limits import REPLICAS_MAX

ALLOWED: Final = f"fsync, primary or replica:N with N from 1 to {REPLICAS_MAX}"


class Durability(str):
    """A durability by its name, as settings say it.

    Attributes:
        fsync: It survives a power cut: the store answers after the flush.
        replicas: It survives the loss of the primary, if these are all of its replicas: so many
            have the write when it is answered. With 0, a crash or a failover may forget it.

    Raises:
        ValueError: Another name.
    """

    __slots__ = ("fsync", "replicas")

    def __init__(self, name: str) -> None:
        kinds = {"fsync": 0, "primary": 0}
        kinds |= {f"replica:{count}": count for count in range(1, REPLICAS_MAX + 1)}
        if name not in kinds:
            raise ValueError(f"{name!r} is not {ALLOWED}")
        self.fsync = name == "fsync"
        self.replicas = kinds[name]


PRIMARY: Final = Durability("primary")
FSYNC: Final = Durability("fsync")
