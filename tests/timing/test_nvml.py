"""The GPU that torch uses is the one that is asked, and what it does not know stops nothing."""

import sys
from typing import Any

import pytest
import torch

from harness.timing import nvml as module
from harness.timing.nvml import REASONS, Gpu, Sample, Unwatched

from .fake_nvml import UUID, FakeCuda, FakeNvml

DEVICE = torch.device("cuda:1")


def gpu(nvml: FakeNvml, cuda: FakeCuda | None = None) -> Gpu:
    return Gpu(DEVICE, nvml, cuda or FakeCuda())


def test_the_gpu_is_found_by_torchs_uuid_and_not_by_its_number() -> None:
    nvml, cuda = FakeNvml(), FakeCuda()
    gpu(nvml, cuda)
    assert cuda.asked == ["cuda:1"]
    assert nvml.calls == ["nvmlInit", "nvmlDeviceGetHandleByUUID"]


def test_a_sample_is_in_megahertz_degrees_and_watts() -> None:
    assert gpu(FakeNvml(reasons=0x4)).sample() == Sample(
        sm_clock_mhz=1500,
        memory_clock_mhz=2600,
        temperature_c=61,
        power_w=412.5,
        throttle=("power cap",),
        foreign_processes=0,
    )


def test_the_highest_clocks_are_those_of_multiprocessors_and_memory() -> None:
    assert gpu(FakeNvml()).max_clocks_mhz() == (1980, 2619)


def test_energy_is_in_joules() -> None:
    assert gpu(FakeNvml(energy_mj=1_234_500)).energy_j() == 1234.5


@pytest.mark.parametrize(
    ("bits", "names"),
    [
        (0, ()),
        (0x1, ("idle",)),
        (0x4 | 0x20, ("power cap", "thermal slowdown")),
        (0x40 | 0x80, ("hardware thermal slowdown", "power brake")),
        (0x8000, ("reason 0x8000",)),
    ],
)
def test_reasons_for_lower_clocks_have_plain_names(bits: int, names: tuple[str, ...]) -> None:
    assert gpu(FakeNvml(reasons=bits)).sample().throttle == names


def test_the_names_stand_at_the_bits_of_nvidias_bindings() -> None:
    pynvml = pytest.importorskip("pynvml")
    for name, bit in (
        ("idle", pynvml.nvmlClocksEventReasonGpuIdle),
        ("clocks set by the user", pynvml.nvmlClocksEventReasonApplicationsClocksSetting),
        ("power cap", pynvml.nvmlClocksEventReasonSwPowerCap),
        ("hardware slowdown", pynvml.nvmlClocksThrottleReasonHwSlowdown),
        ("sync boost", pynvml.nvmlClocksEventReasonSyncBoost),
        ("thermal slowdown", pynvml.nvmlClocksEventReasonSwThermalSlowdown),
        ("hardware thermal slowdown", pynvml.nvmlClocksThrottleReasonHwThermalSlowdown),
        ("power brake", pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown),
        ("display clocks", pynvml.nvmlClocksEventReasonDisplayClockSetting),
    ):
        assert REASONS[bit] == name


def test_the_bindings_have_every_function_that_is_called() -> None:
    pynvml = pytest.importorskip("pynvml")
    ours = [name for name in dir(FakeNvml) if name.startswith(("nvml", "NVML"))]
    assert len(ours) > 12
    assert [name for name in ours if not hasattr(pynvml, name)] == []


def test_a_driver_that_knows_the_reasons_by_their_older_name_is_asked_by_that() -> None:
    nvml = FakeNvml(reasons=0x4, broken={"nvmlDeviceGetCurrentClocksEventReasons"})
    assert gpu(nvml).sample().throttle == ("power cap",)


@pytest.mark.parametrize(
    ("function", "fields"),
    [
        ("nvmlDeviceGetClockInfo", {"sm_clock_mhz", "memory_clock_mhz"}),
        ("nvmlDeviceGetTemperature", {"temperature_c"}),
        ("nvmlDeviceGetPowerUsage", {"power_w"}),
        ("nvmlDeviceGetComputeRunningProcesses", {"foreign_processes"}),
    ],
)
def test_what_a_card_does_not_support_is_unknown_and_the_rest_goes_on(
    function: str, fields: set[str]
) -> None:
    sample = gpu(FakeNvml(broken={function})).sample()._asdict()
    assert {name for name, value in sample.items() if value is None} == fields


def test_without_either_name_the_reasons_are_unknown() -> None:
    both = {f"nvmlDeviceGetCurrentClocks{kind}Reasons" for kind in ("Event", "Throttle")}
    assert gpu(FakeNvml(broken=both)).sample().throttle is None


def test_no_answer_of_any_kind_raises() -> None:
    nvml = FakeNvml()
    watched = gpu(nvml)
    nvml.lost = True
    assert set(watched.sample()) == {None}
    assert watched.energy_j() is None
    assert watched.max_clocks_mhz() == (None, None)
    watched.close()


@pytest.mark.parametrize(
    ("listed", "initialised", "foreign"),
    [
        (1, True, 0),  # ourselves
        (3, True, 2),
        (2, False, 2),  # not yet on the GPU
        (0, False, 0),
        (0, True, None),  # we are there and not listed: this container is shown nobody
    ],
)
def test_foreign_processes_are_those_listed_without_this_one(
    listed: int, initialised: bool, foreign: int | None
) -> None:
    watched = gpu(FakeNvml(processes=listed), FakeCuda(initialised=initialised))
    assert watched.sample().foreign_processes == foreign


def test_without_the_package_the_reason_says_what_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)  # as if not installed
    with pytest.raises(Unwatched, match=r"pip install 'harness\[nvml\]' brings it"):
        Gpu(DEVICE, None, FakeCuda())


def test_by_default_the_installed_bindings_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    assert Gpu(DEVICE, None, FakeCuda()).max_clocks_mhz() == (1980, 2619)
    assert module.IDLE == "idle"


def test_without_a_driver_the_reason_is_nvmls() -> None:
    with pytest.raises(Unwatched, match="NVML does not start: Not Supported"):
        gpu(FakeNvml(broken={"nvmlInit"}))


def test_a_gpu_that_nvml_does_not_know_is_not_mistaken_for_another() -> None:
    nvml = FakeNvml(knows="GPU-another")
    with pytest.raises(Unwatched, match=rf"does not know cuda:1 \(GPU-{UUID}\): Not Found"):
        gpu(nvml)
    assert nvml.calls[-1] == "nvmlShutdown"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_real_gpu_answers() -> None:
    pytest.importorskip("pynvml")
    torch.zeros(1, device="cuda")
    watched = Gpu(torch.device("cuda"))
    try:
        sample, (highest, _) = watched.sample(), watched.max_clocks_mhz()
    finally:
        watched.close()
    assert sample.sm_clock_mhz is not None
    assert highest is not None
    assert 0 < sample.sm_clock_mhz <= highest
