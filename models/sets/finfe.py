"""FinCUGE FinFE: posts of Chinese stock forums."""

from models.sets.spec import PublicSet, of_text

SET = PublicSet(
    name="finfe",
    file="fincuge_finfe_clean.jsonl",
    licence="none stated",
    notes="By people, and noisy: 1,010 posts carried conflicting labels before copies were taken "
    "out. Sarcasm. Posts, not news.",
    labels=of_text,
    hub=None,
    train_part="train",
)
