"""The arrows of the design: variants -> measuring -> records -> reports; the CLI joins them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Words that every part shares; they import nothing of the project.
SHARED = {"variants.errors", "variants.yaml_node"}
HEAVY = ("torch", "pandas", "matplotlib", "seaborn", "numpy", "fvcore", "thop", "optuna", "ray")

RECORDS = (
    "harness/records.py", "harness/reading.py", "harness/timing_records.py", "harness/store.py",
    "harness/environment.py", "harness/errors.py", "harness/logged_record.py",
    "harness/proxy_record.py", "harness/student_t.py",
)  # fmt: skip
MEASURING = (
    "harness/ledger.py", "harness/recorder.py", "harness/calls.py", "harness/as_found.py",
    "harness/memory.py", "harness/row.py", "harness/operators", "harness/aten.py",
    "harness/conventions.py", "harness/roofline.py", "harness/traffic.py",
    "harness/static.py", "harness/stages.py", "harness/crosscheck.py", "harness/isolated.py",
    "harness/timing",
)  # fmt: skip
LOGS = ("harness/logs",)
JOINING = ("harness/profiling", "harness/sweep")


def files(*places: str) -> list[Path]:
    found = []
    for place in places:
        path = ROOT / place
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


def imports(path: Path, *, inside_functions: bool = True) -> set[str]:
    """Return the modules that a file imports, `from a import b` giving both `a` and `a.b`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden: set[ast.AST] = set()
    for node in ast.walk(tree):
        type_only = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if type_only or (isinstance(node, ast.FunctionDef) and not inside_functions):
            hidden.update(ast.walk(node))
    found = set()
    for node in ast.walk(tree):
        if node in hidden:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def reaches(found: set[str], package: str) -> set[str]:
    return {
        name
        for name in found
        if (name == package or name.startswith(f"{package}."))
        and not any(name == s or name.startswith(f"{s}.") for s in SHARED)
        and not (name == "variants" and found & SHARED)
    }


def test_every_source_file_belongs_to_a_part() -> None:
    parts = files(
        *RECORDS, *MEASURING, *LOGS, *JOINING, "harness/report", "harness/cli", "variants"
    )
    own = {ROOT / "harness/__init__.py", ROOT / "harness/__main__.py"}
    assert set(files("harness", "variants")) == set(parts) | own


@pytest.mark.parametrize("path", files("variants"), ids=str)
def test_variants_know_nothing_of_measuring(path: Path) -> None:
    assert not reaches(imports(path), "harness")


@pytest.mark.parametrize("path", files(*MEASURING, *LOGS), ids=str)
def test_measuring_knows_no_network_report_or_command(path: Path) -> None:
    found = imports(path)
    for package in ("variants", "harness.report", "harness.cli", "harness.store"):
        assert not reaches(found, package)


@pytest.mark.parametrize("path", files(*JOINING), ids=str)
def test_what_joins_variants_and_measuring_knows_no_report_or_command(path: Path) -> None:
    found = imports(path)
    for package in ("harness.report", "harness.cli"):
        assert not reaches(found, package)


@pytest.mark.parametrize("path", files("harness", "variants"), ids=str)
def test_only_sweeps_on_a_cluster_know_ray(path: Path) -> None:
    cluster = path.is_relative_to(ROOT / "harness/sweep/cluster")
    assert cluster or not reaches(imports(path), "ray")
    if not path.is_relative_to(ROOT / "harness/cli"):
        assert cluster or not reaches(imports(path), "harness.sweep.cluster")


@pytest.mark.parametrize("path", files("harness/report"), ids=str)
def test_reports_need_neither_torch_nor_variants_nor_measuring(path: Path) -> None:
    found = imports(path)
    for package in ("torch", "variants", "harness.cli", "harness.timing", "harness.ledger",
                    "harness.static", "harness.conventions"):  # fmt: skip
        assert not reaches(found, package)


@pytest.mark.parametrize("path", files(*LOGS), ids=str)
def test_logs_are_read_without_torch_and_without_timing(path: Path) -> None:
    found = imports(path)
    for package in ("torch", "harness.timing", "harness.ledger", "harness.records"):
        assert not reaches(found, package)


@pytest.mark.parametrize("path", files(*RECORDS, *LOGS), ids=str)
def test_records_import_only_what_is_light(path: Path) -> None:
    found = imports(path, inside_functions=False)
    for package in (*HEAVY, "harness.cli", "harness.report", "harness.timing"):
        assert not reaches(found, package)


@pytest.mark.parametrize("path", files("harness/cli"), ids=str)
def test_commands_import_what_is_heavy_only_inside(path: Path) -> None:
    found = imports(path, inside_functions=False)
    for package in (*HEAVY, "yaml", "rich"):
        assert not reaches(found, package)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list"],
        ["list", "components"],
        ["profile", "--help"],
        ["weights", "--help"],
        ["weights", "--list"],
        ["table", "1"],
        ["compare", "--help"],
        ["results", "--help"],
        ["device", "--help"],
        ["report", "--help"],
        ["log", "show", "--help"],
        ["audit", "--help"],
        ["sweep", "--help"],
    ],
)
def test_light_commands_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys; from harness.cli.app import run; status = run(sys.argv[1:]); "
        f"loaded = [m for m in {HEAVY!r} if m in sys.modules]; "
        "assert not loaded, loaded; sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
