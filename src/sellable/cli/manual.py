"""What `sellable --help` says besides the list of commands."""

from __future__ import annotations

import inspect
from typing import Final

from sellable.cli.failure import EXIT_CODES_HELP

SERVICE: Final = "The service"
NETWORK: Final = "The network: locations, markets, protections, quotas"
STOCK: Final = "Stock"
RESERVATIONS: Final = "Reservations"
SOURCING: Final = "Sourcing"
INGEST: Final = "Feeds: files, streams and tills"

MANUAL: Final = """How many of this SKU can this channel sell in this country right now?

To begin:
  sellable demo                         # real orders on a store of its own
  sellable serve --data ./stock         # a service with its data in a folder
  sellable network apply network.yaml   # locations, markets, protections
  sellable set 85123A DC-PARIS 40       # a count
  sellable check web/FR 85123A          # what can be sold

Every day, an example of each group:
  sellable check-config --config sellable.yaml
  sellable explain web/FR 85123A
  sellable reserve web/FR 85123A=2 --ttl 30m
  sellable network timeline --from 2026-11-20

A market is a channel in a country: web/FR. Each command says more, with
examples of its own:
  sellable reserve --help

Lists take --limit, --all, --sort COLUMN and --page-token. With --json a
command writes one JSON value to standard output, and one to standard error
if it fails. NO_COLOR takes colours away.
"""

NETWORK_MANUAL: Final = """Locations, markets, protections and quotas: one document, in versions.

Examples, from an edit to the way back:
  sellable network show > network.yaml
  sellable network validate network.yaml
  sellable network whatif network.yaml
  sellable network apply network.yaml --comment "open Lyon" --wait
  sellable network restore 3
"""

ITEMS_MANUAL: Final = """Master data of SKUs: the item class that rules and quotas name, and more.

Example:
  sellable items put items.csv
"""

SOURCING_MANUAL: Final = """Which location ships what of an order, and why.

Examples, from the cart to a location that refuses:
  sellable sourcing options order.json
  sellable sourcing plan order.json --explain --map plan.png
  sellable sourcing plan order.json --reserve cart-7
  sellable sourcing reservation cart-7 --refuse 1@DC-PARIS=2:not-found
  sellable sourcing worker --data ./stock
  sellable sourcing at-risk

What other profiles would make of the orders of the past:
  sellable sourcing simulate --orders o.gz --stock s.csv --network n.yaml

An order as JSON; a postal code is enough where the service has a table:
  {"channel": "web", "country": "FR",
   "destination": {"country": "FR", "postal_code": "69002",
                   "point": {"latitude": 45.76, "longitude": 4.83}},
   "lines": [{"line_id": "1", "sku": "85123A", "quantity": 2}]}
"""

INGEST_MANUAL: Final = """What ERP, WMS and tills report: applied exactly once, and accounted for.

Examples:
  sellable ingest file stock.csv --source erp --location DC-PARIS
  sellable ingest watch /srv/feeds/erp --source erp
  sellable ingest worker --store redis://localhost:6379
  sellable ingest push wms-paris counts.jsonl
  sellable ingest status --watch
"""

DEAD_LETTERS_MANUAL: Final = """Rows of feeds that were refused or given up.

Examples:
  sellable ingest dead-letters list --source wms-paris
  sellable ingest dead-letters retry --source wms-paris --all
"""

EXIT_CODES: Final = "Exit codes:\n" + "\n".join(
    f"{code:>5}  {meaning}" for code, meaning in EXIT_CODES_HELP.items()
)


def flowing(text: str) -> str:
    """Return help whose prose is folded by the terminal and whose examples keep their lines."""
    first, *others = (
        paragraph if "\n " in paragraph else paragraph.replace("\n", " ")
        for paragraph in inspect.cleandoc(text).split("\n\n")
    )
    # Typer cleans what follows the first paragraph once more, by all of its lines but the first:
    # an empty line in front keeps it from taking the indentation off examples that come first.
    if others and "\n " in others[0]:
        others[0] = f"\n{others[0]}"
    return "\n\n".join([first, *others])
