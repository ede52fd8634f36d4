"""What may be chosen about a local stack: its name, its ports, and whose Jira site it talks to.

Two stacks live side by side when their names and ports differ; each keeps its files in `target/<name>`.
"""

from __future__ import annotations

import itertools
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from local.console import StackError

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = ROOT / "target"
TEMPLATE = ROOT / "infra" / "template.yaml"
# Archives and the copy of the template that names them; all instances share these.
PACKAGES = TARGET / "dev"
STACK_NAME = "assay"
REGION = "us-east-1"
TENANT = "demo"
FUNCTIONS = tuple(sorted(path.parent.name for path in (ROOT / "functions").glob("*/Cargo.toml")))
SIMULATORS = ("jira-sim", "github-sim")
SIMULATED_SITE = "demo.atlassian.net"

# The instance of `make run` has the well-known ports; every other one is a hundred higher unless told otherwise.
DEFAULT_INSTANCE = "local"
_PORTS = {"ASSAY_PORT": 4566, "JIRA_SIM_PORT": 8089, "GITHUB_SIM_PORT": 8090}
_OTHER_INSTANCE_OFFSET = 100


@dataclass(frozen=True)
class Site:
    """A Jira site of one's own, reached with an API token."""

    domain: str
    email: str
    token: str
    change_project: str | None
    ticket_project: str | None


@dataclass(frozen=True)
class Settings:
    """One local stack."""

    instance: str
    aws_port: int
    sim_port: int
    github_sim_port: int
    site: Site | None

    @property
    def directory(self) -> Path:
        """Where this stack keeps what it makes."""
        return TARGET / self.instance

    @property
    def url(self) -> str:
        """Address of the HTTP API. An IP address, because few resolvers know the names below `localhost`."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def aws_endpoint(self) -> str:
        """Address of the AWS services: the same port, told apart from the API by the host's name."""
        return f"http://localhost:{self.aws_port}"

    @property
    def sim_url(self) -> str:
        """Address of the Jira simulator."""
        return f"http://127.0.0.1:{self.sim_port}"

    def issue_page(self, key: str) -> str:
        """Where a person looks at an issue of the simulated site."""
        return f"{self.sim_url}/sites/{SIMULATED_SITE}/browse/{key}"

    @property
    def github_sim_url(self) -> str:
        """Address of the GitHub simulator."""
        return f"http://127.0.0.1:{self.github_sim_port}"

    @property
    def stack_file(self) -> Path:
        """What scripts read to drive this stack."""
        return self.directory / "stack.json"

    @property
    def pid_file(self) -> Path:
        """The process that holds this stack."""
        return self.directory / "stack.pid"

    def ports(self) -> dict[str, int]:
        """The ports in use, by the variable that changes each."""
        ports = {"ASSAY_PORT": self.aws_port}
        if self.site is None:
            ports |= {"JIRA_SIM_PORT": self.sim_port, "GITHUB_SIM_PORT": self.github_sim_port}
        return ports

    def template_parameters(self) -> dict[str, str]:
        """The parameters by which this stack differs from one on AWS."""
        machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
        parameters = {
            "PublicUrl": self.url,
            "DomainName": "127.0.0.1",
            "CertificateArn": f"arn:aws:acm:{REGION}:000000000000:certificate/local",
            "Architecture": machine,
            "MaintainTick": "rate(1 minute)",
            "UsageTick": "rate(1 minute)",
            # MiniStack reads a number that came by a parameter as text and then stops polling; unset it takes five.
            "CheckConcurrency": "0",
            "TicketConcurrency": "0",
            "UsageConcurrency": "0",
        }
        if self.site is None:
            parameters |= {
                "SiteUrl": f"{self.sim_url}/sites/{{site}}",
                "AtlassianApiUrl": self.sim_url,
                "AtlassianAuthUrl": self.sim_url,
                # Nobody outside is told of what happens on a simulated site; webhooks may lead to this machine.
                "SlackUrl": self.sim_url,
                "GithubApiUrl": self.github_sim_url,
                # A tick comes each minute: less than that, and whatever happens in Jira is seen at the next one.
                "CheckIntervalSeconds": "45",
                "LookupBoundSeconds": "20",
            }
        else:
            parameters |= {"CheckIntervalSeconds": "300"}
        return parameters


def read(instance: str, *, with_site: bool = False) -> Settings:
    """Reads the settings of a stack from the environment; those of a site of one's own only for what connects it."""
    if not instance.replace("-", "").isalnum():
        raise StackError(f"the instance's name '{instance}' may have letters, digits and hyphens only")
    offset = 0 if instance == DEFAULT_INSTANCE else _OTHER_INSTANCE_OFFSET
    ports = {name: _port(name, default + offset) for name, default in _PORTS.items()}
    for (name, port), (other, other_port) in itertools.combinations(ports.items(), 2):
        if port == other_port:
            raise StackError(f"{name} and {other} are both {port}; choose different ports")
    return Settings(instance, *ports.values(), site=_site() if with_site else None)


def _port(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise StackError(f"{name} is '{value}', which is not a port")
    return int(value)


def _site() -> Site | None:
    names = ("JIRA_SITE", "JIRA_EMAIL", "JIRA_TOKEN")
    values = [os.environ.get(name, "") for name in names]
    if not any(values):
        return None
    missing = ", ".join(name for name in names if not os.environ.get(name))
    if missing:
        raise StackError(f"a site of your own needs {', '.join(names)} together; missing: {missing}")
    domain, email, token = values
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*\.atlassian\.net", domain):
        raise StackError(f"JIRA_SITE is '{domain}'; it must be a domain like your-company.atlassian.net")
    return Site(domain, email, token, os.environ.get("JIRA_CHANGE_PROJECT"), os.environ.get("JIRA_TICKET_PROJECT"))
