"""What has to be the same on all nodes for their figures to be one sweep's."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import harness
import variants
from harness.records import SCHEMA


def versions(packages: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions of this process by name, `none` for what is not installed.

    Python's is that of the language, torch's without its build: a driver without a GPU may lead
    nodes with one.

    Args:
        packages: Distributions besides, such as those whose components are measured.
    """
    return {
        "harness": harness.__version__,
        "source": source_digest(),
        "schema": str(SCHEMA),
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "torch": _version("torch").partition("+")[0],
        **{name: _version(name) for name in packages},
    }


def differing(mine: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """Return in words what is different, empty where nothing is.

    Example:
        >>> differing({"Python": "3.11", "torch": "2.13.0"}, {"Python": "3.11", "torch": "2.6.0"})
        'torch 2.13.0, got torch 2.6.0'
    """
    names = [name for name in mine if theirs.get(name, "none") != mine[name]]
    if not names:
        return ""
    wanted, got = (
        ", ".join(f"{name} {side.get(name, 'none')}" for name in names) for side in (mine, theirs)
    )
    return f"{wanted}, got {got}"


def source_digest() -> str:
    """Return a hash of all that is measured and measures, as it is installed here."""
    digest = hashlib.sha256()
    for package in (harness, variants):
        folder = Path(package.__file__ or "").parent
        for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.yaml"))):
            digest.update(f"{package.__name__}/{path.relative_to(folder).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
