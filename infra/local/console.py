"""What the person at the terminal reads: one line per step, with the time since the start."""

from __future__ import annotations

import sys
import time

_STARTED = time.monotonic()


class StackError(Exception):
    """A failure that is told in one message, without a traceback."""


def elapsed() -> float:
    """Seconds since this program started."""
    return time.monotonic() - _STARTED


def say(message: str) -> None:
    """Prints one step with the elapsed time."""
    print(f"[{elapsed():6.1f} s] {message}", flush=True)


def plain(message: str = "") -> None:
    """Prints text that is no step, such as the closing summary."""
    print(message, flush=True)


def complain(message: str) -> None:
    """Prints an error."""
    print(f"error: {message}", file=sys.stderr, flush=True)
