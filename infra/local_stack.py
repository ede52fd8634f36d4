#!/usr/bin/env python3
"""Assay on this machine: `make run`, the tests' stack, tokens and sign-in links.

  run                  bring the stack up, connect a site, show the main job, and stay until Ctrl-C
  up                   bring a stack up without the demo, and stay; with --detach return when it is ready
  down                 end a stack that `up` started
  exec -- COMMAND      bring a stack up, run COMMAND (ASSAY_STACK_FILE tells it how to reach the stack), take it down
  token                print an API token of the running stack
  link                 print a link that signs somebody in to its console, once
  prepare              only install the pinned tools below target/venv
  browser              only see that the browser tests have Chromium (CHROMIUM names another program than the known)

Ports come from ASSAY_PORT, JIRA_SIM_PORT and GITHUB_SIM_PORT. JIRA_SITE, JIRA_EMAIL and JIRA_TOKEN connect a site of
one's own, with JIRA_CHANGE_PROJECT for its checks and JIRA_TICKET_PROJECT for its tickets; only `run` and `up` read
them. What such a stack knows is kept in target/<instance>/sites for the next start.
"""

from __future__ import annotations

import argparse
import sys

from local import settings, stack, tools
from local.console import StackError, complain, plain
from local.processes import Children, Stopped, end_on_signals


def main() -> int:
    """Runs one command: the exit code."""
    arguments = _parser().parse_args()
    end_on_signals()
    try:
        return _run(arguments)
    except StackError as error:
        complain(str(error))
        return 1
    except Stopped:
        return 130


def _run(arguments: argparse.Namespace) -> int:
    # A stack for tests never touches a real site, whatever the environment says.
    chosen = settings.read(arguments.instance, with_site=arguments.command in ("run", "up"))
    match arguments.command:
        case "run":
            stack.hold(chosen, with_demo=True)
        case "up" if arguments.detach:
            stack.start_detached(chosen, with_demo=arguments.demo)
        case "up":
            stack.hold(chosen, with_demo=arguments.demo)
        case "down":
            stack.take_down(chosen)
        case "exec":
            return stack.during(chosen, arguments.program, with_demo=arguments.demo)
        case "prepare":
            tools.prepare_virtual_environment(Children())
        case "browser":
            tools.require_chromium(Children())
        case "token":
            plain(stack.token(chosen, arguments.tenant, arguments.role))
        case "link":
            plain(stack.link(chosen, arguments.tenant, arguments.role))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in ("run", "up", "down", "exec", "token", "link", "prepare", "browser"):
        command = commands.add_parser(name)
        command.add_argument("--instance", default=settings.DEFAULT_INSTANCE, help="name of the stack (default: local)")
        if name in ("up", "exec"):
            command.add_argument("--demo", action="store_true", help="connect the simulated site as `run` does")
        if name == "up":
            command.add_argument("--detach", action="store_true", help="return when the stack is ready")
        if name == "exec":
            command.add_argument("program", nargs="+", help="the command to run beside the stack, after --")
        if name in ("token", "link"):
            command.add_argument("--tenant", default=settings.TENANT)
            command.add_argument("--role", default="admin")
    return parser


if __name__ == "__main__":
    sys.exit(main())
