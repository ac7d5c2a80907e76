"""A protocol holds everything that decides an FPS figure, and nothing that cannot be done."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
import torch

from harness.errors import BadRequest
from harness.timing.protocol import Protocol, paper_protocol

SHAPE = (1, 3, 1024, 2048)


def test_on_cuda_it_is_the_papers_10000_passes_without_budget() -> None:
    protocol = paper_protocol(SHAPE, "cuda:1")
    assert (protocol.name, protocol.input, protocol.device) == ("paper", SHAPE, "cuda")
    assert (protocol.iterations, protocol.budget_s) == (10_000, None)
    assert protocol.warmup >= 10
    assert (protocol.precision, protocol.tf32, protocol.cudnn_benchmark) == ("fp32", False, True)


def test_on_the_cpu_it_has_a_budget_of_20_s_and_at_least_5_passes() -> None:
    protocol = paper_protocol(SHAPE, "cpu")
    assert (protocol.budget_s, protocol.min_iterations, protocol.warmup) == (20.0, 5, 2)


def test_the_iterations_can_be_asked_for() -> None:
    assert paper_protocol(SHAPE, "cuda", 7).iterations == 7


def test_threads_are_torchs_unless_given() -> None:
    assert paper_protocol(SHAPE, "cpu").threads == torch.get_num_threads()
    assert paper_protocol(SHAPE, "cpu", threads=7).threads == 7


def test_gpus_of_one_machine_share_a_protocol() -> None:
    assert paper_protocol(SHAPE, "cuda:0") == paper_protocol(SHAPE, "cuda:1")


def test_its_dictionary_has_every_field_in_json_types() -> None:
    protocol = paper_protocol(SHAPE, "cpu", iterations=7)
    data = protocol.to_dict()
    assert list(data) == [field.name for field in fields(Protocol)]
    assert json.loads(json.dumps(data)) == data
    assert data["input"] == [1, 3, 1024, 2048]


def test_the_input_is_named_as_people_write_it() -> None:
    assert paper_protocol(SHAPE, "cpu").input_name == "1x3x1024x2048"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("device", "tpu", "device must be 'cpu' or 'cuda', got 'tpu'"),
        ("precision", "fp16", "precision must be 'fp32', got 'fp16'"),
        ("memory_format", "channels_last", "memory_format must be 'contiguous'"),
        ("backend", "tensorrt", "backend must be 'eager', got 'tensorrt'"),
        ("synchronisation", "never", "synchronisation must be"),
        ("input_values", "zeros", "input_values must be"),
        ("timed_region", "half of it", "timed_region must be"),
        ("input", (1, 3, 0, 8), r"input must be four positive sizes, got \(1, 3, 0, 8\)"),
        ("input", (1, 3, 8), "input must be four positive sizes"),
        ("iterations", 0, "iterations must be at least 1, got 0"),
        ("iterations", -5, "iterations must be at least 1, got -5"),
        ("warmup", -1, "warmup must be at least 0, got -1"),
        ("threads", 0, "threads must be at least 1, got 0"),
        ("min_iterations", 0, "min_iterations must be at least 1, got 0"),
        ("budget_s", 0.0, "budget_s must be positive, got 0.0"),
        ("budget_s", float("inf"), "budget_s must be positive, got inf"),
        ("budget_s", float("nan"), "budget_s must be positive, got nan"),
    ],
)
def test_what_cannot_be_done_is_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=f"^protocol: {message}"):
        replace(paper_protocol(SHAPE, "cpu"), **{field: value})
