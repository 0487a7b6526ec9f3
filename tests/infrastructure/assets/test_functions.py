"""A function's package: complete, trimmed, for the right platform, and cached."""

import compileall
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cdk.assets import functions
from cdk.assets.functions import (
    HOST_PYTHON,
    NEVER_LOADED,
    ROOT,
    BundleError,
    Compiler,
    PackageTarget,
    bundle_function,
    bundle_hash,
    find_compiler,
)
from tests.documents import hwp, hwpx, office, pdf
from tests.infrastructure.conftest import ARM_LAMBDA, FOLDERS, THIS_MACHINE

# ELF header: e_machine is the 16-bit number at offset 18; 183 is EM_AARCH64.
ELF_MACHINE, AARCH64 = slice(18, 20), (183).to_bytes(2, "little")

LAMBDA_GLIBC = 34  # Amazon Linux 2023 has 2.34

# Imports and calls of the chat, in a process without this environment's packages.
CHAT_PATH = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])

import boto3
import chat_ws.routes.entry
import chat_ws.worker.entry
from chat_ws.worker.bedrock import Llama3Bedrock

for service in ("dynamodb", "bedrock-runtime", "apigatewaymanagementapi", "lambda", "s3"):
    boto3.client(
        service, region_name="us-west-2", endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="test", aws_secret_access_key="test",
    )


class Bedrock:
    def invoke_model_with_response_stream(self, **request):
        chunks = ({"generation": "안녕", "stop_reason": None},
                  {"generation": "", "stop_reason": "stop"})
        body = [{"chunk": {"bytes": json.dumps(chunk).encode()}} for chunk in chunks]
        return {"body": body, "ResponseMetadata": {"HTTPHeaders": {}}}


model = Llama3Bedrock(
    model="meta.llama3-70b-instruct-v1:0", client=Bedrock(), bedrock_client=Bedrock()
)
assert "".join(str(chunk.content) for chunk in model.stream("여행하고 싶다")) == "안녕"
present = {path.stem for path in Path(sys.argv[1]).iterdir() if (path / "__init__.py").exists()}
unused = present - {name.partition(".")[0] for name in sys.modules} - {"_yaml"}
assert not unused, unused
outside = [
    name for name, module in sys.modules.items()
    if "site-packages" in (getattr(module, "__file__", None) or "")
]
assert not outside, outside
"""

# Reads files of all formats, in a process without this environment's packages.
READ_DOCUMENTS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])

from document_reader.child import read_file

for file in sys.argv[2:]:
    print(read_file(Path(file).read_bytes(), file).kind)
"""


# The address and the signature of each client of the functions, in every kind of partition.
ENDPOINTS = """
import sys
sys.path[:0] = sys.argv[1:]
import boto3

for region in ("us-west-2", "ap-northeast-2", "cn-north-1", "us-gov-west-1"):
    session = boto3.Session("test", "test", region_name=region)
    for service in ("dynamodb", "bedrock-runtime", "apigatewaymanagementapi", "lambda", "s3"):
        meta = session.client(service).meta
        print(meta.endpoint_url, meta.config.region_name, meta.service_model.signing_name)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lambda folder without requirements."""
    made = tmp_path / "lambda-small"
    (made / "small").mkdir(parents=True)
    (made / "lambda_function.py").write_text("from small.entry import lambda_handler\n")
    (made / "small" / "entry.py").write_text("def lambda_handler(event, context): ...\n")
    return made


