"""The tools that tests need."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from local import tools
from local.console import StackError


class ChromiumTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.children = mock.Mock()
        self.children.run.side_effect = self._run
        self.enterContext(mock.patch.object(tools, "_APPLICATIONS", (str(self.folder / "Chromium"),)))
        self.enterContext(mock.patch.object(tools, "say"))

    def test_a_known_or_named_program_is_enough(self) -> None:
        for name, variables in (("google-chrome", {}), ("own", {"CHROMIUM": str(self.folder / "own")}), ("Chromium", {})):
            self._program(name)
            with self._as(uid=0, **variables):
                tools.require_chromium(self.children)
            (self.folder / name).unlink()
        self.children.run.assert_not_called()

    def test_root_installs_the_package_where_there_is_apt(self) -> None:
        self._program("apt-get")
        with self._as(uid=0):
            tools.require_chromium(self.children)
        self.assertEqual(["update", "install"], [call.args[0][1] for call in self.children.run.call_args_list])

    def test_who_may_not_install_it_is_told_so_in_one_line(self) -> None:
        self._program("apt-get")
        for uid, variables in ((1000, {}), (0, {"CHROMIUM": "/nowhere/chromium"})):
            with self._as(uid=uid, **variables), self.assertRaisesRegex(StackError, r"\A.*install.*chromium.*\Z"):
                tools.require_chromium(self.children)
        self.children.run.assert_not_called()

    def _as(self, *, uid: int, **variables: str) -> mock._patch_dict:
        self.enterContext(mock.patch.object(os, "geteuid", return_value=uid))
        return mock.patch.dict(os.environ, {"PATH": str(self.folder), **variables}, clear=True)

    def _run(self, command: list[str], **_: object) -> tuple[int, str]:
        if command[1] == "install":
            self._program("chromium")
        return 0, ""

    def _program(self, name: str) -> None:
        path = self.folder / name
        path.write_text("")
        path.chmod(0o755)


if __name__ == "__main__":
    unittest.main()
