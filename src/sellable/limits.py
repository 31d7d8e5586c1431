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
LOCATIONS_PER_MARKET_MAX: Final = 4_096
MARKETS_MAX: Final = 500
MEMBERSHIPS_MAX: Final = 50_000  # sum over the markets of their locations
RULES_MAX: Final = 10_000
RULE_TARGETS_MAX: Final = 100_000  # sum over the rules of their SKUs or classes times their places
TAGS_PER_LOCATION_MAX: Final = 64
NETWORK_DOCUMENT_BYTES_MAX: Final = 3 * 1024 * 1024
PAGE_SIZE_MAX: Final = 1_000
PAGE_SIZE_DEFAULT: Final = 100
TTL_MS_MIN: Final = 1_000
TTL_MS_MAX: Final = 7 * 24 * 3600 * 1000
TTL_MS_DEFAULT: Final = 15 * 60 * 1000
RETENTION_MS_DEFAULT: Final = 7 * 24 * 3600 * 1000
FUTURE_TOLERANCE_MS_DEFAULT: Final = 5 * 60 * 1000
HMGET_FIELDS_MAX: Final = 1_000
MESSAGE_BYTES_MAX: Final = 4 * 1024 * 1024