def test_the_chat_runs_from_the_trimmed_folder_alone() -> None:
    bundle = bundle_function(ROOT / "lambda-chat-ws", THIS_MACHINE)

    done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
        [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", CHAT_PATH, str(bundle)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_documents_are_read_from_the_trimmed_folder_alone(tmp_path: Path) -> None:
    bundle = bundle_function(ROOT / "lambda-documents", THIS_MACHINE)
    assert not (bundle / "hwp2md" / "web").exists()
    documents = {
        "hwp": hwp.hwp(hwp.paragraph("여비")),
        "hwpx": hwpx.hwpx([hwpx.section(hwpx.paragraph("여비"))]),
        "pdf": pdf.pdf(["여비"]),
        "docx": office.docx(office.word_paragraph("여비")),
        "pptx": office.pptx(office.shape("여비")),
        "xlsx": office.xlsx({"여비": {"A1": office.text_cell("일비")}}),
        "csv": "구분,금액".encode(),
    }
    for kind, document in documents.items():
        (tmp_path / f"a.{kind}").write_bytes(document)
    files = [tmp_path / f"a.{kind}" for kind in documents]

    done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
        [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", READ_DOCUMENTS, bundle, *files],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == [*documents], done.stderr


def test_the_trimmed_table_of_endpoints_gives_the_same_addresses() -> None:
    bundle = bundle_function(ROOT / "lambda-chat-ws", THIS_MACHINE)
    python = [sys.executable, "-I", "-c", ENDPOINTS]

    whole, trimmed = (
        subprocess.check_output([*python, *paths], text=True)  # noqa: S603 (no shell, fixed arguments)
        for paths in ([], [str(bundle)])
    )

    assert trimmed == whole
    assert len(whole.splitlines()) == 20
    assert (bundle / "botocore" / "data" / "endpoints.json").stat().st_size < 50_000


def test_unused_packages_are_left_out() -> None:
    bundle = bundle_function(ROOT / "lambda-chat-ws", THIS_MACHINE)

    assert not [name for name in NEVER_LOADED if (bundle / name).exists()]
    assert not (bundle / "botocore" / "data" / "ec2").exists()
    assert not list(bundle.rglob("tests"))


def test_the_bundle_for_lambda_holds_binaries_for_its_processor_only() -> None:
    bundle = bundle_function(ROOT / "lambda-chat-ws", ARM_LAMBDA)
    libraries = list(bundle.rglob("*.so")) + list(bundle.rglob("*.so.*"))

    assert libraries
    wrong = [path.name for path in libraries if path.read_bytes()[ELF_MACHINE] != AARCH64]
    assert wrong == []


def test_binaries_need_no_newer_c_library_than_lambda_s() -> None:
    for folder in FOLDERS:
        bundle = bundle_function(ROOT / folder, ARM_LAMBDA)
        for path in bundle.rglob("*.so*"):
            versions = re.findall(rb"GLIBC_2\.(\d+)", path.read_bytes())
            assert max(map(int, versions), default=0) <= LAMBDA_GLIBC, path.name


def test_compiled_files_are_of_the_python_that_will_run_them() -> None:
    bundle = bundle_function(ROOT / "lambda-chat-ws", ARM_LAMBDA)
    tag = f".cpython-{ARM_LAMBDA.python.replace('.', '')}.pyc"
    compiled = list(bundle.rglob("*.pyc"))

    assert bool(compiled) == bool(find_compiler(ARM_LAMBDA.python))
    assert [path.name for path in compiled if not path.name.endswith(tag)] == []


def test_nothing_is_compiled_for_a_laptop_run(folder: Path, tmp_path: Path) -> None:
    assert list(bundle_function(folder, THIS_MACHINE, tmp_path).rglob("*.pyc")) == []


def test_another_python_on_the_machine_compiles_for_lambda(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functions, "find_compiler", find_compiler.__wrapped__)
    monkeypatch.setattr(functions, "HOST_PYTHON", "3.0")

    bundle = bundle_function(folder, PackageTarget("aarch64-manylinux_2_28", HOST_PYTHON), tmp_path)

    tag = f"cpython-{HOST_PYTHON.replace('.', '')}"
    assert (bundle / "__pycache__" / f"lambda_function.{tag}.pyc").exists()


def test_without_lambda_s_python_one_line_says_how_to_get_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    find_compiler.cache_clear()

    bundle = bundle_function(folder, PackageTarget("aarch64-manylinux_2_28", "3.99"), tmp_path)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Note: Python 3.99 was not found and could not be installed")
    assert "uv python install 3.99" in line
    assert list(bundle.rglob("*.pyc")) == []


def test_the_hash_follows_the_version_of_the_compiler(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hashed(compiler: Compiler | None) -> str:
        monkeypatch.setattr(functions, "find_compiler", lambda python: compiler)
        return bundle_hash(folder, ARM_LAMBDA)

    one, other = Compiler("/usr/bin/python3.13", "3.13.1"), Compiler("/opt/python", "3.13.2")
    assert len({hashed(None), hashed(one), hashed(other)}) == 3
    assert hashed(one) == hashed(Compiler("/elsewhere/python", "3.13.1"))


def test_every_function_gets_the_shared_package(folder: Path, tmp_path: Path) -> None:
    bundle = bundle_function(folder, ARM_LAMBDA, tmp_path / "cache")

    assert (bundle / "lambda_function.py").exists()
    assert (bundle / "chat_shared").is_dir()


def test_the_hash_follows_the_content_and_not_the_clock(folder: Path) -> None:
    before = bundle_hash(folder, ARM_LAMBDA)

    (folder / "lambda_function.py").touch()
    compileall.compile_dir(folder, quiet=2)
    assert bundle_hash(folder, ARM_LAMBDA) == before

    (folder / "requirements.txt").write_text("six==1.17.0\n")
    with_package = bundle_hash(folder, ARM_LAMBDA)
    (folder / "small" / "entry.py").write_text("lambda_handler = None\n")
    with_change = bundle_hash(folder, ARM_LAMBDA)
    for_intel = bundle_hash(folder, PackageTarget("x86_64-manylinux_2_28", "3.13"))
    assert len({before, with_package, with_change, for_intel}) == 4


def test_the_same_sources_make_the_same_files(folder: Path, tmp_path: Path) -> None:
    target = PackageTarget("aarch64-manylinux_2_28", HOST_PYTHON)
    first = bundle_function(folder, target, tmp_path / "first")
    second = bundle_function(folder, target, tmp_path / "second")

    assert any(path.suffix == ".pyc" for path in first.rglob("*"))
    assert _contents(first) == _contents(second)


def test_unchanged_sources_are_not_bundled_again(folder: Path, tmp_path: Path) -> None:
    first = bundle_function(folder, ARM_LAMBDA, tmp_path)
    (first / "left-here").touch()

    assert bundle_function(folder, ARM_LAMBDA, tmp_path) == first
    assert (first / "left-here").exists()


def test_a_change_of_the_sources_installs_and_compiles_no_package_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    target, cache = PackageTarget("aarch64-manylinux_2_28", HOST_PYTHON), tmp_path / "cache"
    first = bundle_function(folder, target, cache)
    monkeypatch.setattr(functions, "_install_packages", pytest.fail)
    (folder / "small" / "entry.py").write_text("lambda_handler = None\n")

    second = bundle_function(folder, target, cache)

    before, after = _contents(first), _contents(second)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    compiled = f"small/__pycache__/entry.cpython-{HOST_PYTHON.replace('.', '')}.pyc"
    assert changed == {"small/entry.py", compiled}
    assert "six.py" in after
    monkeypatch.undo()
    assert after == _contents(bundle_function(folder, target, tmp_path / "fresh"))


def test_concurrent_synths_build_a_bundle_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Path] = []
    bundle = functions._bundle

    def record(folder: Path, target: PackageTarget, finished: Path) -> None:
        built.append(finished)
        bundle(folder, target, finished)

    monkeypatch.setattr(functions, "_bundle", record)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: bundle_function(folder, ARM_LAMBDA, tmp_path), range(2)))

    assert found == [*built, *built]


def test_a_bundle_that_was_not_used_for_a_day_is_removed(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    old, kept = (cache / f"lambda-small-{name}" for name in ("old", "kept"))
    for path in (old, kept):
        path.mkdir(parents=True)
    os.utime(old, (0, 0))

    bundle_function(folder, ARM_LAMBDA, cache)

    assert kept.exists()
    assert not old.exists()


def test_a_failed_installation_leaves_nothing_behind(folder: Path, tmp_path: Path) -> None:
    (folder / "requirements.txt").write_text("!\n")

    with pytest.raises(BundleError, match=r"lambda-small/requirements\.txt"):
        bundle_function(folder, ARM_LAMBDA, tmp_path / "cache")

    assert list((tmp_path / "cache").iterdir()) == []


def _contents(bundle: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(bundle)): path.read_bytes()
        for path in bundle.rglob("*")
        if path.is_file()
    }
