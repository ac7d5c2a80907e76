"""How far timing is, in words."""

from __future__ import annotations

from harness.timing.protocol import Protocol


def describe(done: int, elapsed_s: float, protocol: Protocol) -> tuple[float, str]:
    """Return the share of the time that is over, and how far the passes are in words.

    Args:
        done: Passes that are done, of all rounds if `protocol` is of all.
        elapsed_s: Seconds that they took.
        protocol: What they are timed under, or one round's share of it.
    """
    if not done or not elapsed_s:
        return 0.0, "timing"
    left_s = seconds_left(done, elapsed_s, protocol)
    passes = f"{done:,}/{protocol.iterations:,} passes"
    budget = f", {elapsed_s:.0f}/{protocol.budget_s:g} s" if protocol.budget_s else ""
    fps = done * protocol.input[0] / elapsed_s
    left = f"{_clock_time(left_s)} left"
    if protocol.until is not None:
        left = f"at most {left}, until +-{protocol.until:.2%}"
    return elapsed_s / (elapsed_s + left_s), f"{passes}{budget}, {fps:.4g} FPS, {left}"


def seconds_left(done: int, elapsed_s: float, protocol: Protocol) -> float:
    """Return the seconds until passes or budget are used up, if passes go on as they did."""
    pass_s = elapsed_s / done
    left_s = (protocol.iterations - done) * pass_s
    if protocol.budget_s is not None:
        until_fewest_s = (protocol.min_iterations - done) * pass_s
        left_s = min(left_s, max(protocol.budget_s - elapsed_s, until_fewest_s))
    return max(0.0, left_s)


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
