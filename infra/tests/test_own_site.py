"""A site of one's own: nothing is made there twice, and a slow one does not end the stack."""

from __future__ import annotations

import json
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from local import demo, memory, own_site, settings
from local.console import StackError
from local.settings import Settings, Site
from local.web import Answer

_SITE = Site("acme.atlassian.net", "me@example.com", "secret", "CHG", "SEC")
_STACK = Settings("local", 4566, 8089, 8090, _SITE)


class _Api:
    """The API of a stack that knows these things."""

    def __init__(self, **lists: list[dict[str, object]]) -> None:
        self.lists = lists
        self.sent: list[tuple[str, str]] = []

    def items(self, path: str) -> list[dict[str, object]]:
        return self.lists.get(path.removeprefix("/v1/").replace("-", "_"), [])

    def call(self, method: str, path: str, _body: object = None) -> dict[str, object]:
        self.sent.append((method, path))
        return {"id": "con-1", "state": "active"}


def _jira(*pages: list[dict[str, object]]) -> mock.Mock:
    """Jira's search, page by page."""
    answers = []
    for number, page in enumerate(pages):
        body: dict[str, object] = {"issues": page}
        if number + 1 < len(pages):
            body["nextPageToken"] = str(number + 1)
        answers.append(Answer(200, {}, [], json.dumps(body).encode()))
    return mock.Mock(side_effect=answers)


class OwnSiteTest(unittest.TestCase):
    def test_issues_that_this_stack_does_not_know_stop_it_before_it_makes_more(self) -> None:
        api = _Api(tickets=[{"issue": {"id": "1"}}, {"issue": None}])
        pages = ([{"id": "1", "key": "SEC-1"}], [{"id": "2", "key": "SEC-2"}])
        with mock.patch.object(own_site, "send", _jira(*pages)) as send:
            with self.assertRaisesRegex(StackError, "SEC-2.*JIRA_TICKETS_AGAIN=yes"):
                own_site.refuse_to_repeat(api, _SITE, "SEC")
            asked = json.loads(send.call_args_list[0].kwargs["body"])
            self.assertIn('project = "SEC" AND labels = assay AND statusCategory != Done', asked["jql"])
            self.assertEqual(json.loads(send.call_args_list[1].kwargs["body"])["nextPageToken"], "1")

    def test_issues_that_it_knows_do_not(self) -> None:
        api = _Api(tickets=[{"issue": {"id": "1"}}])
        with mock.patch.object(own_site, "send", _jira([{"id": "1", "key": "SEC-1"}])):
            own_site.refuse_to_repeat(api, _SITE, "SEC")

    def test_a_jira_that_does_not_tell_stops_it_too(self) -> None:
        refusal = mock.Mock(return_value=Answer(400, {}, [], b"no such project"))
        with mock.patch.object(own_site, "send", refusal), self.assertRaisesRegex(StackError, "no such project"):
            own_site.refuse_to_repeat(_Api(), _SITE, "SEC")

    def test_whoever_wants_them_again_may_have_them(self) -> None:
        with mock.patch.dict(os.environ, {"JIRA_TICKETS_AGAIN": "yes"}):
            own_site.refuse_to_repeat(_Api(), _SITE, "SEC")

    def test_a_connection_that_is_known_is_used_again(self) -> None:
        known = {"id": "con-1", "site": _SITE.domain, "state": "active"}
        api = _Api(connections=[known | {"id": "con-0", "state": "disconnected"}, known])
        self.assertEqual(own_site.connect(api, _SITE), "con-1")
        self.assertEqual(api.sent, [("POST", "/v1/connections/con-1/reconnect")])

    def test_a_slow_site_does_not_end_the_stack(self) -> None:
        steps = {"wait_until_active": None, "wait_for_results": False}
        with (
            mock.patch.multiple(demo, **{name: mock.Mock(return_value=value) for name, value in steps.items()}),
            mock.patch.object(own_site, "refuse_to_repeat"),
            mock.patch.object(own_site, "ticket_type", return_value="10001"),
            mock.patch.object(demo, "say") as say,
        ):
            demo.run(_STACK, _Api(), mock.Mock())
            self.assertIn("it goes on", say.call_args.args[0])


class MemoryTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        patch = mock.patch.object(settings, "TARGET", Path(folder.name))
        patch.start()
        self.addCleanup(patch.stop)

    def _run(self, *, ended_by_itself: bool) -> bool:
        """One run: whether it found what an earlier one knew."""
        with mock.patch.object(memory, "say"):
            memory.recall(_STACK)
        kept = memory.folder(_STACK)
        assert kept is not None
        found = (kept / "dynamodb.json").exists()
        (kept / "dynamodb.json").write_text("{}")
        memory.keep(_STACK, ended_by_itself=ended_by_itself)
        return found

    def test_only_what_was_saved_at_the_end_is_used(self) -> None:
        self.assertFalse(self._run(ended_by_itself=True))
        self.assertTrue(self._run(ended_by_itself=False), "the first run ended by itself")
        self.assertFalse(self._run(ended_by_itself=True), "the second one did not")

    def test_a_simulated_site_is_new_at_every_start(self) -> None:
        self.assertIsNone(memory.folder(Settings("local", 4566, 8089, 8090, None)))


if __name__ == "__main__":
    unittest.main()
