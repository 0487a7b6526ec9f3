"""The lock files against pyproject.toml and against each other."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(ROOT.glob("lambda-*/requirements.txt"))


def versions(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.\[\]-]+)==([\w.]+)", lock.read_text(), flags=re.MULTILINE))


def test_the_development_lock_is_compiled_from_every_group() -> None:
    """A group that the Makefile forgets takes its packages out of the environment.

    Only `eval` has an environment of more: its packages are large, and few tests need them.
    """
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    [named] = re.findall(r"^ALL_GROUPS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(named.split()) - {"--group"} == groups.keys() - {"eval"}


@pytest.mark.parametrize(
    "lock",
    [ROOT / "requirements.txt", ROOT / "requirements-run.txt", *FUNCTIONS],
    ids=lambda lock: str(lock.relative_to(ROOT)),
)
def test_a_lock_names_the_versions_that_the_tests_run_with(lock: Path) -> None:
    tested = versions(ROOT / "requirements-dev.txt")
    assert versions(lock).items() <= tested.items()


def test_the_lock_of_the_evaluation_has_what_the_tests_have_and_the_analyser_of_korean() -> None:
    tested, evaluated = (
        versions(ROOT / "requirements-dev.txt"),
        versions(ROOT / "requirements-eval.txt"),
    )
    assert evaluated.keys() - tested.keys() == {"kiwipiepy", "kiwipiepy-model"}
    assert {name: tested.get(name, version) for name, version in evaluated.items()} == evaluated


@pytest.mark.parametrize("package", ["ruff", "mypy", "pytest", "moto", "playwright", "hypothesis"])
def test_a_run_or_a_deployment_installs_no_test_tool(package: str) -> None:
    assert package in versions(ROOT / "requirements-dev.txt")
    assert package not in versions(ROOT / "requirements-run.txt")


def test_a_deployment_installs_nothing_that_only_a_run_needs() -> None:
    deploy, run = versions(ROOT / "requirements.txt"), versions(ROOT / "requirements-run.txt")
    assert deploy.items() < run.items()
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert deploy.keys().isdisjoint(groups["run"])


def test_no_lock_names_a_registry() -> None:
    locks = [*ROOT.glob("requirements*.txt"), *FUNCTIONS]
    assert [lock.name for lock in locks if "://" in lock.read_text()] == []
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
