"""Variants timed in turns show on a terminal how far all of it is."""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import rich.console
from rich.console import Console

from harness import isolated
from harness.errors import RunFailed
from harness.profiling.timed import time_variants
from harness.profiling.worker import Environment, Passes
from harness.timing.protocol import Protocol

from .fakes import part, protocol

_NEW = "\r\x1b[2K"  # where a frame begins, over the one before
_DONE = re.compile(r"\x1b\[9[12]m(━*)")


def shown(
    monkeypatch: pytest.MonkeyPatch,
    names: Sequence[str],
    protocols: Sequence[Protocol],
    *,
    terminal: bool = True,
    fails_at: int | None = None,
) -> list[tuple[str, float]]:
    """Return what the bar says in turn, and how many of its twenty cells are full.

    A pass takes half a second; each round tells of itself when half of its passes are done.
    """
    screen = io.StringIO()
    rounds = []

    def run_isolated(
        _function: Any, _spec: Any, _protocol: Any, share: Protocol, *_: Any,
        on_report: Callable[[object], None], **_options: Any,
    ) -> Any:  # fmt: skip
        rounds.append(share)
        on_report(Environment({}))
        if len(rounds) == fails_at:
            raise RunFailed("does not fit")
        on_report(Passes(share.iterations // 2, 0.5 * (share.iterations // 2)))
        return part(*[0.5] * share.iterations), None

    monkeypatch.setattr(isolated, "run_isolated", run_isolated)
    monkeypatch.setattr(
        rich.console, "Console",
        lambda *, stderr: Console(file=screen, stderr=stderr, force_terminal=terminal, width=120),
    )  # fmt: skip
    specs: Any = [None] * len(names)
    done = dict(time_variants(names, specs, protocols, "cpu"))
    assert sorted(done) == [*range(len(names))]
    assert screen.getvalue().endswith("\r\x1b[1A\x1b[2K") is terminal  # nothing stays
    frames = [frame for frame in screen.getvalue().split(_NEW) if "━" in frame]
    said = [(_said(frame), _cells(frame)) for frame in frames]
    return said[1:-1]  # the first is empty, and the last comes once more when it ends


def _said(frame: str) -> str:
    return frame.partition("\x1b[0m ")[2].partition("\x1b")[0].strip()


def _cells(frame: str) -> float:
    full = _DONE.search(frame.partition("\x1b[0m ")[2])
    return len(full[1] if full else "") + frame.count("╸") / 2


def test_it_counts_rounds_and_passes_of_each_and_fills_with_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two = [protocol(iterations=4, rounds=2)] * 2
    # Four rounds of two passes, the second pair backwards; a round is five of the twenty cells.
    passes = "1/2 passes, 2 FPS, 0:00 left"
    assert shown(monkeypatch, ["a", "b"], two) == [
        ("a 1/2: set-up and warm-up", 0),
        (f"a 1/2: {passes}", 2.5),
        ("b 1/2: set-up and warm-up", 5),
        (f"b 1/2: {passes}", 7.5),
        ("b 2/2: set-up and warm-up", 10),
        (f"b 2/2: {passes}", 12.5),
        ("a 2/2: set-up and warm-up", 15),
        (f"a 2/2: {passes}", 17.5),
    ]


def test_no_more_rounds_are_promised_than_there_are_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [text for text, _ in shown(monkeypatch, ["a"], [protocol(iterations=2, rounds=5)])]
    assert [text.partition(":")[0] for text in said if "set-up" in text] == ["a 1/2", "a 2/2"]


def test_rounds_that_were_not_planned_make_the_whole_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Never narrow enough, so that it takes 20 rounds of two passes instead of two.
    endless = replace(protocol(iterations=40, rounds=2), until=1e-9, min_iterations=40)
    frames = shown(monkeypatch, ["a"], [endless])
    begun = [(text.partition(":")[0], full) for text, full in frames if "set-up" in text]
    assert begun[:3] == [("a 1/2", 0), ("a 2/2", 10), ("a 3/3", 13)]  # 2 of 3 are 13.3 cells
    assert begun[-1] == ("a 20/20", 19)


def test_a_name_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = shown(monkeypatch, ["a[bold=1]"], [protocol(iterations=2, rounds=1)])
    assert frames[0] == ("a[bold=1] 1/1: set-up and warm-up", 0)


def test_the_others_go_on_being_told_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    two = [protocol(iterations=2, rounds=1)] * 2
    assert [text for text, _ in shown(monkeypatch, ["a", "b"], two, fails_at=1)] == [
        "a 1/1: set-up and warm-up",
        "b 1/1: set-up and warm-up",
        "b 1/1: 1/2 passes, 2 FPS, 0:00 left",
    ]


def test_off_a_terminal_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    one = [protocol(iterations=2, rounds=1)]
    assert shown(monkeypatch, ["a"], one, terminal=False) == []
