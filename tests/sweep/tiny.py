"""The network `tiny` of these tests, counted by hand."""

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

SIDE = 16  # of its input
CATALOG = "tiny: {network: tiny}\n"
FLAGS = ("--variant", "tiny", "--catalog", "tiny.yaml", "--input", f"{SIDE}x{SIDE}", "--jobs", "2")


class Tiny(NamedTuple):
    """A variant of `tiny`."""

    width: int
    kernel: int
    stride: int = 1
    deep: bool = False

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Tiny":
        """Return the variant that a record's spec describes."""
        return cls(*(spec["network"][name] for name in cls._fields))

    @property
    def params(self) -> int:
        """3 -> width by kernel x kernel, then width -> 1 or 8 by 1 x 1, no bias."""
        return 3 * self.width * self.kernel**2 + self.width * (8 if self.deep else 1)

    @property
    def macs(self) -> int:
        """Every weight of both convolutions is used once at each place of the strided map."""
        return self.params * (SIDE // self.stride) ** 2


def at_most(folder: Path, records: int | None) -> None:
    """Have patient networks wait while a sweep in `folder` has so many records; null: no longer.

    Some more come of what is being counted already: at most a batch.
    """
    path = folder / "most"
    if records is None:
        path.unlink()
        return
    path.with_suffix(".new").write_text(str(records))
    path.with_suffix(".new").replace(path)


def tinies(
    widths: Iterable[int], kernels: Iterable[int], strides: Iterable[int] = (1,)
) -> list[Tiny]:
    return [Tiny(*one) for one in product(widths, kernels, strides)]


def best(
    every: Iterable[Tiny], least: Callable[[Tiny], float], most: Callable[[Tiny], float]
) -> set[Tiny]:
    """Return those that no other one beats, by the definition of a front."""
    all_ = list(every)

    def beats(a: Tiny, b: Tiny) -> bool:
        no_worse = least(a) <= least(b) and most(a) >= most(b)
        return no_worse and (least(a) < least(b) or most(a) > most(b))

    return {b for b in all_ if not any(beats(a, b) for a in all_)}
