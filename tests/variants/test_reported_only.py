"""Networks without a spec: known by name, built by nobody, and refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.store import paper_records
from variants.about import FIDELITIES
from variants.catalog import find_row, load_catalog
from variants.errors import BadRequest
from variants.reported_only import reported_only


def test_they_are_the_two_networks_whose_layers_are_not_public() -> None:
    assert set(reported_only()) == {"cas", "gun"}


def test_every_network_of_table_4_is_a_row_or_reported_only_and_none_is_both() -> None:
    names = {record.variant for record in paper_records() if record.table == "table-4"}
    built = set(load_catalog())
    assert names <= built | set(reported_only())
    assert not built & set(reported_only())


def test_their_inputs_are_those_that_the_paper_prints() -> None:
    printed = {record.variant: record.input_shape for record in paper_records()}
    for name, network in reported_only().items():
        assert printed[name] == (1, 3, *network.input)


def test_they_say_what_describes_them_and_why_that_does_not_suffice() -> None:
    gun = reported_only()["gun"]
    assert "no layer sizes" in gun.reason
    assert gun.source.repo.startswith("Mazzini, ")
    assert gun.about()["fidelity"] == "reported"
    assert "reported" not in FIDELITIES  # of what can be built


def test_asking_for_one_is_refused_with_its_reason_in_one_line() -> None:
    with pytest.raises(BadRequest) as error:
        find_row(load_catalog(), "gun")
    reason = reported_only()["gun"].reason
    assert str(error.value) == (
        "variant gun: must be a network that can be built, got one that is reported only: " + reason
    )


def test_a_row_of_ones_own_by_that_name_goes_first(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("gun: {extends: fassd-net}")
    catalog = load_catalog([path])
    assert find_row(catalog, "gun").chosen == catalog["fassd-net"].chosen
    assert set(reported_only(besides=catalog)) == {"cas"}
