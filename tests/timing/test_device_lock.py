"""One measurement on a device at a time: sweeps, profiles and device limits wait for each other."""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli.app import run
from harness.errors import RunFailed
from harness.profiling import timed
from harness.timing import device_lock, limits
from harness.timing.device_lock import held

HOLD = """
import sys, time
from pathlib import Path
from harness.timing.device_lock import held
with held(sys.argv[1], folder=Path(sys.argv[2])):
    print("held", flush=True)
    time.sleep(600)
"""
WAITING = "waiting: cpu is being measured on\n"
PROFILE = (
    *("profile", "--variant", "fassd-net-l2", "--input", "64x64", "--no-save"),
    *("--device", "cpu", "--iterations", "2", "--rounds", "1", "--json"),
)
NOBODY = 65534


class Holder:
    """Another process, which holds a device until it dies."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self._child = child
        self._killed = threading.Event()

    def die_soon(self) -> None:
        """Die after a moment, in which nobody else may have the device."""
        threading.Timer(0.3, self.die).start()

    def die(self) -> None:
        self._killed.set()
        self._child.kill()

    @property
    def is_dead(self) -> bool:
        return self._killed.is_set()


@contextmanager
def holder(folder: Path, device: str = "cpu") -> Iterator[Holder]:
    """Let another process hold a device until it is told to die."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, device, folder], stdout=subprocess.PIPE, text=True
    ) as child:
        other = Holder(child)
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "held\n"
            yield other
        finally:
            other.die()


