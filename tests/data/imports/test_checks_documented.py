from __future__ import annotations

from support.paths import ROOT

from employment_forecast.data.imports.checks import CHECKS, checks_markdown


def test_the_handbook_holds_the_table_of_checks() -> None:
    handbook = (ROOT / "README.zh-CN.md").read_text("utf-8")
    assert checks_markdown() in handbook
    assert len(CHECKS) >= 10
