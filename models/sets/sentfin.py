"""SEntFiN 1.0: English headlines from India, the sentiment of every entity they name."""

from models.sets.spec import PublicSet, of_text

SET = PublicSet(
    name="sentfin",
    file="sentfin_clean.jsonl",
    licence="MIT",
    notes="By people. A headline has a sentiment where all its entities agree. Neutral often means "
    "mentioned without effect.",
    labels=of_text,
    hub=None,
    train_part=None,
)
