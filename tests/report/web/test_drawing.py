"""Scales, markers, widths of text: the numbers behind a drawing."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from harness.report.figure_groups import MARKERS
from harness.report.web.markers import marker_path, number
from harness.report.web.scale import Scale, tick_text
from harness.report.web.text_width import fitted, text_width


def test_a_linear_scale_divides_its_length_as_the_figures_do() -> None:
    scale = Scale(low=0.0, high=10.0, start=100.0, end=300.0)
    assert [scale.at(v) for v in (0.0, 2.5, 10.0, 12.0)] == [100.0, 150.0, 300.0, 340.0]
    assert [scale.within(v) for v in (-5.0, 12.0)] == [100.0, 300.0]


def test_a_logarithmic_scale_gives_equal_ratios_equal_lengths() -> None:
    scale = Scale(low=1.0, high=100.0, start=0.0, end=200.0, log=True)
    assert scale.at(10.0) == pytest.approx(100.0)
    assert scale.at(2.0) - scale.at(1.0) == pytest.approx(scale.at(50.0) - scale.at(25.0))
    assert scale.within(0.0) == 0.0  # an interval may begin at 0


def test_a_scale_may_run_backwards_as_y_does() -> None:
    assert Scale(low=60.0, high=80.0, start=400.0, end=0.0).at(75.0) == 100.0


@pytest.mark.parametrize(
    ("low", "high", "log", "ticks"),
    [
        (3.0, 144.0, False, (20, 40, 60, 80, 100, 120, 140)),
        (66.8, 81.0, False, (68, 70, 72, 74, 76, 78, 80)),
        (0.0, 1.0, False, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (3.0, 144.0, True, (5, 10, 20, 50, 100)),
        (1.0, 1e6, True, (1, 10, 100, 1e3, 1e4, 1e5, 1e6)),
        (60.0, 90.0, True, (60, 65, 70, 75, 80, 85, 90)),  # 1, 2, 5 would give none
    ],
)
def test_ticks_are_round_and_within_the_axis(
    low: float, high: float, log: bool, ticks: tuple[float, ...]
) -> None:
    assert Scale(low=low, high=high, start=0.0, end=1.0, log=log).ticks(8) == ticks


def test_ticks_print_plainly() -> None:
    assert [tick_text(v) for v in (0.1 + 0.2, 1e5, 20.0)] == ["0.3", "100000", "20"]


@pytest.mark.parametrize("name", MARKERS)
def test_every_marker_has_a_shape_of_its_own_around_its_centre(name: str) -> None:
    path = marker_path(name, 50.0, 50.0, 10.0)
    assert sum(marker_path(other, 50.0, 50.0, 10.0) == path for other in MARKERS) == 1
    if name != "o":
        corners = re.findall(r"[ML](\S+) ([^LMz]+)", path)
        distances = [math.dist((50, 50), (float(x), float(y))) for x, y in corners]
        assert 8 < max(distances) < 14


def test_coordinates_have_two_decimals_at_most_and_no_negative_zero() -> None:
    assert [number(v) for v in (1.005, 2.0, -0.001, -3.456)] == ["1", "2", "0", "-3.46"]


TEXTS = ("FASSD-Net-L2 (ours)", "SwiftNetRN-18 1024×2048", "DeepLabV3+", "mIoU, 78.8%†", "jWMil")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    ("bold", "file"), [(False, "DejaVuSans.ttf"), (True, "DejaVuSans-Bold.ttf")]
)
def test_widths_are_those_of_the_font_that_they_state(text: str, bold: bool, file: str) -> None:
    fonts = pytest.importorskip("fontTools.ttLib")
    matplotlib = pytest.importorskip("matplotlib")
    font = fonts.TTFont(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / file)
    names, advances = font.getBestCmap(), font["hmtx"]
    exact = sum(advances[names[ord(c)]][0] for c in text) / font["head"].unitsPerEm * 10
    # In bold one factor stands for all letters.
    assert text_width(text, 10, bold=bold) == pytest.approx(exact, rel=0.05 if bold else 0.005)


def test_what_combines_has_no_width_and_what_is_wide_has_a_full_one() -> None:
    assert text_width("e\u0301", 10) == text_width("e", 10)
    assert text_width("网络", 10) == 20


def test_a_text_that_is_too_wide_ends_in_an_ellipsis() -> None:
    assert fitted("short", 10, 100) == "short"
    cut = fitted("a very long name of a network", 10, 60)
    assert cut.endswith("…")
    assert 45 < text_width(cut, 10) <= 60
