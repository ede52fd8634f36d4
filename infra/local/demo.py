"""The first minutes with Assay, as a script: connect a site, evaluate its checks, and see tickets appear.

Reads and writes nothing but the HTTP API (and, as a person's browser would, the consent page of the simulator). Each
call is a function of its own, in the order in which a person would make them.
"""

from __future__ import annotations

import json
import time
import urllib.parse
from collections import Counter
from html.parser import HTMLParser

from local import demo_findings, own_site
from local.console import StackError, say
from local.processes import Children, refuse_crash
from local.settings import SIMULATED_SITE, Settings
from local.web import Answer, Api, Browser, excerpt

_USE_CASES = ["ticketing", "incident_management", "access_review", "usage"]
# Nothing is told of access where nobody asked for its review, nor of findings where no scanner ever reported.
_FURTHER_CHECKS = {"B6", "B7", "B8", demo_findings.CHECK}
_TICKET_PROJECT = "SEC"
_PEOPLE = 9
_CONNECTION_BOUND_SECONDS = 60
_RESULTS_BOUND_SECONDS = 300
_SETTLED_TICKETS = {"open", "closed", "failed", "gone"}


def run(stack: Settings, api: Api, children: Children) -> None:
    """Connects the site and shows the main job."""
    if stack.site is None:
        put_oauth_app(api)
        take_in_people(api)
        connection, address = begin_oauth_connection(api)
        approve(address)
        wait_until_active(api, connection, children)
        wait_for_usage(api, connection, children)
        sync_all_tasks(api, connection, _TICKET_PROJECT, "10100")
        demo_findings.begin(stack, api, connection, _TICKET_PROJECT)
    else:
        connection = own_site.connect(api, stack.site)
        wait_until_active(api, connection, children)
        if stack.site.ticket_project is None:
            say("no JIRA_TICKET_PROJECT given: tasks stay in Assay and no ticket is made in your Jira")
        else:
            project = stack.site.ticket_project
            own_site.refuse_to_repeat(api, stack.site, project)
            if not api.items("/v1/sync-settings"):
                sync_all_tasks(api, connection, project, own_site.ticket_type(stack.site, project))
        if stack.site.change_project is None:
            say("no JIRA_CHANGE_PROJECT given: with it and JIRA_TICKET_PROJECT you see your checks and tickets")
            return
    simulated = stack.site is None
    tickets = stack.site is None or stack.site.ticket_project is not None
    done = wait_for_results(api, children, tickets=tickets, further=simulated)
    if done:
        if stack.site is None:
            pull = demo_findings.follow(stack, api, children)
            tell_what_to_try(stack, api)
            demo_findings.tell_what_to_try(stack, pull)
        return
    late = f"after {_RESULTS_BOUND_SECONDS} s the work is not done"
    if stack.site is None:
        raise StackError(late)
    # A real site may be large, and Jira may make us wait: the stack goes on with it.
    say(f"{late}; it goes on, and the addresses below show how far it is")


def put_oauth_app(api: Api) -> None:
    """The tenant's own OAuth app, as the simulator knows it."""
    say("entering the OAuth app's client id and secret")
    api.call("PUT", "/v1/oauth-app", {"client_id": "sim-client", "client_secret": "sim-client-secret"})


def take_in_people(api: Api) -> None:
    """Who works here: the people behind the simulated site's accounts, of whom one has left."""
    say("taking in the list of people")
    rows = ["email,name,status"]
    for number in range(1, _PEOPLE + 1):
        status = "left" if number == _PEOPLE else "active"
        rows.append(f"account-{number}@example.com,Account {number},{status}")
    rows.append("admin@example.com,Site administrator,active")
    taken = api.send_list("/v1/people/import", "\n".join(rows) + "\n")
    say(f"people: {taken.get('created')} new, {taken.get('changed')} changed, {taken.get('refused')} refused")


def wait_for_usage(api: Api, connection: str, children: Children) -> None:
    """Waits until the site's directory and activity were read once, and tells what was found."""
    say("reading who has access, and what they do with it")
    end = time.monotonic() + _RESULTS_BOUND_SECONDS
    shown = ""
    while time.monotonic() < end:
        refuse_crash(children)
        found = next((it for it in api.items("/v1/usage") if it.get("connection") == connection), None)
        if found is not None:
            stage = found.get("stage")
            now = str(stage.get("stage")) if isinstance(stage, dict) else "unknown"
            if now != shown:
                say(f"reading: {now}")
                shown = now
            if found.get("ended_at"):
                tell_licences(api, connection)
                return
        time.sleep(1)
    raise StackError(f"after {_RESULTS_BOUND_SECONDS} s the site's directory was not read; it was at: {shown or 'nothing'}")


def tell_licences(api: Api, connection: str) -> None:
    """How many seats each product has, and how many of them nobody uses."""
    for product in _dicts(api.call("GET", f"/v1/licences/{connection}?unused_days=30").get("products")):
        held, unused = product.get("held"), product.get("unused")
        say(f"{product.get('name')}: {held} seats held, {unused} of them not used in 30 days")


def begin_oauth_connection(api: Api) -> tuple[str, str]:
    """A pending connection: its id, and the address where a person approves it."""
    say(f"connecting {SIMULATED_SITE} by OAuth")
    answer = api.call(
        "POST",
        "/v1/connections",
        {
            "method": "oauth",
            "site": SIMULATED_SITE,
            "use_cases": _USE_CASES,
            "change_management": {"projects": ["CHG"]},
            "incidents": {"projects": ["INC"]},
        },
    )
    return _text(answer, "id"), _text(answer, "authorize_url")


