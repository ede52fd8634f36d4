"""The demo: it waits for what there is, sends nothing of its own to a site of one's own, and tells only what holds."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from local import demo, demo_findings, own_site, settings
from local.settings import Settings, Site
from local.web import Answer

_SITE = Site("acme.atlassian.net", "me@example.com", "secret", "CHG", "SEC")
_OWN = Settings("local", 4566, 8089, 8090, _SITE)
_SIMULATED = Settings("local", 4566, 8089, 8090, None)
_SUGGESTED = {"from": "assay", "field": "severity", "values": {"*": {"type": "priority", "value": "2"}}}


class _Api:
    """The API of a stack that knows these things."""

    url = "http://127.0.0.1:4566"

    def __init__(self, **lists: list[dict[str, object]]) -> None:
        self.lists = lists
        self.sent: list[tuple[str, str, object]] = []

    def items(self, path: str) -> list[dict[str, object]]:
        return self.lists.get(path.removeprefix("/v1/"), [])

    def call(self, method: str, path: str, body: object = None) -> dict[str, object]:
        self.sent.append((method, path, body))
        if path == "/v1/github":
            return {"webhook_url": "http://127.0.0.1:4566/webhooks/demo/github", "secret": "of-the-webhook"}
        if "/fields?" in path:
            priority = {"id": "priority", "name": "Priority", "suggestion": _SUGGESTED}
            environment = {"id": "environment", "name": "Environment", "suggestion": None}
            return {"fields": [{"id": "summary", "name": "Summary", "suggestion": None}, priority, environment]}
        return {"id": "con-1", "state": "active"}

    def send_sarif(self, path: str, document: bytes) -> dict[str, object]:
        self.sent.append(("POST", path, document))
        return {"results": 3}


def _checks(*, of_findings: str | None) -> list[dict[str, object]]:
    return [{"id": "B2", "last_outcome": "pass"}, {"id": "B9", "last_outcome": of_findings}]


class WaitingTest(unittest.TestCase):
    def setUp(self) -> None:
        for module in (demo, demo_findings, own_site):
            patch = mock.patch.object(module, "say")
            self.addCleanup(patch.stop)
            patch.start()
        patch = mock.patch.object(demo, "refuse_crash")
        self.addCleanup(patch.stop)
        patch.start()

    def _waits(self, api: _Api, *, further: bool) -> int:
        """How often it looked again, until findings had an outcome and a ticket."""

        def time_passes(_seconds: float) -> None:
            api.lists["checks"] = _checks(of_findings="pass")
            api.lists["tickets"] = [{"state": "open"}]

        with mock.patch.object(demo.time, "sleep", side_effect=time_passes) as sleep:
            self.assertTrue(demo.wait_for_results(api, mock.Mock(), tickets=True, further=further))
            return sleep.call_count

    def test_where_a_report_was_sent_its_check_and_its_tickets_are_waited_for(self) -> None:
        finding = {"id": "B9-1", "check": "B9", "state": "open"}
        self.assertEqual(self._waits(_Api(checks=_checks(of_findings=None)), further=True), 1)
        self.assertEqual(self._waits(_Api(checks=_checks(of_findings="pass"), tasks=[finding]), further=True), 1)

    def test_where_none_was_sent_nothing_is_said_of_findings_and_nothing_waited_for(self) -> None:
        finding = {"id": "B9-1", "check": "B9", "state": "open"}
        self.assertEqual(self._waits(_Api(checks=_checks(of_findings=None), tasks=[finding]), further=False), 0)

    def test_a_site_of_ones_own_gets_no_report_and_no_pull_request(self) -> None:
        api = _Api(checks=_checks(of_findings=None))
        with (
            mock.patch.object(own_site, "refuse_to_repeat"),
            mock.patch.object(own_site, "ticket_type", return_value="10001"),
            mock.patch.object(demo_findings, "send") as send,
        ):
            demo.run(_OWN, api, mock.Mock())
        send.assert_not_called()
        paths = {path for _, path, _ in api.sent}
        self.assertEqual(paths, {"/v1/connections", "/v1/connections/con-1", "/v1/sync-settings"})

    def test_findings_are_not_what_is_completed_by_hand(self) -> None:
        ticket = {"issue": {"key": "SEC-1"}}
        api = _Api(tasks=[{"id": it, "check": it, "state": "open", "ticket": ticket} for it in ("B2", "B8", "B9")])
        demo.tell_what_to_try(_SIMULATED, api)
        told = " ".join(call.args[0] for call in demo.say.call_args_list)
        self.assertIn("/v1/tasks/B8/complete", told)
        self.assertNotIn("B9", told)


class FindingsTest(unittest.TestCase):
    def test_github_the_configuration_and_the_report_go_where_they_should(self) -> None:
        api = _Api()
        sim = mock.Mock(return_value=Answer(200, {}, [], b"{}"))
        with mock.patch.object(demo_findings, "send", sim), mock.patch.object(demo_findings, "say"):
            demo_findings.begin(_SIMULATED, api, "con-1", "SEC")
        self.assertEqual(sim.call_args.args, ("POST", "http://127.0.0.1:8090/__sim/hooks"))
        hook = {"url": "http://127.0.0.1:4566/webhooks/demo/github", "secret": "of-the-webhook"}
        self.assertEqual(json.loads(sim.call_args.kwargs["body"]), hook)
        bodies = {path: body for _, path, body in api.sent}
        rules = {rule["field"]: rule["source"] for rule in bodies["/v1/project-configurations"]["rules"]}
        self.assertEqual(rules["priority"], _SUGGESTED)
        self.assertEqual(set(rules), {"priority", "environment"})
        self.assertEqual(bodies["/v1/findings/sarif?asset=acme/shop&full=true"], demo_findings.SAMPLE.read_bytes())
        self.assertIn("/v1/checks/B9/runs", bodies)

    def test_the_sample_describes_each_of_its_findings(self) -> None:
        run = json.loads(demo_findings.SAMPLE.read_text())["runs"][0]
        rules = run["tool"]["driver"]["rules"]
        self.assertGreater(len(run["results"]), 1)
        for result in run["results"]:
            rule = rules[result["ruleIndex"]]
            self.assertEqual(rule["id"], result["ruleId"])
            self.assertGreater(float(rule["properties"]["security-severity"]), 0)

    def test_the_next_report_lacks_what_the_pull_request_mends_and_nothing_else(self) -> None:
        settings.TARGET.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.TARGET) as folder:
            target = Path(folder)
            (target / "local").mkdir()
            with mock.patch.object(settings, "TARGET", target), mock.patch.object(demo_findings, "say") as say:
                pull = demo_findings.Pull(7, "SEC-4", "tkt-1", "CVE-2021-44906")
                demo_findings.tell_what_to_try(_SIMULATED, pull)
            (written,) = (target / "local").iterdir()
            told = " ".join(call.args[0] for call in say.call_args_list)
            self.assertIn(f"@{written.relative_to(settings.ROOT)} ", told)
            self.assertIn("/__sim/repositories/acme/shop/pulls/7/merge", told)
            before = [it["ruleId"] for it in json.loads(demo_findings.SAMPLE.read_text())["runs"][0]["results"]]
            after = [it["ruleId"] for it in json.loads(written.read_text())["runs"][0]["results"]]
        self.assertEqual([rule for rule in before if rule not in after], ["CVE-2021-44906"])


if __name__ == "__main__":
    unittest.main()
