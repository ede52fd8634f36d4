"""The demo's second half: a scanner's report becomes tickets, and a pull request is followed.

On the simulated site only. Begins what Assay does by itself (`begin`); once the tickets are there, opens a pull request
that names one (`follow`); and tells what to try next. Reads and writes Assay's HTTP API and the GitHub simulator's
control API.
"""

from __future__ import annotations

import json
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from local import settings
from local.console import StackError, say
from local.processes import Children, refuse_crash
from local.settings import Settings
from local.web import Api, excerpt, send

# The check that asks whether findings are dealt with in time.
CHECK = "B9"
# In the shape in which Trivy writes: three real advisories of packages that a shop might use.
SAMPLE = Path(__file__).with_name("sample.sarif")
_REPOSITORY = "acme/shop"
_REPORT = f"/v1/findings/sarif?{urllib.parse.urlencode({'asset': _REPOSITORY, 'full': 'true'}, safe='/')}"
_GITHUB_TOKEN = "github_pat_simulated"
_BUG = "10101"
_IN_PROGRESS = "10001"
_WHERE = "{{ finding.location | default('no file') }} of {{ finding.asset }}"
_TYPED = {"environment": {"from": "typed", "text": _WHERE}}
_SHOWN_BOUND_SECONDS = 60


@dataclass(frozen=True)
class Pull:
    """The pull request that mends a finding."""

    number: int
    key: str
    ticket: str
    advisory: str


def begin(stack: Settings, api: Api, connection: str, project: str) -> None:
    """Sets up GitHub and a project configuration, and takes in a report. What follows is not waited for."""
    set_github_up(stack, api)
    configure(api, connection, project)
    report(api)


def set_github_up(stack: Settings, api: Api) -> None:
    """GitHub tells Assay of pull requests, and Assay writes into their descriptions."""
    say("setting GitHub up: a token, and a webhook of the simulated organisation")
    github = api.call("PUT", "/v1/github", {"token": _GITHUB_TOKEN})
    _at_github(stack, "/hooks", {"url": github.get("webhook_url"), "secret": github.get("secret")})


def configure(api: Api, connection: str, project: str) -> None:
    """Findings become bugs: their fields are filled as Assay suggests, and one by a typed text."""
    where = {"connection": connection, "project": project, "issue_type": _BUG}
    screen = api.call("GET", f"/v1/project-configurations/fields?{urllib.parse.urlencode(where)}").get("fields")
    fields = [field for field in screen if isinstance(field, dict)] if isinstance(screen, list) else []
    sources = {field["id"]: field["suggestion"] for field in fields if field.get("suggestion")} | _TYPED
    names = [str(field["name"]) for field in fields if field["id"] in sources]
    say(f"turning findings into bugs in project {project}, with fields of their own: {', '.join(names)}")
    configuration = {
        **where,
        "name": "What scanners find",
        "rules": [{"field": field, "source": source} for field, source in sources.items()],
        "pulls": {"status_when_opened": _IN_PROGRESS},
    }
    api.call("POST", "/v1/project-configurations", configuration)


def report(api: Api) -> None:
    """Sends the report as a build pipeline would, and has check B9 look at it at once."""
    answer = api.send_sarif(_REPORT, SAMPLE.read_bytes())
    say(f"a scanner's report of {_REPOSITORY}: {answer.get('results')} findings")
    api.call("POST", f"/v1/checks/{CHECK}/runs")


def follow(stack: Settings, api: Api, children: Children) -> Pull:
    """Opens a pull request that fixes the worst finding, and waits until its issue shows it."""
    tell_outcome(api)
    finding = worst(api)
    ticket, key = _ticket(finding)
    advisory = str(finding.get("advisory"))
    pull = Pull(open_pull(stack, key, finding), key, ticket, advisory)
    wait_until_shown(stack, api, pull, children)
    return pull


def tell_outcome(api: Api) -> None:
    """What check B9 says of the findings, and why."""
    check = api.call("GET", f"/v1/checks/{CHECK}")
    results = check.get("results")
    reasons = [str(run.get("because")) for run in results] if isinstance(results, list) else []
    say(f"check {CHECK}, {str(check.get('title')).lower()}: {check.get('last_outcome')}, since {'; '.join(reasons)}")


