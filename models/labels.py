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

# The heads every model has, with the labels their logits stand for.
HEADS: Final[Mapping[str, tuple[str, ...]]] = {"topic": TOPICS, "sentiment": SENTIMENTS}

# The head that judges one entity of a text at a time; models made before it have none.
ENTITY: Final = "entity"

# Every head whose labels are ours. A model may have auxiliary ones beside them, with the labels of
# one public set.
LABELS: Final[Mapping[str, tuple[str, ...]]] = {**HEADS, ENTITY: SENTIMENTS}
