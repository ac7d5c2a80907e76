"""Effect tables: what stands in their cells and under them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from example_records import PROXY

from harness.errors import BadRequest
from harness.records import Record
from harness.report.formats import render
from harness.report.model import Cell, Table
from harness.report.speed import FpsChoice
from report.sample import CPU, GPU, logged

from .made import record, spec, table, texts, two_by_two
from .test_pairs import conditional

MIB = 2**20


def cell(made: Table, option: str, to: str, column: str) -> Cell:
    names = [c.name for c in made.columns]
    row = next(r for r in made.rows if (r.cells[0].text, r.cells[2].text) == (option, to))
    return row.cells[names.index(column)]


def product() -> list[Record]:
    """Return a million times width * depth parameters, for widths 1, 2 and depths 1, 3."""
    return two_by_two({(w, d): w * d * 10**6 for w in (1, 2) for d in (1, 3)})


def test_several_metrics_stand_side_by_side_each_in_its_unit() -> None:
    records: list[Record] = [
        record({"stem": {"width": w}}, params=w * 10**6, macs=w * 10**9, conv_io=w * 10**6,
               peak=w * MIB)
        for w in (1, 3)
    ]  # fmt: skip
    made = table(records)
    assert [column.header for column in made.columns] == [
        "Option", "From", "To", "Pairs", "Parameters (M)", "GMACs (paper)", "Conv. in+out (M)",
        "Peak activations (MiB)",
    ]  # fmt: skip
    assert [c.text for c in made.rows[0].cells] == [
        "stem.width", "1", "3", "1", "+2.00", "+2.00", "+2.0", "+2.0",
    ]  # fmt: skip


def test_a_difference_that_depends_on_other_options_shows_its_ends() -> None:
    made = table(product(), metrics="params,macs.paper")
    found = cell(made, "stem.width", "2", "params")
    assert found.text == "+1.00 (to +3.00)"  # the reference's is the least
    assert (found.value, found.span) == (1.0, (1.0, 3.0))
    made = table(product(), metrics="params,macs.paper", reference=["stem.width=2"])
    assert cell(made, "stem.width", "1", "params").text == "-1.00 (to -3.00)"
    three = two_by_two({(w, d): w * d * 10**6 for w in (1, 2) for d in (2, 1, 3)})
    made = table(three, metrics="params,macs.paper")
    assert cell(made, "stem.width", "2", "params").text == "+2.00 (+1.00 to +3.00)"


def test_without_the_pair_at_the_reference_the_ends_remain() -> None:
    records = product()
    del records[2]  # width 2, depth 1
    made = table(records, metrics="params,macs.paper", reference=["stem.depth=1"])
    (found,) = (r.cells[4] for r in made.rows if r.cells[0].text == "stem.width")
    assert (found.text, found.value, found.span) == ("+3.00", 3.0, None)  # one pair: no range


def test_one_metric_alone_is_shown_in_full() -> None:
    made = table(product(), metrics="params")
    row = texts(made)["stem.width", "2"]
    assert row | {"option": "", "from": "", "to": ""} == {
        "option": "", "from": "", "to": "", "pairs": "2", "at_reference": "+1.000",
        "least": "+1.000", "mean": "+2.000", "most": "+3.000", "ratio": "2.000",
        "depends_on": "stem.depth 100%",
    }  # fmt: skip


def test_of_one_metric_a_note_names_every_option_that_a_difference_depends_on() -> None:
    # width costs 3 * depth + rate: 4, 5, 7, 8. Of 10 squares 9 lie between depths, 1 between rates.
    records: list[Record] = [
        record({"stem": {"width": w, "depth": d, "rate": r}}, params=w * (3 * d + r))
        for w in (0, 1, 2)
        for d in (1, 2)
        for r in (1, 2)
    ]
    made = table(records, metrics="params", options="stem.width")
    assert texts(made)["stem.width", "2"]["depends_on"] == "stem.depth 90%"
    note = "Depends on more than one option: `stem.width` 1, 2 on stem.depth 90%, stem.rate 10%."
    assert note in made.footnotes
    assert not any("more than one" in note for note in table(product(), metrics="params").footnotes)


def test_ends_of_a_ratio_that_print_alike_are_left_out() -> None:
    figures = {(1, 1): 10_000, (2, 1): 20_000, (1, 2): 10_000, (2, 2): 20_001}
    made = table(two_by_two(figures), metrics="params")
    assert cell(made, "stem.width", "2", "ratio").text == "2.000"
    assert cell(made, "stem.width", "2", "ratio").span == (2.0, 2.0001)


def test_only_an_exact_zero_prints_as_zero() -> None:
    records = two_by_two({(1, 1): 1, (2, 1): 2, (3, 1): 1})
    made = table(records, metrics="params,macs.paper")
    assert cell(made, "stem.width", "2", "params").text == "+0.0000010"
    assert cell(made, "stem.width", "3", "params").text == "0"


def test_every_difference_names_the_two_records_that_it_is_of() -> None:
    records = product()
    made = table(records, metrics="params")
    at = cell(made, "stem.width", "2", "at_reference")
    assert [id(r) for r in at.records] == [id(records[0]), id(records[2])]
    most = cell(made, "stem.width", "2", "most")
    assert [id(r) for r in most.records] == [id(records[1]), id(records[3])]
    assert {id(r) for r in made.basis} == {id(r) for r in records}


def test_notes_say_basis_reference_rule_dependence_and_what_is_free() -> None:
    records: list[Record] = [
        record({"stem": {"w": w, "d": d, "free": f}}, macs=w * d) for w in (1, 2) for d in (1, 2)
        for f in (1, 2)
    ]  # fmt: skip
    notes = "\n".join(table(records, metrics="params,macs.paper").footnotes)
    assert "8 records of net at 1x3x1024x2048; GMACs: 1e9 multiply-accumulates under" in notes
    assert "The reference: stem.w 1, stem.d 1, stem.free 1." in notes
    assert "What `stem.w` costs depends on other options: GMACs on stem.d 100%." in notes
    assert "No change at all by `stem.free`." in notes


def test_csv_has_the_ends_as_numbers_and_json_has_them_exactly() -> None:
    made = table(product(), metrics="params,macs.paper", options="stem.width")
    header, line = render(made, "csv").splitlines()
    row = dict(zip(header.split(","), line.split(","), strict=True))
    assert (row["params"], row["params_least"], row["params_most"]) == ("+1.00", "1.0", "3.0")
    assert (row["option"], row["from"], row["to"]) == ("stem.width", "1", "2")
    data = json.loads(render(made, "json"))
    assert data["rows"][0]["cells"]["params"]["span"] == [1.0, 3.0]
    assert "span" not in data["rows"][0]["cells"]["macs.paper"]
    assert data["rows"][0]["variant"] == "stem.width=2"


def test_csv_fills_the_ends_where_one_figure_is_all() -> None:
    made = table(conditional(), metrics="params,macs.paper", options="context.name,stem.stride")
    lines = render(made, "csv").splitlines()
    row = dict(zip(lines[0].split(","), lines[2].split(","), strict=True))
    assert row["option"] == "stem.stride"
    assert (row["params"], row["params_least"], row["params_most"]) == ("0", "0.0", "0.0")


def test_markdown_and_html_show_lists_and_signs_as_they_are() -> None:
    records: list[Record] = [
        record({"fusion": {"dilations": d}}, params=p * 10**6)
        for d, p in (([8, 4, 2], 5), ([1, 1, 1], 3))
    ]
    made = table(records, metrics="params,macs.paper")
    assert "| 8-4-2 | 1-1-1 |     1 |          -2.00 |" in render(made, "markdown")
    html = render(made, "html")
    assert '<td style="white-space:nowrap" data-kind="label">1-1-1</td>' in html
    tex = render(made, "latex")
    assert "8-4-2 & 1-1-1 & 1 & $-$2.00 & 0" in tex


def test_minus_signs_inside_a_range_are_set_as_such() -> None:
    tex = render(table(product(), metrics="params,macs.paper", reference=["stem.width=2"]), "latex")
    assert "$-$1.00 (to $-$3.00)" in tex


def test_siunitx_keeps_the_plus_of_a_difference() -> None:
    text = render(table(product(), metrics="params"), "latex-siunitx")
    assert "S[table-format=-1.3,retain-explicit-plus=true]" in text
    assert "& +1.000 & +1.000 & +2.000 & +3.000 &" in text


def rates() -> list[Record]:
    return [
        record({"stem": {"width": w, "depth": d}}, fps=fps, half_width=0.03)
        for (w, d), fps in {(1, 1): 20.0, (2, 1): 10.0, (1, 2): 12.0, (2, 2): 6.0}.items()
    ]


def test_a_rate_shows_the_mean_ratio_with_its_interval() -> None:
    made = table(rates(), metrics="params,fps")
    found = cell(made, "stem.width", "2", "fps.ratio")
    # Half-width of the mean of two: hypot(.03, .03) / sqrt(2) = 0.03, of 0.5.
    assert found.text == "0.500 ± 0.015"
    assert found.interval == pytest.approx((0.5 / 1.03, 0.5 * 1.03), rel=1e-3)
    notes = "\n".join(made.footnotes)
    assert "FPS: ratio To over From, the geometric mean of all pairs" in notes
    assert "FPS: NVIDIA H200, torch 2.13.0, cuda 12.6; protocol paper@" in notes


def test_rates_of_two_devices_are_refused_unless_one_is_chosen() -> None:
    both = [*rates(), record({"stem": {"width": 1, "depth": 1}}, fps=1.0, device=CPU)]
    with pytest.raises(BadRequest, match=r"one device and one protocol.*decide with --device"):
        table(both, metrics="fps")
    made = table(both, FpsChoice(device="H200"), metrics="fps")
    assert cell(made, "stem.width", "2", "pairs").text == "2"
    with pytest.raises(BadRequest, match="an option must vary"):
        table(both, FpsChoice(device="EPYC"), metrics="fps")
    with pytest.raises(BadRequest, match=rf"no timing for --device A100; known: {GPU}"):
        table(both, FpsChoice(device="A100"), metrics="fps")


def test_a_metric_that_few_records_have_says_so() -> None:
    records: list[Record] = [*rates()[:2], *product()[1::2]]
    made = table(records, metrics="params,fps", options="stem.width")
    assert "FPS: known in 1 of 2 pairs." in made.footnotes


def test_the_mean_iou_of_logs_is_a_metric_in_points() -> None:
    records: list[Record] = [
        logged("net[x]", miou, spec=spec(stem={"width": w})) for w, miou in ((1, 0.75), (2, 0.77))
    ]
    found = cell(table(records, metrics="miou"), "stem.width", "2", "at_reference")
    assert (found.text, found.kind) == ("+2.00", "logged")


def test_the_score_of_a_proxy_is_a_metric_beside_counts() -> None:
    counts = [record({"stem": {"width": w, "depth": 1}}, params=w * 10**6) for w in (1, 2)]
    scores: list[Record] = [
        replace(PROXY, variant="net[x]", spec=each.spec, name="naswot", value=value)
        for each, value in zip(counts, (4.0, 5.0), strict=True)
    ]
    made = table([*counts, *scores], metrics="params,proxy.naswot")
    assert [c.header for c in made.columns][4:] == ["Parameters (M)", "naswot (proxy)"]
    assert [c.text for c in made.rows[0].cells][3:] == ["1", "+1.00", "+1.00"]
    assert made.footnotes[0].startswith("4 records of net at 1x3x1024x2048.")
    assert "naswot (proxy): of weights drawn at random once each, whose noise is unknown." in (
        made.footnotes
    )
    assert not any("drawn at random" in note for note in table(counts).footnotes)
    alone = table(scores, metrics="proxy.naswot")
    assert texts(alone)["stem.width", "2"]["ratio"] == "1.250"
    with pytest.raises(BadRequest, match=r"no record has proxy\.nasot; did you mean proxy\.naswot"):
        table(scores, metrics="proxy.nasot")


def test_no_dependence_is_claimed_of_single_trainings() -> None:
    logs: list[Record] = [
        logged("net[x]", miou, spec=spec(stem={"width": w, "depth": d}))
        for (w, d), miou in {(1, 1): 0.7, (2, 1): 0.71, (1, 2): 0.7, (2, 2): 0.75}.items()
    ]
    made = table(logs, metrics="miou")
    assert texts(made)["stem.width", "2"] | {"from": ""} == {
        "option": "stem.width", "from": "", "to": "2", "pairs": "2", "at_reference": "+1.00",
        "least": "+1.00", "mean": "+3.00", "most": "+5.00", "ratio": "1.014 (to 1.071)",
        "depends_on": "",
    }  # fmt: skip
    assert any("of one training each" in note for note in made.footnotes)


def test_logs_and_counts_stand_side_by_side_though_logs_know_no_input() -> None:
    logs = [
        logged("net[x]", miou, spec=spec(stem={"width": w, "depth": 1}))
        for w, miou in ((1, 0.75), (2, 0.77))
    ]
    large = [record({"stem": {"width": w, "depth": 1}}, params=w * 10**6,
                    input_shape=(1, 3, 2048, 4096)) for w in (1, 2)]  # fmt: skip
    made = table([*product(), *large, *logs])
    row = texts(made)["stem.width", "2"]
    assert (row["pairs"], row["params"], row["miou"]) == ("3", "+1.00 (to +3.00)", "+2.0")
    assert "mIoU (%): known in 1 of 7 pairs." in made.footnotes


def test_without_a_choice_the_usual_metrics_that_records_have_are_shown() -> None:
    names = [column.name for column in table(rates()).columns]
    assert names[4:] == ["params", "macs.paper", "conv_io", "peak_activation_bytes", "fps.ratio"]
    assert "fps.ratio" not in [column.name for column in table(product()).columns]
    timed = [record({"stem": {"width": w}}, fps=1.0, variant="other") for w in (7, 8)]
    made = table([*product(), *timed], where=["variant=net"])
    assert "fps.ratio" not in [column.name for column in made.columns]
    with pytest.raises(BadRequest, match=r"a record must have one of params, macs\.paper"):
        table([])


def test_of_two_records_of_one_network_the_newer_counts() -> None:
    old = record({"stem": {"width": 2, "depth": 1}}, params=9, created="2020-01-01T00:00:00+00:00")
    records = two_by_two({(1, 1): 10**6, (2, 1): 3 * 10**6})
    made = table([*records, old], metrics="params")
    assert cell(made, "stem.width", "2", "at_reference").text == "+2.000"
    assert made.warnings == ("table effects: 1 older record of the same set aside",)


def test_conditions_choose_among_several_networks() -> None:
    other = record({"stem": {"width": 3, "depth": 1}}, params=7, variant="other[x=1]")
    made = table([*product(), other], metrics="params", where=["variant=net"])
    assert [row.cells[2].text for row in made.rows] == ["2", "3"]  # width 2, depth 3
    made = table([*product(), other], metrics="params", where=["stem.depth=1"])
    assert [row.cells[2].text for row in made.rows] == ["2", "3"]  # widths
    with pytest.raises(BadRequest, match=r"no record with stem\.depth=2; known: 1, 3"):
        table(product(), where=["stem.depth=2"])


def test_an_option_without_a_pair_is_left_out_and_told() -> None:
    records = two_by_two({(1, 1): 1, (2, 2): 2, (1, 3): 3})
    made = table(records, metrics="params")
    assert {row.cells[0].text for row in made.rows} == {"stem.depth"}
    assert made.warnings == (
        "table effects: no two records differ from the reference in one of these alone, so they "
        "are left out: stem.width",
    )
    with pytest.raises(BadRequest, match="two records must differ in one option alone, got none"):
        table(records, metrics="params", options="stem.width")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"metrics": "parms"}, "--metrics: no metric 'parms'; did you mean params?"),
        ({"metrics": "macs.papre"}, "no record has macs.papre; did you mean macs.paper?"),
        ({"metrics": "params, params"}, "--metrics: a name stands once, got params twice"),
        ({"options": "a,a"}, "--options: a name stands once, got a twice"),
        ({"reference": ["stem.width"]}, "--reference: must be option=value, got 'stem.width'"),
        (
            {"reference": ["stem.width=1", "stem.width=2"]},
            "--reference: stem.width must have one value, got 1 and 2",
        ),
        ({"where": ["stem.width"]}, "--where: must be option=value, got 'stem.width'"),
    ],
)
def test_a_malformed_request_is_one_line(flags: dict[str, object], message: str) -> None:
    with pytest.raises(BadRequest) as error:
        table(product(), **flags)
    assert message in str(error.value)
