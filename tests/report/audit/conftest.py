"""The paper's printed figures, and its networks, counted once."""

from __future__ import annotations

import pytest

from harness.cli.audit import count_printed
from harness.report.audit.evidence import Evidence
from harness.report.audit.tables import OWN
from harness.store import paper_records


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    printed = paper_records()
    costs = count_printed(printed)
    # Peers that the catalogue has stay out, so that what public code says of them is tested.
    costs = [cost for cost in costs if cost.variant.startswith(OWN)]
    return Evidence(printed=printed, costs=costs)
