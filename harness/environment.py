"""What a measurement ran on: versions, processor, accelerator. No host, user or path.

Reading it must not slow down a command that only counts: torch is asked only where something else
has imported it already or the device is a GPU, and nothing is spawned unless that is asked for.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import harness

PACKAGE = Path(__file__).parent
CPUINFO = Path("/proc/cpuinfo")
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def read_environment(device: str, *, thorough: bool = False) -> dict[str, Any]:
    """Return software and machine as plain JSON types; what cannot be found out is null.

    Args:
        device: `cpu`, `cuda` or `cuda:N`, as `harness.timing.device` resolves it.
        thorough: Whether to ask git if the checkout differs from its commit (`modified`), which
            spawns it.
    """
    cpu = read_cpu(CPUINFO, _usable_cpus())
    on_gpu = device != "cpu"
    return {
        "harness": harness.__version__,
        "commit": read_commit(PACKAGE.parent),
        **({"modified": read_modified(PACKAGE.parent)} if thorough else {}),
        "python": platform.python_version(),
        "platform": platform.platform(),
        **_torch_versions(on_gpu=on_gpu),
        "device": _read_gpu(device) if on_gpu else {"type": "cpu", "name": cpu["name"]},
        "cpu": cpu,
        **read_allocator(os.environ),
    }


def read_allocator(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that choose or tune the memory allocator, if there are any.

    They change what a pass on a CPU takes by as much as another network would. A preloaded library
    is named without its folder.
    """
    found = {
        name: value
        for name, value in sorted(environ.items())
        if name.startswith("MALLOC_") or name == "GLIBC_TUNABLES"
    }
    preloaded = [Path(entry).name for entry in re.split("[ :]+", environ.get("LD_PRELOAD", ""))]
    if any(preloaded):
        found["LD_PRELOAD"] = " ".join(name for name in preloaded if name)
    text = " ".join(f"{name}={value}" for name, value in found.items())
    return {"allocator": text} if text else {}


def _torch_versions(*, on_gpu: bool) -> dict[str, Any]:
    if on_gpu:
        import torch
    elif "torch" in sys.modules:
        torch = sys.modules["torch"]
    else:
        return {"torch": None, "cuda": None, "cudnn": None, "torch_threads": None}
    # Only on a GPU, since asking loads the library.
    cudnn = torch.backends.cudnn.version() if on_gpu else None  # type: ignore[no-untyped-call]
    return {
        "torch": str(torch.__version__),  # a subclass of str
        "cuda": torch.version.cuda,
        "cudnn": cudnn,
        "torch_threads": torch.get_num_threads(),
    }


def _read_gpu(device: str) -> dict[str, Any]:
    import torch

    properties = torch.cuda.get_device_properties(device)
    return {
        "type": "cuda",
        "name": properties.name,
        "memory_bytes": properties.total_memory,
        "compute_capability": f"{properties.major}.{properties.minor}",
        "driver": read_driver(NVIDIA_DRIVER),
        "count": torch.cuda.device_count(),
    }


def read_driver(path: Path) -> str | None:
    """Return the NVIDIA driver's version, such as `570.86.15`, as its kernel module says."""
    found = re.search(r"\b\d{3,}\.\d+(\.\d+)?\b", _text(path))
    return found.group() if found else None


def _usable_cpus() -> set[int]:
    """Return the logical processors that this process may run on (a container may have fewer)."""
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def read_cpu(cpuinfo: Path, usable: set[int]) -> dict[str, Any]:
    """Return the processor's name and its logical and physical cores among `usable`.

    `physical_cores` is null where the kernel does not say which logical ones share a core.
    """
    blocks = [
        dict(re.findall(r"^([^:\n]*?)\s*:[ \t]*(.*)$", block, flags=re.MULTILINE))
        for block in _text(cpuinfo).split("\n\n")
    ]
    mine = [
        b for b in blocks if b.get("processor", "").isdecimal() and int(b["processor"]) in usable
    ]
    names = [b["model name"] for b in mine if b.get("model name")]
    cores = {(b.get("physical id"), b["core id"]) for b in mine if "core id" in b}
    return {
        "name": names[0].strip() if names else platform.processor() or platform.machine(),
        "logical_cores": len(usable),
        "physical_cores": len(cores) or None,
    }


def read_commit(checkout: Path) -> str | None:
    """Return the commit that `checkout` has at its HEAD, null where it is no git checkout.

    Reads git's files instead of running git, which takes longer than a count does. Changes that
    are not committed yet do not show.
    """
    try:
        return _head(_git_folder(checkout / ".git"))
    except OSError:
        return None


def read_modified(checkout: Path) -> bool | None:
    """Return whether tracked files of `checkout` differ from its commit, null where unknown."""
    if not (checkout / ".git").exists():
        return None
    git = ["git", "-C", str(checkout), "status", "--porcelain", "--untracked-files=no"]
    try:
        done = subprocess.run(git, capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return bool(done.stdout.strip())


def _git_folder(dot_git: Path) -> Path:
    if dot_git.is_dir():
        return dot_git
    pointer = dot_git.read_text().strip()  # a worktree or submodule: `gitdir: FOLDER`
    return dot_git.parent / pointer.removeprefix("gitdir: ")


def _head(git: Path) -> str | None:
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref: "):
        return _commit_or_none(head)
    ref = head.removeprefix("ref: ")
    shared = git / _text(git / "commondir").strip()  # a worktree keeps its branches elsewhere
    for folder in (git, shared):
        if commit := _commit_or_none(_text(folder / ref).strip()):
            return commit
    packed = re.search(
        rf"^([0-9a-f]+) {re.escape(ref)}$", _text(shared / "packed-refs"), re.MULTILINE
    )
    return _commit_or_none(packed.group(1)) if packed else None


def _commit_or_none(text: str) -> str | None:
    return text if re.fullmatch("[0-9a-f]{40}([0-9a-f]{24})?", text) else None  # SHA-1 or SHA-256


def _text(path: Path) -> str:
    """Return the file's text, nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
