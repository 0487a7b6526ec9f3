"""Python 3.13 for arm64 from Debian's packages, unpacked into a folder and not installed.

apt downloads them with a separate state and verifies Debian's signatures. On another processor,
qemu runs the interpreter. Neither root nor chroot is needed: the interpreter is started by its own
dynamic loader, which gets the folder of its libraries as an argument.
"""

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cdk.assets.functions import find_compiler

RELEASE = "trixie"  # the Debian release with Lambda's version of Python
PYTHON = "3.13"
# The runtime client's extension module needs libstdc++.
PACKAGES = (f"python{PYTHON}", "libstdc++6")
EMULATOR = "qemu-user"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org/debian"


class Unsupported(Exception):
    """This machine cannot run the functions; the message says what is missing, and a way out."""


@dataclass(frozen=True)
class Arm64Python:
    root: Path
    emulator: Path | None

    @property
    def command(self) -> list[str]:
        """Return the command to which the interpreter's arguments are appended."""
        libraries = self.root / "usr/lib"
        loader = [libraries / "ld-linux-aarch64.so.1", "--library-path"]
        emulator = [self.emulator] if self.emulator else []
        program = self.root / f"usr/bin/python{PYTHON}"
        return list(map(str, [*emulator, *loader, libraries / "aarch64-linux-gnu", program]))


def provide_python(cache: Path) -> Arm64Python:
    """Return the interpreter, and unpack it unless the cache has it. Raise Unsupported."""
    root = cache / "debian"
    architecture = host_architecture()
    if not root.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".new-") as scratch:
            draft = Path(scratch) / "debian"
            unpack_packages(download_packages(Path(scratch), architecture), draft)
            draft.rename(root)
    is_native = architecture == "arm64"
    return Arm64Python(root, None if is_native else root / "usr/bin/qemu-aarch64")


def host_architecture() -> str:
    """Return Debian's name of this machine's architecture; raise Unsupported."""
    if platform.system() != "Linux" or not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise Unsupported(
            "The functions run as on Lambda only on Linux with apt: run the command in a container "
            f"of the image debian:{RELEASE}."
        )
    if not KEYRING.exists():
        raise Unsupported(
            f"{KEYRING} is missing, so that Debian's packages cannot be verified: run 'apt-get "
            "install debian-archive-keyring'."
        )
    return run("dpkg", "--print-architecture").strip()


def download_packages(state: Path, architecture: str) -> list[Path]:
    """Return the packages and their dependencies, downloaded below `state`."""
    archives = state / "archives"
    for folder in (archives / "partial", state / "lists/partial", state / "sources"):
        folder.mkdir(parents=True)
    (state / "status").touch()
    architectures = list(dict.fromkeys(("arm64", architecture)))
    is_debian = platform.freedesktop_os_release()["ID"] == "debian"
    source = source_entry(own_mirror() if is_debian else MIRROR, architectures)
    (state / "sources/debian.sources").write_text(source)
    configuration = state / "apt.conf"
    configuration.write_text(apt_configuration(state, architectures))
    environment = {"APT_CONFIG": str(configuration)}
    emulator = [] if architecture == "arm64" else [f"{EMULATOR}:{architecture}"]
    run("apt-get", "update", **environment)
    run("apt-get", "install", "--download-only", "--yes", *PACKAGES, *emulator, **environment)
    return sorted(archives.glob("*.deb"))


def own_mirror() -> str:
    """Return the mirror of this machine's own release."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", RELEASE)
    filters = ("Created-By: Packages", "Component: main", f"Release: {release}")
    mirrors = run("apt-get", "indextargets", "--format", "$(REPO_URI)", *filters).split()
    return mirrors[0] if mirrors else MIRROR


def source_entry(mirror: str, architectures: Iterable[str]) -> str:
    """Return a file of sources.list.d in the deb822 format."""
    fields = {
        "Types": "deb",
        "URIs": mirror,
        "Suites": RELEASE,
        "Components": "main",
        "Architectures": " ".join(architectures),
        "Signed-By": KEYRING,
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def apt_configuration(state: Path, architectures: Iterable[str]) -> str:
    """Return a configuration whose paths are all below `state`."""
    options = {
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state,
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": state / "sources",
        "APT::Architecture": "arm64",
        "APT::Install-Recommends": "false",
        # Debian's _apt may not be allowed to read the folder.
        "APT::Sandbox::User": "root",
        # A user other than root may not lock the system's state, which is not used.
        "Debug::NoLocking": "true",
    }
    lines = [f'{name} "{value}";' for name, value in options.items()]
    listed = " ".join(f'"{name}";' for name in architectures)
    return "\n".join([*lines, f"APT::Architectures {{ {listed} }};", ""])


def unpack_packages(packages: Iterable[Path], root: Path) -> None:
    """Unpack the packages into `root`, and compile the standard library.

    Their installation scripts, which would compile it, are not run.
    """
    root.mkdir()
    for package in packages:
        if package.name.startswith(f"{EMULATOR}_"):
            # The package has an emulator of 16 MB for each of 30 architectures.
            script = 'dpkg-deb --fsys-tarfile "$0" | tar -x -C "$1" ./usr/bin/qemu-aarch64'
            run("sh", "-c", script, str(package), str(root))
        else:
            run("dpkg-deb", "--extract", str(package), str(root))
    if compiler := find_compiler(PYTHON):
        library = root / f"usr/lib/python{PYTHON}"
        options = ["-qq", "-j0", "--invalidation-mode", "unchecked-hash"]
        run(compiler.path, "-I", "-m", "compileall", *options, str(library))


def run(*command: str, **environment: str) -> str:
    """Return the command's output; raise RuntimeError with all of it if the command fails."""
    done = subprocess.run(  # noqa: S603 (no shell, fixed arguments)
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"'{' '.join(command)}' failed:\n{done.stdout}{done.stderr}")
    return done.stdout
