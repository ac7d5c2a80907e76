"""What holds for all tests."""

import os
import signal
import tempfile
from collections.abc import Iterator

import pytest
import torch

ALONE = torch.get_num_threads()  # what a process of its own has


@pytest.fixture(autouse=True, scope="session")
def _cores_are_shared() -> None:
    """Give each of several test processes its share of the cores; threads in excess only wait."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    torch.set_num_threads(max(1, ALONE // workers))


@pytest.fixture
def threads_as_alone() -> Iterator[None]:
    """Give torch the threads that the processes have which a test starts."""
    before = torch.get_num_threads()
    torch.set_num_threads(ALONE)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True, scope="session")
def _temporary_files_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the locks of devices apart from those of whoever else measures on this machine."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = tempfile.tempdir = str(tmp_path_factory.mktemp("t"))
    yield
    tempfile.tempdir = None
    if before is None:
        del os.environ["TMPDIR"]
    else:
        os.environ["TMPDIR"] = before


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_is_heard() -> None:
    """Have commands that tests start hear SIGINT: a shell starts background jobs deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
