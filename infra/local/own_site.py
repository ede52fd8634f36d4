"""A Jira site of one's own: what Jira itself is asked, and what keeps a demo from making issues a second time."""

from __future__ import annotations

import base64
import json
import os
import urllib.parse

from local.console import StackError, say
from local.settings import Site
from local.web import Answer, Api, excerpt, send

_FLAG = "JIRA_TICKETS_AGAIN"
_MOST_NAMED = 5


def connect(api: Api, site: Site) -> str:
    """The connection's id: the one that is known from an earlier run, with the token given now, or else a new one."""
    proof = {"method": "api_token", "email": site.email, "token": site.token}
    known = next((found for found in api.items("/v1/connections") if _is_usable(found, site)), None)
    if known is not None:
        say(f"connecting {site.domain} again with the API token")
        return str(api.call("POST", f"/v1/connections/{known['id']}/reconnect", proof)["id"])
    say(f"connecting {site.domain} with the API token")
    body: dict[str, object] = {**proof, "site": site.domain, "use_cases": ["ticketing"]}
    if site.change_project is not None:
        body["change_management"] = {"projects": [site.change_project]}
    return str(api.call("POST", "/v1/connections", body)["id"])


def _is_usable(connection: dict[str, object], site: Site) -> bool:
    return connection.get("site") == site.domain and connection.get("state") != "disconnected"


def ticket_type(site: Site, project: str) -> str:
    """The id of the project's issue type for tickets: Task, or else the first one; Jira itself is asked."""
    path = f"/rest/api/3/issue/createmeta/{urllib.parse.quote(project, safe='')}/issuetypes"
    answer = _ask(site, "GET", path)
    kinds = answer.json().get("issueTypes") if answer.status == 200 else None
    offered = [kind for kind in kinds if not kind.get("subtask")] if isinstance(kinds, list) else []
    if not offered:
        raise StackError(
            f"{site.domain} offers no issue type in project {project} ({answer.status}): {excerpt(answer)}"
        )
    return str(next((kind for kind in offered if kind.get("name") == "Task"), offered[0])["id"])


def refuse_to_repeat(api: Api, site: Site, project: str) -> None:
    """Stops before a ticket is made where Jira has open issues of Assay's that this stack knows nothing of.

    They are an earlier run's, or another installation's: the same tasks would get a second issue each.
    """
    if os.environ.get(_FLAG) == "yes":
        return
    known = {str(ticket["issue"]["id"]) for ticket in api.items("/v1/tickets") if ticket.get("issue")}  # type: ignore[index]
    strange = [issue for issue in _issues_of_assay(site, project) if str(issue.get("id")) not in known]
    if strange:
        named = ", ".join(str(issue.get("key")) for issue in strange[:_MOST_NAMED])
        more = "" if len(strange) <= _MOST_NAMED else f" and {len(strange) - _MOST_NAMED} more"
        raise StackError(
            f"project {project} has open issues that Assay made and this stack does not know: {named}{more}. Going on would"
            f" make them a second time. Close or delete them first; or, if that is what you want, add {_FLAG}=yes"
        )


def _issues_of_assay(site: Site, project: str) -> list[dict[str, object]]:
    """Every issue that carries Assay's label and is not done, with id and key."""
    jql = f"project = {json.dumps(project)} AND labels = assay AND statusCategory != Done ORDER BY id"
    found: list[dict[str, object]] = []
    body: dict[str, object] = {"jql": jql, "fields": ["key"], "maxResults": 1000}
    while True:
        answer = _ask(site, "POST", "/rest/api/3/search/jql", body)
        if answer.status != 200:
            raise StackError(
                f"{site.domain} does not tell which issues Assay made before ({answer.status}): {excerpt(answer)}"
            )
        page = answer.json()
        found += page.get("issues") or []  # type: ignore[arg-type]
        token = page.get("nextPageToken")
        if not token:
            return found
        body["nextPageToken"] = token


def _ask(site: Site, method: str, path: str, body: object | None = None) -> Answer:
    credentials = base64.b64encode(f"{site.email}:{site.token}".encode()).decode()
    headers = {"authorization": f"Basic {credentials}", "accept": "application/json"}
    if body is not None:
        headers["content-type"] = "application/json"
    data = None if body is None else json.dumps(body).encode()
    return send(method, f"https://{site.domain}{path}", body=data, headers=headers)
