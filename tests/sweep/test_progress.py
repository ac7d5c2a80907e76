"""How far a sweep is, in words."""

import pytest

from harness.cli.sweep_progress import clock_time, describe, meter


def test_off_a_terminal_a_line_comes_every_ten_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    times = iter([0.0, 5.0, 10.0, 12.0, 21.0, 40.0])
    with meter("counting", 1000, terminal=False, clock=lambda: next(times)) as show:
        for done in (50, 100, 120, 210, 1000):
            show(done)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "counting 100/1,000, 10/s, 0:01:30 left",  # 900 at 10 a second
        "counting 210/1,000, 10/s, 0:01:19 left",
    ]


def test_on_a_terminal_there_is_a_bar_and_nothing_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with meter("counting", 4, terminal=True) as show:
        show(2)
        show(4)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59.6, "0:01:00"), (3661, "1:01:01")]
)
def test_seconds_as_a_clock_has_them(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


def test_without_progress_nothing_is_foretold() -> None:
    assert describe(0, 10, 5.0) == "0/10"
    assert describe(5, 10, 0.0) == "5/10"
