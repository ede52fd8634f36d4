"""The tools a local stack needs, and the functions' archives; whatever is already as it should be is left alone."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

from local import settings
from local.console import StackError, say
from local.processes import Children

VENV = settings.TARGET / "venv"
_INFRA = settings.ROOT / "infra"
_REQUIREMENTS = _INFRA / "requirements.txt"
_DEPLOY_REQUIREMENTS = _INFRA / "requirements-deploy.txt"
_OLDEST_PYTHON = (3, 11)
# As tests/browser/src/chromium.rs looks for it: first on the PATH, then where macOS keeps applications.
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def tool(name: str) -> str:
    """Path of a program of the virtual environment."""
    return str(VENV / "bin" / name)


def prepare_virtual_environment(children: Children, *, for_deployment: bool = False) -> None:
    """Installs the pinned packages, all of them together, unless this very list is installed already."""
    files = [_REQUIREMENTS, *([_DEPLOY_REQUIREMENTS] if for_deployment else [])]
    digest = _digest(*files)
    stamp = VENV / f"installed-{'deploy' if for_deployment else 'run'}"
    if _is_installed(stamp, digest):
        return
    if sys.version_info < _OLDEST_PYTHON:
        raise StackError(
            f"Python {'.'.join(map(str, _OLDEST_PYTHON))} or newer is needed; this is {sys.version.split()[0]}"
        )
    settings.TARGET.mkdir(exist_ok=True)
    # Two stacks that start together share these packages: one installs, the other waits.
    with (settings.TARGET / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_installed(stamp, digest):
            _install(children, files)
            stamp.write_text(digest)


def require_chromium(children: Children) -> None:
    """Sees that the browser tests have Chromium; installs Debian's package where root may do that."""
    if _has_chromium():
        return
    if not os.environ.get("CHROMIUM") and os.geteuid() == 0 and shutil.which("apt-get") is not None:
        say("installing Chromium for the browser tests (once)")
        _require(children, ["apt-get", "update", "-qq"], "the list of Debian's packages could not be read")
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        _require(children, command, "Debian's package chromium could not be installed")
    if not _has_chromium():
        raise StackError("the browser tests need Chromium: install the package chromium, or name the program in CHROMIUM")


def _has_chromium() -> bool:
    named = os.environ.get("CHROMIUM")
    return any(shutil.which(program) is not None for program in ((named,) if named else (*_CHROMIUM, *_APPLICATIONS)))


def _is_installed(stamp: Path, digest: str) -> bool:
    return stamp.is_file() and stamp.read_text() == digest


def _install(children: Children, files: list[Path]) -> None:
    say("installing the pinned Python packages below target/venv (once)")
    # Without pip it is what an interrupted start left.
    if not (VENV / "bin" / "pip").exists():
        _require(children, [sys.executable, "-m", "venv", "--clear", str(VENV)], "the virtual environment could not be made")
    arguments = [argument for file in files for argument in ("--requirement", str(file))]
    _require(
        children,
        [tool("python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments],
        "the Python packages could not be installed",
    )


def build(children: Children) -> dict[str, Path]:
    """Builds every function and the simulators in the dev profile: the executables by name."""
    if shutil.which("cargo") is None:
        raise StackError("cargo is not on the PATH; install Rust (https://rustup.rs)")
    say("building the functions and the simulators (the first time takes minutes; cargo shows its progress)")
    packages = [argument for name in settings.FUNCTIONS for argument in ("--package", f"assay-{name}")]
    simulators = [argument for name in settings.SIMULATORS for argument in ("--package", name)]
    command = ["cargo", "build", "--locked", "--bins", *simulators, *packages]
    command += ["--message-format", "json-render-diagnostics"]
    code, output = children.run(command, directory=settings.ROOT, capture=True)
    if code != 0:
        raise StackError("the build failed; cargo's messages stand above")
    executables: dict[str, Path] = {}
    for line in output.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("reason") == "compiler-artifact" and message.get("executable"):
            executables[message["target"]["name"]] = Path(message["executable"])
    missing = [name for name in (*settings.FUNCTIONS, *settings.SIMULATORS) if name not in executables]
    if missing:
        raise StackError(f"the build made no program named {', '.join(missing)}")
    return executables


def pack(children: Children, executables: dict[str, Path]) -> None:
    """Writes the archive of each function that changed, where the template's copy looks for it."""
    for name in settings.FUNCTIONS:
        archive = settings.PACKAGES / "target" / "lambda" / name / "bootstrap.zip"
        stamp = archive.with_suffix(".of")
        state = executables[name].stat()
        identity = f"{state.st_size} {state.st_mtime_ns}"
        if archive.is_file() and stamp.is_file() and stamp.read_text() == identity:
            continue
        say(f"packing {name}")
        archive.parent.mkdir(parents=True, exist_ok=True)
        bootstrap = archive.with_name("bootstrap")
        _strip(children, executables[name], bootstrap)
        _zip(bootstrap, archive)
        bootstrap.unlink()
        stamp.write_text(identity)


def _strip(children: Children, executable: Path, bootstrap: Path) -> None:
    """Leaves out the debug symbols, which are most of a dev build; without `strip` the archive is only larger."""
    shutil.copy(executable, bootstrap)
    if shutil.which("strip") is not None:
        children.run(["strip", "-S", str(bootstrap)])


def _zip(bootstrap: Path, archive: Path) -> None:
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    partial = archive.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", compresslevel=1) as output:
        output.writestr(entry, bootstrap.read_bytes())
    os.replace(partial, archive)


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _require(children: Children, command: list[str], failure: str) -> None:
    code, output = children.run(command, capture=True, quiet=True)
    if code != 0:
        raise StackError(f"{failure}:\n{output.strip()}")
