"""Tens of thousands of variants: memory that does not grow with them, and records to be had."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweep.running import ROOT

TINY = '''
from torch import nn

class Tiny(nn.Module):
    """A network of one convolution, whose options make any number of variants."""

    def __init__(self, *, width: int = 1, tag: int = 0) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, width, 1, bias=False)

    def forward(self, x):
        return self.layer(x)
'''

# The sweep in this process, its memory printed when a tenth and when all of it is stored.
SCRIPT = """
import resource, sys
from pathlib import Path
from harness.cli import app
from harness.sweep import static

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

total = int(sys.argv[1])
write = static.append_lines

def watched(path, lines):
    write(path, lines)
    watched.done += len(lines)
    if not watched.tenth and watched.done >= total // 10:
        watched.tenth = held()

watched.done = watched.tenth = 0
static.append_lines = watched
if __name__ == "__main__":
    status = app.run(["sweep", "--variant", "tiny", "--catalog", "tiny.yaml", "--json",
                      "--input", "8x8", "--grid", "network.tag=1.." + sys.argv[1]])
    print(watched.tenth, held(), status)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_memory_does_not_grow_with_the_variants(tmp_path: Path) -> None:
    count = 30_000
    (tmp_path / "tiny_network.py").write_text(TINY)
    about = tmp_path / "tiny_network-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-network\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[harness.components]\nnetwork.tiny = tiny_network:Tiny\n"
    )
    (tmp_path / "tiny.yaml").write_text("tiny: {network: tiny}\n")
    (tmp_path / "large.py").write_text(SCRIPT)
    path = os.pathsep.join(map(str, (ROOT, tmp_path)))
    done = subprocess.run(
        [sys.executable, "large.py", str(count)],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    answer, numbers = done.stdout.splitlines()
    assert f'"planned": {count}, "measured": {count}, "reused": 0' in answer
    tenth, whole, status = map(int, numbers.split())
    assert status == 0
    # What is kept of a variant: its number, and 32 bytes of hash with what holds them.
    assert whole - tenth < 15 * 2**20
    with (tmp_path / "results" / "static" / "profile.jsonl").open("rb") as file:
        assert sum(1 for _ in file) == count
