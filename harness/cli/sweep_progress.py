"""How far a sweep is, on standard error: a bar on a terminal, else a line now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import typer

EVERY_S = 10.0


@contextmanager
def meter(
    title: str, total: int, *, terminal: bool | None = None, clock: Callable[[], float] = monotonic
) -> Iterator[Callable[[int], None]]:
    """Yield what tells how many of `total` are done, with rate and time left.

    Args:
        title: What is done.
        total: How many there are.
        terminal: Whether to draw a bar; whether standard error is a terminal unless given.
        clock: Seconds.
    """
    import sys

    if sys.stderr.isatty() if terminal is None else terminal:
        with _bar(title, total) as show:
            yield show
        return
    start_s = told_s = clock()

    def tell(done: int) -> None:
        nonlocal told_s
        now_s = clock()
        if now_s - told_s >= EVERY_S and done < total:
            told_s = now_s
            typer.echo(f"{title} {describe(done, total, now_s - start_s)}", err=True)

    yield tell


def describe(done: int, total: int, elapsed_s: float) -> str:
    """Return how far it is in words.

    Example:
        >>> describe(1200, 100_000, 14.1)
        '1,200/100,000, 85.1/s, 0:19:21 left'
    """
    rate = done / elapsed_s if elapsed_s else 0.0
    if not rate:
        return f"{done:,}/{total:,}"
    return f"{done:,}/{total:,}, {rate:.3g}/s, {clock_time((total - done) / rate)} left"


def clock_time(seconds: float) -> str:
    """Return hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


@contextmanager
def _bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(20))
    start_s = monotonic()
    # No thread of its own: processes are forked and signals heard while it lasts.
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as progress:
        task = progress.add_task(title, total=total)
        drawn_s = 0.0

        def show(done: int) -> None:
            nonlocal drawn_s
            now_s = monotonic()
            if now_s - drawn_s >= 0.1 or done >= total:
                drawn_s = now_s
                words = f"{title} {describe(done, total, now_s - start_s)}"
                progress.update(task, completed=done, description=words, refresh=True)

        yield show
