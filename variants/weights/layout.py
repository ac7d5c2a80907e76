"""A layout: what the tensors of a public project's checkpoint are called, and what we call them.

A layout is data: for every module with tensors its path there and here, a `*` standing for the
number that both have in that place. What is behind the last dot (`weight`, `running_mean`, ...)
is torch's and the same on both sides. Needs no torch, so that layouts can be listed at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

Modules = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The names of one public network's checkpoint.

    Attributes:
        name: What `--layout` calls it.
        variants: Rows of the catalogue whose checkpoints have it; what is made of them by options
            may fit too.
        source: Where the names are from: repository, commit, and what in it.
        modules: Our path of each module by its public path, as in the head of this file; null
            where the names are ours.
        part: What of a network such a file holds, in words; empty for all of it.
        covers: What our paths begin with of that part; empty for all of them.
        without_place: What public paths begin with that no network of ours has, and what it is.
        built_by_some: What our paths begin with that a network need not have, and what it is.
    """

    name: str
    variants: tuple[str, ...]
    source: str
    modules: Modules | None
    part: str = ""
    covers: tuple[str, ...] = ()
    without_place: Mapping[str, str] = field(default_factory=dict)
    built_by_some: Mapping[str, str] = field(default_factory=dict)

    def our_key(self, public: str) -> str | None:
        """Return our name of the tensor that is `public` in a file; null where there is none."""
        if self.modules is None:
            return public
        path, _, leaf = public.rpartition(".")
        for pattern, numbers in _patterns(path):
            ours = self._patterns.get(pattern)
            if ours is not None:
                return f"{_filled(ours, numbers)}.{leaf}"
        return None

    @cached_property
    def _patterns(self) -> dict[str, str]:
        return dict(self.modules or {})

    def no_place_for(self, public: str) -> str | None:
        """Return what a tensor of a file is that no network of ours has, where this is known."""
        return _begins(public, self.without_place)

    def left_out_by_some(self, ours: str) -> str | None:
        """Return what our tensor is, where a network need not have it."""
        return _begins(ours, self.built_by_some)

    def holds(self, ours: str) -> bool:
        """Return whether a file of this layout has to have our tensor."""
        return not self.covers or any(_is_under(ours, start) for start in self.covers)


def under(public: str, ours: str, modules: Modules) -> dict[str, str]:
    """Return `modules` inside of a module: every path behind `public` there and `ours` here.

    Example:
        >>> under("head", "classify", {"conv": "0", "": "1"})
        {'head.conv': 'classify.0', 'head': 'classify.1'}
    """
    return {_joined(public, path): _joined(ours, mine) for path, mine in modules.items()}


def each(pairs: Sequence[tuple[str, str]], modules: Modules) -> dict[str, str]:
    """Return `modules` inside of each of the modules `(public, ours)`."""
    return {
        path: mine for public, ours in pairs for path, mine in under(public, ours, modules).items()
    }


def _joined(outer: str, inner: str) -> str:
    return f"{outer}.{inner}" if outer and inner else outer or inner


def _patterns(path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield `path` with none, some and all of its numbers as `*`, and these numbers."""
    parts = path.split(".")
    places = [place for place, part in enumerate(parts) if part.isdecimal()]
    for count in range(len(places) + 1):
        for chosen in itertools.combinations(places, count):
            starred = ["*" if n in chosen else part for n, part in enumerate(parts)]
            yield ".".join(starred), [parts[n] for n in chosen]


def _filled(pattern: str, numbers: list[str]) -> str:
    left = iter(numbers)
    return ".".join(next(left) if part == "*" else part for part in pattern.split("."))


def _is_under(key: str, start: str) -> bool:
    return key == start or key.startswith(f"{start}.")


def _begins(key: str, known: Mapping[str, str]) -> str | None:
    return next((what for start, what in known.items() if _is_under(key, start)), None)
