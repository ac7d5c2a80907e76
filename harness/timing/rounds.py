"""Several networks, timed in turns: drift of the machine hits all of them alike.

In every round each network gets its share of passes, forwards in one round and backwards in the
next, so that what changes steadily cancels out between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from harness.errors import RunFailed
from harness.timing.part import Part
from harness.timing.plan import next_share
from harness.timing.protocol import Protocol


@dataclass
class Outcome:
    """What became of one network.

    Attributes:
        parts: Its rounds, in the order of time.
        failure: Why there will be no more; null where nothing went wrong.
    """

    parts: list[Part] = field(default_factory=list)
    failure: str | None = None


#: Times one round: the network's position, and its share of the protocol.
RunRound = Callable[[int, Protocol], Part]


def interleave(protocols: Sequence[Protocol], run_round: RunRound) -> Iterator[tuple[int, Outcome]]:
    """Yield the position and the outcome of each network as soon as it is complete.

    A network whose round fails takes no further part; the others go on. After an interrupted round
    every network comes out with what it has, those without a round not at all.

    Args:
        protocols: Of each network.
        run_round: Times one round; `RunFailed` is the failure of that network alone.
    """
    outcomes = [Outcome() for _ in protocols]
    waiting = list(range(len(protocols)))
    while waiting:
        for position in list(waiting):
            outcome, protocol = outcomes[position], protocols[position]
            share = next_share(protocol, outcome.parts)
            assert share is not None  # otherwise it would not be waiting
            try:
                outcome.parts.append(run_round(position, share))
            except RunFailed as error:
                outcome.failure = str(error)
            except KeyboardInterrupt:
                yield from _what_there_is(waiting, outcomes)
                raise
            else:
                if outcome.parts[-1].stopped_by == "interrupt":
                    yield from _what_there_is(waiting, outcomes)
                    return
            if outcome.failure or next_share(protocol, outcome.parts) is None:
                waiting.remove(position)
                yield position, outcome
        waiting.reverse()


def _what_there_is(
    waiting: Sequence[int], outcomes: Sequence[Outcome]
) -> Iterator[tuple[int, Outcome]]:
    for position in sorted(waiting):
        parts = outcomes[position].parts
        if parts:
            parts[-1] = replace(parts[-1], stopped_by="interrupt")
            yield position, outcomes[position]
