"""The imports of all Python packages, held to the two tables of docs/architecture.md."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
# Each function's package stands in the folder that becomes /var/task.
FUNCTIONS = {
    "chat_shared": ROOT / "lambda-shared",
    "chat_ws": ROOT / "lambda-chat-ws",
    "history_api": ROOT / "lambda-history",
    "document_reader": ROOT / "lambda-documents",
    "authorizer": ROOT / "lambda-authorizer",
}
PACKAGES = FUNCTIONS | dict.fromkeys(("cdk", "seoyeon", "bench"), ROOT)

# A pure module uses nothing that reaches out of the process or depends on the time.
PURE_LIBRARY = {
    *("base64", "binascii", "collections", "dataclasses", "datetime", "decimal", "functools"),
    *("gzip", "hashlib", "itertools", "json", "math", "re", "secrets", "typing", "unicodedata"),
}
# Modules that are pure but for a data file of their package.
READ_DATA = {"chat_ws.model_catalog": {"pathlib"}}
AWS_CLIENTS = {"client", "resource", "Session"}


def table(heading: str) -> list[dict[str, str]]:
    """Return the rows of the first table below a heading, each as column name → cell."""
    lines = iter(ARCHITECTURE.partition(f"{heading}\n")[2].splitlines())
    rows = []
    for line in lines:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            break
    names, _, *body = rows
    return [dict(zip(names, row, strict=True)) for row in body]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def layers() -> Iterator[tuple[str, str]]:
    for row in table("### Layers of the functions"):
        layer, *cells = row.items()
        for package, cell in cells:
            for name in quoted(cell):
                yield f"{package.strip('`')}.{name}", layer[1].partition(":")[0]


LAYER = dict(layers())
RANK = {layer: rank for rank, layer in enumerate(reversed(dict.fromkeys(LAYER.values())))}
ALLOWED = {
    package: set(quoted(row["may import"]))
    for row in table("### Packages of the host")
    for package in quoted(row["package"])
}


@cache
def modules() -> dict[str, Path]:
    """Return every module of our packages; of a package, its `__init__`."""
    found = {}
    for package, root in PACKAGES.items():
        for file in (root / package).rglob("*.py"):
            parts = file.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(node: ast.AST) -> Iterator[str]:
    """Yield the modules imported at run time; `from chat_ws import job` gives `chat_ws.job`."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom(module=str(module)):
            assert node.level == 0, "an import names the package"
            for alias in node.names:
                submodule = f"{module}.{alias.name}"
                yield submodule if submodule in modules() else module
        case _ if not is_for_types(node):
            for child in ast.iter_child_nodes(node):
                yield from imports(child)


def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imported(module: str) -> set[str]:
    return set(imports(tree(module)))


def ours(module: str) -> set[str]:
    return imported(module) & modules().keys()


def host_package(module: str) -> str | None:
    """Return the row of the second table that a module belongs to: the longest name that fits."""
    rows = [row for row in ALLOWED if f"{module}.".startswith(f"{row}.")]
    return max(rows, key=len, default=None)


def is_allowed(module: str, target: str) -> bool:
    package = host_package(module)
    allowed = ALLOWED[package] if package else set()
    if target.split(".")[0] in FUNCTIONS:
        return any(f"{target}.".startswith(f"{name}.") for name in allowed)
    # A package may import its parents: seoyeon/__init__.py has the root folder.
    return host_package(target) in {package, *allowed} or module.startswith(f"{target}.")


def test_every_module_of_a_function_has_a_layer() -> None:
    there = {
        name
        for name, file in modules().items()
        if name.split(".")[0] in FUNCTIONS and file.stem != "__init__"
    }
    assert there == LAYER.keys()


@pytest.mark.parametrize("module", LAYER)
def test_imports_point_down(module: str) -> None:
    above = {
        name for name in ours(module) & LAYER.keys() if RANK[LAYER[name]] > RANK[LAYER[module]]
    }
    assert above == set()


@pytest.mark.parametrize("module", [name for name in LAYER if RANK[LAYER[name]] == 0])
def test_a_pure_module_reaches_for_nothing(module: str) -> None:
    libraries = {name.split(".")[0] for name in imported(module) - ours(module)}
    assert libraries <= PURE_LIBRARY | READ_DATA.get(module, set())


@pytest.mark.parametrize("module", LAYER)
def test_a_function_s_package_imports_no_other_s(module: str) -> None:
    assert {name.split(".")[0] for name in ours(module)} <= {module.split(".")[0], "chat_shared"}


def test_every_module_of_the_host_has_a_package_in_the_table() -> None:
    hosted = [name for name in modules() if name.split(".")[0] not in FUNCTIONS]
    assert [name for name in hosted if host_package(name) is None] == []


@pytest.mark.parametrize("package", ALLOWED)
def test_a_host_package_imports_what_the_table_allows(package: str) -> None:
    wrong = [
        f"{module} imports {target}"
        for module in modules()
        if host_package(module) == package
        for target in ours(module)
        if not is_allowed(module, target)
    ]
    assert wrong == []


def test_no_import_cycle() -> None:
    """Functions' imports count as well: they only postpone a cycle."""
    TopologicalSorter({module: ours(module) - {module} for module in modules()}).prepare()


def test_langchain_is_imported_in_one_module_of_a_function() -> None:
    users = {name for name in LAYER if any(used.startswith("lang") for used in imported(name))}
    assert users == {"chat_ws.worker.bedrock", "document_reader.parts"}


def test_aws_clients_are_made_and_the_environment_is_read_at_entry_points_alone() -> None:
    for module in LAYER:
        is_entry = LAYER[module] == "entry points"
        for node in ast.walk(tree(module)):
            match node:
                case ast.Attribute(value=ast.Name(id="boto3"), attr=attr) if attr in AWS_CLIENTS:
                    assert is_entry, f"{module} makes a client"
                case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "getenv"):
                    assert is_entry, f"{module} reads the environment"


@pytest.mark.parametrize("root", FUNCTIONS.values(), ids=FUNCTIONS)
def test_an_entry_file_is_one_import(root: Path) -> None:
    for file in root.glob("*.py"):
        entry, exported = ast.parse(file.read_text(encoding="utf-8")).body
        assert isinstance(entry, ast.ImportFrom)
        assert ast.unparse(exported) == "__all__ = ['lambda_handler']"


def run_python(program: str) -> None:
    """Run a program in a fresh process with no environment but the import path."""
    run = subprocess.run(  # noqa: S603 (this very interpreter, and a program of this file)
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(map(str, FUNCTIONS.values()))},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


def test_the_routes_load_neither_langchain_nor_the_model() -> None:
    run_python(
        "import sys, chat_ws.routes.entry\n"
        "heavy = {'langchain_core', 'langchain_aws', 'langsmith', 'pydantic'}\n"
        "heavy |= {'chat_ws.worker.bedrock', 'chat_ws.models'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )


def test_the_authorizer_of_guests_loads_nothing_but_the_standard_library() -> None:
    run_python(
        "import os, sys, authorizer.entry\n"
        "os.environ['AUTH'] = 'guest'\n"
        "authorizer.entry.bootstrap()\n"
        "heavy = {'boto3', 'botocore', 'jwt', 'cryptography'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )


def test_importing_makes_no_client_and_needs_no_environment() -> None:
    run_python(
        "import botocore.client, importlib\n"
        "def refuse(*_, **__): raise AssertionError('a client was made')\n"
        "botocore.client.ClientCreator.create_client = refuse\n"
        f"for module in {sorted(LAYER)}: importlib.import_module(module)"
    )
