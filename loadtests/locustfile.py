"""What a shop's clients do to the service, as users of Locust, with an audit after every run.

    locust -f loadtests/locustfile.py --host 127.0.0.1:50051

The room `traffic` has what they do; README.md says how to run it and what to look at.
"""

from __future__ import annotations

from traffic.background import Export, Feed
from traffic.run import listen
from traffic.shoppers import Checkout, HotDrop, ListPage, ProductPage

__all__ = ["Checkout", "Export", "Feed", "HotDrop", "ListPage", "ProductPage"]

listen()
