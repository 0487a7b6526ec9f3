"""The command line: help, errors in one line, exit codes and start-up imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seoyeon import cli
from seoyeon.terminal.errors import CommandError
from tests.stack import ROOT


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-m", "seoyeon", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def status(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["seoyeon", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    "command", ["run", "deploy", "destroy", "doctor", "eval", "usage", "feedback", "chat"]
)
def test_help_lists_each_command_and_shows_examples(command: str) -> None:
    assert f"\n  {command} " in call("--help").stdout
    done = call(command, "--help")
    assert done.returncode == 0
    assert "Examples:" in done.stdout
    assert f"python -m seoyeon {command}" in done.stdout
    assert "\x1b" not in done.stdout


def test_help_loads_no_large_library() -> None:
    script = (
        "import sys\n"
        "from seoyeon import cli\n"
        "large = {'aiohttp', 'aws_cdk', 'boto3', 'huggingface_hub', 'rich', 'xllamacpp'}\n"
        "print(sorted(large & set(sys.modules)))\n"
    )
    done = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("arguments", [["unknown"], ["destroy", "--data", "maybe"], ["run", "x"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    done = call(*arguments)
    assert done.returncode == 2
    assert "Usage: python -m seoyeon" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_of_a_command_is_one_line_and_exits_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(*_: object) -> None:
        raise CommandError("It failed: try again.")

    monkeypatch.setattr("seoyeon.aws.deploy.deploy_stage", fail)
    assert status("deploy", monkeypatch=monkeypatch) == 1
    assert capsys.readouterr() == ("", "Error: It failed: try again.\n")


@pytest.mark.parametrize("command", ["deploy", "destroy"])
def test_ctrl_c_says_that_cloudformation_continues_and_exits_with_130(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"seoyeon.aws.{command}.{command}_stage", interrupt)
    assert status(command, monkeypatch=monkeypatch) == 130
    message = "Interrupted. CloudFormation will finish the operation it has started.\n"
    assert capsys.readouterr() == ("", message)


def test_the_settings_of_the_command_line_reach_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[object] = []

    async def record(context: list[str], environ: object, *, delete_data: bool) -> None:
        seen.extend((context, delete_data))

    monkeypatch.setattr("seoyeon.aws.destroy.destroy_stage", record)
    arguments = ("destroy", "-c", "stage=test", "--context", "log_days=7", "--data", "delete")
    assert status(*arguments, monkeypatch=monkeypatch) == 0
    assert seen == [["stage=test", "log_days=7"], True]


def test_an_endpoint_of_an_emulator_in_the_environment_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:4566")
    assert status("deploy", monkeypatch=monkeypatch) == 1
    shown = capsys.readouterr()
    assert "stops a deploy: endpoint: AWS_ENDPOINT_URL redirects" in shown.out
    assert shown.err.startswith("Error: Nothing was changed.")
    assert shown.err.count("\n") == 1


def test_usage_without_a_laptop_run_names_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    assert status("usage", "--local", monkeypatch=monkeypatch) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"Error: No run uses STATE_DIR {tmp_path}: start one with 'make run'")
    assert error.count("\n") == 1


def test_make_usage_passes_its_days_and_the_stage() -> None:
    shown = subprocess.run(
        ["make", "--dry-run", "usage", "STAGE=test", "ARGS=--json"],  # noqa: S607 (fixed arguments)
        cwd=ROOT,
        env={**os.environ, "DAYS": "30"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    command = shown.splitlines()[-1].split()
    assert command[-5:] == ["usage", "--days=30", "-c", "stage=test", "--json"]
