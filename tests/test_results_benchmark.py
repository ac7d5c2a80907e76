"""The benchmark of large results folders reads what it writes, and judges by its limit."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.records import ProfileRecord, from_json

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "benchmarks" / "results.py"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import results  # type: ignore[import-not-found]

    return results


def test_its_records_are_records_and_differ(script: object) -> None:
    lines = list(script.made(20, random.Random(0)))  # type: ignore[attr-defined]
    records = [from_json(line, where="made:1") for line in lines]
    assert all(isinstance(record, ProfileRecord) for record in records)
    assert len({record.spec_sha256 for record in records}) == 20  # type: ignore[union-attr]
    assert 1200 < len(lines[0]) < 1800


@pytest.mark.slow
def test_every_step_reads_all_records_and_the_limit_decides() -> None:
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); import results; results.main()"
    slow = code.replace("results.main()", "results.LIMIT_S = 0; results.main()")
    # 100 records have a 1000th of the limit, which no process can meet; a higher limit can be.
    fast = code.replace("results.main()", "results.LIMIT_S = 1e6; results.main()")
    for text, status in ((fast, 0), (slow, 1)):
        done = subprocess.run(
            [sys.executable, "-c", text, str(SCRIPT.parent), "--records", "100"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert len(re.findall(r" 100 rows$", done.stdout, re.MULTILINE)) == 2
    assert "slower than the limit: records (store.load), flat table" in done.stderr
