"""Nothing is forgotten in the assembly modules, and the house plan's limits hold."""

import ast
import importlib
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

import catalog.models
import catalog.tasks
import catalog.urls
from tests.architecture.sources import ROOT, own_python

FEATURES = sorted(path.parent for path in (ROOT / "catalog").glob("*/__init__.py"))
LONGEST_FILE = 400
LONGEST_P90 = 30
VENDOR_WORDS = {"utils", "helpers", "misc", "core"}


def features_with(module: str) -> list[str]:
    """The features that have a module or package of this name."""
    return [
        feature.name
        for feature in FEATURES
        if (feature / f"{module}.py").is_file() or (feature / module / "__init__.py").is_file()
    ]


def test_every_model_is_listed_in_the_assembly() -> None:
    """Forgetting one makes the next migration propose to delete its table."""
    for feature in features_with("models"):
        importlib.import_module(f"catalog.{feature}.models")
    own = {
        model.__name__
        for model in apps.get_app_config("catalog").get_models()
        if not model.__name__.startswith("Historical") and not model._meta.auto_created
    }
    assert own == set(catalog.models.__all__)


def test_every_features_tasks_are_listed_in_the_assembly() -> None:
    listed = {module.__name__ for module in catalog.tasks.modules}
    assert listed == {f"catalog.{feature}.tasks" for feature in features_with("tasks")}


def test_every_features_urls_are_listed_in_the_assembly() -> None:
    listed = {module.__name__ for module in catalog.urls.features}
    assert listed == {f"catalog.{feature}.urls" for feature in features_with("urls")}


def test_every_permissions_and_receivers_module_is_announced() -> None:
    """What is not imported at start registers nothing, silently."""
    announced = {
        *importlib.import_module("catalog.apps").ANNOUNCED,
        *importlib.import_module("lineage.apps").ANNOUNCED,
    }
    wanted = {f"catalog.{feature}.receivers" for feature in features_with("receivers")} | {
        f"catalog.{feature}.permissions"
        for feature in features_with("permissions")
        if "kernel.register(" in (ROOT / f"catalog/{feature}/permissions.py").read_text(encoding="utf-8")
    }
    for file in [*ROOT.glob("lineage/*/permissions.py"), *ROOT.glob("lineage/**/receivers.py")]:
        if file.name == "receivers.py" or "kernel.register(" in file.read_text(encoding="utf-8"):
            wanted.add(".".join(file.relative_to(ROOT).with_suffix("").parts))
    assert wanted <= announced


@pytest.mark.django_db
def test_migrations_say_what_the_models_say() -> None:
    out = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, verbosity=1, stdout=out, stderr=out)
    except SystemExit:
        pytest.fail(out.getvalue())


def test_imports_point_the_ways_the_house_plan_allows() -> None:
    code = "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ["catalog", "lineage", "meshportal", "tests", "templates", "static"])
def test_no_file_is_longer_than_the_limit(folder: str) -> None:
    suffixes = {".py", ".html", ".css", ".js"}
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes and not {"vendor", "migrations", "__pycache__"} & set(path.parts)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long


def test_nine_functions_of_ten_fit_a_screen() -> None:
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for path in own_python()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[int(len(lengths) * 0.9)] <= LONGEST_P90


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = {path for path in own_python() if VENDOR_WORDS & {path.stem, path.parent.name}}
    assert not named


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in own_python()
        if path.read_text(encoding="utf-8").strip() and not _docstring(path)
    ]
    assert not silent


def _docstring(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
