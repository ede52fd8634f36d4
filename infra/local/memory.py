"""What a stack on a site of one's own remembers from one start to the next.

Which task has which issue stands in the table alone: a stack that forgot it would make every issue again. So MiniStack
keeps its state in a folder of its own for each site and port (`PERSIST_STATE`). It saves only when it ends by itself; what
was saved is used only then, since an older state does not know the newest issues. See
`shared/decisions/0013-own-site-is-remembered.md`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from local.console import say
from local.settings import Settings

_COMPLETE = "saved-at-the-end"


def folder(stack: Settings) -> Path | None:
    """Where the state is kept; none for a simulated site, which is new at every start."""
    if stack.site is None:
        return None
    return stack.directory / "sites" / f"{stack.site.domain}-{stack.aws_port}"


def recall(stack: Settings) -> None:
    """Before MiniStack starts: leaves what was saved at the end of the last run, and nothing else, in the folder."""
    kept = folder(stack)
    if kept is None:
        return
    complete = kept / _COMPLETE
    if kept.is_dir() and not complete.is_file():
        say("the last run did not end by itself: what it knew of your site is not used")
        shutil.rmtree(kept)
    elif kept.is_dir():
        say(f"going on with what is known of {stack.site.domain if stack.site else ''}")
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    complete.unlink(missing_ok=True)


def keep(stack: Settings, *, ended_by_itself: bool) -> None:
    """After MiniStack ended."""
    kept = folder(stack)
    if kept is not None and kept.is_dir() and ended_by_itself and (kept / "dynamodb.json").is_file():
        (kept / _COMPLETE).touch()