@pytest.fixture
def when_it_says_so(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Return what has something done as soon as a command in this process says that it waits."""
    say = device_lock._tell

    def have(do: Callable[[], None]) -> None:
        def tell(device: str) -> None:
            say(device)
            do()

        monkeypatch.setattr(device_lock, "_tell", tell)

    return have


def is_free(path: Path) -> bool:
    """Return whether a process that does not hold it yet could have a lock."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def the_cpus_lock() -> Path:
    return Path(tempfile.gettempdir(), "harness-cpu.lock")


@pytest.fixture
def everybodys() -> Iterator[Path]:
    """Return a folder in which everybody may make files, as /tmp is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o1777)
        yield Path(folder)


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Be an ordinary user where this one may do everything; an ordinary user stays who he is."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_one_process_at_a_time_holds_a_device(tmp_path: Path) -> None:
    waited = []
    with holder(tmp_path) as other:

        def wait() -> None:
            waited.append("cpu")
            other.die_soon()

        with held("cuda:0", pytest.fail, folder=tmp_path):
            pass  # another device is free
        with held("cpu", wait, folder=tmp_path):
            assert other.is_dead
    assert waited == ["cpu"]


class Gpus:
    """What `torch.cuda` says of GPUs: their UUIDs, in the order in which a process sees them."""

    def __init__(self, *uuids: str) -> None:
        self.uuids = uuids

    def get_device_properties(self, device: str) -> SimpleNamespace:
        if not self.uuids:
            raise RuntimeError("Found no NVIDIA driver on your system")
        return SimpleNamespace(uuid=self.uuids[int(device.partition(":")[2] or 0)])


def test_a_gpu_is_known_by_its_uuid_whatever_a_process_calls_it(tmp_path: Path) -> None:
    seen = {  # by CUDA_VISIBLE_DEVICES: the GPUs that a process sees then
        "": Gpus("0a-1", "0b-2"),
        "1": Gpus("0b-2"),
        "GPU-0b": Gpus("0b-2"),
        "GPU-0b-2,GPU-0a-1": Gpus("GPU-0b-2", "GPU-0a-1"),  # some versions of torch say it so
    }
    names = {}
    for visible, cuda in seen.items():
        for at in range(len(cuda.uuids)):
            environment = {"CUDA_VISIBLE_DEVICES": visible}
            with held(f"cuda:{at}", folder=tmp_path, environment=environment, cuda=cuda):
                names[visible, at] = [path.name for path in tmp_path.iterdir()]
                for path in tmp_path.iterdir():
                    path.unlink()
    first, second = ["harness-cuda-0a-1.lock"], ["harness-cuda-0b-2.lock"]
    assert names == {
        ("", 0): first, ("", 1): second, ("1", 0): second, ("GPU-0b", 0): second,
        ("GPU-0b-2,GPU-0a-1", 0): second, ("GPU-0b-2,GPU-0a-1", 1): first,
    }  # fmt: skip


def test_a_gpu_without_a_uuid_is_known_by_its_number_on_the_machine(tmp_path: Path) -> None:
    for device, visible in (("cuda:0", "3"), ("cuda:1", "0,3"), ("cuda:3", ""), ("cuda:3", "0")):
        environment = {"CUDA_VISIBLE_DEVICES": visible}
        with held(device, folder=tmp_path, environment=environment, cuda=Gpus()):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["harness-cuda-3.lock"]


def test_who_holds_a_device_does_not_wait_for_himself(tmp_path: Path) -> None:
    path = tmp_path / "harness-cpu.lock"
    with held("cpu", pytest.fail, folder=tmp_path):
        with held("cpu", pytest.fail, folder=tmp_path):
            assert not is_free(path)
        assert not is_free(path)  # the inner one gives nothing away
    assert is_free(path)


def test_threads_hold_a_device_one_after_the_other(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with held("cpu", lambda: order.append("waits"), folder=tmp_path):
            order.append("second")

    thread = threading.Thread(target=second)
    with held("cpu", folder=tmp_path):
        thread.start()
        while not order:
            time.sleep(0.01)
        order.append("first")
    thread.join()
    assert order == ["waits", "first", "second"]


def test_a_device_is_let_go_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ArithmeticError), held("cpu", folder=tmp_path):
        raise ArithmeticError
    assert is_free(tmp_path / "harness-cpu.lock")


def test_the_lock_of_another_user_is_waited_for(everybodys: Path) -> None:
    umask = os.umask(0o077)  # which would keep the file from all others
    try:
        with held("cpu", folder=everybodys):
            pass
    finally:
        os.umask(umask)
    lock = everybodys / "harness-cpu.lock"
    if os.geteuid() != 0:
        lock.chmod(0o444)  # so much and no more is another user's file
    with holder(everybodys) as other, as_somebody_else():
        with pytest.raises(PermissionError):
            lock.open("a")
        with held("cpu", other.die_soon, folder=everybodys):
            assert other.is_dead


def test_a_lock_that_cannot_be_had_is_one_line(everybodys: Path) -> None:
    lock = everybodys / "harness-cpu.lock"
    lock.touch()
    lock.chmod(0o000)
    with as_somebody_else(), pytest.raises(RunFailed) as failed, held("cpu", folder=everybodys):
        pass
    assert str(failed.value) == (
        f"device cpu: its lock {lock} must be a file that may be read, got Permission denied"
    )
    lock.unlink()
    lock.symlink_to(everybodys / "elsewhere")  # nobody makes us create files elsewhere
    with pytest.raises(RunFailed, match=r"its lock .* must be a file"), held(
        "cpu", folder=everybodys
    ):  # fmt: skip
        pass
    assert not (everybodys / "elsewhere").exists()


def test_a_profile_waits_for_the_device_and_says_so(
    when_it_says_so: Callable[[Callable[[], None]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with holder(Path(tempfile.gettempdir())) as other:
        when_it_says_so(other.die_soon)
        assert run([*PROFILE]) == 0
        assert other.is_dead
        captured = capsys.readouterr()
        assert captured.err == WAITING
        assert '"fps"' in captured.out
    with holder(Path(tempfile.gettempdir())):
        assert run(["profile", "--variant", "fassd-net-l2", "--no-timing", "--no-save"]) == 0
    assert capsys.readouterr().err == ""  # who only counts needs no device


def test_a_profile_holds_the_device_until_all_its_variants_are_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = []

    def time_variants(names: Any, *_: Any) -> Iterator[tuple[int, timed.Timed]]:
        for position in range(len(names)):
            free.append(is_free(the_cpus_lock()))
            yield position, timed.Timed(failure="not measured")

    monkeypatch.setattr(timed, "time_variants", time_variants)
    assert run([*PROFILE, "--variant", "fassd-net-l1"]) == 1
    assert free == [False, False]
    assert is_free(the_cpus_lock())


def test_the_limits_of_a_device_are_measured_while_it_is_held(
    monkeypatch: pytest.MonkeyPatch,
    when_it_says_so: Callable[[Callable[[], None]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def measure(*_: Any) -> limits.Rates:
        assert not is_free(the_cpus_lock())
        return limits.Rates(macs_per_s={}, bytes_per_s=1.0, method={"not_measured": {}})

    monkeypatch.setattr(limits, "measure", measure)
    with holder(Path(tempfile.gettempdir())) as other:
        when_it_says_so(other.die_soon)
        assert run(["device", "--device", "cpu", "--no-save"]) == 1
    line, last = capsys.readouterr().err.splitlines(keepends=True)
    assert line == WAITING
    assert "none of the precisions could be measured" in last
    assert is_free(the_cpus_lock())


@pytest.mark.parametrize("arguments", [PROFILE, ("device", "--device", "cpu", "--no-save")])
def test_ctrl_c_ends_the_wait(arguments: tuple[str, ...]) -> None:
    with holder(Path(tempfile.gettempdir())), subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stderr is not None
        assert child.stderr.readline() == WAITING
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=120)
    assert (child.returncode, out, err) == (130, "", "harness: interrupted\n")
