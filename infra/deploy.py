#!/usr/bin/env python3
"""Assay on AWS: `make deploy`, `make token STACK=…` and `make link STACK=…`, with the credentials and region that the AWS CLI finds.

  deploy               build the functions for arm64, upload them, and create or update the stack
  token                print an API token, issued by direct invocation of the stack's `api` function
  link                 print a link that signs somebody in once, issued by direct invocation of its `console` function

STACK names the stack (default: assay). PARAMETERS gives template parameters, as in
PARAMETERS="AlarmEmail=ops@example.com CheckIntervalSeconds=900"; those not given keep their value. BUCKET names a
bucket for the functions' archives; without it one is made for this account and region.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
from pathlib import Path

from local import settings, tools
from local.console import StackError, complain, plain, say
from local.processes import Children, Stopped, end_on_signals, without_secrets

_ARCHIVES = settings.TARGET / "lambda"


def main() -> int:
    """Runs one command: the exit code."""
    arguments = _parser().parse_args()
    end_on_signals()
    children = Children()
    stack = os.environ.get("STACK") or settings.STACK_NAME
    try:
        if arguments.command == "deploy":
            deploy(children, stack)
        else:
            issue = token if arguments.command == "token" else link
            plain(issue(children, stack, arguments.tenant, arguments.role))
    except StackError as error:
        complain(str(error))
        return 1
    except Stopped:
        return 130
    finally:
        children.stop()
    return 0


def deploy(children: Children, stack: str) -> None:
    """Builds, uploads and deploys; a second run with nothing new changes nothing."""
    tools.prepare_virtual_environment(children, for_deployment=True)
    region = _region(children)
    identity = json.loads(aws(children, "sts", "get-caller-identity"))
    say(f"deploying stack '{stack}' to account {identity['Account']}, region {region}")
    build(children)
    bucket = os.environ.get("BUCKET") or f"assay-artifacts-{identity['Account']}-{region}"
    _make_bucket(children, bucket, region, identity["Account"])
    packaged = settings.TARGET / "packaged.yaml"
    say(f"uploading to {bucket}")
    aws(
        children,
        *("cloudformation", "package", "--template-file", str(settings.TEMPLATE)),
        *("--s3-bucket", bucket, "--s3-prefix", stack, "--output-template-file", str(packaged)),
    )
    parameters = shlex.split(os.environ.get("PARAMETERS", ""))
    say("creating or updating the stack")
    aws(
        children,
        *("cloudformation", "deploy", "--template-file", str(packaged), "--stack-name", stack),
        *("--s3-bucket", bucket, "--s3-prefix", stack, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
        "--no-fail-on-empty-changeset",
        *(["--parameter-overrides", *parameters] if parameters else []),
    )
    described = json.loads(aws(children, "cloudformation", "describe-stacks", "--stack-name", stack))
    for output in described["Stacks"][0]["Outputs"]:
        plain(f"  {output['OutputKey']:28} {output['OutputValue']}")
    plain(f"\n  Sign in:         make link STACK={stack} TENANT=<tenant> ROLE=admin")
    plain(f"  The first token: make token STACK={stack} TENANT=<tenant> ROLE=admin")


def build(children: Children) -> None:
    """Builds every function in the release profile, for arm64, as `target/lambda/<name>/bootstrap.zip`."""
    say("building the functions for arm64 (minutes; cargo shows its progress)")
    packages = [argument for name in settings.FUNCTIONS for argument in ("--package", f"assay-{name}")]
    command = ["cargo", "lambda", "build", "--release", "--arm64", "--locked", "--output-format", "zip"]
    environment = without_secrets(os.environ) | {"PATH": f"{tools.VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    code, _ = children.run(
        [*command, "--lambda-dir", str(_ARCHIVES), *packages], environment=environment, directory=settings.ROOT
    )
    if code != 0:
        raise StackError("the build failed; cargo's messages stand above")
    missing = [name for name in settings.FUNCTIONS if not (_ARCHIVES / name / "bootstrap.zip").is_file()]
    if missing:
        raise StackError(f"the build left no archive for {', '.join(missing)}")


def token(children: Children, stack: str, tenant: str, role: str) -> str:
    """Asks the stack's `api` function for an API token; whoever may invoke it directly is trusted."""
    wish = {"issue_token": {"tenant": tenant, "role": role, "name": "bootstrap"}}
    return _invoke(children, f"{stack}-api", wish, "token")


def link(children: Children, stack: str, tenant: str, role: str) -> str:
    """Asks the stack's `console` function for a sign-in link; whoever may invoke it directly is trusted."""
    return _invoke(children, f"{stack}-console", {"issue_link": {"tenant": tenant, "role": role}}, "url")


def _invoke(children: Children, function: str, payload: object, wanted: str) -> str:
    tools.prepare_virtual_environment(children)
    with tempfile.TemporaryDirectory() as directory:
        answer_file = Path(directory) / "answer.json"
        aws(
            children,
            *("lambda", "invoke", "--function-name", function),
            *("--payload", json.dumps(payload), str(answer_file)),
        )
        answer = json.loads(answer_file.read_text())
    if not isinstance(answer, dict) or wanted not in answer:
        raise StackError(f"the function {function} gave no {wanted} but: {json.dumps(answer)[:500]}")
    return str(answer[wanted])


def aws(children: Children, *arguments: str) -> str:
    """Runs one AWS command with the person's own credentials: its output."""
    command = [tools.tool("aws"), *arguments, "--output", "json"]
    code, output = children.run(command, environment=_environment(), capture=True)
    if code != 0:
        raise StackError(f"aws {' '.join(arguments[:2])} failed; its message stands above")
    return output


def _environment() -> dict[str, str]:
    """The person's own; this version of the AWS CLI does not look at AWS_REGION, which the SDKs prefer."""
    region = {"AWS_DEFAULT_REGION": os.environ["AWS_REGION"]} if os.environ.get("AWS_REGION") else {}
    return dict(os.environ) | {"AWS_PAGER": ""} | region


def _region(children: Children) -> str:
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if named:
        return named
    command = [tools.tool("aws"), "configure", "get", "region"]
    code, output = children.run(command, environment=_environment(), capture=True)
    if code != 0 or not output.strip():
        raise StackError("no region: set AWS_REGION, or a region in your AWS profile")
    return output.strip()


def _make_bucket(children: Children, bucket: str, region: str, account: str) -> None:
    """Makes the bucket unless it is there; it is private, and what is in it can be made again.

    Names of buckets are the world's: one that somebody else made under this name is refused, since who owns it could
    put another program in the place of ours.
    """
    owned = ("--expected-bucket-owner", account)
    head = [tools.tool("aws"), "s3api", "head-bucket", "--bucket", bucket]
    code, _ = children.run([*head, *owned], environment=_environment(), capture=True, quiet=True)
    if code == 0:
        return
    say(f"making the bucket {bucket}")
    place = [] if region == "us-east-1" else ["--create-bucket-configuration", f"LocationConstraint={region}"]
    aws(children, "s3api", "create-bucket", "--bucket", bucket, *place)
    blocked = ",".join(
        f"{name}=true" for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    )
    aws(
        children,
        *("s3api", "put-public-access-block", "--bucket", bucket, *owned),
        *("--public-access-block-configuration", blocked),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("deploy")
    for name in ("token", "link"):
        issue = commands.add_parser(name)
        issue.add_argument("--tenant", required=True)
        issue.add_argument("--role", required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main())
