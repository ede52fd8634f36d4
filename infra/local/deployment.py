"""MiniStack, and the one template on it: deployed by the commands that deploy it to AWS."""

from __future__ import annotations

import json
import os
import shutil

from local import memory, settings, tools
from local.console import StackError, say
from local.processes import Child, Children
from local.settings import Settings

_BUCKET = "assay-artifacts"
_HEALTH_BOUND_SECONDS = 60


def aws_environment(stack: Settings) -> dict[str, str]:
    """An environment in which nothing of the person's own AWS account is seen."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    return kept | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": settings.REGION,
        "AWS_DEFAULT_REGION": settings.REGION,
        "AWS_ENDPOINT_URL": stack.aws_endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def start_ministack(stack: Settings, children: Children) -> Child:
    """Starts MiniStack on loopback only. It hands its own environment on to the functions, so it gets a clean one."""
    temporary = stack.directory / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    environment = aws_environment(stack) | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(stack.aws_port),
        "MINISTACK_REGION": settings.REGION,
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(temporary),
        "S3_DATA_DIR": str(temporary / "s3"),
        "STATE_DIR": str(temporary / "state"),
    }
    kept = memory.folder(stack)
    if kept is not None:
        environment |= {"PERSIST_STATE": "1", "STATE_DIR": str(kept)}
    command = [tools.tool("python"), "-m", "ministack.app"]
    return children.start("ministack", command, environment, stack.directory / "logs" / "ministack.log")


def wait_for_ministack(stack: Settings, children: Children, child: Child) -> None:
    """Waits until MiniStack answers."""
    children.wait_healthy(child, f"{stack.aws_endpoint}/_ministack/health", _HEALTH_BOUND_SECONDS)


def deploy(stack: Settings, children: Children) -> None:
    """Uploads the archives and deploys the template, unchanged, with this stack's parameters.

    The template names the archives by a path relative to itself; a copy of it stands where that path leads to the
    archives of the dev build, so that those of a release build are never mixed with them.
    """
    template = settings.PACKAGES / "infra" / settings.TEMPLATE.name
    template.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(settings.TEMPLATE, template)
    packaged = stack.directory / "packaged.yaml"
    _aws(stack, children, "s3api", "create-bucket", "--bucket", _BUCKET)
    _aws(
        stack,
        children,
        *("cloudformation", "package", "--template-file", str(template)),
        *("--s3-bucket", _BUCKET, "--output-template-file", str(packaged)),
    )
    parameters = [f"{name}={value}" for name, value in stack.template_parameters().items()]
    _aws(
        stack,
        children,
        *("cloudformation", "deploy", "--template-file", str(packaged), "--stack-name", settings.STACK_NAME),
        *("--s3-bucket", _BUCKET, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
        *("--no-fail-on-empty-changeset", "--parameter-overrides", *parameters),
    )


def issue_token(stack: Settings, children: Children, tenant: str, role: str) -> str:
    """Asks the `api` function for an API token by direct invocation, which only IAM allows."""
    wish = {"issue_token": {"tenant": tenant, "role": role, "name": "bootstrap"}}
    return _invoke(stack, children, "api", wish, "token")


def issue_link(stack: Settings, children: Children, tenant: str, role: str) -> str:
    """Asks the `console` function for a link that signs somebody in once, in the same way."""
    return _invoke(stack, children, "console", {"issue_link": {"tenant": tenant, "role": role}}, "url")


def _invoke(stack: Settings, children: Children, function: str, payload: object, wanted: str) -> str:
    answer_file = stack.directory / f"{function}-answer.json"
    try:
        _aws(
            stack,
            children,
            *("lambda", "invoke", "--function-name", f"{settings.STACK_NAME}-{function}"),
            *("--payload", json.dumps(payload), str(answer_file)),
        )
        answer = json.loads(answer_file.read_text())
    finally:
        answer_file.unlink(missing_ok=True)
    if not isinstance(answer, dict) or wanted not in answer:
        raise StackError(f"the {function} function gave no {wanted} but: {json.dumps(answer)[:500]}")
    return str(answer[wanted])


def _aws(stack: Settings, children: Children, *arguments: str) -> str:
    environment = aws_environment(stack)
    code, output = children.run([tools.tool("aws"), *arguments], environment=environment, capture=True, quiet=True)
    if code != 0:
        say(f"aws {' '.join(arguments[:2])} failed")
        raise StackError(output.strip() or f"aws ended with {code}")
    return output
