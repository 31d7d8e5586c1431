"""`sellable sourcing options`: before the purchase, how an order could come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from sellable.cli.client import Service
from sellable.cli.message_file import read_message
from sellable.cli.show import number, table
from sellable.cli.sourcing_arguments import OrderFile, Profile
from sellable.cli.sourcing_values import option_value
from sellable.cli.sourcing_view import money_shown
from sellable.cli.terminal import Answer
from sellable.cli.whereabouts import Whereabouts
from sellable.v1.sourcing_pb2 import (
    ListDeliveryOptionsRequest,
    ListDeliveryOptionsResponse,
    Order,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table


def options_command(service: Service, order: OrderFile, *, profile: Profile = "") -> Answer:
    """List the ways an order could be delivered or collected, with date and cost.

    Example:
      sellable sourcing options order.json
    """
    wanted = read_message(order, Order(), "order")
    request = ListDeliveryOptionsRequest(
        channel=wanted.channel,
        country=wanted.country,
        destination=wanted.destination,
        lines=wanted.lines,
        profile=profile,
    )
    answer = service.call(service.sourcing.ListDeliveryOptions, request)
    value = {"options": [option_value(option) for option in answer.options]}
    if not answer.options:
        return Answer(value, [Text("no way of delivery can be promised", style="yellow")])
    return Answer(value, _view(service, answer.options, wanted.destination.country))


def _view(
    service: Service, options: Sequence[ListDeliveryOptionsResponse.Option], country: str
) -> Iterator[Table]:
    yield options_table(options, country, Whereabouts.if_known(service))


def options_table(
    options: Sequence[ListDeliveryOptionsResponse.Option], country: str, whereabouts: Whereabouts
) -> Table:
    """Show a row a way; times are those of the destination's country, or of where it is collected.

    Args:
        options: In the order of the answer.
        country: Of the destination.
        whereabouts: What time it is where an order is collected.
    """
    made = table("way", "arrives", "if ordered by", ">cost", ">parcels", ">kg CO2")
    for option in options:
        where = "" if option.location else country
        arrives, order_by = (
            whereabouts.shown(getattr(option, field), option.location, where)
            if option.HasField(field)
            else ""
            for field in ("arrive_time", "order_by_time")
        )
        way = f"{option.service} at {option.location}" if option.location else option.service
        made.add_row(
            way
            if option.complete
            else Text.assemble(
                way, ("\nnot every line", "yellow")
            ),  # a column would fold the others
            arrives,
            order_by,
            money_shown(option.cost) if option.HasField("cost") else "",
            number(option.parcel_count) if option.parcel_count else "",
            f"{option.carbon_kg:,.2f}" if option.carbon_kg else "",
        )
    return made
