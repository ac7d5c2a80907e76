"""A driver's library with one GPU, which says what it is told to say."""

from types import SimpleNamespace
from typing import Any

UUID = "01234567-89ab-cdef-0123-456789abcdef"


class FakeCuda:
    """What is asked of `torch.cuda` to find a GPU.

    Attributes:
        asked: The devices whose properties were asked for.
    """

    def __init__(self, *, initialised: bool = True) -> None:
        self.initialised = initialised
        self.asked: list[str] = []

    def get_device_properties(self, device: Any) -> SimpleNamespace:
        self.asked.append(str(device))
        return SimpleNamespace(uuid=UUID)

    def is_initialized(self) -> bool:
        return self.initialised


class FakeNvml:
    """Stands in for `pynvml`.

    Attributes:
        calls: The functions that were called, in order.
        broken: Functions that this card does not support.
        lost: Whether every question fails in a way that NVML does not document.
        processes: How many processes it lists.
        reasons: Bits of the reasons for lower clocks.
        energy_mj: What its counter says; grows by `energy_step_mj` whenever it is read.
    """

    NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0

    class NVMLError(Exception):
        """The base of all its errors."""

    def __init__(self, **values: Any) -> None:
        self.calls: list[str] = []
        self.broken: set[str] = set()
        self.lost = False
        self.processes = 1
        self.reasons = 0
        self.energy_mj, self.energy_step_mj = 5_000_000, 0
        self.clocks_mhz = {1: 1500, 2: 2600}
        self.max_clocks_mhz = {1: 1980, 2: 2619}
        self.temperature_c, self.power_mw = 61, 412_500
        self.knows = f"GPU-{UUID}"
        vars(self).update(values)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.lost:
            raise ValueError("no such thing")
        if name in self.broken:
            raise self.NVMLError("Not Supported")

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's name, like those below
        self._call("nvmlInit")

    def nvmlShutdown(self) -> None:  # noqa: N802
        self._call("nvmlShutdown")

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        self._call("nvmlDeviceGetHandleByUUID")
        if uuid != self.knows:
            raise self.NVMLError("Not Found")
        return f"handle of {uuid}"

    def _asked(self, name: str, handle: str) -> None:
        assert handle == f"handle of {self.knows}"
        self._call(name)

    def nvmlDeviceGetClockInfo(self, handle: str, kind: int) -> int:  # noqa: N802
        self._asked("nvmlDeviceGetClockInfo", handle)
        return self.clocks_mhz[kind]

    def nvmlDeviceGetMaxClockInfo(self, handle: str, kind: int) -> int:  # noqa: N802
        self._asked("nvmlDeviceGetMaxClockInfo", handle)
        return self.max_clocks_mhz[kind]

    def nvmlDeviceGetTemperature(self, handle: str, sensor: int) -> int:  # noqa: N802
        self._asked("nvmlDeviceGetTemperature", handle)
        assert sensor == self.NVML_TEMPERATURE_GPU
        return self.temperature_c

    def nvmlDeviceGetPowerUsage(self, handle: str) -> int:  # noqa: N802
        self._asked("nvmlDeviceGetPowerUsage", handle)
        return self.power_mw

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802
        self._asked("nvmlDeviceGetTotalEnergyConsumption", handle)
        self.energy_mj += self.energy_step_mj
        return self.energy_mj

    def nvmlDeviceGetCurrentClocksEventReasons(self, handle: str) -> int:  # noqa: N802
        self._asked("nvmlDeviceGetCurrentClocksEventReasons", handle)
        return self.reasons

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle: str) -> int:  # noqa: N802
        self._asked("nvmlDeviceGetCurrentClocksThrottleReasons", handle)
        return self.reasons

    def nvmlDeviceGetComputeRunningProcesses(self, handle: str) -> list[SimpleNamespace]:  # noqa: N802
        self._asked("nvmlDeviceGetComputeRunningProcesses", handle)
        return [SimpleNamespace(pid=40_000 + number) for number in range(self.processes)]
