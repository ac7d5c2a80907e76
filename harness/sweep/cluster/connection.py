"""The connection to a Ray cluster: one that answers, in silence, and nothing is left behind."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any, TextIO

from harness.errors import BadRequest

ANSWER_S = 15.0  # of a machine to take a call
CHECK_S = 60.0  # of a cluster, which is asked in a new process; Ray itself asks for minutes
_CLIENT = "ray://"
_NO_TOKEN = b"InvalidAuthToken"


@contextmanager
def connected(address: str, modules: Sequence[str] = ()) -> Iterator[None]:
    """Be connected to a cluster while the context lasts; what still runs for us ends with it.

    Args:
        address: `HOST:PORT`, `ray://HOST:PORT`, or `auto` for the one that `RAY_ADDRESS` names or
            this machine is a node of.
        modules: Files and folders that the processes of the nodes shall be able to import.

    Raises:
        BadRequest: If Ray is not installed, or no cluster of its version answers.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray reads both as it is imported
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # else a late call would start a Ray of its own
    try:
        import ray
    except ImportError:
        raise BadRequest(
            "--executor ray: needs Ray, got none installed; pip install 'harness[ray]'"
        ) from None
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS", "") or address
    _check_answers(address)
    with _threads_silent():
        _connect(address, modules)
        try:
            yield
        finally:
            with redirect_stdout(StringIO()):  # it prints what its threads have held back
                ray.shutdown()


def _connect(address: str, modules: Sequence[str]) -> None:
    import ray

    environment = {"py_modules": [*modules]} if modules else None

    try:
        with _signals_as_before(), warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            ray.init(
                address=address, runtime_env=environment,
                log_to_driver=False, logging_level=logging.CRITICAL,
            )  # fmt: skip
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        words = " ".join(str(error).split())
        raise BadRequest(f"--address: must let us connect, got {address}: {words}") from None


def _check_answers(address: str) -> None:
    """Refuse an address where nothing answers: asked directly, Ray tries it for minutes."""
    try:
        if address != "auto":
            host, _, port = address.removeprefix(_CLIENT).rpartition(":")
            socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
        if address.startswith(_CLIENT):
            return
        which = [] if address == "auto" else ["--address", address]
        subprocess.run(
            [sys.executable, "-m", "ray.scripts.scripts", "health-check", *which],
            check=True,
            capture_output=True,
            timeout=CHECK_S,
        )
    except (OSError, ValueError, OverflowError, subprocess.SubprocessError) as error:
        if _NO_TOKEN in (getattr(error, "stderr", None) or b""):
            raise BadRequest(
                f"--address: must be that of a cluster whose token we have, got {address}; "
                "RAY_AUTH_MODE=token has Ray send it"
            ) from None
        raise BadRequest(
            f"--address: must be that of a Ray cluster that answers, got {address}; "
            "`ray start --head` starts one"
        ) from None


@contextmanager
def _signals_as_before() -> Iterator[None]:
    """Undo that Ray takes SIGTERM for itself."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                signal.signal(number, handler)


class _OfMainThread:
    """A stream that takes what the main thread writes, and drops the rest."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        if threading.current_thread() is threading.main_thread():
            return self._stream.write(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _threads_silent() -> Iterator[None]:
    """Keep Ray's threads from printing the deaths of workers where a command's answer goes."""
    before = sys.stdout
    sys.stdout = _OfMainThread(before)
    try:
        yield
    finally:
        sys.stdout = before
