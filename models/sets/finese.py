"""FinCUGE FinESE: kinds of risk events and the company each befell."""

from typing import Final

from models.sets.spec import Labels, Named, PublicSet, Record

# Events that are bad for whom they befall. Not 评级调整, 实控人股东变更 and 资金账户风险:
# ratings are raised too, owners change for the better, and accounts are also freed.
_NEGATIVE: Final = frozenset(
    {
        "信批违规",
        "交易违规",
        "不能履职",
        "重组失败",
        "业绩下滑",
        "财务造假",
        "涉嫌非法集资",
        "涉嫌传销",
        "涉嫌违法",
        "涉嫌欺诈",
        "高管负面",
        "资产负面",
        "投诉维权",
        "产品违规",
        "失联跑路",
        "歇业停业",
        "提现困难",
    }
)


def _labels(record: Record) -> Labels:
    if record.topic not in _NEGATIVE:
        return Labels()
    # The kind is that of the subject's event: the text often glues unrelated headlines together.
    return Labels(entities=tuple(Named(e.text, "negative") for e in record.entities or ()))


SET = PublicSet(
    name="finese",
    file="fincuge_finese_clean.jsonl",
    licence="none stated",
    notes="By people. Weak: only those are named whom something bad befell. Its kinds of event are "
    "of the subject, not of the text, so that they say no topic.",
    labels=_labels,
    hub=None,
    train_part="train",
    scale="negative",
)
