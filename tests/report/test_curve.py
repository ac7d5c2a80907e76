"""Ablation curves: what stands where, and what may not vary unnamed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from example_records import PROXY

from harness.errors import BadRequest
from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import ProfileRecord, Record
from harness.report.curve_data import CurveData, collect_curve
from harness.report.curve_definition import CurveDefinition
from harness.report.curve_json import curve_json
from harness.report.curve_metrics import metric_of
from harness.report.curve_options import text_of
from harness.report.plot_definition import curve_of, load_plot
from harness.report.speed import FpsChoice
from harness.timing_records import Latency, Limits

from .sample import profile, protocol, timing
from .test_figure import logged


def spec(alpha: int = 2, dilations: tuple[int, ...] = (8, 4, 2), **more: Any) -> dict[str, Any]:
    base = {
        "network": {"name": "encoder-decoder"},
        "context": {"name": "dapf", "alpha": alpha},
        "fusion": {"name": "mda", "dilations": list(dilations)},
    }
    return base | more


def record(fps: float | None = None, *, variant: str = "fassd-net", **changes: Any) -> Any:
    network = changes.pop("spec", None) or spec(
        changes.pop("alpha", 2), changes.pop("dilations", (8, 4, 2))
    )
    digest = hashlib.sha256(json.dumps(network).encode()).hexdigest()
    return profile(variant, fps=fps, spec=network, spec_sha256=digest, **changes)


def curve(
    records: list[Any], y: str = "params", x: str = "context.alpha", **more: Any
) -> CurveData:
    choice = more.pop("choice", None)
    return collect_curve(curve_of(x=x, y=y, **more), records, choice)


def places(data: CurveData) -> list[tuple[Any, float]]:
    return [(point.x, point.y) for point in data.points]


SWEEP: list[Record] = [
    record(alpha=4, params=2_000_000),
    record(alpha=1, params=4_000_000),
    record(alpha=2, params=3_000_000),
]
GRID = [
    record(alpha=a, dilations=d, params=(a + d[0]) * 1_000_000)
    for a in (1, 2)
    for d in ((8, 4, 2), (1, 1, 1))
]


def test_points_stand_at_the_option_and_the_metric_in_its_unit_by_x() -> None:
    data = curve(SWEEP)
    assert places(data) == [(1, 4.0), (2, 3.0), (4, 2.0)]
    assert (data.numeric, data.xs, data.hues) == (True, (1, 2, 4), ())
    assert data.definition.y.label == "Parameters (M)"
    assert data.points[0].record is SWEEP[1]
    assert data.points[0].kind == "measured"


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("macs.paper", 45.0),
        ("macs.conv", 1e-9),
        ("conv_io", 1e-6),
        ("peak_activation_bytes", 2**-20),
        ("fps", 50.0),
        ("latency_s.mean", 20.0),
        ("latency_s.p50", 19.0),
        ("latency_s.p99", 31.0),
        ("energy_j", 2.5),
        ("peak_memory_bytes", 3.0),
        ("roofline_s", 5.0),
        ("roofline_share", 25.0),
        ("params_constructed", 4.0),
    ],
)
def test_each_metric_is_read_in_its_unit(metric: str, value: float) -> None:
    latency = Latency(mean=0.020, min=0.01, p50=0.019, p90=0.02, p95=0.02, p99=0.031, max=0.04)
    limits = Limits(macs_per_s=1, bytes_per_s=1, arithmetic_s=1, memory_s=1, roofline_s=0.005,
                    share=0.25)  # fmt: skip
    timed = timing(
        50.0, latency_s=latency, energy_j=2.5, peak_memory_bytes=3 * 2**20, limits=limits
    )
    made = record(alpha=2, gmacs=45.0, timing=timed)
    made = replace(made, static=replace(made.static, params_constructed=4 * 10**6))
    assert places(curve([made], metric)) == [(2, pytest.approx(value))]


def test_what_was_not_measured_beside_a_rate_is_no_point() -> None:
    timed = record(alpha=2, timing=timing(50.0))
    for metric in ("energy_j", "peak_memory_bytes", "roofline_s", "roofline_share"):
        with pytest.raises(BadRequest, match=f"no record has {metric}"):
            curve([timed], metric)


def scored(alpha: int, value: float | None, name: str = "naswot", **changes: Any) -> ProxyRecord:
    return replace(PROXY, spec=spec(alpha), name=name, value=value, **changes)


def test_the_score_of_a_proxy_is_a_metric_by_its_name() -> None:
    records = [*SWEEP, scored(2, 7.5), scored(1, 9.0), scored(4, None), scored(8, 1.0, "other")]
    data = curve(records, "proxy.naswot")
    assert places(data) == [(1, 9.0), (2, 7.5)]
    assert data.definition.y.label == "naswot (proxy)"
    assert (data.points[0].kind, data.points[0].ci95) == ("measured", None)
    record_of = json.loads(curve_json(data))["points"][0]["records"][0]
    assert (record_of["kind"], record_of["name"], record_of["source"]) == (
        "proxy", "naswot", PROXY.source,
    )  # fmt: skip
    newer = scored(2, 8.0, created="2026-01-03T00:00:00+00:00")
    assert places(curve([newer, *records], "proxy.naswot")) == [(1, 9.0), (2, 8.0)]
    with pytest.raises(BadRequest, match=r"no record has proxy\.nasot; did you mean proxy\.naswot"):
        curve(records, "proxy.nasot")
    with pytest.raises(BadRequest, match=r"no metric 'proxy\.'"):
        curve(records, "proxy.")


def test_a_proxy_depends_on_the_input_size() -> None:
    small = replace(scored(2, 1.0), input_shape=(1, 3, 8, 8))
    assert places(curve([small, scored(2, 7.5)], "proxy.naswot", x="input")) == [
        ("8x8", 1.0), ("1024x2048", 7.5),
    ]  # fmt: skip


def test_numbers_that_differ_read_differently_on_an_axis() -> None:
    records = [record(spec=spec() | {"a": {"b": b}}) for b in (1.7, 1.7000001, 2.0)]
    assert [text_of(x) for x in curve(records, x="a.b").xs] == ["1.7", "1.7000001", "2"]


def test_accuracy_comes_out_of_logs() -> None:
    logs = [logged("a", 0.75, spec=spec(1)), logged("b", 0.78, spec=spec(2))]
    data = curve([*SWEEP, *logs], "miou")
    assert places(data) == [(1, 75.0), (2, 78.0)]
    assert {point.kind for point in data.points} == {"logged"}


def test_a_rate_has_its_interval_and_mean_latency_the_one_that_follows() -> None:
    timed = record(alpha=2, timing=timing(50.0, fps_ci95=(40.0, 62.5)))
    assert curve([timed], "fps").points[0].ci95 == (40.0, 62.5)
    # 1000 / 62.5 = 16 ms to 1000 / 40 = 25 ms.
    assert curve([timed], "latency_s.mean").points[0].ci95 == pytest.approx((16.0, 25.0))
    assert curve([timed], "latency_s.p99").points[0].ci95 is None
    assert curve([timed], "params").points[0].ci95 is None


def test_a_schedule_becomes_a_name_on_the_axis() -> None:
    data = curve([g for g in GRID if g.spec["context"]["alpha"] == 1], x="fusion.dilations")
    assert data.xs == ([1, 1, 1], [8, 4, 2])
    assert not data.numeric


def test_names_keep_the_order_in_which_they_came() -> None:
    names = ("none", "aspp", "dapf")
    records = [record(spec=spec() | {"context": {"name": n}}) for n in names]
    assert curve(records, x="context.name").xs == names


def test_hue_and_style_split_the_points() -> None:
    data = curve(GRID, hue="fusion.dilations")
    assert data.hues == ("1-1-1", "8-4-2")
    assert [(p.x, p.hue, p.y) for p in data.points] == [
        (1, "1-1-1", 2.0),
        (1, "8-4-2", 9.0),
        (2, "1-1-1", 3.0),
        (2, "8-4-2", 10.0),
    ]
    styled = curve(GRID, style="fusion.dilations")
    assert (styled.hues, styled.styles) == ((), ("1-1-1", "8-4-2"))


def test_an_option_that_varies_unnamed_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadRequest) as caught:
        curve(GRID)
    assert str(caught.value) == (
        "figure curve: only what it shows may vary, but so do fusion.dilations (1-1-1, 8-4-2); "
        "show one with --hue or --style, fix it with --where fusion.dilations=1-1-1, or name it in "
        "--average-over"
    )


def test_an_option_that_changes_along_with_x_is_refused_too() -> None:
    with pytest.raises(BadRequest, match=r"so do fusion\.dilations"):
        curve([GRID[0], GRID[3]])  # one record for each alpha, each of another schedule


def test_an_option_that_only_some_networks_have_varies() -> None:
    other = record(spec=spec(4) | {"decoder": {"name": "conv"}})
    with pytest.raises(BadRequest, match=r"decoder.name \(not set, conv\)"):
        curve([GRID[0], other])


def test_options_of_a_component_that_is_swept_may_come_and_go_with_it() -> None:
    records = [
        record(spec=spec(2)),
        record(spec=spec() | {"context": {"name": "aspp", "rates": [12, 24, 36]}}),
    ]
    assert len(curve(records, x="context.name").points) == 2
    # But two of them under one name are two networks.
    with pytest.raises(BadRequest, match=r"so do context\.alpha"):
        curve([*records, record(spec=spec(4))], x="context.name")


def test_where_fixes_an_option_as_yaml_or_as_it_reads() -> None:
    for text in ("fusion.dilations=[8, 4, 2]", "fusion.dilations=8-4-2"):
        assert places(curve(GRID, where=[text])) == [(1, 9.0), (2, 10.0)]
    both = curve(GRID, where=["context.alpha=1", "context.alpha=2", "fusion.dilations=1-1-1"])
    assert len(both.points) == 2


def test_where_knows_variants_with_and_without_their_settings() -> None:
    swept = record(variant="fassd-net[context.alpha=4]", alpha=4)
    other = record(variant="other", alpha=8)
    assert [p.x for p in curve([swept, other], where=["variant=fassd-net"]).points] == [4]
    exact = curve([swept, other], where=["variant='fassd-net[context.alpha=4]'"])
    assert [p.x for p in exact.points] == [4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": "context.alpah"}, "no option 'context.alpah'; did you mean context.alpha"),
        ({"hue": "fusion.dilation"}, "no option 'fusion.dilation'; did you mean fusion.dilations"),
        ({"where": ["context.alhpa=2"]}, "no option 'context.alhpa'; did you mean context.alpha"),
        ({"where": ["context.alpha=3"]}, "no record with context.alpha=3; known: 1, 2"),
        ({"where": ["context.alpha"]}, "--where: must be option=value, got 'context.alpha'"),
        ({"where": ["context.alpha=[1"]}, "--where context.alpha: the value must be YAML"),
        ({"average_over": ["fusion.merge"]}, "no option 'fusion.merge'"),
        ({"hue": "context.alpha"}, "must be different options, got context.alpha twice"),
        ({"y": "parms"}, "--y: no metric 'parms'; did you mean params?"),
        ({"y": "macs.papre"}, "no record has macs.papre; did you mean macs.paper?"),
        ({"y": "fps"}, "no record has fps"),
        ({"y": "miou"}, "no record has miou"),
    ],
)
def test_mistakes_are_refused_by_name(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message.replace("[", r"\[")):
        curve(GRID, **arguments)


def test_of_several_records_of_one_network_the_newest_counts() -> None:
    old = record(alpha=2, params=1_000_000, created="2026-01-01T00:00:00Z")
    new = record(alpha=2, params=2_000_000, created="2026-01-03T00:00:00Z")
    data = curve([new, old])
    assert places(data) == [(2, 2.0)]
    assert data.warnings == ("figure curve: 1 older record of the same set aside",)


def test_networks_without_the_option_are_left_out_with_a_line() -> None:
    bare = record(variant="baseline", spec={"network": {"name": "n"}, "context": {"name": "none"}})
    data = curve([GRID[0], bare])
    assert places(data) == [(1, 9.0)]
    assert data.warnings == ("figure curve: without context.alpha, not drawn: baseline",)
    several = [replace(bare, variant=f"baseline-{i}") for i in range(8)]
    (warning,) = curve([GRID[0], *several]).warnings
    assert warning.endswith(
        "not drawn: " + ", ".join(f"baseline-{i}" for i in range(5)) + " and 3 more"
    )


def test_a_condition_may_ask_for_networks_without_the_option() -> None:
    bare = record(spec=spec() | {"context": {"name": "none"}}, params=10**6)
    both = ["context.alpha=2", "context.alpha=not set"]
    data = curve([*SWEEP, bare], x="context.name", where=both)
    assert places(data) == [("dapf", 3.0), ("none", 1.0)]


def test_rates_of_two_devices_or_protocols_are_refused_and_a_flag_decides() -> None:
    records = [record(50.0, alpha=1), record(60.0, alpha=2), record(1.0, alpha=2, device="A CPU")]
    with pytest.raises(BadRequest, match=r"figure curve: FPS column: one device .*--device"):
        curve(records, "fps")
    data = curve(records, "fps", choice=FpsChoice(origin="measured", device="H200"))
    assert places(data) == [(1, 50.0), (2, 60.0)]
    assert "NVIDIA H200" in data.notes[0]
    half = record(alpha=2, timing=timing(99.0, protocol=protocol(precision="fp16", name="half")))
    with pytest.raises(BadRequest, match=r"protocols differ in name .*precision"):
        curve([*records[:2], half], "fps")
    data = curve([*records[:2], half], "fps", choice=FpsChoice(protocol="half"))
    assert places(data) == [(2, 99.0)]


def test_the_input_size_may_be_swept_and_is_an_option_like_others() -> None:
    records = [
        record(
            input_shape=(1, 3, h, 2 * h),
            timing=timing(f, protocol=protocol(input=[1, 3, h, 2 * h])),
        )
        for h, f in ((512, 160.0), (1024, 41.0))
    ]
    assert places(curve(records, "fps", x="input")) == [("512x1024", 160.0), ("1024x2048", 41.0)]
    with pytest.raises(BadRequest, match="so do input"):
        curve(records, "fps")
    assert len(curve(records, "params").points) == 1  # which the size does not change


def test_an_average_must_be_named_and_keeps_every_record() -> None:
    data = curve(GRID, average_over=["fusion.dilations"])
    assert places(data) == [(1, 9.0), (1, 2.0), (2, 10.0), (2, 3.0)]
    assert {p.averaged for p in data.points} == {("8-4-2",), ("1-1-1",)}
    assert data.notes[-1].startswith("Means over fusion.dilations")


def test_two_trainings_of_one_network_under_two_names_are_refused() -> None:
    logs = [logged("a", 0.75, spec=spec(1)), logged("b", 0.78, spec=spec(1))]
    with pytest.raises(BadRequest, match=r"so do variant \(a, b\)"):
        curve(logs, "miou")


GOOD = """\
kind: curve
title: T
x: {option: context.alpha, label: α, scale: log}
y: {metric: macs.paper, label: cost}
hue: fusion.dilations
where: {variant: fassd-net, fusion.dilations: [8, 4, 2]}
average_over: [decoder.name]
"""


def test_a_file_defines_a_curve(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, encoding="utf-8")
    got = load_plot(str(path))
    assert isinstance(got, CurveDefinition)
    assert (got.name, got.x, got.x_label, got.x_scale) == ("mine", "context.alpha", "α", "log")
    assert (got.y, got.y_label, got.y_scale) == (metric_of("macs.paper", ""), "cost", "linear")
    assert [(w.option, w.values) for w in got.where] == [
        ("variant", ("fassd-net",)),
        ("fusion.dilations", ([8, 4, 2],)),
    ]
    assert (got.hue, got.style, got.average_over) == ("fusion.dilations", None, ("decoder.name",))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: curve", "kind: cruve", ":1: kind must be one of scatter, curve, got 'cruve'"),
        ("hue:", "heu:", ":5: figure has no key 'heu'; did you mean hue?"),
        ("macs.paper", "mac.paper", ":4: no metric 'mac.paper'; did you mean macs.paper?"),
        ("scale: log", "scale: lin", ":3: scale must be one of linear, log, got 'lin'"),
        ("option: context", "optoin: context", ":3: x has no key 'optoin'; did you mean option?"),
        ("{variant: fassd-net, fusion.dilations: [8, 4, 2]}", "x", ":6: where must be a mapping"),
    ],
)
def test_mistakes_in_a_file_name_file_line_and_value(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadRequest) as caught:
        load_plot(str(path))
    assert f"mine.yaml{message}" in str(caught.value)


def test_records_are_never_changed_by_being_drawn() -> None:
    timed = record(50.0, alpha=2)
    before = replace(timed)
    point = curve([timed], "fps").points[0]
    assert point.record is timed
    assert timed == before
    assert isinstance(point.record, ProfileRecord | LoggedRecord)
