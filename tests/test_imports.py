"""Who may import whom: diagram <- render <- data <- score; models imports nothing of ours but the package root."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED = {
    "console.py": {"diagen"},
    "diagram.py": {"diagen"},
    "__init__.py": {"diagen", "diagen.notebook"},
    "score.py": {"diagen", "diagen.diagram", "diagen.render", "diagen.data", "diagen.models", "diagen.taste"},
    "sampling.py": {"diagen", "diagen.diagram", "diagen.score"},
    "taste.py": {"diagen"},
    "results.py": {"diagen", "diagen.console", "diagen.diagram", "diagen.render", "diagen.score"},
    "render": {"diagen", "diagen.diagram", "diagen.render"},
    "notebook.py": {
        "diagen",
        "diagen.diagram",
        "diagen.render",
        "diagen.models",
        "diagen.results",
        "diagen.sampling",
        "diagen.score",
    },
    "pairs.py": {"diagen", "diagen.diagram", "diagen.measure", "diagen.render", "diagen.data", "diagen.models"},
    "studio.py": {"diagen", "diagen.data", "diagen.diagram", "diagen.render", "diagen.results", "diagen.score"},
    "page.py": {"diagen", "diagen.data", "diagen.diagram", "diagen.studio"},
    "compare.py": {"diagen"},
    "measure.py": {"diagen", "diagen.diagram"},
    "dashboard.py": {"diagen"},
    "report.py": {"diagen"},
    "data": {"diagen", "diagen.diagram", "diagen.render", "diagen.data"},
    "models": {"diagen", "diagen.models"},
}
DOOR = {"hydra", "omegaconf"}
FILES = sorted(ROOT.glob("diagen/**/*.py"))


def imported(path: Path) -> set[str]:
    """The dotted names that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_direction_of_imports(path: Path) -> None:
    place = path.relative_to(ROOT / "diagen").parts[0]
    names = imported(path)
    if place != "console.py":  # what the two entry points share
        assert not {n.split(".")[0] for n in names} & DOOR, "only the entry points know Hydra"
    ours = {n for n in names if n.split(".")[0] == "diagen"}
    for name in ours:
        assert any(name == a or name.startswith(a + ".") for a in ALLOWED.get(place, {"diagen"}) - {"diagen"}) or (
            name == "diagen"
        ), f"{place} must not import {name}"


def test_every_part_of_the_package_has_a_rule() -> None:
    assert {p.relative_to(ROOT / "diagen").parts[0] for p in FILES} - {"__init__.py"} <= set(ALLOWED)
