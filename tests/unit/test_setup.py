"""The Python of `make setup`, with stubs in place of Python and uv."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make") or "make"
# The variables of `make test`, which a make below it would inherit.
ENVIRONMENT = {
    name: os.environ[name] for name in os.environ if not name.startswith(("MAKE", "MFLAGS"))
}
# A stub logs its call, and creates the programs that the real one would.
LOG = '#!/bin/sh\necho "$(basename "$0") $*" >> log\n'
PYTHON = (
    LOG
    + """
case "$*" in
  *version_info*) exit {status} ;;
  "-m venv"*)
    mkdir -p "$3/bin"
    cp stub "$3/bin/python"
    cp stub "$3/bin/pip"
    cp uv "$3/bin/uv" ;;
esac
"""
)
UV = LOG + '[ "$1" != venv ] || { mkdir -p .venv/bin && cp stub .venv/bin/python; exit %d; }\n'


def run_setup(
    folder: Path, *targets: str, is_old: bool = False, uv_status: int = 0
) -> tuple[int, str, list[str]]:
    """Return the exit status, standard error, and the calls of the stubs."""
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.txt", "requirements-run.txt", "requirements-dev.txt"):
        (folder / name).write_text("uv==1.0\n")
    for name, content in {
        "old-python": PYTHON.format(status=int(is_old)),
        "stub": LOG,
        "uv": UV % uv_status,
    }.items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o755)
    done = subprocess.run(  # noqa: S603 (fixed arguments)
        [MAKE, *(targets or [".venv/.ready"]), "PYTHON=./old-python", "UV=./uv"],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr, (folder / "log").read_text().splitlines()


def test_an_old_python_gets_a_newer_one_by_uv(tmp_path: Path) -> None:
    status, _, calls = run_setup(tmp_path, is_old=True)
    assert status == 0
    assert "uv venv --quiet --seed --python 3.13 .venv" in calls
    assert "python -m pip install --quiet --disable-pip-version-check uv==1.0" in calls
    assert (tmp_path / ".venv" / ".ready").is_file()


def test_a_python_that_is_new_enough_is_used(tmp_path: Path) -> None:
    status, _, calls = run_setup(tmp_path, is_old=False)
    assert status == 0
    assert "old-python -m venv .venv" in calls
    assert not [call for call in calls if call.startswith("uv venv")]


def test_each_command_installs_one_set_of_packages(tmp_path: Path) -> None:
    """Before a deployment nothing of a run is installed, and a larger set contains the smaller."""
    for number, (targets, lock) in enumerate(
        {
            (".venv/.ready",): "requirements.txt",
            (".venv/.ready-run", ".venv/.ready"): "requirements-run.txt",
            (".venv/.ready-dev", ".venv/.ready-run", ".venv/.ready"): "requirements-dev.txt",
        }.items()
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        _, _, calls = run_setup(folder, *targets)
        synced = [call.split()[-1] for call in calls if call.startswith("uv pip sync")]
        assert synced == [lock]


def test_a_download_that_fails_names_what_to_do(tmp_path: Path) -> None:
    status, errors, calls = run_setup(tmp_path, is_old=True, uv_status=2)
    assert status != 0
    assert "install Python 3.11 or newer" in errors
    assert not [call for call in calls if "pip sync" in call]


def test_a_python_that_does_not_run_is_named(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").touch()
    done = subprocess.run(  # noqa: S603 (fixed arguments)
        [MAKE, ".venv/.ready", "PYTHON=./none"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "./none does not run: install Python 3." in done.stderr
