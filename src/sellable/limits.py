"""Every bound of the product, in one place; the protos state them and tests hold them."""

from __future__ import annotations

from typing import Final

QUANTITY_MAX: Final = 10**12
SKU_BYTES_MAX: Final = 128
NAME_BYTES_MAX: Final = 64  # reservation, line, event, source and request ids, location, channel
CLASS_BYTES_MAX: Final = 64
ORDER_REFERENCE_BYTES_MAX: Final = 128
REASON_BYTES_MAX: Final = 256  # of a fact: a word for the record
AUTHOR_BYTES_MAX: Final = 128
COMMENT_BYTES_MAX: Final = 1_000
SEQUENCE_MAX: Final = 2**53 - 1  # the largest integer that Lua keeps exactly
SKUS_PER_CALL_MAX: Final = 1_000
LINES_PER_RESERVATION_MAX: Final = 100
ALLOCATIONS_PER_RESERVATION_MAX: Final = 1_000
PARTIAL_OPERATIONS_PER_RESERVATION_MAX: Final = 1_000
EVENTS_PER_CALL_MAX: Final = 1_000
SYNC_ROWS_MAX: Final = 5_000_000  # of one full count
SYNC_ROWS_PER_CALL_MAX: Final = 1_000
SYNC_QUIET_MS_MAX: Final = 60 * 1000  # a full count that is not committed makes way after it
MAX_ZEROED_FRACTION_DEFAULT: Final = 0.2
FUTURE_SUPPLIES_PER_SKU_MAX: Final = 100  # open, or closed within the retention of facts
LOCATIONS_PER_MARKET_MAX: Final = 4_096
MARKETS_MAX: Final = 500
MEMBERSHIPS_MAX: Final = 50_000  # sum over the markets of their locations
RULES_MAX: Final = 10_000
RULE_TARGETS_MAX: Final = 100_000  # sum over the rules of their SKUs or classes times their places
TAGS_PER_LOCATION_MAX: Final = 64
QUOTAS_MAX: Final = 1_000
QUOTA_COUNTERS_MAX: Final = 50_000  # beyond it, counters of quotas that left are forgotten
QUOTA_TARGETS_MAX: Final = 10_000  # sum over the quotas of their items times their markets
WINDOW_YEAR_MIN: Final = 2_000
WINDOW_YEAR_MAX: Final = 2_100
STALE_AFTER_MS_MIN: Final = 60 * 1000
STALE_AFTER_MS_MAX: Final = 30 * 24 * 3600 * 1000
BACKORDER_HORIZON_MS_MIN: Final = 1_000
BACKORDER_HORIZON_MS_MAX: Final = 366 * 24 * 3600 * 1000
SWITCHES_MAX: Final = 500  # moments to come at which a part of the network begins or ends
SWITCH_BYTES_MAX: Final = 32 * 1024 * 1024  # of all switches together, as the store keeps them
SWITCH_BYTES_EACH_MAX: Final = 4 * 1024 * 1024
NETWORK_DOCUMENT_BYTES_MAX: Final = 3 * 1024 * 1024
NETWORK_VERSIONS_MAX: Final = 10_000
NETWORK_VERSIONS_DEFAULT: Final = 100
PAGE_SIZE_MAX: Final = 1_000
PAGE_SIZE_DEFAULT: Final = 100
TTL_MS_MIN: Final = 1_000
TTL_MS_MAX: Final = 7 * 24 * 3600 * 1000
TTL_MS_DEFAULT: Final = 15 * 60 * 1000
RETENTION_MS_DEFAULT: Final = 7 * 24 * 3600 * 1000
FUTURE_TOLERANCE_MS_DEFAULT: Final = 5 * 60 * 1000
HMGET_FIELDS_MAX: Final = 1_000
MESSAGE_BYTES_MAX: Final = 4 * 1024 * 1024
PICKUP_RADIUS_KM_MAX: Final = 20_038  # half of the equator: every place there is
PICKUP_RADIUS_KM_DEFAULT: Final = 50
PICKUP_LOCATIONS_MAX: Final = 100
PICKUP_LOCATIONS_DEFAULT: Final = 10
EXPORT_PAGE_ITEMS_MAX: Final = 1_000
EXPORTS_AT_ONCE_MAX: Final = 4  # in one process; see store/export.py
FEEDS_MAX: Final = 10_000  # sources; beyond them those that were silent longest are forgotten
FEEDS_PER_PAGE_DEFAULT: Final = 1_000
FEED_LOCATIONS_MAX: Final = 20_000  # in one answer: a page of feeds stays a message of usual size
DEAD_LETTERS_PER_CALL_MAX: Final = 1_000
DEAD_LETTERS_BY_ID_MAX: Final = 100  # in one answer
DEAD_LETTERS_MAX: Final = 100_000  # of a source; the oldest go first
LOG_KEEP_MS: Final = 90 * 24 * 3600 * 1000  # a log that stood still longer is read from its start
