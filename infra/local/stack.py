"""A local stack from nothing to ready, and its end."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from local import demo, deployment, memory, settings, tools
from local.console import StackError, complain, elapsed, plain, say
from local.processes import Children, Stopped, require_free_ports, without_secrets
from local.settings import Settings
from local.web import Api, send

_SIM_BOUND_SECONDS = 30
_END_BOUND_SECONDS = 30
_READY_BOUND_SECONDS = 1800
_TROUBLE = (
    "exited during init",
    "init error",
    "exited before returning",
    "failed processing SQS batch",
    "Task timed out",
)


def hold(stack: Settings, *, with_demo: bool) -> None:
    """Brings a stack up and holds it until this program is asked to end; nothing of it is left then."""
    with _claimed(stack) as children:
        try:
            _bring_up(stack, children, with_demo=with_demo)
            _tell(stack, deployment.issue_link(stack, children, settings.TENANT, "admin"))
            _watch(stack, children)
        except Stopped as reason:
            plain()
            say(f"stopping ({reason})")


def during(stack: Settings, command: list[str], *, with_demo: bool) -> int:
    """Brings a stack up, runs a command beside it, and takes the stack down, whatever happened: the exit code."""
    with _claimed(stack) as children:
        _bring_up(stack, children, with_demo=with_demo)
        say(f"running {' '.join(command)}")
        # Tests run in the folder of their crate, so a path that is meant from the root must be whole.
        environment = without_secrets(os.environ) | {"ASSAY_STACK_FILE": str(stack.stack_file)} | _openapi_directory()
        code, _ = children.run(command, environment=environment, directory=settings.ROOT)
        if (child := children.crashed()) is not None:
            complain(f"{child.name} ended with {child.process.returncode}; its last lines:\n{child.last_lines()}")
            return code or 1
        return code


@contextmanager
def _claimed(stack: Settings) -> Iterator[Children]:
    """Nobody else holds the stack meanwhile, and nothing that was started is left afterwards."""
    stack.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    _hold_lock(stack)
    require_free_ports(stack.ports())
    children = Children()
    try:
        yield children
    finally:
        codes = children.stop()
        memory.keep(stack, ended_by_itself=codes.get("ministack") == 0)
        stack.stack_file.unlink(missing_ok=True)
        say(f"stopped after {elapsed():.0f} s; nothing is left running")


def start_detached(stack: Settings, *, with_demo: bool) -> None:
    """Starts a holder in the background and returns when its stack is ready."""
    if (holder := _holder(stack)) is not None:
        raise _running_already(stack, holder)
    stack.stack_file.unlink(missing_ok=True)
    log = stack.directory / "logs" / "up.log"
    stack.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    log.parent.mkdir(exist_ok=True)
    script = Path(sys.argv[0]).resolve()
    command = [sys.executable, str(script), "up", "--instance", stack.instance, *(["--demo"] if with_demo else [])]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        shown = 0
        end = time.monotonic() + _READY_BOUND_SECONDS
        while not stack.stack_file.exists():
            code = process.poll()
            text = log.read_text(errors="replace")
            print(text[shown:], end="", flush=True)
            shown = len(text)
            if code is not None:
                raise StackError(f"the stack did not come up; its log: {log}")
            if time.monotonic() > end:
                raise StackError(f"the stack was not ready within {_READY_BOUND_SECONDS} s; its log: {log}")
            time.sleep(0.2)
        print(log.read_text(errors="replace")[shown:], end="", flush=True)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    say(f"the stack '{stack.instance}' is up; {stack.stack_file} says how to reach it")


def take_down(stack: Settings) -> None:
    """Asks the process that holds a stack to end, and waits until it has."""
    holder = _holder(stack)
    if holder is None:
        say(f"no stack '{stack.instance}' is running")
        return
    os.kill(holder, signal.SIGTERM)
    end = time.monotonic() + _END_BOUND_SECONDS
    while _holder(stack) is not None:
        if time.monotonic() > end:
            raise StackError(f"process {holder} did not end within {_END_BOUND_SECONDS} s")
        time.sleep(0.1)
    say(f"the stack '{stack.instance}' is down")


def token(stack: Settings, tenant: str, role: str) -> str:
    """A token from the running local stack, whatever port it was started with."""
    return deployment.issue_token(_running(stack), Children(), tenant, role)


def link(stack: Settings, tenant: str, role: str) -> str:
    """A sign-in link to the running local stack, whatever port it was started with."""
    return deployment.issue_link(_running(stack), Children(), tenant, role)


def _running(stack: Settings) -> Settings:
    if _holder(stack) is None or not stack.stack_file.exists():
        raise StackError("no local stack is ready; start one with `make run`, or name a stack on AWS with STACK=<name>")
    endpoint = urlsplit(json.loads(stack.stack_file.read_text())["aws_endpoint"])
    return replace(stack, aws_port=endpoint.port or stack.aws_port)


def _bring_up(stack: Settings, children: Children, *, with_demo: bool) -> None:
    stack.stack_file.unlink(missing_ok=True)
    tools.prepare_virtual_environment(children)
    memory.recall(stack)
    ministack = deployment.start_ministack(stack, children)
    executables = tools.build(children)
    tools.pack(children, executables)
    if stack.site is None:
        _start_simulators(stack, children, executables)
    say("waiting for MiniStack, the local AWS")
    deployment.wait_for_ministack(stack, children, ministack)
    say("deploying infra/template.yaml")
    deployment.deploy(stack, children)
    say("asking for the first API token by direct invocation")
    admin_token = deployment.issue_token(stack, children, settings.TENANT, "admin")
    _wait_for_api(stack)
    if with_demo:
        demo.run(stack, Api(stack.url, admin_token), children)
    _write_stack_file(stack, admin_token)


def _start_simulators(stack: Settings, children: Children, executables: dict[str, Path]) -> None:
    say("starting the simulators of Jira and GitHub")
    environment = {"PATH": os.environ.get("PATH", "")} | _openapi_directory()
    for name, url in zip(settings.SIMULATORS, (stack.sim_url, stack.github_sim_url), strict=True):
        command = [str(executables[name]), "--port", str(urlsplit(url).port)]
        child = children.start(name, command, environment, stack.directory / "logs" / f"{name}.log")
        children.wait_healthy(child, f"{url}/__sim/settings", _SIM_BOUND_SECONDS)


def _openapi_directory() -> dict[str, str]:
    directory = os.environ.get("JIRA_OPENAPI_DIR")
    return {"JIRA_OPENAPI_DIR": os.path.abspath(directory)} if directory else {}


def _wait_for_api(stack: Settings) -> None:
    answer = send("GET", f"{stack.url}/v1/health")
    if answer.status != 200:
        raise StackError(f"GET /v1/health answered {answer.status}: {answer.body.decode(errors='replace')[:500]}")


def _write_stack_file(stack: Settings, admin_token: str) -> None:
    """Readable by its owner only: the token in it opens everything. A script may wait for the file to appear."""
    content = {
        "url": stack.url,
        "admin_token": admin_token,
        "tenant": settings.TENANT,
        "jira_sim": None if stack.site is not None else stack.sim_url,
        "github_sim": None if stack.site is not None else stack.github_sim_url,
        "aws_endpoint": stack.aws_endpoint,
    }
    partial = stack.stack_file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        json.dump(content, output, indent=2)
        output.write("\n")
    partial.replace(stack.stack_file)


def _tell(stack: Settings, link: str) -> None:
    shown = stack.stack_file.relative_to(settings.ROOT)
    say("ready")
    plain()
    plain(f"  open {link}")
    plain("       (signs you in once, within 15 minutes; another: `make link`)")
    plain()
    plain(f"  Assay's API        {stack.url}/v1/health   (description: {stack.url}/v1/openapi.json)")
    plain(f"  admin token        in {shown} (tenant '{settings.TENANT}')")
    if stack.site is None:
        plain(f"  the Jira site      {stack.sim_url}/   (a simulator: look at the tickets, close one by hand)")
        plain(f"  GitHub             {stack.github_sim_url}/repos/acme/shop/pulls   (a simulator, too)")
    else:
        plain(f"  your Jira site     https://{stack.site.domain}/   (the tickets made there stay when this stack ends)")
        plain(f"  what is known      in {memory.folder(stack)}: without it a new start would make the tickets again")
    plain(f"  AWS services       {stack.aws_endpoint}   (MiniStack; any credentials)")
    plain(f"  logs               {(stack.directory / 'logs').relative_to(settings.ROOT)}/")
    plain()
    plain("  Try:")
    plain(f"    TOKEN=$(python3 -c \"import json; print(json.load(open('{shown}'))['admin_token'])\")")
    for path in ("checks", "tasks", "findings", "tickets"):
        plain(f'    curl -H "Authorization: Bearer $TOKEN" {stack.url}/v1/{path}')
    plain("    make token TENANT=demo ROLE=auditor      another token")
    plain("    make link TENANT=demo ROLE=reviewer      a sign-in link for somebody else")
    plain()
    plain("  Ctrl-C ends everything.")


def _watch(stack: Settings, children: Children) -> None:
    """Stays until a child crashes; shows what goes wrong inside the functions meanwhile."""
    log = stack.directory / "logs" / "ministack.log"
    with log.open("rb") as lines:
        lines.seek(0, os.SEEK_END)
        while (child := children.crashed()) is None:
            for line in lines.readlines():
                text = line.decode(errors="replace").rstrip()
                if any(trouble in text for trouble in _TROUBLE):
                    say(f"a function is in trouble: {text}")
            time.sleep(0.5)
    raise StackError(f"{child.name} ended with {child.process.returncode}; its last lines:\n{child.last_lines()}")


def _running_already(stack: Settings, holder: int) -> StackError:
    return StackError(f"the stack '{stack.instance}' is running already (process {holder})")


def _hold_lock(stack: Settings) -> None:
    """Notes who holds the stack. The lock ends with this process, however it ends; so a stale number means nothing."""
    lock = os.open(stack.pid_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20)
        os.close(lock)
        raise _running_already(stack, int(holder or b"0")) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


def _holder(stack: Settings) -> int | None:
    """The living process that holds a stack."""
    try:
        with stack.pid_file.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or b"0")
    except FileNotFoundError:
        pass
    return None
