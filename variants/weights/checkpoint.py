"""Checkpoint files, read without running anything that they hold.

A pickle can call any function; torch's weights-only loading calls none but those that make
tensors, and here those that make a single number of numpy, which training scripts keep beside them
(a best mIoU). What else it refuses is refused here, in one line that names it.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import stat
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from variants.errors import BadRequest

# what training scripts put their tensors into, beside an epoch or an optimiser's state
WRAPPERS = ("model_state", "state_dict", "model_state_dict", "model", "net", "network")
# of data-parallel and of compiled networks, and of what holds one beside its loss
PREFIXES = ("module.", "_orig_mod.", "model.")
_CONVERT = (
    "weights-only loading ran none of it; if you trust where it is from, load it once with "
    "weights_only=False where there is nothing to lose, and save its tensors by themselves"
)
_BLOCK = 1 << 20
_LONGEST = 200  # characters of a name
_DEEPEST = 5  # dictionaries around tensors; one may hold itself
_CUT = 60  # of what is shown of a file in a message
_SCALAR = np.float64(0).__reduce__()[0]
# of arrays, and of scalars that are Python objects, nothing
_NUMBERS: list[Any] = [
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("bool", "int32", "int64", "float16", "float32", "float64")),
    *((_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
]


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of a file.

    Attributes:
        path: The file.
        sha256: Of its content.
        tensors: By the names that they have there, wrappers and prefixes taken away.
        within: What was taken away, e.g. `model_state` and `module.`, outermost first.
        beside: Other dictionaries of tensors in the file, e.g. `ema`; none of them was read.
    """

    path: Path
    sha256: str
    tensors: Mapping[str, Tensor]
    within: tuple[str, ...]
    beside: tuple[str, ...] = ()


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the tensors of a PyTorch checkpoint or of a safetensors file, on the CPU.

    Raises:
        BadRequest: If the file cannot be read, is neither, is cut short, holds anything but tensors
            and plain values, or no tensors, or none that can be told from others.
    """
    try:
        sha256 = _sha256(path)
    except OSError as error:
        raise BadRequest(f"{path}: cannot be read ({error.strerror})") from None
    content = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    within: list[str] = []
    beside: list[str] = []
    content = _unwrapped(path, content, within, beside)
    tensors = _without_prefixes(_tensors(path, content), within)
    return Checkpoint(path, sha256, tensors, (*within,), (*beside,))


def _sha256(path: Path) -> str:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):  # a pipe or a device may have no end
        kind = "directory" if stat.S_ISDIR(mode) else "pipe or a device"
        raise BadRequest(f"{path}: must be a file, got a {kind}")
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _safetensors(path: Path) -> object:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise BadRequest(
            f"{path}: reading safetensors needs the package safetensors "
            "(pip install 'harness[weights]')"
        ) from None
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise BadRequest(f"{path}: must be a safetensors file, got {_first_line(error)}") from None


def _pickled(path: Path) -> object:
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_NUMBERS):
            warnings.simplefilter("ignore")  # of old file formats, which are read all the same
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = _named(path, str(error))
        if named:
            raise BadRequest(f"{path}: a pickle that holds {named}; {_CONVERT}") from None
        raise _foreign(path, error) from None
    except Exception as error:  # noqa: BLE001 - a broken file may raise whatever it likes
        if "TorchScript" in str(error):
            raise BadRequest(
                f"{path}: must hold tensors by name, got a TorchScript archive, which is a "
                "program; save the state_dict of what torch.jit.load makes of it"
            ) from None
        raise _foreign(path, error) from None


def _named(path: Path, message: str) -> str:
    """Return what a pickle calls that is no part of tensors, as far as that can be told."""
    try:
        with torch.serialization.safe_globals(_NUMBERS):
            found = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # noqa: BLE001 - of old formats it tells nothing, and the message has one name
        found = re.findall(r"GLOBAL (.+?) (?:was|whose) ", message)
    return ", ".join(sorted({_plain(name) for name in found}))


def _foreign(path: Path, error: Exception) -> BadRequest:
    return BadRequest(
        f"{path}: must be a whole PyTorch checkpoint or a .safetensors file, "
        f"got {type(error).__name__}: {_first_line(error)}"
    )


def _first_line(error: Exception) -> str:
    # torch's words for a pickle begin with advice to load it unsafely
    text = str(error).partition("WeightsUnpickler error: ")
    return _plain(((text[2] or text[0]).strip().splitlines() or ["no message"])[0], 120)


def _plain(text: str, most: int = _CUT) -> str:
    """Return what a file says, cut, and without what would steer a terminal or break a line."""
    return "".join(each if each.isprintable() else "?" for each in text[:most])


def _unwrapped(
    path: Path, content: object, within: list[str], beside: list[str]
) -> Mapping[Any, object]:
    """Return the dictionary that holds tensors.

    Notes in `within` what it stood in, and in `beside` what else there holds tensors.
    """
    for _ in range(_DEEPEST):
        if not isinstance(content, Mapping):
            raise BadRequest(f"{path}: must hold tensors by name, got {type(content).__name__}")
        # dictionaries first: scripts keep a best accuracy that is a tensor beside the weights
        inner = {_plain(str(name)): v for name, v in content.items() if isinstance(v, Mapping)}
        tensors = [name for name, value in inner.items() if _has_tensors(value)]
        if not tensors and _has_tensors(content):
            return content
        known = [n for n in WRAPPERS if n in tensors] or [n for n in WRAPPERS if n in inner]
        name = next(iter(known or tensors), None)
        if name is None or (not known and len(tensors) > 1):
            held = ", ".join(_plain(str(name)) for name in [*content][:8]) or "nothing"
            raise BadRequest(
                f"{path}: must hold tensors by name, by themselves or as one of "
                f"{', '.join(WRAPPERS)}, got a dictionary of {held}"
            )
        within.append(name)
        beside += [each for each in tensors if each != name]
        content = inner[name]
    raise BadRequest(f"{path}: must hold tensors in at most {_DEEPEST} dictionaries, got more")


def _has_tensors(content: Mapping[Any, object]) -> bool:
    return any(isinstance(value, Tensor) for value in content.values())


def _tensors(path: Path, content: Mapping[Any, object]) -> dict[str, Tensor]:
    """Return `content`, every key a text and every value a plain tensor."""
    tensors = {}
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise BadRequest(
                f"{path}: must hold nothing but tensors by name, "
                f"got {type(value).__name__} as {str(name)[:_CUT]!r}"
            )
        if not name.isprintable() or len(name) > _LONGEST:
            raise BadRequest(
                f"{path}: names must be printable and of at most {_LONGEST} characters, "
                f"got {name[:_CUT]!r}"
            )
        if value.layout != torch.strided or value.is_nested or value.is_quantized or value.is_meta:
            raise BadRequest(f"{path}: {name} must be a dense tensor, got {_kind(value)}")
        tensors[name] = value.detach()
    return tensors


def _kind(tensor: Tensor) -> str:
    if tensor.is_meta:
        return "one without data"
    if tensor.is_nested:
        return "one of several shapes"
    return "a quantised one" if tensor.is_quantized else f"layout {tensor.layout}"


def _without_prefixes(tensors: dict[str, Tensor], within: list[str]) -> dict[str, Tensor]:
    while prefix := next((p for p in PREFIXES if all(k.startswith(p) for k in tensors)), None):
        within.append(prefix)
        tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors
