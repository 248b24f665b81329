"""The label sets: what the topic and sentiment heads can say, in the order of their logits.

Definitions with examples are in docs/taxonomy.md. The order is part of every shipped adapter:
append, never reorder.
"""

from collections.abc import Mapping
from typing import Final

TOPICS: Final[tuple[str, ...]] = (
    "earnings",
    "ratings",
    "dividends_buybacks",
    "mergers_acquisitions",
    "management",
    "product_business",
    "legal_regulation",
    "fraud_misconduct",
    "credit_debt",
    "listing_financing",
    "share_price",
    "markets",
    "macro",
    "monetary_policy",
    "fiscal_policy",
    "geopolitics",
    "energy",
    "commodities",
    "currencies",
    "property",
    "crypto",
    "public_health",
    "other_finance",
    "not_finance",
)

SENTIMENTS: Final[tuple[str, ...]] = ("negative", "neutral", "positive")

# Every head, with the labels its logits stand for.
HEADS: Final[Mapping[str, tuple[str, ...]]] = {"topic": TOPICS, "sentiment": SENTIMENTS}
