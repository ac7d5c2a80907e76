"""What a reader may ask of a record."""

from __future__ import annotations

from harness.report.web.record_facts import record_facts, record_line
from report.sample import failed, logged, profile, reported, roof, trained


def test_a_reported_figure_names_work_place_and_device() -> None:
    assert record_facts(reported("x", tensorrt=True)) == (
        ("record", "reported"),
        ("source", "A. Author, A Paper, 2020"),
        ("place", "Table I, row 1"),
        ("input", "1024×2048"),
        ("device", "GTX 1080 Ti with TensorRT"),
    )


def test_a_measured_rate_names_device_protocol_and_date() -> None:
    facts = dict(record_facts(profile("x", fps=10.0)))
    assert facts["record"] == "measured"
    assert facts["device"] == "NVIDIA H200"
    assert facts["protocol"].startswith("paper@")
    assert facts["passes"] == "10,000"
    assert facts["created"] == "2026-01-02T03:04:05+00:00"
    assert facts["spec hash"] == "a" * 12


def test_a_count_names_no_device() -> None:
    facts = dict(record_facts(profile("x")))
    assert facts["record"] == "counted"
    assert "device" not in facts


def test_a_log_names_its_file_with_its_hash() -> None:
    facts = dict(record_facts(logged("x", 0.78)))
    assert facts["record"] == "training log"
    assert facts["file"] == logged("x", 0.78).file
    assert facts["file hash"] == logged("x", 0.78).file_sha256[:12]


def test_every_other_kind_has_a_line() -> None:
    assert record_line(failed("x")).startswith("failed: device NVIDIA H200, reason out of memory")
    assert record_line(roof()) == "device: device NVIDIA H200, created 2026-01-06T00:00:00+00:00"


def test_trained_weights_are_a_fact_and_weights_as_built_none() -> None:
    for with_file, without in (
        (profile("x", fps=10.0, weights=trained()), profile("x", fps=10.0)),
        (failed("x", weights=trained()), failed("x")),
    ):
        assert dict(record_facts(with_file))["weights"] == "c.pth@cccccccc"
        assert "weights" not in dict(record_facts(without))
