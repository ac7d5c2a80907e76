"""Device names mean one device, which is there."""

import subprocess
import sys

import pytest

from harness.errors import BadRequest
from harness.timing import device
from harness.timing.device import resolve_device


@pytest.mark.parametrize(
    ("name", "there", "resolved"),
    [
        ("cpu", 0, "cpu"),
        ("cpu", 2, "cpu"),
        ("auto", 0, "cpu"),
        ("auto", 2, "cuda:0"),
        ("cuda", 1, "cuda:0"),
        ("cuda:1", 2, "cuda:1"),
        ("cuda:01", 2, "cuda:1"),
    ],
)
def test_a_name_resolves_to_one_device(
    monkeypatch: pytest.MonkeyPatch, name: str, there: int, resolved: str
) -> None:
    monkeypatch.setattr(device, "_cuda_devices", lambda: there)
    assert resolve_device(name) == resolved


@pytest.mark.parametrize(
    ("name", "there", "message"),
    [
        ("cuda", 0, "cuda is not there; CUDA devices of this machine: none"),
        ("cuda:1", 1, "cuda:1 is not there; CUDA devices of this machine: only cuda:0"),
        ("cuda:9", 2, "cuda:9 is not there; CUDA devices of this machine: cuda:0 to cuda:1"),
    ],
)
def test_a_device_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, there: int, message: str
) -> None:
    monkeypatch.setattr(device, "_cuda_devices", lambda: there)
    with pytest.raises(BadRequest, match=f"^device: {message}$"):
        resolve_device(name)


@pytest.mark.parametrize("name", ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cuda:²", "mps"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(BadRequest, match=f"must be auto, cpu, cuda or cuda:N, got '{name}'"):
        resolve_device(name)


def test_asking_for_the_cpu_does_not_import_torch() -> None:
    script = (
        "import sys; from harness.timing import device, protocol, statistics;"
        "device.resolve_device('cpu'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
