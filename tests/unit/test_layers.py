"""The import picture of the design: pure at the bottom, entry points at the top."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "chat_shared": ROOT / "lambda-shared",
    "chat_ws": ROOT / "lambda-chat-ws",
    "history_api": ROOT / "lambda-history",
    "authorizer": ROOT / "lambda-authorizer",
}

PURE, EDGE, USE_CASE, ENTRY = range(4)
LAYERS = {
    PURE: """
        chat_shared.keys chat_shared.principal chat_shared.turn
        chat_ws.errors chat_ws.job chat_ws.models chat_ws.prices chat_ws.protocol chat_ws.settings
        chat_ws.worker.coalescer chat_ws.worker.prompt history_api.cursor history_api.errors
        authorizer.token authorizer.sign_up
    """,
    EDGE: """
        chat_shared.history chat_shared.logs chat_shared.metrics chat_ws.connection chat_ws.replay
        chat_ws.store.leases chat_ws.store.quota chat_ws.store.turns chat_ws.worker.bedrock
        chat_ws.worker.relay
        history_api.conversations authorizer.cognito
    """,
    USE_CASE: """
        chat_ws.failure.failure chat_ws.routes.routes chat_ws.worker.generation
        chat_ws.worker.telemetry chat_ws.worker.worker
        history_api.service
    """,
    ENTRY: """
        chat_ws.routes.entry chat_ws.worker.entry chat_ws.failure.entry history_api.entry
        authorizer.entry authorizer.sign_up_entry
    """,
}
LAYER = {module: layer for layer, names in LAYERS.items() for module in names.split()}

# What a pure module may use: nothing that reaches out of the process or looks at the world.
PURE_LIBRARY = {
    *("base64", "binascii", "collections", "dataclasses", "datetime", "hashlib", "json", "math"),
    *("re", "secrets", "typing", "unicodedata"),
}
AWS_CLIENTS = {"client", "resource", "Session"}


def path(module: str) -> Path:
    package, _, name = module.partition(".")
    return PACKAGES[package] / package / f"{name.replace('.', '/')}.py"


def tree(module: str) -> ast.Module:
    return ast.parse(path(module).read_text(encoding="utf-8"))


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(node: ast.AST) -> Iterator[str]:
    """The modules imported at run time; of `from chat_ws import x`, the module `chat_ws.x`."""
    match node:
        case ast.Import():
            yield from (alias.name for alias in node.names)
        case ast.ImportFrom(module=str(module)):
            assert node.level == 0, "imports name the package"
            for alias in node.names:
                whole = f"{module}.{alias.name}"
                yield whole if whole in LAYER else module
        case _ if not is_for_types(node):
            for child in ast.iter_child_nodes(node):
                yield from imports(child)


def imported(module: str) -> set[str]:
    return set(imports(tree(module)))


def ours(module: str) -> set[str]:
    return {name for name in imported(module) if name.split(".")[0] in PACKAGES}


def test_every_module_has_its_place_in_the_picture() -> None:
    there = {
        ".".join(file.relative_to(root).with_suffix("").parts)
        for root in PACKAGES.values()
        for file in root.glob("*/**/*.py")
        if file.stem != "__init__"
    }
    assert there == LAYER.keys()


@pytest.mark.parametrize("module", LAYER)
def test_imports_point_down(module: str) -> None:
    assert {name for name in ours(module) if LAYER[name] > LAYER[module]} == set()


@pytest.mark.parametrize("module", [name for name in LAYER if LAYER[name] == PURE])
def test_a_pure_module_reaches_for_nothing(module: str) -> None:
    libraries = {name.split(".")[0] for name in imported(module) - ours(module)}
    assert libraries <= PURE_LIBRARY


@pytest.mark.parametrize("module", LAYER)
def test_a_function_s_package_imports_no_other_s(module: str) -> None:
    assert {name.split(".")[0] for name in ours(module)} <= {module.split(".")[0], "chat_shared"}


def test_langchain_is_imported_in_one_module() -> None:
    users = {name for name in LAYER if any(used.startswith("lang") for used in imported(name))}
    assert users == {"chat_ws.worker.bedrock"}


def test_aws_clients_are_made_and_the_environment_is_read_at_entry_points_alone() -> None:
    for module in LAYER:
        for node in ast.walk(tree(module)):
            match node:
                case ast.Attribute(value=ast.Name(id="boto3"), attr=attr) if attr in AWS_CLIENTS:
                    assert LAYER[module] == ENTRY, f"{module} makes a client"
                case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "getenv"):
                    assert LAYER[module] == ENTRY, f"{module} reads the environment"


@pytest.mark.parametrize("root", list(PACKAGES.values()))
def test_an_entry_file_is_one_import(root: Path) -> None:
    for file in root.glob("*.py"):
        entry, exported = ast.parse(file.read_text(encoding="utf-8")).body
        assert isinstance(entry, ast.ImportFrom)
        assert ast.unparse(exported) == "__all__ = ['lambda_handler']"


def python(program: str) -> None:
    """Runs it in a fresh process with no environment but the import path."""
    run = subprocess.run(  # noqa: S603 (this very interpreter, and a program of this file)
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(map(str, PACKAGES.values()))},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


def test_the_routes_load_neither_langchain_nor_the_model() -> None:
    python(
        "import sys, chat_ws.routes.entry\n"
        "heavy = {'langchain_core', 'langchain_aws', 'langsmith', 'pydantic'}\n"
        "heavy.add('chat_ws.worker.bedrock')\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )


def test_the_authorizer_of_guests_loads_nothing_but_the_standard_library() -> None:
    python(
        "import os, sys, authorizer.entry\n"
        "os.environ['AUTH'] = 'guest'\n"
        "authorizer.entry.bootstrap()\n"
        "heavy = {'boto3', 'botocore', 'jwt', 'cryptography'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )


def test_importing_makes_no_client_and_needs_no_environment() -> None:
    python(
        "import botocore.client, importlib\n"
        "def refuse(*_, **__): raise AssertionError('a client was made')\n"
        "botocore.client.ClientCreator.create_client = refuse\n"
        f"for module in {sorted(LAYER)}: importlib.import_module(module)"
    )
