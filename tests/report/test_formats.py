"""What every format must do, and the two that machines read."""

from __future__ import annotations

import csv
import io
import json

import pytest

from harness.errors import BadRequest
from harness.report.formats import FORMATS, render
from harness.report.formats.json_text import identity

from .sample import failed, profile, reported, roof
from .tables import OURS, table


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
