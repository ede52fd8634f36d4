"""What may be chosen about a local stack."""

from __future__ import annotations

import os
import unittest
from unittest import mock

import local_stack
from local import settings
from local.console import StackError
from local.processes import without_secrets

_SITE = {"JIRA_SITE": "acme.atlassian.net", "JIRA_EMAIL": "me@example.com", "JIRA_TOKEN": "secret"}


class SettingsTest(unittest.TestCase):
    def test_only_run_and_up_read_the_site_of_ones_own(self) -> None:
        for command, reads in (("run", True), ("up", True), ("exec", False), ("token", False), ("down", False)):
            arguments = [command, *(["--", "true"] if command == "exec" else [])]
            seen = []
            functions = ("hold", "start_detached", "take_down", "during", "token")
            with (
                mock.patch.dict(os.environ, _SITE),
                mock.patch.multiple(local_stack.stack, **{name: _note(seen) for name in functions}),
                mock.patch.object(local_stack, "plain"),
            ):
                local_stack._run(local_stack._parser().parse_args(arguments))
            self.assertEqual([chosen.site is not None for chosen in seen], [reads], command)

    def test_half_a_site_does_not_disturb_what_needs_none(self) -> None:
        with mock.patch.dict(os.environ, {"JIRA_SITE": "acme.atlassian.net", "JIRA_EMAIL": "", "JIRA_TOKEN": ""}):
            self.assertIsNone(settings.read("test").site)
            with self.assertRaisesRegex(StackError, "JIRA_EMAIL, JIRA_TOKEN"):
                settings.read("local", with_site=True)

    def test_a_site_is_a_domain_of_atlassian_and_nothing_else(self) -> None:
        for domain in ("https://acme.atlassian.net", "acme.example.com", "acme.atlassian.net/x", "a@acme.atlassian.net"):
            with mock.patch.dict(os.environ, _SITE | {"JIRA_SITE": domain}), self.assertRaises(StackError):
                settings.read("local", with_site=True)

    def test_equal_ports_are_refused(self) -> None:
        with (
            mock.patch.dict(os.environ, {"ASSAY_PORT": "4800", "JIRA_SIM_PORT": "4800"}),
            self.assertRaisesRegex(StackError, "ASSAY_PORT and JIRA_SIM_PORT"),
        ):
            settings.read("local")

    def test_what_happens_on_the_simulated_site_is_seen_at_the_next_tick(self) -> None:
        parameters = settings.read("local").template_parameters()
        self.assertLess(int(parameters["CheckIntervalSeconds"]), 60)

    def test_a_build_sees_no_credentials(self) -> None:
        environment = _SITE | {"AWS_SECRET_ACCESS_KEY": "x", "AWS_PROFILE": "y", "MAKEFLAGS": "JIRA_TOKEN=z", "PATH": "/bin"}
        left = without_secrets(environment)
        self.assertNotIn("JIRA_TOKEN", left)
        self.assertEqual({name for name in left if name.startswith("AWS_") or "MAKE" in name}, set())
        self.assertEqual(left["PATH"], "/bin")


def _note(seen: list[settings.Settings]) -> object:
    def note(chosen: settings.Settings, *_: object, **__: object) -> int:
        seen.append(chosen)
        return 0

    return note


if __name__ == "__main__":
    unittest.main()
