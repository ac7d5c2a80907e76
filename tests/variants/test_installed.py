"""What packages register is found wherever they are, and costs nothing where there is none."""

import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from variants.installed import registered

GROUP = "harness.components"
POINTS = f"[console_scripts]\nx = y:z\n\n[{GROUP}]\ncontext.strip = strips:Strip\n"


@pytest.fixture(autouse=True)
def _nothing_but(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one folder to look for packages in, by Python's own finder."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "not-there")])
    monkeypatch.setattr(sys, "meta_path", [PathFinder])


def package(folder: Path, points: str = POINTS) -> None:
    folder.mkdir(parents=True)
    kind = "PKG-INFO" if "gg" in folder.suffix + folder.name else "METADATA"
    (folder / kind).write_text("Metadata-Version: 2.1\nName: strips\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(points)


def names() -> list[str]:
    return [point.name for point in registered(GROUP)]


@pytest.mark.parametrize(
    "place", ["strips-1.0.dist-info", "strips-1.0.egg-info", "strips-1.0-py3.egg/EGG-INFO"]
)
def test_a_package_is_found_in_each_way_to_install_one(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert names() == []
    package(tmp_path / place)
    egg = [str(parent) for parent in (tmp_path / place).parents if parent.suffix == ".egg"]
    monkeypatch.setattr(sys, "path", [*sys.path, *egg])
    assert names() == ["context.strip"]


def test_where_only_a_finder_can_look_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def entry_points(group: str) -> tuple[()]:
        asked.append(group)
        return ()

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    package(tmp_path / "other-1.0.dist-info", "[console_scripts]\nx = y:z\n")
    assert names() == []
    assert asked == []
    (tmp_path / "archive.zip").touch()
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "archive.zip")])
    assert names() == []
    assert asked == [GROUP]
    monkeypatch.setattr(sys, "path", [str(tmp_path)])

    class Finder:
        def find_distributions(self, _context: object) -> list[object]:
            return []

    monkeypatch.setattr(sys, "meta_path", [PathFinder, Finder()])
    assert names() == []
    assert asked == [GROUP, GROUP]


def test_listing_what_is_built_in_does_not_load_what_parses_packages(tmp_path: Path) -> None:
    # -S leaves the packages of this environment out, one of which may register something.
    path = [str(Path(__file__).parents[2])]
    script = (
        f"import sys; sys.path[:0] = {path}; from variants.registry import components; "
        "assert ('context', 'dapf') in components(); sys.exit('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", script], cwd=tmp_path, check=False)
    assert done.returncode == 0
