"""The packaged functions on arm64, with stand-ins of AWS around them."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdk.assets.functions import ROOT, bundle_function
from seoyeon.local.ministack.session import REGION, client_config, open_session
from tests.arm64.cloud import Cloud, Deployment
from tests.arm64.debian import Unsupported, provide_python, run
from tests.infrastructure.conftest import ARM_LAMBDA, FOLDERS, Assembly, run_isolated
from tests.stack import Stack

CACHE = ROOT / "cdk.out" / "arm64"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


@pytest.fixture(scope="session")
def packages() -> dict[str, Path]:
    """The functions' packages for Lambda, by the folder of their sources."""
    return {folder: bundle_function(ROOT / folder, ARM_LAMBDA) for folder in FOLDERS}


@pytest.fixture(scope="session")
def python() -> list[str]:
    """The command of Lambda's version of Python on arm64."""
    # So that the fixtures end their processes when the run is terminated.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return provide_python(CACHE).command
    except Unsupported as error:
        pytest.exit(str(error), returncode=1)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of all functions, with AWS's runtime client on the import path."""
    runtime = tmp_path_factory.mktemp("runtime")
    options = ["--no-deps", "--only-binary", ":all:", "--python-version", ARM_LAMBDA.python]
    options += ["--python-platform", str(ARM_LAMBDA.platform), "--target", str(runtime)]
    run(sys.executable, "-m", "uv", "pip", "install", *options, "--requirements", str(REQUIREMENTS))
    return {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "HOME": "/nonexistent",
        "LAMBDA_RUNTIME_DIR": str(runtime),
        # The next deployment publishes the same packages. On Lambda, they are read-only.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(runtime),
    }


@pytest.fixture(scope="session")
def cloud(
    python: list[str],
    environment: dict[str, str],
    packages: dict[str, Path],
    stack: Stack,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Cloud]:
    """The default deployment on AWS, with DynamoDB and the model of the laptop run."""
    home = tmp_path_factory.mktemp("home")
    done = run_isolated(["cdk", "synth", "--quiet", "--output", str(home / "aws")], home)
    assert done.returncode == 0, done.stdout + done.stderr
    dynamodb_url = f"http://127.0.0.1:{stack.memory['ministack_port']}"
    client = open_session().client("dynamodb", endpoint_url=dynamodb_url, config=client_config())
    (table,) = client.list_tables()["TableNames"]
    deployment = Deployment(Assembly(home / "aws", "", "prod").service, table, packages)
    logs = tmp_path_factory.mktemp("logs")
    cloud = Cloud(deployment, python, environment, logs, dynamodb_url, stack.bedrock.url)
    yield cloud
    cloud.close()


@pytest.fixture(autouse=True)
def allowed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test in which a function's policy refused one of its calls."""
    yield
    if "cloud" in request.fixturenames:
        assert request.getfixturevalue("cloud").endpoint.refused == []
