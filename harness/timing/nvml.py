"""One GPU through NVML, the driver's own library: clocks, heat, power, energy, who else is there.

NVML numbers all GPUs of the machine and knows nothing of CUDA_VISIBLE_DEVICES, so the GPU is found
by the UUID that torch gives. A figure that a card does not have is None, and the others go on.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import torch

#: Bits of the reasons for lower clocks (nvml.h, nvmlClocksEventReasons), in plain words.
REASONS = {
    0x1: "idle",
    0x2: "clocks set by the user",
    0x4: "power cap",
    0x8: "hardware slowdown",
    0x10: "sync boost",
    0x20: "thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
    0x100: "display clocks",
    0x200: "board limit",
    0x400: "reliability",
}
IDLE = REASONS[0x1]


class Unwatched(Exception):  # noqa: N818 - no error: timing goes on without
    """The GPU cannot be watched; the message says why."""


class Sample(NamedTuple):
    """What the GPU said at one time; null where the card does not say.

    Attributes:
        sm_clock_mhz: Clock of the multiprocessors.
        memory_clock_mhz: Clock of the memory.
        temperature_c: Of the chip.
        power_w: Drawn by the card.
        throttle: Reasons for lower clocks.
        foreign_processes: Processes that compute on it, without this one.
    """

    sm_clock_mhz: float | None
    memory_clock_mhz: float | None
    temperature_c: float | None
    power_w: float | None
    throttle: tuple[str, ...] | None
    foreign_processes: int | None


class Gpu:
    """A GPU to be asked. `close` it when done.

    Args:
        device: torch's device.
        nvml: The module `pynvml` or what stands in for it; by default imported here.
        cuda: `torch.cuda` or what stands in for it.

    Raises:
        Unwatched: If there is no NVML, or it does not know the GPU.
    """

    def __init__(self, device: torch.device, nvml: Any = None, cuda: Any = torch.cuda) -> None:
        self._nvml = nvml or _pynvml()
        self._cuda = cuda
        try:
            self._nvml.nvmlInit()
        except Exception as error:  # noqa: BLE001 - whatever it is, timing goes on without
            raise Unwatched(f"NVML does not start: {error}") from None
        uuid = str(cuda.get_device_properties(device).uuid).removeprefix("GPU-")
        try:
            self._handle = self._nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
        except Exception as error:  # noqa: BLE001 - likewise
            self.close()  # a slice of a GPU (MIG), whose clocks and energy are not its own
            raise Unwatched(f"NVML does not know {device} (GPU-{uuid}): {error}") from None

    def close(self) -> None:
        """Let go of NVML."""
        self._ask("nvmlShutdown", of_card=False)

    def sample(self) -> Sample:
        """Return what the GPU says now; six questions to the driver."""
        milliwatts = self._ask("nvmlDeviceGetPowerUsage")
        return Sample(
            sm_clock_mhz=self._ask("nvmlDeviceGetClockInfo", self._nvml.NVML_CLOCK_SM),
            memory_clock_mhz=self._ask("nvmlDeviceGetClockInfo", self._nvml.NVML_CLOCK_MEM),
            temperature_c=self._ask("nvmlDeviceGetTemperature", self._nvml.NVML_TEMPERATURE_GPU),
            power_w=None if milliwatts is None else milliwatts / 1000,
            throttle=self._throttle(),
            foreign_processes=self._foreign_processes(),
        )

    def max_clocks_mhz(self) -> tuple[int | None, int | None]:
        """Return the highest clocks of multiprocessors and memory that the card allows."""
        return (
            self._ask("nvmlDeviceGetMaxClockInfo", self._nvml.NVML_CLOCK_SM),
            self._ask("nvmlDeviceGetMaxClockInfo", self._nvml.NVML_CLOCK_MEM),
        )

    def energy_j(self) -> float | None:
        """Return the joules that the card has drawn since its driver was loaded."""
        millijoules = self._ask("nvmlDeviceGetTotalEnergyConsumption")
        return None if millijoules is None else millijoules / 1000

    def _throttle(self) -> tuple[str, ...] | None:
        bits = self._ask("nvmlDeviceGetCurrentClocksEventReasons")
        if bits is None:  # the name before driver 535
            bits = self._ask("nvmlDeviceGetCurrentClocksThrottleReasons")
        if bits is None:
            return None
        single = [1 << place for place in range(bits.bit_length()) if bits >> place & 1]
        return tuple(REASONS.get(bit, f"reason {bit:#x}") for bit in single)

    def _foreign_processes(self) -> int | None:
        """Return how many other processes compute on the GPU.

        In a container NVML lists the host's process ids, so this process is not looked for but
        taken off, if it has used CUDA. Where even that one is not listed, NVML shows nothing.
        """
        listed = self._ask("nvmlDeviceGetComputeRunningProcesses")
        if listed is None or not self._cuda.is_initialized():
            return None if listed is None else len(listed)
        return len(listed) - 1 if listed else None

    def _ask(self, function: str, *arguments: Any, of_card: bool = True) -> Any:
        """Return the answer; None where card, driver or bindings have none."""
        handle = (self._handle,) if of_card else ()
        try:
            return getattr(self._nvml, function)(*handle, *arguments)
        except Exception:  # noqa: BLE001 - whatever it is, the passes being timed go on
            return None


def _pynvml() -> Any:
    try:
        return import_module("pynvml")
    except ImportError:
        raise Unwatched(
            "nvidia-ml-py is not installed; pip install 'harness[nvml]' brings it"
        ) from None
