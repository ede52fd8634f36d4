"""A small HTTP client for the demo: JSON, a bearer token, and a cookie jar that works as a browser's does."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field

from local.console import StackError

_TIMEOUT_SECONDS = 35


@dataclass
class Answer:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes

    def json(self) -> dict[str, object]:
        """The body as a JSON object."""
        value = json.loads(self.body or b"{}")
        return value if isinstance(value, dict) else {"value": value}

    @property
    def location(self) -> str | None:
        """Where a redirect leads."""
        return self.headers.get("location")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def send(method: str, url: str, *, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
    """Sends one request and follows no redirect; an answer of any status is an answer."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return _answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return _answer(error.code, error.headers, error.read())
    except (urllib.error.URLError, OSError) as error:
        raise StackError(f"{method} {url.split('?')[0]} got no answer: {error}") from error


def excerpt(answer: Answer) -> str:
    """The beginning of an answer's body, for a message."""
    return " ".join(answer.body.decode(errors="replace").split())[:400]


def _answer(status: int, headers: object, body: bytes) -> Answer:
    items = list(headers.items())  # type: ignore[attr-defined]
    cookies = [value for name, value in items if name.lower() == "set-cookie"]
    return Answer(status, {name.lower(): value for name, value in items}, cookies, body)


@dataclass
class Api:
    """The JSON API of the stack, as the holder of a token sees it."""

    url: str
    token: str

    def call(self, method: str, path: str, body: object | None = None) -> dict[str, object]:
        """Sends JSON and returns JSON; any status but 2xx is an error that says what the API said."""
        headers = {"authorization": f"Bearer {self.token}", "accept": "application/json"}
        if body is not None:
            headers["content-type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        answer = send(method, self.url + path, body=data, headers=headers)
        if not 200 <= answer.status < 300:
            raise StackError(f"{method} {path} answered {answer.status}: {answer.body.decode(errors='replace')[:600]}")
        return answer.json()

    def send_list(self, path: str, text: str) -> dict[str, object]:
        """Sends a list as CSV and returns JSON; any status but 2xx is an error that says what the API said."""
        return self._send(path, text.encode(), "text/csv")

    def send_sarif(self, path: str, document: bytes) -> dict[str, object]:
        """Sends a SARIF document and returns JSON; any status but 2xx is an error that says what the API said."""
        return self._send(path, document, "application/sarif+json")

    def _send(self, path: str, body: bytes, kind: str) -> dict[str, object]:
        headers = {"authorization": f"Bearer {self.token}", "content-type": kind}
        answer = send("POST", self.url + path, body=body, headers=headers)
        if not 200 <= answer.status < 300:
            raise StackError(f"POST {path} answered {answer.status}: {answer.body.decode(errors='replace')[:600]}")
        return answer.json()

    def items(self, path: str) -> list[dict[str, object]]:
        """All items of a list, page by page."""
        found: list[dict[str, object]] = []
        cursor: str | None = None
        while True:
            query = "" if cursor is None else "?" + urllib.parse.urlencode({"cursor": cursor})
            page = self.call("GET", path + query)
            found += page.get("items", [])  # type: ignore[arg-type]
            cursor = page.get("next_cursor")  # type: ignore[assignment]
            if not cursor:
                return found


@dataclass
class Browser:
    """Follows redirects and keeps cookies by host; to a browser loopback is secure, so `Secure` is no obstacle."""

    jar: dict[str, dict[str, str]] = field(default_factory=dict)

    def open(self, url: str, *, form: list[tuple[str, str]] | None = None) -> tuple[str, Answer]:
        """Opens a page, or sends a form to it: the address where it ended, and that answer."""
        for _ in range(10):
            host = urllib.parse.urlsplit(url).hostname or ""
            cookies = self.jar.setdefault(host, {})
            headers = {"accept": "text/html", "sec-fetch-site": "cross-site"}
            if cookies:
                headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
            body = None
            if form is not None:
                headers["content-type"] = "application/x-www-form-urlencoded"
                body = urllib.parse.urlencode(form).encode()
            answer = send("GET" if form is None else "POST", url, body=body, headers=headers)
            for cookie in answer.cookies:
                name, _, value = cookie.split(";")[0].partition("=")
                cookies[name.strip()] = value.strip()
            if answer.status not in (301, 302, 303, 307, 308) or answer.location is None:
                return url, answer
            url, form = urllib.parse.urljoin(url, answer.location), None
        raise StackError(f"too many redirects, the last one to {url.split('?')[0]}")
