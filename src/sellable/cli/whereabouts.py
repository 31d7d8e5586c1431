"""Where the locations of a network are, and what time it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from sellable.cli.client import Service
from sellable.cli.documents import parsed
from sellable.cli.failure import Failure
from sellable.geo import Point
from sellable.network import Network
from sellable.network.zones import default_zone
from sellable.v1.network_pb2 import GetNetworkRequest


class Whereabouts(NamedTuple):
    """Points and time zones by location, as far as the network knows them; locations by market."""

    points: Mapping[str, Point]
    zones: Mapping[str, str]
    markets: Mapping[str, Sequence[str]]

    @classmethod
    def fetched(cls, service: Service) -> Whereabouts:
        """Ask for the network in force.

        Raises:
            Failure: If there is no answer, or it is of a newer release.
        """
        answer = service.call(service.network.GetNetwork, GetNetworkRequest())
        return cls.of(parsed(f"network version {answer.version}", answer.document))

    @classmethod
    def if_known(cls, service: Service) -> Whereabouts:
        """Ask for the network in force; where there is none to read, times are told in UTC."""
        try:
            return cls.fetched(service)
        except Failure:
            return cls({}, {}, {})

    @classmethod
    def of(cls, network: Network) -> Whereabouts:
        """Take them from a network."""
        return cls(
            {
                place.id: Point(place.latitude, place.longitude)
                for place in network.locations
                if place.latitude is not None and place.longitude is not None
            },
            {place.id: place.time_zone for place in network.locations if place.time_zone},
            {market.key: market.locations for market in network.markets},
        )

    def shown(self, moment: Timestamp, location: str, country: str = "") -> str:
        """Return a time as it is told in a country of one time, else at a location, else in UTC."""
        zone = (default_zone(country) if country else None) or self.zones.get(location)
        local = moment.ToDatetime(UTC).astimezone(ZoneInfo(zone) if zone else UTC)
        return f"{local:%a} {_minutes(local)}"


def _minutes(local: datetime) -> str:
    text = local.strftime("%Y-%m-%d %H:%M")
    return f"{text} UTC" if local.tzinfo is UTC else text + local.isoformat()[-6:]
