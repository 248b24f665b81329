"""Titles of Chinese company news, good or bad: neutral was never an answer."""

from models.sets.spec import PublicSet, of_text

SET = PublicSet(
    name="wwwxmu",
    file="wwwxmu_clean.jsonl",
    licence="none stated",
    notes="By the tags of a data vendor, expanded by a search engine. Negative or positive only. "
    "Template titles: high accuracy says little.",
    labels=of_text,
    hub=None,
    train_part="train",
    scale="polar",
)
