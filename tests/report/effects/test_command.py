"""Tables of effects, and reports with them and with curves, from the command line's end."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.errors import BadRequest
from harness.records import Record
from harness.report.any_table import load_table
from harness.report.curve_definition import CurveDefinition, Where
from harness.report.curve_metrics import metric_of
from harness.report.effects.definition import EffectsDefinition
from harness.report.plot_definition import load_plot
from harness.store import append, load

from .made import effects, record, table, texts, two_by_two
from .test_pairs import conditional

ROOT = Path(__file__).parents[3]
SWEEP = ROOT / "reports/sweep-fassd"
COSTS = """\
title: Costs
effects: differences
metrics: [params, macs.paper]
options: [context.name, context.alpha]
reference: {context.alpha: 2}
where: {stem.stride: 1}
footnotes: [Mine.]
wide: false
"""
CURVE = """\
kind: curve
title: Over alpha
x: context.alpha
y: params
hue: stem.stride
"""
REPORT = "title: R\ntables: [costs.yaml, shares]\nfigures: [over.yaml]\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("costs.yaml", COSTS), ("over.yaml", CURVE), ("r.yaml", REPORT)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    store(*conditional())
    return tmp_path


def store(*records: Record, folder: str = "results") -> None:
    for each in records:
        append(Path(folder) / "any.jsonl", each)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run(["table", *arguments]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.strip()


def test_every_flag_of_effects_is_heeded(capsys: pytest.CaptureFixture[str]) -> None:
    plain = json.loads(printed(capsys, "effects", "--json"))
    assert {row["cells"]["option"]["text"] for row in plain["rows"]} == {
        "context.name", "context.alpha", "stem.stride",
    }  # fmt: skip
    few = json.loads(printed(capsys, "effects", "--options", "stem.stride", "--json"))
    assert {row["variant"] for row in few["rows"]} == {"stem.stride=2"}
    one = json.loads(printed(capsys, "effects", "--metrics", "params", "--json"))
    assert [column["name"] for column in one["columns"]][4] == "at_reference"
    turned = json.loads(printed(capsys, "effects", "--reference", "stem.stride=2", "--json"))
    assert turned["rows"][-1]["variant"] == "stem.stride=1"
    fixed = json.loads(printed(capsys, "effects", "--where", "stem.stride=1", "--json"))
    assert {row["cells"]["option"]["text"] for row in fixed["rows"]} == {
        "context.name", "context.alpha",
    }  # fmt: skip


def test_a_file_defines_all_that_flags_do() -> None:
    assert load_table("costs.yaml") == EffectsDefinition(
        name="costs",
        title="Costs",
        metrics=(metric_of("params", ""), metric_of("macs.paper", "")),
        options=("context.name", "context.alpha"),
        reference=(Where(option="context.alpha", values=(2,)),),
        where=(Where(option="stem.stride", values=(1,)),),
        footnotes=("Mine.",),
        wide=False,
    )


def test_a_file_is_printed_as_it_says_and_flags_go_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(capsys, "costs.yaml")
    assert "| context.alpha | 2    | 1    |     1 |" in text
    assert "- Mine.\n" in text
    text = printed(capsys, "costs.yaml", "--reference", "context.alpha=1", "--metrics", "params")
    assert "| context.alpha | 1    | 2    |     1 |" in text
    assert "At reference" in text
    assert r"\begin{table}[t]" in printed(capsys, "costs.yaml", "--format", "latex")
    assert r"\begin{table*}[t]" in printed(capsys, "effects", "--format", "latex")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["1", "--metrics", "params"], "table 1: --metrics is of tables of effects, got params"),
        (["2", "--where", "a=1"], "table 2: --where is of tables of effects, got ['a=1']"),
        (["effects", "--fps", "reported"], "takes none of --fps, --miou, --digits and"),
        (["effects", "--miou", "mean"], "takes none of --fps, --miou, --digits and"),
        (["effects", "--digits", "spread"], "takes none of --fps, --miou, --digits and"),
        (["effects", "--with-reported"], "takes none of --fps, --miou, --digits and"),
        (["effects", "--metrics", "parms"], "no metric 'parms'; did you mean params"),
        (["effects", "--metrics", "fps"], "table effects: no record has fps"),
        (["effects", "--device", "H200", "--metrics", "fps"], "no record has fps"),
        (["efects"], "no table 'efects' (nor a .yaml file); did you mean effects"),
    ],
)
def test_what_cannot_be_heeded_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert message in refused(capsys, "table", *arguments)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("effects: differences", "effects: sums", "costs.yaml:2: effects must be one of"),
        ("[params, macs.paper]", "[parms]", "costs.yaml:3: no metric 'parms'; did you mean params"),
        ("[params, macs.paper]", "[params, params]", "costs.yaml:3: metrics: a name stands once"),
        ("[context.name, context.alpha]", "[a, a]", "costs.yaml:4: options: a name stands once"),
        (
            "{context.alpha: 2}",
            "{context.alpha: {any: [1, 2]}}",
            "costs.yaml:5: reference: context.alpha must have one value, got 1 and 2",
        ),
        ("where: {stem.stride: 1}", "were: {a: 1}", "table has no key 'were'; did you mean where"),
        ("where: {stem.stride: 1}", "where: {a: {all: [1]}}", "has no key 'all'"),
    ],
)
def test_a_broken_definition_is_one_line(
    capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    Path("costs.yaml").write_text(COSTS.replace(old, new), encoding="utf-8")
    assert message in refused(capsys, "table", "costs.yaml")


def test_profile_does_not_take_a_table_of_effects_for_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    message = refused(capsys, "profile", "--table", "effects", "--no-timing")
    assert message.endswith("a table of effects has no rows, so it names no variants")


@pytest.mark.slow
def test_a_report_of_effects_and_curves_makes_itself_again_byte_for_byte() -> None:
    older = record({"context": {"name": "none"}, "stem": {"stride": 1}}, params=1,
                   created="2020-01-01T00:00:00+00:00")  # fmt: skip
    store(older, folder="results/more")
    assert run(["report", "r.yaml", "--out", "first"]) == 0
    assert run(["report", "r.yaml", "--results", "first", "--out", "second"]) == 0
    first, second = (
        {path.name: path.read_bytes() for path in Path(folder).iterdir()}
        for folder in ("first", "second")
    )
    assert first == second
    names = {"table-costs.md", "table-shares.csv", "over.pdf", "over.svg", "over.png"}
    assert names <= set(first)
    assert "over.html" not in first
    index = first["index.html"].decode()
    assert ".curve {" in index  # drawn for white paper
    assert '<img class="curve" alt="Over alpha" src="data:image/svg+xml;base64,' in index
    kept = load(Path("first")).records
    assert len(kept) == 7  # what warnings tell of, too, and none of the paper's rows
    assert all(each.kind == "profile" for each in kept)
    assert "1 older record of the same set aside" in first["report.json"].decode()


def test_a_device_narrows_effects_that_were_timed_and_leaves_counts() -> None:
    Path("r.yaml").write_text("title: R\ntables: [costs.yaml, effects]\n", encoding="utf-8")
    timed = [record({"context": {"name": "none"}, "stem": {"stride": s}}, fps=s * 1.0)
             for s in (1, 2)]  # fmt: skip
    other = record({"context": {"name": "none"}, "stem": {"stride": 1}}, fps=9.0, device="A100")
    store(*timed, other)
    assert run(["report", "r.yaml", "--out", "a"]) == 2
    assert run(["report", "r.yaml", "--out", "a", "--device", "H200"]) == 0
    assert "2.000" in Path("a/table-effects.md").read_text(encoding="utf-8")
    assert "context.alpha" in Path("a/table-costs.md").read_text(encoding="utf-8")


def test_a_device_narrows_a_curve_that_was_timed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("over.yaml").write_text(
        "kind: curve\ntitle: T\nx: stem.stride\ny: fps\n", encoding="utf-8"
    )
    Path("r.yaml").write_text("title: R\nfigures: [over.yaml]\n", encoding="utf-8")
    for device, factor in (("H200", 1.0), ("A100", 2.0)):
        store(*(record({"stem": {"stride": s}}, fps=s * factor, device=device) for s in (1, 2)))
    assert "one device and one protocol" in refused(capsys, "report", "r.yaml")
    assert run(["report", "r.yaml", "--device", "A100"]) == 0
    kept = load(Path("reports/r")).records
    assert [each.environment["device"]["name"] for each in kept] == ["A100"] * 2  # type: ignore[union-attr]


def test_a_report_keeps_the_records_that_its_tables_rest_on_and_no_others() -> None:
    # No cell names width 2 with depth 2: it is neither at the reference nor at an end.
    for w, d, classes in (*itertools.product((1, 2, 3), (1, 2, 3), (1,)), (1, 1, 2)):
        slots = {"stem": {"width": w, "depth": d}, "head": {"classes": classes}}
        store(record(slots, params=w * d * 10**6), folder="square")
    Path("costs.yaml").write_text(
        "title: T\neffects: differences\nmetrics: [params, conv_io]\nwhere: {head.classes: 1}\n",
        encoding="utf-8",
    )
    Path("r.yaml").write_text("title: R\ntables: [costs.yaml]\n", encoding="utf-8")
    assert run(["report", "r.yaml", "--results", "square"]) == 0
    assert len(load(Path("reports/r")).records) == 9


@pytest.mark.parametrize("part", ["figures: [over.yaml]", "tables: [costs.yaml]"])
def test_a_device_is_refused_where_counts_are_all(
    capsys: pytest.CaptureFixture[str], part: str
) -> None:
    Path("r.yaml").write_text(f"title: R\n{part}\n", encoding="utf-8")
    message = refused(capsys, "report", "r.yaml", "--device", "H200")
    assert message == "harness: report: --device must name what was measured, got H200"


def test_a_report_of_all_that_varies_needs_no_file() -> None:
    assert run(["report", "effects"]) == 0
    text = Path("reports/effects/table-effects.md").read_text(encoding="utf-8")
    assert "| context.alpha | 1    | 2    |     2 |" in text


def test_a_report_may_name_nothing_but_a_curve(capsys: pytest.CaptureFixture[str]) -> None:
    Path("r.yaml").write_text("title: R\nfigures: [missing.yaml]\n", encoding="utf-8")
    assert "missing.yaml: cannot be read" in refused(capsys, "report", "r.yaml")


def test_a_condition_may_name_several_values_or_none_at_all() -> None:
    where = "where: {context.alpha: {any: [2, not set]}, stem.stride: 1}\n"
    text = CURVE.replace("hue: stem.stride\n", where).replace("context.alpha\n", "context.name\n")
    Path("over.yaml").write_text(text, encoding="utf-8")
    definition = load_plot("over.yaml")
    assert isinstance(definition, CurveDefinition)
    assert definition.where[0] == Where(option="context.alpha", values=(2, "not set"))
    assert run(["plot", "over.yaml", "--json", "--out", "over.png"]) == 0


@pytest.mark.skipif(not SWEEP.is_dir(), reason="the example sweep is no part of a package")
def test_the_example_sweep_gives_the_known_answers() -> None:
    records = load(SWEEP).records
    assert len(records) == 210
    at = {"reference": ["context.name=none", "context.alpha=2"]}
    found = texts(table(records, metrics="macs.paper", **at))
    # GMACs at strides 2-1-2-1: none 44.156, aspp 48.039, dapf at alpha 1, 2, 4, 7, 8: 46.530,
    # 45.112, 44.577, 44.383, 44.352.
    assert found["context.name", "aspp"]["at_reference"] == "+3.884"
    assert found["context.name", "dapf"]["at_reference"] == "+0.957"  # 45.112 - 44.156
    expected = {"1": "+1.418", "4": "-0.535", "7": "-0.730", "8": "-0.760"}  # minus 45.112
    assert {a: found["context.alpha", a]["at_reference"] for a in expected} == expected
    params = table(records, metrics="params", **at)
    (aspp,) = (row for row in params.rows if row.variant == "context.name=aspp")
    assert aspp.cells[4].value == (4_331_911 - 2_379_207) / 1e6
    for metric in ("params", "macs.conv", "conv_io", "peak_activation_bytes"):
        free = texts(table(records, metrics=metric, options="fusion.dilations"))
        assert {row["least"] + row["most"] for row in free.values()} == {"00"}


@pytest.mark.skipif(not SWEEP.is_dir(), reason="the example sweep is no part of a package")
def test_the_example_sweep_costs_what_layers_come_to_by_hand() -> None:
    # Pixels of the last map: 1024x2048 over the strides and three poolings, rounded as each does.
    pixels = {
        (2, 1, 2, 1): 32 * 64, (2, 1, 1, 1): 64 * 128, (2, 2, 2, 1): 16 * 32, (4, 1, 2, 1): 16 * 32,
        (3, 1, 2, 1): 21 * 42,
    }  # fmt: skip
    metric = "macs.paper"
    _, found = effects(load(SWEEP).records, metric, reference=["context.name=none"])
    added = {}
    for name in ("aspp", "dapf"):
        for change in found["context.name", name].changes:
            spec = change.pair.b.source.record.spec
            added[tuple(spec["stem"]["strides"]), spec["context"].get("alpha")] = change.difference
    assert len(added) == 5 * (1 + 5)
    for (strides, alpha), macs in added.items():
        if alpha is None:
            # 1x1, three 3x3 and a pooled 1x1 to 256, 1x1 back; BN and ReLU are 3 an element, and
            # the pooling is 1 for each of its 224 inputs.
            weights = 224 * 256 + 3 * 9 * 224 * 256 + 5 * 256 * 224
            rest = 3 * (4 * 256 + 224) + 224
            assert macs == pixels[strides] * (weights + rest) + 224 * 256 + 3 * 256
        else:
            # 1x1 and three pairs of 3x1 and 1x3 to 224 / alpha, and 1x1 of all four back to 224.
            width = 224 // alpha
            weights = 224 * width + 3 * 3 * (224 * width + width * width) + 4 * width * 224
            assert macs == pixels[strides] * (weights + 3 * (7 * width + 224))


@pytest.mark.skipif(not SWEEP.is_dir(), reason="the example sweep is no part of a package")
def test_the_example_tables_are_what_their_records_and_definitions_give() -> None:
    report = ROOT / "reports/fassd-costs"
    for table_name in (str(SWEEP / "costs.yaml"), str(SWEEP / "gmacs.yaml"), "shares"):
        for suffix in ("md", "tex", "html", "csv", "json"):
            name = f"table-{Path(table_name).stem}.{suffix}"
            assert run(["table", table_name, "--results", str(report), "--out", name]) == 0
            assert Path(name).read_bytes() == (report / name).read_bytes(), name
    kept, swept = (load(folder).records for folder in (report, SWEEP))
    assert kept == swept


@pytest.mark.slow
@pytest.mark.skipif(not SWEEP.is_dir(), reason="the example sweep is no part of a package")
def test_the_example_sweep_is_of_the_networks_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(SWEEP, "sweep")
    capsys.readouterr()
    assert run(["sweep", "sweep/fassd.yaml", "--results", "sweep", "--resume", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["planned"], answer["measured"], answer["reused"]) == (210, 0, 210)


def test_nothing_varying_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    store(*two_by_two({(1, 1): 1}), folder="single")
    assert refused(capsys, "table", "effects", "--results", "single") == (
        "harness: table effects: an option must vary, got 1 record of one network; choose others "
        "with --where"
    )


def test_a_definition_is_refused_by_name_where_it_is_none() -> None:
    Path("x.yaml").write_text("effects: shares\n", encoding="utf-8")
    with pytest.raises(BadRequest, match="table lacks the key 'title'"):
        load_table("x.yaml")