def approve(address: str) -> None:
    """What the person's browser does: opens the consent page, approves, and is sent back to Assay."""
    browser = Browser()
    page_address, page = browser.open(address)
    form = _Form.of(page)
    if form is None:
        raise StackError(f"no consent form at {page_address.split('?')[0]} ({page.status}): {excerpt(page)}")
    say("approving on the simulator's consent page")
    target = urllib.parse.urljoin(page_address, form.action or page_address)
    end_address, end = browser.open(target, form=form.fields)
    if end.status >= 400:
        raise StackError(f"the way back ended at {end_address.split('?')[0]} with {end.status}: {excerpt(end)}")


def wait_until_active(api: Api, connection: str, children: Children) -> None:
    """Waits for the connection's verification."""
    end = time.monotonic() + _CONNECTION_BOUND_SECONDS
    state, problems = "unknown", ""
    while time.monotonic() < end:
        refuse_crash(children)
        found = api.call("GET", f"/v1/connections/{connection}")
        state, problems = str(found.get("state")), _problems(found)
        if state in ("active", "degraded"):
            say(f"the connection is {state}" + (f": {problems}" if problems else ""))
            return
        if state in ("needs_reauth", "disconnected"):
            break
        time.sleep(0.5)
    raise StackError(f"the connection did not become active but is {state}: {problems or 'no problem is named'}")


def sync_all_tasks(api: Api, connection: str, project: str, issue_type: str) -> None:
    """Turns every task, present and future, into a ticket."""
    say(f"turning tasks into tickets in project {project}")
    api.call(
        "POST",
        "/v1/sync-settings",
        {
            "scope": "all",
            "connection": connection,
            "project": project,
            "issue_type": issue_type,
            "labels": [],
            "mode": "individual",
        },
    )


def wait_for_results(api: Api, children: Children, *, tickets: bool, further: bool) -> bool:
    """Waits until every check has an outcome and every open task its ticket, and shows how far that is.

    False when that took longer than it should. With `further`, those of access and of findings are waited for, too.
    """
    say("waiting for the checks' outcomes" + (" and the tickets" if tickets else ""))
    end = time.monotonic() + _RESULTS_BOUND_SECONDS
    shown = ""
    while time.monotonic() < end:
        refuse_crash(children)
        left_out = set() if further else _FURTHER_CHECKS
        checks = Counter(_outcome(check) for check in api.items("/v1/checks") if check.get("id") not in left_out)
        open_tasks = (task for task in api.items("/v1/tasks") if task.get("state") == "open")
        tasks = [task for task in open_tasks if task.get("check") not in left_out]
        made = Counter(str(ticket.get("state")) for ticket in api.items("/v1/tickets"))
        now = f"checks: {_counts(checks)}; open tasks: {len(tasks)}; tickets: {_counts(made)}"
        if now != shown:
            say(now)
            shown = now
        evaluated = bool(checks) and "not evaluated yet" not in checks
        settled = all(state in _SETTLED_TICKETS for state in made) and sum(made.values()) >= len(tasks)
        if evaluated and (not tickets or settled):
            return True
        time.sleep(1)
    return False


def tell_what_to_try(stack: Settings, api: Api) -> None:
    """Two changes that a newcomer can make, one on either side, and what follows on the other."""
    open_tickets: list[tuple[str, str]] = []
    for task in api.items("/v1/tasks"):
        ticket = task.get("ticket")
        issue = ticket.get("issue") if isinstance(ticket, dict) else None
        # What a scanner found is a story of its own.
        of_check = task.get("check") != demo_findings.CHECK
        if task.get("state") == "open" and of_check and isinstance(issue, dict):
            open_tickets.append((str(task["id"]), str(issue["key"])))
    if not open_tickets:
        return
    (by_issue, key), (by_task, other) = open_tickets[0], open_tickets[-1]
    say(f"try: move {key} to Done at {stack.issue_page(key)} and see {stack.url}/v1/tasks/{by_issue} become completed")
    curl = 'curl -X POST -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"'
    said = "-d '{\"why\":\"done by hand\"}'"
    say(f"try: {curl} {said} {stack.url}/v1/tasks/{by_task}/complete   and see {other} close")


def _outcome(check: dict[str, object]) -> str:
    return str(check.get("last_outcome") or "not evaluated yet")


def _problems(connection: dict[str, object]) -> str:
    problems = connection.get("problems")
    return json.dumps(problems)[:800] if problems else ""


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items())) or "none"


def _dicts(value: object) -> list[dict[str, object]]:
    return [it for it in value if isinstance(it, dict)] if isinstance(value, list) else []


def _text(answer: dict[str, object], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise StackError(f"the API's answer has no '{name}', but: {', '.join(answer) or 'nothing'}")
    return value


class _Form(HTMLParser):
    """The first form of a page that is sent by POST, filled in as it stands, with its approving button pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: list[tuple[str, str]] = []
        self._inside = False
        self._found = False

    @classmethod
    def of(cls, page: Answer) -> _Form | None:
        """The page's form, if it has one."""
        form = cls()
        form.feed(page.body.decode(errors="replace"))
        return form if form._found else None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes the form and its fields; a choice that is not shown as chosen is left as the page has it."""
        values = {name: value or "" for name, value in attrs}
        name, value = values.get("name", ""), values.get("value", "")
        if tag == "form" and not self._found and values.get("method", "").lower() == "post":
            self._inside = self._found = True
            self.action = values.get("action")
        elif self._inside and name and tag == "button" and value != "approve":
            return
        elif self._inside and name and tag in ("input", "button"):
            chosen = values.get("type") not in ("checkbox", "radio") or "checked" in values
            self.fields += [(name, value)] if chosen else []

    def handle_endtag(self, tag: str) -> None:
        """Ends the form."""
        if tag == "form":
            self._inside = False
