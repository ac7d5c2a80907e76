"""A protocol holds everything that decides an FPS figure, and nothing that cannot be done."""

import json
import re
from dataclasses import fields, replace
from typing import Any

import pytest

from harness.errors import BadRequest
from harness.timing.protocol import LATENCY, THROUGHPUT, Protocol, broken_rule

CPU = Protocol(
    name="mine",
    input=(1, 3, 1024, 2048),
    device="cpu",
    threads=4,
    warmup=2,
    iterations=100,
    budget_s=20.0,
)
CUDA = replace(CPU, device="cuda", budget_s=None)
ORT = {"backend": "onnxruntime"}


def test_its_dictionary_has_every_field_in_json_types() -> None:
    data = CPU.to_dict()
    assert list(data) == [field.name for field in fields(Protocol)]
    assert json.loads(json.dumps(data)) == data
    assert data["input"] == [1, 3, 1024, 2048]


def test_the_protocol_of_a_record_can_be_rebuilt() -> None:
    full = replace(CUDA, **ORT, provider="tensorrt", precision="fp16", until=0.01, rounds=7, seed=3)
    for protocol in (CPU, CUDA, full):
        stored = json.loads(json.dumps(protocol.to_dict()))
        rebuilt = Protocol.from_dict(stored, where="f:1")
        assert rebuilt == protocol
        assert hash(rebuilt) == hash(protocol)


def test_a_record_from_before_a_field_came_has_what_held_then() -> None:
    stored = CPU.to_dict()
    for later in ("provider", "fold_bn", "until", "rounds"):
        del stored[later]
    rebuilt = Protocol.from_dict(stored, where="f:1")
    assert (rebuilt.provider, rebuilt.fold_bn, rebuilt.until, rebuilt.rounds) == (
        *(None, False),
        *(None, 1),
    )


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("itertions", 1, "unknown field itertions; did you mean iterations"),
        ("iterations", 10.0, "iterations must be int, got 10.0"),
        ("input", [1, 3, 8], "input must be a list of 4"),
        ("precision", "fp64", "precision must be 'fp32' or"),
    ],
)
def test_a_stored_protocol_that_is_none_is_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(message)):
        Protocol.from_dict(CPU.to_dict() | {field: value}, where="f:1")


def test_the_input_is_named_as_people_write_it() -> None:
    assert CPU.input_name == "1x3x1024x2048"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "name must be text, got ' '"),
        ("device", "tpu", "device must be 'cpu' or 'cuda', got 'tpu'"),
        (
            *("precision", "int8"),
            "precision must be 'fp32' or 'tf32' or 'fp16' or 'bf16', got 'int8'",
        ),
        ("memory_format", "nhwc", "memory_format must be 'contiguous' or 'channels_last', got"),
        ("backend", "tvm", "backend must be 'eager' or 'compile' or 'cudagraph' or"),
        ("provider", "rocm", "provider must be null or 'cpu' or 'cuda' or 'tensorrt', got 'rocm'"),
        ("synchronisation", "never", "synchronisation must be 'both ends of the timed loop' or"),
        ("input_values", "zeros", "input_values must be 'standard normal', got 'zeros'"),
        ("timed_region", "half of it", "timed_region must be 'forward pass"),
        ("tf32", "yes", "tf32 must be true or false, got 'yes'"),
        ("cudnn_benchmark", 1, "cudnn_benchmark must be true or false, got 1"),
        ("fold_bn", None, "fold_bn must be true or false, got None"),
        ("input", (1, 3, 0, 8), "input must be four positive sizes, got (1, 3, 0, 8)"),
        ("input", (1, 3, 8), "input must be four positive sizes"),
        ("input", (1, 3, 8, 8.0), "input must be four positive sizes"),
        ("input", [1, 3, 8, 8], "input must be four positive sizes"),  # could not be hashed
        ("iterations", 0, "iterations must be at least 1, got 0"),
        ("iterations", -5, "iterations must be at least 1, got -5"),
        ("iterations", 1e4, "iterations must be a whole number, got 10000.0"),
        ("iterations", True, "iterations must be a whole number, got True"),
        ("warmup", -1, "warmup must be at least 0, got -1"),
        ("threads", 0, "threads must be at least 1, got 0"),
        ("min_iterations", 0, "min_iterations must be at least 1, got 0"),
        ("rounds", 0, "rounds must be at least 1, got 0"),
        ("seed", -1, "seed must be at least 0, got -1"),
        ("seed", 2**64, "seed must be at most 18446744073709551615, got 18446744073709551616"),
        ("budget_s", 0.0, "budget_s must be positive, got 0.0"),
        ("budget_s", float("inf"), "budget_s must be positive, got inf"),
        ("budget_s", float("nan"), "budget_s must be positive, got nan"),
        ("budget_s", 10**400, "budget_s must be positive, got 1000"),  # no float
        ("budget_s", "20", "budget_s must be a number, got '20'"),
        ("budget_s", True, "budget_s must be a number, got True"),
        ("until", 0.0, "until must be between 0 and 1, got 0.0"),
        ("until", 1.0, "until must be between 0 and 1, got 1.0"),
        ("until", float("nan"), "until must be between 0 and 1, got nan"),
    ],
)
def test_what_cannot_be_done_is_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=f"^protocol: {re.escape(message)}"):
        replace(CPU, **{field: value})


