"""FinCUGE FinNL: Chinese news flashes with one or more subjects."""

import re
from typing import Final

from models.sets.spec import Labels, PublicSet, Record

# What is missing is of several of our topics: 公司 (any news of a company), 行业, 政策, 其他.
_TOPICS: Final = {
    "大盘": "markets",
    "经济": "macro",
    "政治": "geopolitics",
    "债券": "markets",
    "房地产": "property",
    "外汇": "currencies",
    "虚拟货币": "crypto",
    "新冠": "public_health",
    "能源": "energy",
}
_FUTURES: Final = "期货"
_ENERGY: Final = re.compile("原油|汽油|柴油|燃油|燃料油|天然气|布伦特|WTI|动力煤|取暖油")
_INDEX: Final = re.compile("恒指|股指|指数|国债")


def _labels(record: Record) -> Labels:
    # Two subjects do not say which of them the text would be filed under.
    if record.topic == _FUTURES:
        return Labels(topic=_future(record.text))
    return Labels(topic=_TOPICS.get(record.topic or ""))


def _future(text: str) -> str | None:
    if _INDEX.search(text):
        return None
    return "energy" if _ENERGY.search(text) else "commodities"


SET = PublicSet(
    name="finnl",
    file="fincuge_finnl_clean.jsonl",
    licence="none stated",
    notes="By people, and noisy at the edges of its subjects; half of it is of companies and of "
    "the epidemic of 2021 and 2022.",
    labels=_labels,
    hub=None,
    train_part="train",
)
