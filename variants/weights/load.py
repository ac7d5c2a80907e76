"""Weights of a file into a network: all of them, or a list of what does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from variants.errors import BadRequest
from variants.weights.checkpoint import Checkpoint, read_checkpoint
from variants.weights.fit import COUNTER, Fit, detected, dtype_text, fitted
from variants.weights.layout import Layout
from variants.weights.layouts import find_layout, layouts


class Misfit(BadRequest):
    """A file whose tensors are not those of the network.

    Attributes:
        summary: What is amiss, one line.
        details: A line for each tensor, the first few of a kind, under their count.
    """

    def __init__(self, summary: str, details: list[str]) -> None:
        super().__init__("\n".join([summary, *details]))
        self.summary = summary
        self.details = details


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What became of the tensors of a file and of a network.

    Attributes:
        path: The file.
        sha256: Of its content.
        within: What the tensors stood in there: wrappers and prefixes, outermost first.
        layout: By which the file was read.
        taken: The file's name of each tensor of the network that it gave.
        parameters: How many of the network's parameters are from the file.
        parameters_of_network: How many it has.
        left_in_file: Tensors of the file that were not taken, and why.
        left_in_network: Tensors of the network that are as they were, and why.
        notes: What else is to be known, a sentence each.
        warnings: What speaks against the file, a sentence each.
    """

    path: Path
    sha256: str
    within: tuple[str, ...]
    layout: Layout
    taken: Mapping[str, str]
    parameters: int
    parameters_of_network: int
    left_in_file: Mapping[str, str]
    left_in_network: Mapping[str, str]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether all that inference reads is from the file."""
        return all(name.endswith(COUNTER) for name in self.left_in_network)


def load_weights(
    network: nn.Module, path: Path, *, layout: str | None = None, partial: bool = False
) -> Loaded:
    """Load the weights of a file into `network`, in the network's own precision.

    A network that is refused weights is as it was before.

    Args:
        network: Of `variants.build.build`; on any device.
        path: A PyTorch checkpoint or a safetensors file.
        layout: Name of the layout to read it by; found by the names in the file unless given.
        partial: Whether to take what fits and leave the rest, instead of refusing.

    Raises:
        Misfit: If a tensor is missing, unexpected or of another shape, and `partial` is off.
        BadRequest: If the file cannot be read, there is no such layout, or nothing fits.
    """
    file = read_checkpoint(path)
    state: dict[str, Tensor] = network.state_dict()
    given = [find_layout(layout)] if layout is not None else [*layouts().values()]
    try:
        fit = fitted(state, file.tensors, detected(state, file.tensors, given))
    except BadRequest as error:
        raise BadRequest(f"{path}: {error}") from None
    if not (fit.whole or partial):
        raise Misfit(f"{path}: {fit.summary()}", fit.details())
    if not fit.taken:
        raise Misfit(f"{path}: nothing of it can be loaded: {fit.summary()}", fit.details())
    network.load_state_dict(state | _converted(state, file, fit))
    return _loaded(network, file, fit)


def _converted(state: Mapping[str, Tensor], file: Checkpoint, fit: Fit) -> dict[str, Tensor]:
    """Return what is taken, in the precision of the network; nothing may fail behind this."""
    found = {}
    for ours, name in fit.taken.items():
        try:
            found[ours] = file.tensors[name].to(state[ours].dtype)
        except (RuntimeError, NotImplementedError):
            raise BadRequest(
                f"{file.path}: {name} must be of a type that converts to "
                f"{dtype_text(state[ours])}, got {dtype_text(file.tensors[name])}"
            ) from None
    return found


def _loaded(network: nn.Module, file: Checkpoint, fit: Fit) -> Loaded:
    parameters = {name: p.numel() for name, p in network.named_parameters()}
    return Loaded(
        path=file.path,
        sha256=file.sha256,
        within=file.within,
        layout=fit.layout,
        taken=dict(fit.taken),
        parameters=sum(count for name, count in parameters.items() if name in fit.taken),
        parameters_of_network=sum(parameters.values()),
        left_in_file={
            **fit.no_place,
            **dict.fromkeys(fit.unexpected, "the network has no such tensor"),
            **{name: how for how, name in fit.misshapen.values()},
        },
        left_in_network={
            **{n: _why_not_held(n, fit) for n in fit.not_held},
            **dict.fromkeys(fit.missing, "the file has no such tensor"),
            **{name: how for name, (how, _) in fit.misshapen.items()},
        },
        notes=_notes(network.state_dict(), file, fit),
        warnings=_warnings(network.state_dict(), fit),
    )


def _why_not_held(name: str, fit: Fit) -> str:
    if fit.layout.holds(name):
        return "a counter that old files lack"
    return "no part of this layout"


def _notes(state: Mapping[str, Tensor], file: Checkpoint, fit: Fit) -> tuple[str, ...]:
    notes = []
    if file.beside:
        notes.append(f"not read: what the file holds as {', '.join(file.beside)}")
    if fit.without_counters and any(fit.layout.holds(name) for name in fit.not_held):
        notes.append(
            "without num_batches_tracked, as files of torch before 0.4.1; inference reads none"
        )
    changes = Counter(
        f"{dtype_text(file.tensors[name])} to {dtype_text(state[ours])}"
        for ours, name in fit.taken.items()
        if file.tensors[name].dtype != state[ours].dtype
    )
    notes += [f"{count} tensors converted from {change}" for change, count in changes.items()]
    return tuple(notes)


def _warnings(state: Mapping[str, Tensor], fit: Fit) -> tuple[str, ...]:
    broken = [name for ours, name in fit.taken.items() if not state[ours].isfinite().all()]
    if not broken:
        return ()
    return (f"NaN or infinite numbers in {len(broken)} of its tensors, the first {broken[0]}",)
