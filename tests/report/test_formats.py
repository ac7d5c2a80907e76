"""What every format must do, and the two that machines read."""

from __future__ import annotations

import csv
import io
import json

import pytest

from harness.errors import BadRequest
from harness.report.formats import FORMATS, render
from harness.report.formats.json_text import identity
from harness.report.model import Table

from .sample import failed, logged, profile, reported, roof
from .tables import OURS, grouped, table


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_ends_its_last_line_and_keeps_the_digits(name: str) -> None:
    text = render(table(), name)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "45.1" in text
    assert "78.2" in text


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    known = "csv, html, json, latex, latex-siunitx, markdown"
    with pytest.raises(BadRequest, match=f"no format 'word'; known: {known}"):
        render(table(), "word")
    with pytest.raises(BadRequest, match="no format 'latx'; did you mean latex"):
        render(table(), "latx")


def test_csv_has_a_kind_beside_every_figure_and_no_units_or_marks() -> None:
    rows = list(csv.DictReader(io.StringIO(render(table('a, "b"', "c"), "csv"))))
    assert rows[0] == {
        "method": 'a, "b"',
        "gflops": "45.1",
        "gflops_kind": "measured",
        "delta_params": "-0.12",
        "delta_params_kind": "measured",
        "fps": "100.0",
        "fps_kind": "measured",
        "miou": "78.2",
        "miou_kind": "reported",
    }
    assert (rows[1]["fps"], rows[1]["fps_kind"]) == ("", "absent")
    assert (rows[1]["delta_params"], rows[1]["miou"]) == ("0", "<1")


def test_json_gives_value_kind_and_the_identity_of_the_records() -> None:
    data = json.loads(render(table(notes=("n",)), "json"))
    assert data["columns"][1] == {"name": "gflops", "header": "GFLOPs", "unit": "1e9 MACs"}
    first, second = (row["cells"] for row in data["rows"])
    assert first["gflops"] == {
        "value": 45.112,
        "text": "45.1",
        "kind": "measured",
        "interval": None,
        "deviation": None,
        "mark": "",
        "rank": None,
        "records": [
            {
                "kind": "profile",
                "variant": "fassd-net",
                "spec_sha256": OURS.spec_sha256,
                "created": OURS.created,
            }
        ],
    }
    theirs = reported("fassd-net")
    assert second["gflops"]["records"] == [
        {
            "kind": "reported",
            "variant": "fassd-net",
            "table": "table-1",
            "row": 0,
            "work": theirs.source.work,
            "place": theirs.source.place,
        }
    ]
    assert (second["fps"]["value"], second["fps"]["text"]) == (None, "–")
    assert (second["fps"]["kind"], second["fps"]["records"]) == ("absent", [])
    assert second["miou"]["value"] is None  # "<1" is no number
    assert data["footnotes"] == ["n"]


def test_every_kind_of_record_has_an_identity() -> None:
    assert identity(reported("x"))["place"] == "Table I, row 1"
    assert identity(failed("x")) == {
        "kind": "failed",
        "variant": "x",
        "spec_sha256": "a" * 64,
        "created": "2026-01-05T00:00:00+00:00",
    }
    assert identity(profile("x")) == identity(failed("x")) | {
        "kind": "profile",
        "created": "2026-01-02T03:04:05+00:00",
    }
    assert identity(roof()) == {
        "kind": "device",
        "device": "NVIDIA H200",
        "created": "2026-01-06T00:00:00+00:00",
    }


def csv_rows(built: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(built, "csv"))))


def test_csv_numbers_the_group_of_a_row_where_there_are_several() -> None:
    assert [row["group"] for row in csv_rows(grouped())] == ["0", "1", "1"]
    assert "group" not in csv_rows(table())[0]


def test_csv_has_an_interval_or_a_deviation_beside_a_column_that_has_one() -> None:
    first, second, third = csv_rows(grouped())
    assert list(first) == [
        "group", "method", "params", "params_kind", "fps", "fps_low", "fps_high", "fps_kind",
        "miou", "miou_sd", "miou_kind",
    ]  # fmt: skip
    assert (first["fps"], first["fps_low"], first["fps_high"]) == ("100.0", "99.0", "101.0")
    assert (second["fps_low"], second["fps_high"]) == ("", "")
    # A number and not "78.3 ± 0.3".
    assert (first["miou"], first["miou_sd"]) == ("78.3", "0.28")
    assert (third["miou"], third["miou_sd"]) == ("79.6", "")


def test_json_has_groups_ranks_marks_intervals_and_deviations() -> None:
    data = json.loads(render(grouped(), "json"))
    assert data["groups"] == ["First", None]
    assert [row["group"] for row in data["rows"]] == [0, 1, 1]
    first, second, _ = (row["cells"] for row in data["rows"])
    assert first["fps"]["interval"] == [99.0, 101.0]
    assert (first["fps"]["rank"], second["fps"]["rank"]) == ("best", "second")
    assert (first["fps"]["mark"], second["fps"]["mark"]) == ("", "*")
    assert (first["miou"]["deviation"], first["miou"]["text"]) == (0.28, "78.3 ± 0.3")
    assert second["miou"]["deviation"] is None


def test_json_has_a_line_for_every_row_and_note() -> None:
    lines = render(grouped(), "json").splitlines()
    assert sum(line.startswith('    {"variant": ') for line in lines) == 3
    assert json.loads(render(table(), "json"))["warnings"] == []


def test_a_log_is_found_again_by_its_file_and_hash() -> None:
    found = identity(logged("x", 0.5, use="best"))
    assert found["kind"] == "logged"
    assert (found["file"], found["file_sha256"], found["use"]) == ("train.log", "b" * 64, "best")
