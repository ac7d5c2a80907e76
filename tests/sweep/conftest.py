"""Sweeps run as a user runs them, beside a package of somebody else that misbehaves."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from harness.cli import app
from harness.cli.sweep_place import PRELOAD
from harness.sweep.pool import start_fork_server
from sweep.running import Done, Harness
from variants.registry import components

BAD = '''
import collections, ctypes, itertools, os, pathlib, signal, time
from typing import Literal
from torch import nn

class Bad(nn.Module):
    """An identity that can do worse, as it is built (`when` of "build") or runs."""

    def __init__(
        self, channels: int, *,
        how: Literal["fine", "crash", "hang", "spin", "sleep", "raise", "exhaust"] = "fine",
        at: Literal["build", "forward", "real"] = "forward", tag: int = 0,
    ) -> None:
        super().__init__()
        self.out_channels, self.how, self.at = channels, how, at
        self.layer = nn.Conv2d(channels, channels, 1)
        if at == "build":
            self.misbehave()

    def forward(self, x):
        if self.at == "forward" or (self.at == "real" and not x.is_meta):
            self.misbehave()
        return self.layer(x)

    def misbehave(self):
        if self.how == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.how == "hang":
            while True:
                time.sleep(0.01)
        if self.how == "spin":  # in C, which looks at no signal and lets no thread run
            collections.deque(itertools.repeat(0), maxlen=0)
        if self.how == "sleep":  # in C likewise, and deaf
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            ctypes.PyDLL(None).sleep(3600)
        if self.how == "raise":
            raise ValueError("a component of somebody else")
        if self.how == "exhaust":
            os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory runs out


class Tiny(nn.Module):
    """Two convolutions whose counts are known by hand: see `tests/sweep/tiny.py`."""

    def __init__(
        self, *, width: int = 1, kernel: int = 1, stride: int = 1, deep: bool = False,
        how: Literal["fine", "raise"] = "fine", pause: float = 0.0, patient: bool = False,
    ) -> None:
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"tiny: kernel must be odd, got {kernel}")
        self.first = nn.Conv2d(3, width, kernel, stride, kernel // 2, bias=False)
        self.second = nn.Conv2d(width, 8 if deep else 1, 1, bias=False)
        self.how, self.pause, self.patient = how, pause, patient

    def forward(self, x):
        if self.how == "raise":
            raise ValueError("does not run")
        time.sleep(self.pause)
        while self.patient and not another_is_allowed():
            time.sleep(0.01)
        return self.second(self.first(x))


def another_is_allowed():
    """Say whether there are fewer records than the file `most` says; see `tests/sweep/tiny.py`."""
    try:
        most = int(pathlib.Path("most").read_text())
    except FileNotFoundError:
        return True
    records = pathlib.Path("results", "static", "profile.jsonl")
    return (records.read_bytes().count(b"\\n") if records.exists() else 0) < most


def inverse(network, shape):
    """A proxy: the more, the fewer weights; of a narrow network there is none."""
    import torch
    weights = sum(p.numel() for p in network.parameters())
    assert not network.training and all(p.device.type == "cpu" for p in network.parameters())
    assert torch.is_grad_enabled()
    return torch.tensor(shape[2] / weights) if network.first.out_channels > 1 else float("nan")


def height(network, shape):
    return shape[2]


def first_weight(network, shape):
    return network.first.weight.flatten()[0].item()


def drawn(network, shape):
    import torch
    return torch.rand(1)


def crash(network, shape):
    os.kill(os.getpid(), signal.SIGSEGV)


def refuse(network, shape):
    raise ValueError("a proxy of somebody else")


def linger(network, shape):
    time.sleep(60)


number = 5
'''


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an installed package that registers the component `context.bad`."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "bad_blocks.py").write_text(BAD)
    about = folder / "bad_blocks-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-blocks\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[harness.components]\ncontext.bad = bad_blocks:Bad\nnetwork.tiny = bad_blocks:Tiny\n"
    )
    return folder


@pytest.fixture(autouse=True, scope="session")
def _fork_server() -> None:
    """Have one for all tests: each process of a pool then starts in no time."""
    start_fork_server((*PRELOAD, "sweep_calls"))


@pytest.fixture
def harness(
    site: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Harness]:
    """Return what runs `harness sweep`, or another command, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(site))
    components.cache_clear()

    def run(*arguments: object, command: Sequence[str] = ("sweep",)) -> Done:
        status = app.run([*command, *map(str, arguments)])
        return Done(status, *capsys.readouterr())

    yield run
    components.cache_clear()
