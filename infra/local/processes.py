"""The children of a local stack: each in a process group of its own, so that none outlives it.

MiniStack runs the functions as its own children; they are in its group and end with it. On Linux the kernel also ends
a child whose parent was killed without a chance to tidy up.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.console import StackError, say

_GRACE_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """The person, or the system, asked this program to end."""


def end_on_signals() -> None:
    """Turns the signals that ask for an end into `Stopped`, raised in the main thread."""

    def stop(number: int, _frame: object) -> None:
        _ignore_signals()
        raise Stopped(signal.Signals(number).name)

    for name in _ENDING_SIGNALS:
        signal.signal(name, stop)


def _ignore_signals() -> None:
    for name in _ENDING_SIGNALS:
        signal.signal(name, signal.SIG_IGN)


def require_free_ports(ports: Mapping[str, int]) -> None:
    """Refuses to start when a port is taken, and names the variable that changes it."""
    for variable, port in ports.items():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise StackError(
                    f"port {port} is in use ({error.strerror}); choose another with {variable}=<port>"
                ) from error


def _child_begins() -> None:
    """In the child: signals reach it again, and it ends with its parent."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING_SIGNALS)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One child that is meant to stay."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self, count: int = 15) -> str:
        """The end of the child's log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-count:])


_HIDDEN = ("JIRA_TOKEN", "MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS")


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """What a build, an installer or a test may see: not the token of somebody's Jira, nor make's copy of its command
    line, nor the credentials of somebody's AWS account."""
    account = [name for name in environment if name.startswith("AWS_") and not name.startswith("AWS_LC_")]
    return {name: value for name, value in environment.items() if name not in (*_HIDDEN, *account)}


# Everything on this machine is reached directly, whatever proxy the environment names.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Children:
    """All children of this program; `stop` ends every one of them."""

    _staying: list[Child] = field(default_factory=list)
    _groups: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
        """Starts a child that stays; its output goes to `log`."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = self._spawn(command, env=dict(environment), stdout=output, stderr=subprocess.STDOUT)
        child = Child(name, process, log)
        self._staying.append(child)
        return child

    def run(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        capture: bool = False,
        quiet: bool = False,
    ) -> tuple[int, str]:
        """Runs a tool to its end: its exit code, and with `capture` its standard output.

        With `quiet` what it says to standard error is added to the answer instead of being shown.
        """
        process = self._spawn(
            command,
            env=without_secrets(os.environ) if environment is None else dict(environment),
            cwd=directory,
            stdout=subprocess.PIPE if capture else None,
            stderr=subprocess.STDOUT if quiet else None,
        )
        output, _ = process.communicate()
        self._groups.remove(process)
        return process.returncode, (output or b"").decode(errors="replace")

    def _spawn(self, command: Sequence[str], **options: object) -> subprocess.Popen[bytes]:
        # A signal that came between the start and the note would leave a child that nobody ends.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING_SIGNALS)
        try:
            process: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
                list(command),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_child_begins,
                **options,
            )
            self._groups.append(process)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        return process

    def crashed(self) -> Child | None:
        """A child that should stay and has ended."""
        return next((child for child in self._staying if child.process.poll() is not None), None)

    def wait_healthy(self, child: Child, url: str, bound_seconds: float) -> None:
        """Waits until `url` answers 200."""
        end = time.monotonic() + bound_seconds
        while time.monotonic() < end:
            if child.process.poll() is not None:
                raise StackError(
                    f"{child.name} ended with {child.process.returncode}; its last lines:\n{child.last_lines()}"
                )
            try:
                with _OPENER.open(url, timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.1)
        raise StackError(f"{child.name} did not answer at {url} within {bound_seconds:g} s; its log: {child.log}")

    def stop(self) -> dict[str, int]:
        """Ends every child and everything that it started; from here on nothing interrupts.

        The answer has the exit code of each child that was meant to stay; one that had to be killed has a negative one.
        """
        _ignore_signals()
        groups = [process.pid for process in reversed(self._groups)]
        for group in groups:
            _signal_group(group, signal.SIGTERM)
        end = time.monotonic() + _GRACE_SECONDS
        while time.monotonic() < end and any(self._group_lives(process) for process in self._groups):
            time.sleep(0.05)
        for group in groups:
            if _signal_group(group, signal.SIGKILL):
                say(f"process group {group} did not end in {_GRACE_SECONDS:g} s and was killed")
        for process in self._groups:
            process.wait()
        codes = {child.name: child.process.returncode for child in self._staying}
        self._groups.clear()
        self._staying.clear()
        return codes

    @staticmethod
    def _group_lives(process: subprocess.Popen[bytes]) -> bool:
        process.poll()
        return _signal_group(process.pid, 0)


def _signal_group(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def refuse_crash(children: Children) -> None:
    """An error if a child that is meant to stay has ended, with the last lines of its log."""
    if (child := children.crashed()) is not None:
        raise StackError(f"{child.name} ended with {child.process.returncode}; its last lines:\n{child.last_lines()}")
