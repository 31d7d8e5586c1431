"""How many reads may wait for the store at a time."""

from __future__ import annotations

from typing import Final

from sellable.errors import Overloaded
from sellable.tally import ReadTally

_RETRY_AFTER_MS: Final = 100


class Admission:
    """Counts the reads that were accepted and are not yet answered.

    Args:
        skus_max: SKUs, over all markets; more are refused.
        requests_max: The same for requests.
    """

    def __init__(self, skus_max: int, requests_max: int) -> None:
        self.skus_max = skus_max
        self.requests_max = requests_max
        self.skus = 0
        self.requests = 0
        self.tally = ReadTally()

    def enter(self, skus: int, requests: int) -> None:
        """Count reads in.

        Raises:
            Overloaded: Too much is waiting.
        """
        if self.skus + skus > self.skus_max or self.requests + requests > self.requests_max:
            self.tally.refused += 1
            raise Overloaded("read", _RETRY_AFTER_MS)
        self.skus += skus
        self.requests += requests

    def leave(self, skus: int, requests: int) -> None:
        """Count reads out."""
        self.skus -= skus
        self.requests -= requests
