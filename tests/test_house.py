"""The rules of the house that a reader of one file cannot see broken."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOOR = {
    "transforms.elements",
    "transforms.reasons",
    "transforms.instants",
    "transforms.text_origin",
    "transforms.words",
    "transforms.metrics",
    "transforms.attempt",
    "transforms.create_once",
    "transforms.event_windows",
    "transforms.generation",
    "transforms.hash_ranges",
    "transforms.journal",
    "transforms.stable",
    "transforms.tables",
    "transforms.totals",
    "transforms.entries",
    "transforms.web_address",
}
MAY_IMPORT_BEAM = {
    "transforms/metrics.py",
    "transforms/attempt.py",
    "transforms/create_once.py",
    "transforms/event_windows.py",
    "transforms/generation.py",
    "transforms/journal.py",
    "transforms/stable.py",
    "transforms/tables.py",
    "transforms/totals.py",
    "transforms/write/publishing.py",
} | {
    f"pipeline/{name}.py"
    for name in (
        "options",
        "recipe",
        "reading",
        "live",
        "polling",
        "flink",
        "pieces",
        "windows",
        "cli",
        "run",
        "running",
        "runners",
        "state",
        "summary",
        "report",
    )
}
MODULES = sorted(path for room in ("pipeline", "transforms") for path in (ROOT / room).rglob("*.py"))
MAX_MODULE_LINES = 300
MAX_RECIPE_LINES = 80
MAX_ELEMENTS_LINES = 500


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[str]:
    """Every imported module or name, also those inside of functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_below(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    parts = path.relative_to(ROOT).parts
    for name in imports(path):
        if parts[0] == "transforms":
            assert not is_below(name, "pipeline"), f"{name_of(path)} imports {name}: pipeline stands above"
            allowed = any(is_below(name, module) for module in FLOOR)
            own = len(parts) > 2 and is_below(name, f"transforms.{parts[1]}")
            assert own or allowed or not is_below(name, "transforms"), f"{name_of(path)} imports another room: {name}"
            is_wiring = parts[-1].endswith("transform.py") or parts[-1] == "attempt.py"
            assert is_wiring or not is_below(name, "transforms.attempt"), f"{name_of(path)} imports {name}"
            is_wiring_imported = any(part.endswith("transform") for part in name.split("."))
            assert parts[-1].endswith("transform.py") or not is_wiring_imported, f"{name_of(path)}: {name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_beam_stays_in_its_places(path: Path) -> None:
    if name_of(path) not in MAY_IMPORT_BEAM and not path.name.endswith("transform.py"):
        found = [name for name in imports(path) if is_below(name, "apache_beam")]
        assert not found, f"{name_of(path)} imports {found}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_yaml_environment_and_sockets_stay_in_their_places(path: Path) -> None:
    banned = {"yaml", "socket", "http.client", "urllib.request", "requests", "aiohttp", "os.environ", "dotenv"}
    found = [name for name in imports(path) if any(is_below(name, module) for module in banned)]
    allowed = ("pipeline/config.py", "pipeline/options.py", "pipeline/marked_yaml.py")
    # The last one speaks to Flink, and to nobody that a user reads.
    may_connect = ("transforms/fetch/http.py", "transforms/fetch/resolver.py", "pipeline/flink.py")
    assert not found or name_of(path) in allowed + may_connect, f"{name_of(path)}: {found}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_have_natural_sizes(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    # The nouns are a list, and one file is where a reader looks for them.
    bound = {"recipe.py": MAX_RECIPE_LINES, "elements.py": MAX_ELEMENTS_LINES}.get(path.name, MAX_MODULE_LINES)
    assert lines <= bound, f"{name_of(path)} has {lines} lines: does it still have one subject?"


def test_rooms_open_without_code() -> None:
    full = [name_of(path) for path in MODULES if path.name == "__init__.py" and path.read_text("utf-8").strip()]
    assert not full, f"a room's __init__ is empty, so that its functions import without Beam: {full}"


def test_elements_live_in_one_module() -> None:
    """A dataclass that travels is decoded by its module's name: they all have one home."""
    found = [
        f"{name_of(path)}: {node.name}"
        for path in MODULES
        if path.name.endswith("transform.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and any("dataclass" in ast.dump(d) for d in node.decorator_list)
    ]
    assert not found


@pytest.mark.parametrize("path", [p for p in MODULES if p.name.endswith("transform.py")], ids=name_of)
def test_transforms_are_verb_and_noun_and_the_rest_is_private(path: Path) -> None:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            bases = {ast.unparse(base) for base in node.bases}
            if "beam.DoFn" in bases:
                assert node.name.startswith("_") and node.name.endswith("DoFn"), f"{name_of(path)}: {node.name}"
            if "beam.CombineFn" in bases:
                assert node.name.startswith("_") and node.name.endswith("CombineFn"), f"{name_of(path)}: {node.name}"
