"""The modules that are sent to the nodes: what a proxy needs that is not installed but beside it.

Ray takes them along as it starts processes for us, under the names that they have here.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from harness.sweep.proxy import load_proxy

_OURS = ("harness", "variants")  # which every node has, of the same version
_INSTALLED = {"site-packages", "dist-packages"}


def modules_to_send(sources: Iterable[str]) -> list[str]:
    """Return the files and folders of the modules that proxies need, unless these are installed.

    That is the module of each and what has been imported from the folder in which it lies.

    Args:
        sources: `module:function` of each.

    Raises:
        BadRequest: If one cannot be imported.
    """
    folders = set()
    for source in sources:
        load_proxy(source)
        name = source.partition(":")[0].partition(".")[0]
        path = None if name in _OURS else _path(sys.modules[name])
        if path is not None and not _installed(path):
            folders.add(path.parent)
    found = set()
    for name, module in [*sys.modules.items()]:
        if "." in name or name.startswith("__") or name in _OURS:
            continue
        path = _path(module)
        if path is not None and path.parent in folders:
            found.add(str(path))
    return sorted(found)


def _path(module: ModuleType) -> Path | None:
    """Return the file of a module, the folder of a package; null for what Python has built in."""
    folders = getattr(module, "__path__", None)
    if folders is not None:
        return Path(next(iter(folders))).absolute()
    file = getattr(module, "__file__", None)
    return Path(file).absolute() if file and file.endswith(".py") else None


def _installed(path: Path) -> bool:
    python = Path(sysconfig.get_path("stdlib"))
    return path.is_relative_to(python) or not _INSTALLED.isdisjoint(path.parts)
