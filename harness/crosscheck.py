"""Running fvcore and thop themselves, to hold the conventions that bear their names against them.

The ledger's convention says what the tool would print; here the tool prints it. They must agree to
the unit. A message about a difference says where it starts, and what the tool is known to do that
no rule about one operator can state.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from harness.conventions import CONVENTIONS
from harness.errors import RunFailed
from harness.ledger import Ledger
from harness.static import group_cost


class Comparison(NamedTuple):
    """One tool beside the convention of its name, in MACs as the tool counts them.

    Attributes:
        tool: Convention's name.
        version: The tool's version, as installed.
        theirs: What the tool printed.
        ours: What the convention makes of the ledger.
        first: Path of the first module whose counts differ; empty where none is known.
    """

    tool: str
    version: str
    theirs: int
    ours: int
    first: str


def crosscheck(
    make: Callable[[str], nn.Module], ledger: Ledger, input_shape: Sequence[int]
) -> list[Comparison]:
    """Run fvcore and thop on networks of their own and compare with the ledger.

    fvcore traces a real pass on the CPU (it cannot trace shapes alone), thop runs on shapes.

    Args:
        make: Returns a new network on the device that it is given, `cpu` or `meta`; the tools
            leave buffers and hooks behind.
        ledger: The network's ledger at `input_shape`.
        input_shape: `(N, C, H, W)`.

    Raises:
        RunFailed: If a tool fails, or differs from its convention by a single MAC.
    """
    with _quiet():
        results = [
            _against_fvcore(make("cpu"), ledger, input_shape),
            _against_thop(make("meta"), ledger, input_shape),
        ]
    for result in results:
        if result.theirs != result.ours:
            place = f", first in module {result.first}" if result.first else ""
            raise RunFailed(
                f"{result.tool} {result.version} counts {result.theirs:,} MACs and its convention "
                f"{result.ours:,}, a difference of {result.theirs - result.ours:,}{place} "
                f"({_KNOWN[result.tool]})"
            )
    return results


_KNOWN = {
    "fvcore": "fvcore leaves out operators whose result nothing uses",
    "thop": "thop counts a module again for each place that it is registered in",
}


def _against_fvcore(network: nn.Module, ledger: Ledger, input_shape: Sequence[int]) -> Comparison:
    from fvcore.nn import FlopCountAnalysis

    network.eval()
    try:
        with torch.no_grad():
            by_module = FlopCountAnalysis(network, torch.randn(*input_shape)).by_module()
    except Exception as error:
        raise RunFailed(f"fvcore: cannot count this network: {_first_line(error)}") from error
    theirs = {name: int(by_module.get(name, 0)) for name, _ in network.named_modules()}
    return _compare("fvcore", theirs, ledger)


def _against_thop(network: nn.Module, ledger: Ledger, input_shape: Sequence[int]) -> Comparison:
    from thop import profile

    image = torch.empty(*input_shape, device="meta")
    try:
        total, _, tree = profile(network, (image,), verbose=False, ret_layer_info=True)
    except Exception as error:
        raise RunFailed(f"thop: cannot count this network: {_first_line(error)}") from error
    return _compare("thop", {"": int(total), **_flat(tree)}, ledger)


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, int]:
    """Return thop's nested counts by path."""
    flat = {}
    for name, (macs, _, below) in tree.items():
        flat[prefix + name] = int(macs)
        flat |= _flat(below, f"{prefix}{name}.")
    return flat


def _compare(tool: str, theirs: dict[str, int], ledger: Ledger) -> Comparison:
    """Return the totals, and the first module that differs while nothing below it does."""
    ours = sum(map(CONVENTIONS[tool], ledger.rows))
    first = ""
    if theirs[""] != ours:
        wrong = [
            path
            for path, macs in theirs.items()
            if path and macs != group_cost(ledger, [path]).macs[tool]
        ]
        innermost = (
            path for path in wrong if not any(other.startswith(f"{path}.") for other in wrong)
        )
        first = next(innermost, "")
    return Comparison(tool, _version(tool), theirs[""], ours, first)


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the tools' prints, log lines and deprecation warnings from the user's terminal."""
    logger = logging.getLogger("fvcore")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
