"""The proxies of a sweep: what is left to score, and how far that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.cli.sweep_progress import meter

if TYPE_CHECKING:
    from harness.cli.sweep_order import Order
    from harness.sweep.combinations import Combinations
    from harness.sweep.definition import Definition
    from harness.sweep.executor import Executor
    from harness.sweep.plan import Key
    from harness.sweep.tally import Failure


def score_all(
    pool: Executor,
    variants: Mapping[int, Key],
    definition: Definition,
    combinations: Combinations,
    order: Order,
) -> list[Failure]:
    """Have every proxy of a sweep score variants, unless a record says what it said.

    Args:
        pool: Ready for the definition.
        variants: Keys by the number of the combination.
        definition: The sweep.
        combinations: Its combinations.
        order: How it is run.

    Returns:
        What could not be scored, now or before.
    """
    from harness.sweep.scores import read_scores, scored, unscored

    failures = []
    known = read_scores(order.results, definition.proxies) if order.resume else {}
    for name in definition.proxies:
        todo = []
        for number, key in variants.items():
            shape = (definition.batch, 3, key.height, key.width)
            record = known.get((key.spec.hex(), shape), {}).get(name)
            if record is None or (record.value is None and order.retry_failed):
                todo.append(number)
            elif record.value is None:
                failures.append(unscored(record))
        with meter(f"scoring {name}", len(todo)) as show:
            found = scored(pool, name, todo, definition, combinations, order.results)
            for done, (_, record) in enumerate(found, start=1):
                if record.value is None:
                    failures.append(unscored(record))
                show(done)
    return failures