def worst(api: Api) -> dict[str, object]:
    """The open finding with the highest score."""
    found = api.items("/v1/findings")
    if not found:
        raise StackError("none of the report's findings is there")
    return max(found, key=lambda finding: float(str(finding.get("score") or 0)))


def open_pull(stack: Settings, key: str, finding: dict[str, object]) -> int:
    """A developer's pull request, whose title and branch name the ticket's key: its number."""
    package = finding.get("package")
    name = package.get("name") if isinstance(package, dict) else finding.get("title")
    new = {"title": f"{key}: update {name}", "head": f"fix/{key}", "by": "dev-1"}
    number = _at_github(stack, f"/repositories/{_REPOSITORY}/pulls", new).get("number")
    say(f"opening pull request {_REPOSITORY}#{number} for {finding.get('advisory')}: {new['title']}")
    return int(str(number))


def wait_until_shown(stack: Settings, api: Api, pull: Pull, children: Children) -> None:
    """Waits until the issue shows the pull request, and the pull request its ticket."""
    key = pull.key
    end = time.monotonic() + _SHOWN_BOUND_SECONDS
    while time.monotonic() < end:
        refuse_crash(children)
        pulls = api.call("GET", f"/v1/tickets/{pull.ticket}").get("pulls")
        is_shown = isinstance(pulls, list) and any(followed.get("shown") == "open" for followed in pulls)
        if is_shown and f"[{key}]" in _description(stack, pull.number):
            say(f"{key} links to the pull request, whose description names {key} in its turn")
            return
        time.sleep(0.5)
    late = f"after {_SHOWN_BOUND_SECONDS} s {key} and its pull request do not show each other"
    raise StackError(f"{late}; /v1/tickets/{pull.ticket} tells why")


def tell_what_to_try(stack: Settings, pull: Pull) -> None:
    """The merge, and the scanner's next report, in which the finding is gone."""
    later = stack.directory / f"without-{pull.advisory}.sarif"
    later.write_text(json.dumps(without(json.loads(SAMPLE.read_text()), pull.advisory), indent=1) + "\n")
    shown, before = later.relative_to(settings.ROOT), SAMPLE.relative_to(settings.ROOT)
    merge = f"curl -X POST {stack.github_sim_url}/__sim/repositories/{_REPOSITORY}/pulls/{pull.number}/merge"
    say(f"try: {merge}   and see link and comment at {stack.issue_page(pull.key)} say that it was merged")
    curl = 'curl -X POST -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/sarif+json"'
    then = f"and see {pull.key} close; with @{before} it opens again"
    say(f"try: {curl} --data-binary @{shown} '{stack.url}{_REPORT}'   {then}")


def without(document: dict[str, object], advisory: str) -> dict[str, object]:
    """A report that no longer names an advisory."""
    for run in document["runs"]:  # type: ignore[attr-defined]
        run["results"] = [result for result in run["results"] if result["ruleId"] != advisory]
    return document


def _ticket(finding: dict[str, object]) -> tuple[str, str]:
    """A finding's ticket, and the key of its issue."""
    ticket = finding.get("ticket")
    issue = ticket.get("issue") if isinstance(ticket, dict) else None
    if not isinstance(ticket, dict) or not isinstance(issue, dict):
        raise StackError(f"finding {finding.get('id')} has no issue; /v1/tickets tells why")
    return str(ticket["id"]), str(issue["key"])


def _description(stack: Settings, number: int) -> str:
    """The description of a pull request, as GitHub shows it."""
    address = f"{stack.github_sim_url}/repos/{_REPOSITORY}/pulls/{number}"
    headers = {"authorization": f"Bearer {_GITHUB_TOKEN}", "user-agent": "assay-demo"}
    answer = send("GET", address, headers=headers)
    if answer.status != 200:
        raise StackError(f"the GitHub simulator answered {answer.status}: {excerpt(answer)}")
    return str(answer.json().get("body") or "")


def _at_github(stack: Settings, path: str, body: dict[str, object]) -> dict[str, object]:
    """What happens at GitHub without Assay: the simulator's control API."""
    headers = {"content-type": "application/json"}
    answer = send("POST", f"{stack.github_sim_url}/__sim{path}", body=json.dumps(body).encode(), headers=headers)
    if not 200 <= answer.status < 300:
        raise StackError(f"the GitHub simulator answered {answer.status} to {path}: {excerpt(answer)}")
    return answer.json()