def test_the_bounds_themselves_are_accepted() -> None:
    least = {"threads": 1, "warmup": 0, "iterations": 1, "min_iterations": 1, "rounds": 1}
    assert replace(CPU, **least, seed=0, budget_s=1e-9, until=1e-9)
    assert replace(CPU, seed=2**64 - 1, budget_s=1e308, until=0.999)


@pytest.mark.parametrize(
    ("base", "changes", "message"),
    [
        (CPU, {"precision": "tf32", "tf32": True}, "precision tf32 runs on cuda, got device 'cpu'"),
        (CUDA, {"precision": "tf32"}, "tf32 must be True with precision tf32, got False"),
        *[
            (
                *(CUDA, {"precision": precision, "tf32": True}),
                f"tf32 must be False with precision {precision}, got True",
            )
            for precision in ("fp16", "bf16")
        ],
        (CPU, {"backend": "cudagraph"}, "backend cudagraph runs on cuda, got device 'cpu'"),
        (CUDA, {"backend": "openvino"}, "backend openvino runs on cpu, got device 'cuda'"),
        *[
            (
                *(CPU, {"backend": backend, "memory_format": "channels_last"} | provider),
                f"memory_format must be 'contiguous' with backend {backend}, which lays out its",
            )
            for backend, provider in (("openvino", {}), ("onnxruntime", {"provider": "cpu"}))
        ],
        (CPU, ORT, "provider must be 'cpu' with backend onnxruntime on cpu, got None"),
        (CPU, ORT | {"provider": "cuda"}, "provider must be 'cpu' with backend onnxruntime on cpu"),
        (CUDA, ORT, "provider must be 'cuda' or 'tensorrt' with backend onnxruntime on cuda"),
        (CUDA, ORT | {"provider": "cpu"}, "provider must be 'cuda' or 'tensorrt' with backend"),
        *[
            (
                *(base, {"backend": backend, "provider": base.device}),
                f"provider must be null with backend {backend} on {base.device}, got",
            )
            for base, backend in (
                *((CPU, "eager"), (CPU, "compile"), (CPU, "openvino")),
                *((CUDA, "eager"), (CUDA, "cudagraph")),
            )
        ],
    ],
)
def test_what_does_not_fit_together_is_refused(
    base: Protocol, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadRequest, match=f"^protocol: {re.escape(message)}"):
        replace(base, **changes)


@pytest.mark.parametrize(
    ("base", "changes"),
    [
        (CPU, {"precision": "bf16", "memory_format": "channels_last", "fold_bn": True}),
        (CPU, {"backend": "compile", "synchronisation": LATENCY}),
        (CPU, {"backend": "openvino", "precision": "fp16"}),
        (CPU, ORT | {"provider": "cpu"}),
        (CUDA, ORT | {"provider": "cuda"}),
        (CUDA, ORT | {"provider": "tensorrt", "precision": "fp16"}),
        (CUDA, {"backend": "cudagraph", "memory_format": "channels_last"}),
        (CUDA, {"precision": "tf32", "tf32": True}),
        (CUDA, {"precision": "fp32", "tf32": True}),  # doubted elsewhere, but it can be done
    ],
)
def test_what_can_be_done_is_accepted(base: Protocol, changes: dict[str, Any]) -> None:
    protocol = replace(base, **changes)
    assert protocol.to_dict() == base.to_dict() | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "bf16"},
        {"memory_format": "channels_last"},
        {"fold_bn": True},
        {"backend": "compile"},
        {"tf32": True},
    ],
)
def test_a_network_is_plain_only_where_nothing_about_it_changes(changes: dict[str, Any]) -> None:
    assert CUDA.plain
    assert replace(CUDA, synchronisation=LATENCY, warmup=7, cudnn_benchmark=False).plain
    assert not replace(CUDA, **changes).plain


def test_the_rule_of_a_single_value_can_be_asked_for() -> None:
    assert broken_rule("batch", 0) == "must be at least 1"
    assert broken_rule("synchronisation", THROUGHPUT) is None
