"""How the tensors of a file fit a network: which goes where, and what is left on either side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from variants.errors import BadRequest
from variants.weights.layout import Layout
from variants.weights.layouts import layouts

COUNTER = "num_batches_tracked"  # BatchNorm's own, which files of torch before 0.4.1 lack
_SHOWN = 10  # names of one kind in a message
# the layer that gives the class scores, of every network here that has it under that name
_CLASSIFIERS = (
    "head.classify", "head.classify.2", "classify", "classify.1", "classify.3", "classify2.1",
    "decoder.middle.0", "score.0",
)  # fmt: skip


@dataclass
class Fit:
    """What of a file fits what of a network.

    Attributes:
        layout: By which it was read.
        taken: The file's name of each tensor of the network that it gives.
        missing: Tensors of the network that the file had to have.
        not_held: Tensors of the network that such a file need not have.
        unexpected: Tensors of the file that no rule speaks of, or the network lacks.
        no_place: Tensors of the file that the network need not have, and what they are.
        misshapen: Tensors of the network that the file has otherwise: how, and their names there.
        without_counters: Whether the file has none of BatchNorm's counters.
        classes: Of file and network, where these differ.
        origin: Which layout's names the file has instead, to end a message with.
    """

    layout: Layout
    taken: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    not_held: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    no_place: dict[str, str] = field(default_factory=dict)
    misshapen: dict[str, tuple[str, str]] = field(default_factory=dict)
    without_counters: bool = False
    classes: tuple[int, int] | None = None
    origin: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing is amiss."""
        return not (self.missing or self.unexpected or self.misshapen)

    def summary(self) -> str:
        """Return in one line what is amiss."""
        found = [
            f"{len(names)} {kind}"
            for kind, names in (
                ("missing", self.missing),
                ("unexpected", self.unexpected),
                ("that differ", self.misshapen),
            )
            if names
        ]
        said = f"as layout {self.layout.name} the network takes {len(self.taken)} of its tensors, "
        said += f"with {', '.join(found)}"
        if self.classes:
            theirs, ours = self.classes
            said += f"; the file has {theirs} classes, the network {ours}"
        return said + self.origin

    def details(self) -> list[str]:
        """Return a line for each tensor that is amiss, the first few of a kind, under its count."""
        differing = [f"{name}: {how}" for name, (how, _) in self.misshapen.items()]
        return [
            *_listed("missing in the file", self.missing),
            *_listed("unexpected in the file", self.unexpected),
            *_listed("different in file and network", differing),
        ]


def fitted(network: Mapping[str, Tensor], file: Mapping[str, Tensor], layout: Layout) -> Fit:
    """Return how `file` fits the network whose `state_dict` is `network`, read by `layout`."""
    fit = Fit(layout)
    for name in file:
        ours = layout.our_key(name)
        if ours in network:
            assert ours is not None
            _take(fit, network, file, ours, name)
            continue
        what = layout.no_place_for(name) or (layout.left_out_by_some(ours) if ours else None)
        if what:
            fit.no_place[name] = what
        else:
            fit.unexpected.append(name)
    fit.without_counters = not any(name.endswith(COUNTER) for name in file)
    for name in network:
        if name in fit.taken or name in fit.misshapen:
            continue
        optional = fit.without_counters and name.endswith(COUNTER)
        held = layout.holds(name) and not optional
        (fit.missing if held else fit.not_held).append(name)
    fit.classes = _classes(network, file, fit)
    fit.origin = _origin(file) if fit.unexpected else ""
    return fit


def _take(
    fit: Fit, network: Mapping[str, Tensor], file: Mapping[str, Tensor], ours: str, name: str
) -> None:
    """Note that the file's tensor `name` is `ours`, or how it differs."""
    theirs, mine = file[name], network[ours]
    before = fit.taken.get(ours)
    how = None
    if theirs.shape != mine.shape:
        how = f"file {shape_text(theirs)}, network {shape_text(mine)}"
    elif theirs.is_floating_point() != mine.is_floating_point():
        how = f"file {dtype_text(theirs)}, network {dtype_text(mine)}"
    elif before is not None and not _equal(theirs, file[before]):
        how = f"{before} and {name} of the file are one tensor here, and are not equal there"
    if how is not None:
        fit.taken.pop(ours, None)
        fit.misshapen[ours] = (how, name)
    elif ours not in fit.misshapen:
        fit.taken.setdefault(ours, name)


def _equal(one: Tensor, other: Tensor) -> bool:
    return one.dtype == other.dtype and torch.equal(one, other)


def detected(
    network: Mapping[str, Tensor], file: Mapping[str, Tensor], candidates: Sequence[Layout]
) -> Layout:
    """Return the layout by which most tensors of `file` have a place in `network`.

    Raises:
        BadRequest: If by none of them any has.
    """

    def places(layout: Layout) -> int:
        return sum(layout.our_key(name) in network for name in file)

    best = max(candidates, key=places)  # the first of equals
    if not places(best):
        one = len(candidates) == 1
        place = f"layout {candidates[0].name}" if one else "one of harness weights --list"
        names = ", ".join([*file][:3])
        raise BadRequest(
            f"must have tensors of the network, named as in {place}, "
            f"got {names}, ...{_origin(file)}"
        )
    return best


def _origin(file: Mapping[str, Tensor]) -> str:
    """Return by which public layout every name in a file is known, to end a message with."""
    for layout in layouts().values():
        known = (layout.our_key(name) or layout.no_place_for(name) for name in file)
        if layout.modules is not None and all(known):
            return f"; these names are those of layout {layout.name}"
    return ""


def _classes(
    network: Mapping[str, Tensor], file: Mapping[str, Tensor], fit: Fit
) -> tuple[int, int] | None:
    """Return the classes of file and network where the class scores say that they differ."""
    for path in _CLASSIFIERS:
        for leaf in ("bias", "weight"):  # a transposed convolution's weight has them second
            name = f"{path}.{leaf}"
            if name in fit.misshapen:
                theirs, ours = file[fit.misshapen[name][1]].shape, network[name].shape
                same_kernel = len(theirs) == len(ours) and theirs[2:] == ours[2:]
                if same_kernel and theirs[0] != ours[0]:
                    return theirs[0], ours[0]
    return None


def shape_text(tensor: Tensor) -> str:
    """Return a shape such as `19x48x1x1`."""
    return "x".join(map(str, tensor.shape)) or "a single number"


def dtype_text(tensor: Tensor) -> str:
    """Return a type such as `float16`."""
    return str(tensor.dtype).removeprefix("torch.")


def _listed(kind: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    lines = [f"{kind}: {len(names)}", *(f"  {name}" for name in names[:_SHOWN])]
    more = len(names) - _SHOWN
    return [*lines, f"  ... and {more} more"] if more > 0 else lines
