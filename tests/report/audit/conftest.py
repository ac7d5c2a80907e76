"""The paper's printed figures, and its networks, counted once."""

from __future__ import annotations

import pytest

from harness.cli.audit import count_printed
from harness.report.audit.evidence import Evidence
from harness.store import paper_records


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    printed = paper_records()
    costs, stages = count_printed(printed, with_stages=True)
    return Evidence(printed=printed, costs=costs, stages=stages)
