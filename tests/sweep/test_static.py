"""What a pool says of combinations, as a plan takes it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from harness.sweep.executor import GivenUp
from harness.sweep.plan import Illegal
from harness.sweep.static import looked_at
from variants.catalog import load_catalog

R = TypeVar("R")


class Deadly:
    """An executor whose processes die of everything."""

    def run(  # whatever the function
        self,
        function: Callable[[Sequence[int]], Sequence[R]],  # noqa: ARG002
        chunks: Iterable[Sequence[int]],
    ) -> Iterator[tuple[Sequence[int], Sequence[R] | GivenUp]]:
        for chunk in chunks:
            for number in chunk:
                yield [number], GivenUp("it died")


def test_what_kills_its_process_cannot_be_built_but_a_repeat_is_no_variant() -> None:
    definition = Definition(
        name="a",
        variants=("fassd-net",),
        grid={"context.name": ("none", "dapf"), "context.alpha": (2, 4)},
        when={"context.alpha": {"context.name": "dapf"}},
    )
    combinations = Combinations(definition, load_catalog())
    found = dict(looked_at(Deadly(), [[0, 1], [2, 3]], combinations))
    # number 1 is alpha 4 without DAPF, which is number 0 once more
    assert found == {
        0: Illegal("fassd-net[context.name=none]", "it died"),
        1: None,
        2: Illegal("fassd-net[context.alpha=2,context.name=dapf]", "it died"),
        3: Illegal("fassd-net[context.alpha=4,context.name=dapf]", "it died"),
    }
