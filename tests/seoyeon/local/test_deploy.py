"""Changes that cause a new deployment."""

from pathlib import Path

import pytest

from seoyeon.local.deploy import inputs_hash

CONTEXT = {"bedrock_endpoint_url": "http://127.0.0.1:1"}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    for name in ("app.py", "cdk/stack.py", "lambda-a/a/code.py", "html/index.html"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one")
    return tmp_path


@pytest.mark.parametrize("changed", ["app.py", "cdk/stack.py", "lambda-a/a/code.py", "cdk/new.py"])
def test_a_changed_source_is_deployed(sources: Path, changed: str) -> None:
    before = inputs_hash(sources, CONTEXT)
    (sources / changed).write_text("two")
    assert inputs_hash(sources, CONTEXT) != before


def test_another_port_is_deployed(sources: Path) -> None:
    other = {"bedrock_endpoint_url": "http://127.0.0.1:2"}
    assert inputs_hash(sources, CONTEXT) != inputs_hash(sources, other)


def test_a_page_and_a_cache_are_no_reason_to_deploy(sources: Path) -> None:
    before = inputs_hash(sources, CONTEXT)
    (sources / "html" / "index.html").write_text("two")
    cache = sources / "cdk" / "__pycache__"
    cache.mkdir()
    (cache / "stack.cpython-313.pyc").touch()
    assert inputs_hash(sources, CONTEXT) == before
