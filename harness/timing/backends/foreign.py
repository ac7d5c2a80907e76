"""Calls into exporters, compilers and runtimes: without their chatter, with errors of one line."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO

from harness.errors import BadRequest, RunFailed
from harness.timing.failures import OUT_OF_MEMORY

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def foreign(rule: str) -> Iterator[None]:
    """Call libraries inside, unheard; what they raise becomes `<rule>, got <their first line>`.

    Warnings, log lines and what is printed on stdout are dropped: they speak of the export, not of
    the figure, and stdout belongs to the command's own result.

    Args:
        rule: What has to be so, such as `backend compile: the network must be one graph`.

    Raises:
        RunFailed: If anything is raised inside; a want of memory passes as it is.
    """
    disabled, level = logging.root.manager.disable, logging.root.level
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            yield
    except (RunFailed, BadRequest, MemoryError):
        raise
    except Exception as error:  # every library has exceptions of its own
        if any(words in str(error).lower() for words in OUT_OF_MEMORY):
            raise
        raise RunFailed(f"{rule}, got {_reason(error)}") from error
    finally:
        logging.disable(disabled)
        logging.root.setLevel(level)  # which OpenVINO changes


def _reason(error: BaseException) -> str:
    """Return the type and the first line of the error that all the others were raised from."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in _COLOURS.sub("", str(error)).splitlines() if line.strip()]
    return ": ".join((type(error).__name__, *lines[:1]))
