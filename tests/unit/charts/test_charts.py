"""What the charts count and how they are drawn."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from pipeline.charts import counts, net, publishers, spark, volume
from pipeline.charts.counts import Measure
from pipeline.charts.figure import axis_of
from pipeline.charts.svg import apart, element, integer_ticks
from pipeline.charts.windows import HOUR, between, hourly_ends, trailing
from pipeline.settings import ROOT
from pipeline.store.shapes import Bucket, StoryTime
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words

END = datetime(2026, 11, 22, 4, 15, tzinfo=UTC)
WORDS = Words("en")
CLOCK = Clock(ZoneInfo("Asia/Hong_Kong"), WORDS, END + timedelta(minutes=20))


def bucket(minutes_before: int, negative: int = 1, positive: int = 0) -> Bucket:
    start = END - timedelta(minutes=minutes_before)
    return Bucket(start, negative + positive, negative, positive)


def test_hours_are_in_step_with_the_window_that_rang() -> None:
    ends = hourly_ends(END, END + timedelta(minutes=130), 48)
    assert ends[-1] == END + 2 * HOUR
    assert END in ends
    assert len(ends) == 48
    assert {later - earlier for earlier, later in pairwise(ends)} == {HOUR}


def test_windows_hold_their_first_bucket_and_not_the_one_after_their_end() -> None:
    history = [bucket(361), bucket(360), bucket(5), bucket(0)]
    (window,) = trailing(history, [END], timedelta(hours=6))
    assert window.negative == 2
    assert window.left == END - HOUR


def test_slots_adjoin() -> None:
    bounds = [END - 2 * HOUR, END - HOUR, END]
    windows = between([bucket(120), bucket(60), bucket(59)], bounds)
    assert [window.n for window in windows] == [1, 2]


def test_net_sentiment_of_nothing_is_not_zero() -> None:
    windows = between([bucket(90, 1, 3), bucket(30, 0, 0)], [END - 2 * HOUR, END - HOUR, END])
    assert [window.net for window in windows] == [0.5, None]


def test_ticks_are_whole_round_numbers_that_hold_the_highest() -> None:
    assert integer_ticks(0) == [0, 1]
    assert integer_ticks(4) == [0, 1, 2, 3, 4]
    assert integer_ticks(11) == [0, 5, 10, 15]
    assert integer_ticks(40)[-1] == 40
    assert integer_ticks(41) == [0, 10, 20, 30, 40, 50]


def test_a_chart_that_stands_alone_needs_nothing_beside_it() -> None:
    document = counted().drawn.document()
    root = ElementTree.fromstring(document)  # noqa: S314 - our own drawing
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (root.get("width"), root.get("height")) == ("720", "240")
    assert "alert from 5" in document
    assert "9 at the highest" in document
    assert not re.search(r"(href|src)=", document)


def test_it_has_the_light_colours_of_the_pages() -> None:
    pages = (ROOT / "console/static/console.css").read_text(encoding="utf-8")
    light = set(re.findall(r"light-dark\((#[0-9A-F]{6})", pages))
    alone = set(re.findall(r"#[0-9A-F]{6}", counted().drawn.document()))
    assert len(alone) > 5
    assert alone <= light


def test_labels_that_would_touch_are_moved_apart() -> None:
    assert apart([10, 12, 60], 16) == [10, 26, 60]


def test_what_is_drawn_is_escaped() -> None:
    drawn = element("text", "<script>", class_='"><script>')
    assert "<script>" not in drawn
    assert drawn.startswith('<text class="&#34;&gt;&lt;script&gt;">')


MEASURE = Measure(60, (0, 2), 0.4, 5, END - HOUR, END)


def counted(known: bool = True) -> counts.Figure:
    windows = trailing([bucket(300, 2), bucket(20, 9)], hourly_ends(END, END, 48), HOUR)
    return counts.draw(windows, [known] * 48, MEASURE, WORDS, CLOCK)


def test_bars_at_the_threshold_are_marked_in_more_than_colour() -> None:
    drawing = counted().drawing
    assert drawing.count('class="bar over"') == 1
    assert drawing.count('class="bar"') == 1
    assert drawing.count('class="cap"') == 1
    assert "alert from 5" in drawing
    assert "usual 0–2" in drawing


def test_counts_of_which_only_a_part_is_measured_have_no_band_and_no_threshold() -> None:
    windows = trailing([bucket(20, 9)], hourly_ends(END, END, 48), HOUR)
    part = replace(MEASURE, usual=None, expected=None, threshold=None)
    drawing = counts.draw(windows, [True] * 48, part, WORDS, CLOCK).drawing
    assert 'class="band"' not in drawing
    assert 'class="threshold"' not in drawing
    assert 'class="bar"' in drawing
    assert 'class="band"' not in spark.of_alert([0, 3], None, None, "stories")


def test_the_surge_is_bracketed_and_the_caption_names_the_peak() -> None:
    figure = counted()
    assert figure.drawing.count('class="bracket"') == 3
    assert "9 at the highest, 12:15 HKT" in figure.caption


def test_a_hole_is_hatched_and_is_no_data_in_the_table() -> None:
    figure = counted(known=False)
    assert figure.drawing.count("url(#hole-a)") == 1
    assert ["12:15", "9", "9"] in figure.table
    assert ["11:15", "no data", "no data"] in figure.table


def test_charts_carry_no_style_attribute_and_no_script() -> None:
    windows = trailing([bucket(20, 9, 3)], hourly_ends(END, END, 48), HOUR)
    known = [True] * 48
    stories = [StoryTime("<b>Ledger</b>", END - HOUR, 40, withdrawn=False)]
    drawn = [
        counted().drawing,
        net.draw(windows, known, "caption", WORDS, CLOCK).drawing,
        volume.draw(windows, known, WORDS, CLOCK).drawing,
        spark.of_alert([0, 3, 9], (0, 2), 5, "label"),
    ]
    figure = publishers.draw(stories, axis_of(windows), WORDS, CLOCK)
    assert figure is not None
    for drawing in [*drawn, figure.drawing]:
        assert not re.search(r"style=|<script|<b>|\son\w+=", drawing)
    assert "+40" in figure.drawing


def test_net_sentiment_points_down_when_bad() -> None:
    windows = between([bucket(90, 4, 0), bucket(30, 0, 4)], [END - 2 * HOUR, END - HOUR, END])
    drawing = net.draw(windows, [True, True], "caption", WORDS, CLOCK).drawing
    tops = [
        (name, float(y))
        for y, name in re.findall(r'y="([\d.]+)" height="[\d.]+" class="(\w+)"', drawing)
    ]
    assert dict(tops)["negative"] > dict(tops)["positive"]


def test_a_publisher_chart_without_stories_in_its_time_is_left_out() -> None:
    windows = trailing([], hourly_ends(END, END, 48), HOUR)
    old = [StoryTime("Ledger", END - timedelta(days=9), 0, withdrawn=False)]
    assert publishers.draw(old, axis_of(windows), WORDS, CLOCK) is None
