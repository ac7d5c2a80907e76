"""What a network raises becomes one line that says where, why and what helps."""

import re
from typing import Any

import pytest
import torch

from harness.errors import BadRequest, RunFailed
from harness.timing.failures import failures_named

from .fakes import protocol

CPU, CUDA = torch.device("cpu"), torch.device("cuda:1")


class FullGpu:
    """Stands in for `torch.cuda` after 3 GiB were allocated on its second device."""

    def max_memory_allocated(self, device: torch.device) -> int:
        assert device == CUDA
        return 3 * 2**30


def raised(error: BaseException, device: torch.device = CPU, **fields: Any) -> BaseException:
    """Return what comes out where `error` is raised inside."""
    with (
        pytest.raises(BaseException) as caught,  # noqa: PT011 - the test looks at it
        failures_named(protocol(device.type, **fields), device, cuda=FullGpu()),
    ):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("first line\nsecond line"), "first line"),
        (ValueError("a value"), "a value"),
        (AttributeError("no attribute"), "no attribute"),
        (AssertionError(), "AssertionError"),
        (IndexError("  \n"), "IndexError"),
        (NotImplementedError("aten::x"), "aten::x"),
    ],
)
def test_whatever_is_raised_is_one_line_with_input_and_device(
    error: Exception, reason: str
) -> None:
    failure = raised(error)
    assert isinstance(failure, RunFailed)
    assert str(failure) == f"network failed on input 1x3x8x8 on cpu: {reason}"
    assert failure.__cause__ is error


@pytest.mark.parametrize("error", [BadRequest("a"), RunFailed("b"), KeyboardInterrupt()])
def test_what_says_enough_already_passes_as_it_is(error: BaseException) -> None:
    assert raised(error) is error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nDetails"),
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you "
            "tried to allocate 9 bytes. Error code 12 (Cannot allocate memory)"
        ),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("std::bad_alloc"),
        Exception("Failed to allocate memory for requested buffer of size 9"),
    ],
)
@pytest.mark.parametrize(
    ("device", "peak"), [(CPU, "the memory of cpu"), (CUDA, "the memory of cuda:1, peak 3.00 GiB")]
)
def test_want_of_memory_names_the_peak_and_the_flag_that_helps(
    error: Exception, device: torch.device, peak: str
) -> None:
    first_line = (str(error) or "MemoryError").splitlines()[0]
    said = re.escape(f"does not fit {peak} ({first_line}); try a smaller")
    failure = raised(error, device)
    assert isinstance(failure, RunFailed)
    assert re.fullmatch(f"input 1x3x8x8 {said} --input", str(failure))
    failure = raised(error, device, input=(4, 3, 8, 8))
    assert re.fullmatch(f"input 4x3x8x8 {said} --batch", str(failure))


def test_a_real_allocation_that_cannot_be_met_is_want_of_memory() -> None:
    with (
        pytest.raises(RunFailed, match=r"^input 1x3x8x8 does not fit the memory of cpu \(.*"),
        failures_named(protocol(), CPU),
    ):
        torch.empty(2**60, dtype=torch.uint8)


def test_nothing_raised_is_nothing_said() -> None:
    with failures_named(protocol(), CPU):
        done = True
    assert done
