"""Proxies: functions of somebody else's that score a network, by a name that a user gives."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.errors import BadRequest

_NAME = re.compile(r"[^\W\d][\w-]*")
_SOURCE = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")


def read_proxies(texts: Sequence[str]) -> dict[str, str]:
    """Return sources by name of texts such as `synflow=my_package.scores:synflow`.

    Raises:
        BadRequest: If one is not of that form, or a name stands twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, source = (part.strip() for part in text.partition("="))
        if not equals:
            raise BadRequest(f"--proxy: a proxy is NAME=MODULE:FUNCTION, got {text!r}")
        if name in found:
            raise BadRequest(f"--proxy: a name must stand once, got {name} twice")
        check_proxy(name, source, "--proxy")
        found[name] = source
    return found


def check_proxy(name: str, source: str, who: str) -> None:
    """Raise `BadRequest` unless a proxy's name and source are of the form that they must have."""
    if not _NAME.fullmatch(name):
        raise BadRequest(f"{who}: a proxy's name is of letters, digits, - and _, got {name!r}")
    if not _SOURCE.fullmatch(source):
        raise BadRequest(f"{who}: a proxy is MODULE:FUNCTION, got {source!r}")


def load_proxy(source: str) -> Callable[..., Any]:
    """Return the function that a source names; also out of a file in the working directory.

    Raises:
        BadRequest: If there is none.
    """
    module, _, name = source.partition(":")
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)  # last: it hides nothing that is installed
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # noqa: BLE001 - somebody else's module may raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadRequest(f"--proxy: {source} must be importable, got {reason}") from None
    if not callable(found):
        raise BadRequest(f"--proxy: {source} must be a function, got {type(found).__name__}")
    return found  # type: ignore[no-any-return]
