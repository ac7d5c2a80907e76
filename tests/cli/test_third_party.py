"""A package of somebody else adds a component and rows, installed for real."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "pyproject.toml": """
        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"

        [project]
        name = "strip-pooling"
        version = "1.0"

        [project.entry-points."harness.components"]
        "context.strip" = "strip_pooling.strip:StripPooling"

        [project.entry-points."harness.catalogs"]
        strip = "strip_pooling:rows.yaml"
    """,
    "strip_pooling/__init__.py": "",
    "strip_pooling/rows.yaml": """
        fassd-net-strip:
          extends: fassd-net
          context: {name: strip, width: 32}
    """,
    "strip_pooling/strip.py": '''
        from torch import nn


        class StripPooling(nn.Module):
            """Adds the mean of every row and every column, through a 1x1 each."""

            def __init__(self, channels: int, *, width: int = 16) -> None:
                super().__init__()
                self.rows = nn.Conv2d(channels, width, 1)
                self.back = nn.Conv2d(width, channels, 1)
                self.out_channels = channels

            def forward(self, x):
                return x + self.back(self.rows(x.mean(3, keepdim=True)))
    ''',
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the package installed in it."""
    source = tmp_path_factory.mktemp("source")
    for name, text in FILES.items():
        path = source / name
        path.parent.mkdir(exist_ok=True)
        lines = text.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
        path.write_text("\n".join(line[indent:] for line in lines) + "\n")
    target = tmp_path_factory.mktemp("site")
    command = ["install", "-q", "--no-deps", "--no-build-isolation", "--no-index", "--target"]
    subprocess.run([sys.executable, "-m", "pip", *command, target, source], check=True)
    return target


def harness(site: Path, cwd: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "harness", *arguments],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_component_is_listed_with_options_and_origin(site: Path, tmp_path: Path) -> None:
    [listed] = [
        row
        for row in json.loads(harness(site, tmp_path, "list", "components", "--json"))
        if row["name"] == "strip"
    ]
    assert listed == {
        "slot": "context",
        "name": "strip",
        "options": ["width: int = 16"],
        "origin": "strip-pooling",
    }


def test_its_row_is_measured_like_any_other(site: Path, tmp_path: Path) -> None:
    assert "fassd-net-strip" in harness(site, tmp_path, "list")
    out = harness(
        site, tmp_path, "profile", "--variant", "fassd-net-strip", "--no-timing", "--json"
    )
    [record] = json.loads(out)
    assert record["spec"]["context"] == {"name": "strip", "width": 32}
    # FASSD-Net without DAPF has 2,379,207 parameters; the two 1x1 have (224+1)*32 and (32+1)*224
    assert record["static"]["params"] == 2_379_207 + 225 * 32 + 33 * 224


def test_its_component_fits_any_row(site: Path, tmp_path: Path) -> None:
    settings = ["--set", "context.name=strip", "--set", "context.width=8"]
    out = harness(
        site, tmp_path, "profile", "--variant", "baseline", "--no-timing", "--json", *settings
    )
    [record] = json.loads(out)
    assert record["static"]["params"] == 1_896_365 + 225 * 8 + 9 * 224
