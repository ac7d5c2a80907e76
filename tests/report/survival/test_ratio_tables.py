"""Tables of ratios: definitions, the four kinds of them, what they refuse, commands, formats."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.errors import BadRequest
from harness.records import Record, ReportedRecord, to_json
from harness.report.build import Choices, build_table
from harness.report.definition import load_definition
from harness.report.formats import FORMATS, render
from harness.report.model import Table
from harness.report.speed import FpsChoice
from harness.report.survival.definition import TOLERANCE, RatioDefinition
from tests.report.sample import GPU, failed, profile, timing
from tests.report.survival.made_up import definition_file, measured, published

# As in test_summary: 10 times as many here, c 10% less; Maxwell (0.61 in print) is 0.5 here.
PRINT = [
    published("a", "200.0"),
    published("b", "100.0"),
    published("c", "50.0"),
    published("m", "122.0", "Titan X (M)"),
    published("t", "165.0", tensorrt=True),
    published("v", "<1"),
    published("gone", "10.0"),
]
OURS = [
    measured("a", 2000),
    measured("b", 1000),
    measured("c", 450),
    measured("m", 2440),
    measured("t", 1250),
    measured("v", 3),
]
OUTSIDE = replace(OURS[1], timing=timing(1000.0, fps_ci95=(1.0, 2.0)))


def table(
    folder: Path,
    show: str,
    records: Sequence[Record] = (*PRINT, *OURS),
    *,
    more: str = "",
    **choice: str,
) -> Table:
    rows = [record for record in records if isinstance(record, ReportedRecord)]
    definition = load_definition(definition_file(folder, rows, show=show, more=more))
    return build_table(definition, records, Choices(fps=FpsChoice(**choice)))  # type: ignore[arg-type]


def texts(built: Table) -> list[list[str]]:
    return [[cell.text + cell.mark for cell in row.cells] for row in built.rows]


def note(built: Table, start: str) -> str:
    [found] = [text for text in built.footnotes if text.startswith(start)]
    return found


def test_the_matrix_has_a_letter_for_every_pair_in_the_order_of_print(tmp_path: Path) -> None:
    built = table(tmp_path, "matrix")
    assert [column.header for column in built.columns] == [
        "Method", "GPU", "FPS (norm.)", "FPS", "2", "3", "4", "5", "6",
    ]  # fmt: skip
    # a 200, m 122/0.61 = 200, b 100, t 165/1.65 = 100, c 50, v below 1; of equals the first stays.
    # a/m 1.0 but 0.82 here: print has no order, so another factor. m/b 2.0 and 2.44: another one.
    # c is 10% slower here: 200/50 = 4 and 4.44: 11% off.
    assert texts(built) == [
        ["1. A", "GTX 1080 Ti", "200.0", "2000.0", "o", "s", "o", "o", "s"],
        ["2. M", "Titan X (M)", "200.0", "2440.0", "", "o", "s", "o", "s"],
        ["3. B", "GTX 1080 Ti", "100.0", "1000.0", "", "", "o", "o", "s"],
        ["4. T", "GTX 1080 Ti", "100.0*", "1250.0", "", "", "", "o", "s"],
        ["5. C", "GTX 1080 Ti", "50.0", "450.0", "", "", "", "", "s"],
        ["6. V", "GTX 1080 Ti", "<1", "3.00", "", "", "", "", ""],
    ]
    cell = built.rows[0].cells[4]  # a over m: 0.8197 measured over 1.0
    assert cell.value == pytest.approx(2000 / 2440)
    assert {record.variant for record in cell.records} == {"a", "m"}
    assert note(built, "Each letter").endswith("s survives, o same order, R reversed, u undecided.")


def test_a_printed_normalised_rate_stands_as_it_is_printed(tmp_path: Path) -> None:
    # DF1-Seg-d8's is 82.97 by the rule, and 82.9 in the paper.
    odd = published("b", "100.0")
    odd.figures["fps_norm"] = "99.9"
    built = table(tmp_path, "matrix", [PRINT[0], odd, *OURS[:2]])
    cell = built.rows[1].cells[2]
    assert (cell.text, cell.value, cell.kind) == ("99.9", 100.0, "reported")
    assert built.rows[0].cells[4].value == pytest.approx(1)  # 2000/1000 over 200/100


def test_pairs_stand_one_by_one_those_that_fall_first(tmp_path: Path) -> None:
    records = [*PRINT[:3], PRINT[5], measured("a", 1000), measured("b", 1100), *OURS[2:3], OURS[5]]
    built = table(tmp_path, "pairs", records)
    assert built.groups == ("Reversed", "Same order", "Undecided", "Survives")
    # a 1000, b 1100, c 450: a/b 0.909, a/c 2.222, b/c 2.444; print 2, 4, 2.
    # 2.444 / 2 = 1.22: same order, as 2.222 / 4 = 0.56, which comes first.
    assert [line[:2] + line[3:6] + line[7:] for line in texts(built)] == [
        ["A", "B", "2.00", "2.00", "0.91", "0.45", "reversed"],
        ["A", "C", "4.00", "4.00", "2.22", "0.56", "same order"],
        ["B", "C", "2.00", "2.00", "2.44", "1.22", "same order"],
        ["A", "V", ">199.95", ">199.95", "333.33", "–", "survives"],
        ["B", "V", ">99.95", ">99.95", "366.67", "–", "survives"],
        ["C", "V", ">49.95", ">49.95", "150.00", "–", "survives"],
    ]
    assert [row.group for row in built.rows] == [0, 1, 1, 3, 3, 3]
    measured_cell = built.rows[0].cells[5]
    low, high = measured_cell.interval or (0, 0)
    assert low < 1000 / 1100 < high
    assert texts(built)[0][6] == f"{low:.2f}–{high:.2f}"
    assert [texts(built)[k][2] for k in (0, 3)] == ["one GPU", "bound"]


def test_the_summary_counts_by_what_stands_between(tmp_path: Path) -> None:
    built = table(tmp_path, "summary")
    assert texts(built)[:3] == [
        # ab survives, ac and bc are 11% off
        ["on one GPU", "3", "1 (33%)", "0 (0%)", "2 (67%)", "0 (0%)", "1.00"],
        # am: print has no order (200 and 200); mb, mc: 22% and 36% off
        ["across GPUs, normalised", "3", "0 (0%)", "0 (0%)", "3 (100%)", "0 (0%)", "0.67"],
        # am: 1.64 in print, 0.82 here; mb: 1.22 and 2.44; mc: 2.44 and 5.42
        ["across GPUs, as printed", "3", "0 (0%)", "0 (0%)", "2 (67%)", "1 (33%)", "0.33"],
    ]
    assert texts(built)[-1][:2] == ["all but bounds, normalised", "10"]
    counts = [cell.value for cell in built.rows[-1].cells[2:6]]
    assert sum(c for c in counts if c is not None) == 10


def test_the_factors_stand_beside_those_of_the_paper(tmp_path: Path) -> None:
    built = table(tmp_path, "gpus")
    # Published per measured FPS: a and b 0.1, c 0.1111: geometric mean u = 0.1 * 1.1111^(1/3) =
    # 0.103574. Maxwell 0.05 / u = 0.4827; TensorRT 0.132 / u = 1.2744.
    # Spread of 1, 1, 1.1111: exp(ln 1.1111 / sqrt 3) = exp(0.06083) = 1.0627. Two degrees of
    # freedom (t 4.303), means of 1 and of 3: width exp(4.303 * 0.06083 * sqrt(1 + 1/3)) = 1.3529.
    assert texts(built) == [
        ["GTX 1080 Ti", "3", "1.00", "1.00", "–", "1.06", "0.97 A", "1.07 C"],
        ["Titan X (M)", "1", "0.61", "0.48", "0.36–0.65", "–", "0.48 M", "0.48 M"],
        ["TensorRT", "1", "1.65", "1.27", "0.94–1.72", "–", "1.27 T", "1.27 T"],
    ]
    assert built.rows[1].cells[3].interval == pytest.approx((0.3568, 0.6531), abs=1e-4)
    assert note(built, "Published as a bound") == (
        "Published as a bound, which implies no factor: V."
    )


def test_without_the_reference_the_factors_say_why_there_are_none(tmp_path: Path) -> None:
    built = table(tmp_path, "gpus", [*PRINT[3:5], *OURS[3:5]])
    assert built.rows == ()
    for format_name in FORMATS:
        assert "Networks" in render(built, format_name) or format_name == "csv"
    assert note(built, "No factor is implied").endswith(
        "published on GTX 1080 Ti without TensorRT was measured."
    )


@pytest.mark.parametrize("show", ["matrix", "pairs", "summary", "gpus"])
def test_every_table_says_under_which_conditions_and_what_is_missing(
    tmp_path: Path, show: str
) -> None:
    built = table(tmp_path, show)
    assert note(built, "FPS: NVIDIA H200, torch 2.13.0")
    assert "Published but not measured here: GONE." in built.footnotes
    assert note(built, "† From what Table I of A. Author, A Paper, 2020 prints")
    assert not any("not timed" in text for text in built.footnotes)


ON_CPU = [
    measured(r.variant, r.timing.fps, device="AMD EPYC", protocol={"device": "cpu"})
    for r in OURS
    if r.timing
]


@pytest.mark.parametrize("show", ["matrix", "pairs", "summary", "gpus"])
def test_every_caption_names_the_device_and_a_cpu_as_no_judge_of_gpus(
    tmp_path: Path, show: str
) -> None:
    assert table(tmp_path, show).title == f"Mine: {GPU}"
    built = table(tmp_path, show, [*PRINT, *ON_CPU])
    assert built.title == "Mine: AMD EPYC, a CPU, which judges no GPU"
    first = built.footnotes[0]
    assert first.startswith(
        "Measured on AMD EPYC, a CPU: this judges no factor between GPUs, and no"
    )
    assert not any(text.startswith("Measured on") for text in table(tmp_path, show).footnotes)
    for format_name in ("markdown", "latex", "html", "json"):  # all that have a caption
        assert "AMD EPYC, a CPU, which judges no GPU" in render(built, format_name)


def test_the_published_gpu_is_marked_as_published_beside_our_own_rate(tmp_path: Path) -> None:
    built = table(tmp_path, "matrix")
    assert built.header_marks()[:4] == ("", "†", "†", "")


def test_how_well_rates_are_known_and_what_cannot_survive_is_said(tmp_path: Path) -> None:
    # What survives of 2 goes from 2 / 1.1 to 2 * 1.1, 1.21 times as far (a little more: 200.0 and
    # 100.0 are rounded); the intervals of a/c and b/c go exp(2 * 0.1) = 1.2214 times as far.
    ours = [*OURS[:2], measured("c", 450, half=0.1)]
    built = table(tmp_path, "summary", [*PRINT[:3], *ours])
    assert note(built, "95% intervals") == (
        "95% intervals of single FPS: ±0.1% to ±10.0%; 2 of 3 ratios are known too little to "
        "survive, whatever they are."
    )
    assert "±0.1%; 0 of 15" in note(table(tmp_path, "matrix"), "95% intervals")
    unknown = [measured(name, 10.0, half=None) for name in "ab"]
    assert not any(
        text.startswith("95% intervals")
        for text in table(tmp_path, "pairs", [*PRINT[:2], *unknown]).footnotes
    )


def test_the_records_of_a_row_of_counts_stand_at_its_first_figure(tmp_path: Path) -> None:
    first, *others = table(tmp_path, "summary").rows[0].cells[1:]
    assert {record.variant for record in first.records} == {"a", "b", "c"}
    assert {cell.records for cell in others} == {()}


def test_the_notes_state_rule_tolerance_tensorrt_and_bounds(tmp_path: Path) -> None:
    built = table(tmp_path, "matrix", more="tolerance: 0.25\n")
    assert "give or take 25%." in note(built, "Survives")
    assert note(built, "* Published with TensorRT (T): divided by 1.65 besides")
    assert note(built, "Published as a bound, and taken as one: V <1.")
    plain = table(tmp_path, "matrix", [*PRINT[:2], *OURS[:2]], more="tolerance: 0\n")
    assert "give or take nothing." in note(plain, "Survives")
    assert not any("TensorRT" in text or "as a bound" in text for text in plain.footnotes)


def test_the_tolerance_of_the_definition_decides(tmp_path: Path) -> None:
    assert texts(table(tmp_path, "summary"))[0][2] == "1 (33%)"
    wide = table(tmp_path, "summary", more="tolerance: 0.12\n")
    assert texts(wide)[0][2] == "3 (100%)"  # c is 11% off


def test_notes_on_the_published_rates_stand_under_every_table_of_them(tmp_path: Path) -> None:
    path = definition_file(tmp_path, PRINT, more="footnotes: [Mind the gap.]\n")
    with (tmp_path / "published.yaml").open("a") as file:
        file.write("footnotes: [Of mIoU alone.]\nfps_footnotes: ['B: half an image.']\n")
    records = [*PRINT, *OURS]
    notes = build_table(load_definition(path), records).footnotes
    assert notes[:2] == ("Mind the gap.", "B: half an image.")
    assert "Of mIoU alone." not in notes
    itself = build_table(load_definition(tmp_path / "published.yaml"), records)
    assert itself.footnotes[:2] == ("Of mIoU alone.", "B: half an image.")


def test_footnotes_and_width_are_the_definitions(tmp_path: Path) -> None:
    built = table(tmp_path, "matrix", more="wide: true\nfootnotes: [Mind the gap.]\n")
    assert built.wide
    assert built.footnotes[0] == "Mind the gap."
    assert not table(tmp_path, "matrix").wide


def test_scales_of_the_published_table_count(tmp_path: Path) -> None:
    path = definition_file(tmp_path, PRINT[:4], show="gpus")
    (tmp_path / "s.yaml").write_text(
        "source: mine\nreference: GTX 1080 Ti\ndevices:\n"
        "  - {name: GTX 1080 Ti, scale: 1}\n  - {name: Titan X (M), scale: 0.5}\n"
    )
    with (tmp_path / "published.yaml").open("a") as file:
        file.write("scales: s.yaml\n")
    built = build_table(load_definition(path), [*PRINT[:4], *OURS[:4]])
    assert [line[2] for line in texts(built)] == ["1.00", "0.50"]


def test_two_rows_of_one_name_bear_their_sizes_and_their_own_measurements(tmp_path: Path) -> None:
    half = (1, 3, 512, 1024)
    records = [
        PRINT[0],
        published("a", "800.0", input_shape=half, row=1),
        OURS[0],
        measured("a", 9000, input_shape=half),
    ]
    built = table(tmp_path, "pairs", records)
    assert texts(built)[0][:2] == ["A 512×1024", "A 1024×2048"]
    assert built.rows[0].cells[5].value == pytest.approx(4.5)


def test_a_rate_without_an_interval_leaves_its_pairs_undecided(tmp_path: Path) -> None:
    built = table(tmp_path, "pairs", [*PRINT[:2], OURS[0], measured("b", 1000, half=None)])
    assert texts(built)[0][5:] == ["2.00", "–", "1.00", "undecided"]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([*PRINT], "needs measured FPS of at least 2 published rows of table published, got 0"),
        ([*PRINT, OURS[0]], "got 1; `harness profile --table published` takes them"),
        ([*PRINT, *OURS, measured("b", 900, device="AMD EPYC")], "decide with --device"),
        (
            [*PRINT, *OURS, measured("b", 900, protocol={"precision": "fp16"})],
            "decide with --protocol",
        ),
        ([*PRINT[:2], OURS[0], OUTSIDE], "table mine: record of b: fps must be positive and in"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    tmp_path: Path, records: list[Record], message: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        table(tmp_path, "pairs", records)
    assert message in str(caught.value)


def test_a_device_or_protocol_that_was_chosen_counts_alone(tmp_path: Path) -> None:
    slow = [measured(name, fps, device="AMD EPYC") for name, fps in (("a", 2.0), ("b", 1.5))]
    both = [*PRINT, *OURS, *slow]
    built = table(tmp_path, "pairs", both, device="EPYC")
    assert [line[:2] + line[5:6] for line in texts(built)] == [["A", "B", "1.33"]]
    half = [measured(r.variant, 10.0, protocol={"name": "mine"}) for r in OURS[:2]]
    built = table(tmp_path, "pairs", [*PRINT, *OURS, *half], protocol="mine")
    assert texts(built)[0][5] == "1.00"


def test_published_figures_alone_cannot_judge_themselves(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="judges published FPS by measured ones, got --fps rep"):
        table(tmp_path, "pairs", origin="reported")


def test_failures_and_doubts_are_warned_of(tmp_path: Path) -> None:
    built = table(tmp_path, "matrix", [*PRINT, *OURS, failed("gone")])
    assert any(line.startswith("gone: failed on") for line in built.warnings)


def test_one_network_under_a_new_spec_is_warned_of(tmp_path: Path) -> None:
    old = profile("a", fps=1.0, spec_sha256="b" * 64, created="2025-01-01T00:00:00+00:00")
    built = table(tmp_path, "matrix", [*PRINT, old, *OURS])
    assert any(line.startswith("a: older records are of another spec") for line in built.warnings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: T\nratios: published.yaml\n", ":1: table lacks the key 'show'"),
        ("title: T\nratios: published.yaml\nshow: all\n", ":3: show must be one of matrix, pairs"),
        ("title: T\nratios: 9\nshow: pairs\n", "no table '9'"),
        ("title: T\nratios: 2\nshow: pairs\n", ":2: ratios must be a table of variants, got 2"),
        ("title: T\nratios: mine.yaml\nshow: pairs\n", ":2: ratios must be a table of variants"),
        (
            "title: T\nratios: published.yaml\nshow: pairs\ntolerance: 1\n",
            ":4: tolerance must be from 0 up to, not including, 1, got 1",
        ),
        (
            "title: T\nratios: published.yaml\nshow: pairs\ntolerance: -0.1\n",
            ":4: tolerance must be from 0 up to",
        ),
        (
            "title: T\nratios: published.yaml\nshow: pairs\nrows: []\n",
            ":4: table has no key 'rows'",
        ),
    ],
)
def test_mistakes_name_file_line_and_value(tmp_path: Path, text: str, message: str) -> None:
    path = definition_file(tmp_path, PRINT)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadRequest) as caught:
        load_definition(path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "show"),
    [
        ("ratios", "matrix"),
        ("ratios-pairs", "pairs"),
        ("ratios-summary", "summary"),
        ("ratios-gpus", "gpus"),
    ],
)
def test_the_built_in_ones_are_about_table_4(name: str, show: str) -> None:
    definition = load_definition(name)
    assert isinstance(definition, RatioDefinition)
    assert (definition.show, definition.tolerance) == (show, TOLERANCE)
    assert definition.wanted == load_definition("4").wanted


@pytest.mark.parametrize("show", ["matrix", "pairs", "summary", "gpus"])
@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_prints_every_kind(tmp_path: Path, show: str, format_name: str) -> None:
    built = table(tmp_path, show)
    text = render(built, format_name)
    if format_name == "csv":
        lines = list(csv.reader(io.StringIO(text)))
        assert len(lines) == len(built.rows) + 1
        assert {len(line) for line in lines} == {len(lines[0])}
    elif format_name == "json":
        rows = json.loads(text)["rows"]
        assert [len(row["cells"]) for row in rows] == [len(built.columns)] * len(built.rows)
    else:
        assert all(text.count(row.cells[0].text) for row in built.rows)


def test_csv_holds_bare_numbers_beside_their_intervals(tmp_path: Path) -> None:
    lines = list(csv.DictReader(io.StringIO(render(table(tmp_path, "pairs"), "csv"))))
    row = next(line for line in lines if (line["first"], line["second"]) == ("A", "B"))
    assert (row["measured"], row["published"], row["verdict"]) == ("2.00", "2.00", "survives")
    assert float(row["measured_low"]) < 2 < float(row["measured_high"])
    assert float(row["published_low"]) == pytest.approx(199.95 / 100.05)


def stored(folder: Path, records: Sequence[Record]) -> None:
    (folder / "runs").mkdir()
    lines = "".join(f"{to_json(record)}\n" for record in records)
    (folder / "runs" / "all.jsonl").write_text(lines, encoding="utf-8")


def test_the_command_prints_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # Of Table IV itself: FASSD-Net 41.1, its L1 78.0 and L2 133.1, all on a GTX 1080 Ti.
    ours = [measured(f"fassd-net{n}", f) for n, f in (("", 100.0), ("-l1", 190.0), ("-l2", 90.0))]
    stored(tmp_path, ours)
    assert run(["table", "ratios-pairs", "--results", "runs", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    verdicts = {
        (row["cells"]["first"]["text"], row["cells"]["second"]["text"]): row["cells"]["verdict"][
            "text"
        ]
        for row in rows
    }
    names = [f"FASSD-Net{n} (ours)" for n in ("", "-L1", "-L2")]
    # 78.0/41.1 = 1.90 and 1.90; 133.1/41.1 = 3.24 and 0.90; 133.1/78.0 = 1.71 and 0.47.
    assert verdicts == {
        (names[1], names[0]): "survives",
        (names[2], names[0]): "reversed",
        (names[2], names[1]): "reversed",
    }
    assert run(["table", "ratios", "--results", "runs", "--device", "Titan"]) == 2
    assert "no measured figure for --device Titan" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [["--with-reported"], ["--miou", "mean"], ["--digits", "spread"]])
def test_the_command_refuses_what_it_cannot_heed(
    capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    assert run(["table", "ratios", *flags]) == 2
    assert capsys.readouterr().err == (
        "harness: table ratios: a table of ratios takes none of --miou, --digits and "
        "--with-reported\n"
    )


def test_a_report_of_ratios_is_made_again_from_its_own_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stored(tmp_path, [measured("fassd-net", 100.0), measured("fassd-net-l1", 190.0)])
    (tmp_path / "mine.yaml").write_text("title: R\ntables: [ratios, ratios-gpus]\n")
    assert run(["report", "mine.yaml", "--results", "runs", "--out", "one"]) == 0
    assert run(["report", "mine.yaml", "--results", "one", "--out", "two"]) == 0
    names = sorted(path.name for path in Path("one").iterdir())
    assert "table-ratios.tex" in names
    assert "table-ratios-gpus.csv" in names
    for name in names:
        assert (Path("one") / name).read_bytes() == (Path("two") / name).read_bytes()


def test_a_report_of_ratios_heeds_the_device_that_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("fassd-net", "fassd-net-l1")
    fast = [measured(name, fps) for name, fps in zip(names, (100.0, 190.0), strict=True)]
    slow = [
        measured(name, fps, device="AMD EPYC") for name, fps in zip(names, (0.8, 0.9), strict=True)
    ]
    stored(tmp_path, [*fast, *slow])
    (tmp_path / "mine.yaml").write_text("title: R\ntables: [ratios-pairs]\n")
    assert run(["report", "mine.yaml", "--results", "runs"]) == 2
    assert "decide with --device" in capsys.readouterr().err
    assert run(["report", "mine.yaml", "--results", "runs", "--device", "EPYC"]) == 0
    written = json.loads(Path("reports/mine/table-ratios-pairs.json").read_text(encoding="utf-8"))
    [row] = written["rows"]
    assert row["cells"]["measured"]["text"] == "1.12"  # 0.9 / 0.8
