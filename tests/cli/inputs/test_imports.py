from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from support.paths import ROOT
from support.terminals import at_a_terminal

from employment_forecast.data.errors import (
    EXIT_BAD_DATA,
    EXIT_NOT_FOUND,
    EXIT_REFUSED,
    EXIT_USAGE,
)

Forecast = Callable[..., Any]
RUN = ("--models", "random_walk", "--origins", "4", "--jobs", "1")


def month_file(folder: Path, count: int = 40, last: str = "12100") -> Path:
    """A monthly report as offices send it: title row, unit row, GB18030."""
    lines = ["嘉定区登记失业情况,,", "单位:人,,", "地区,月份,登记失业人数"]
    for i in range(count - 1):
        year, month = divmod(2023 * 12 + 6 + i, 12)
        lines.append(f'嘉定区,{year}年{month + 1}月,"{11000 + 37 * (i % 9):,}"')
    lines.append(f"嘉定区,2026年10月,{last}")
    file = folder / "登记失业.csv"
    file.write_bytes("\r\n".join(lines).encode("gb18030"))
    return file


@pytest.mark.soak
def test_imported_data_take_the_place_of_demonstration_data(used: Forecast, tmp_path: Path) -> None:
    done = used("data", "import", str(month_file(tmp_path)), "--json")
    assert done.code == 0, done.err
    assert done.json["added"] == 40
    ran = used("run", "--region", "嘉定", "--json", *RUN)
    assert ran.code == 0, ran.err
    content = ran.json
    assert content["data_demo"] is False
    assert content["sources"] == ["登记失业.csv"]
    assert content["latest"] == 12100
    assert not any(cap["demo"] for cap in content["caps"])
    back = used("data", "withdraw", str(done.json["batch"]))
    assert back.code == 0
    assert used("data", "show", "--region", "嘉定", "--json").json["observations"][-1]["demo"]


def test_entered_cap_is_assessed(used: Forecast, tmp_path: Path) -> None:
    used("data", "import", str(month_file(tmp_path)))
    said = used(
        "caps", "set", "--basis", "各月",
            "--region", "嘉定", "--tier", "市", "--value", "12000", "--period", "2026",
        "--announced-on", "2026-03-01", "--source", "测试文号",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert "12,000人" in said.out
    (cap,) = used("run", "--region", "嘉定", "--json", *RUN).json["caps"]
    assert (cap["tier"], cap["value"], cap["source"]) == ("municipal", 12000, "测试文号")
    assert cap["already_breached"] is True
    assert cap["headroom"] == -100
    listed = used("caps", "list", "--region", "嘉定", "--json").json["targets"]
    assert any(t["source"] == "测试文号" for t in listed)


@pytest.mark.skipif(os.name == "nt", reason="pty")
def test_a_person_sees_what_was_understood_and_may_decline(
    used: Forecast,
    home: Path,
    tmp_path: Path,
    environment_of: Callable[[Path], dict[str, str]],
    command_of: Callable[[list[str]], list[str]],
) -> None:
    words = command_of(["data", "import", str(month_file(tmp_path))])
    variables = environment_of(home)
    before = used("data", "batches", "--json").json
    code, said = at_a_terminal(words, variables, {"写入吗": "n"})
    assert code == 0
    assert "登记失业人数" in said
    assert "11,000—12,100人" in said
    assert "没有写入" in said
    assert used("data", "batches", "--json").json == before


@pytest.mark.soak  # processes that import everything
@pytest.mark.skipif(os.name == "nt", reason="pty")
def test_a_person_agrees_and_takes_it_back(
    used: Forecast,
    home: Path,
    tmp_path: Path,
    environment_of: Callable[[Path], dict[str, str]],
    command_of: Callable[[list[str]], list[str]],
) -> None:
    words = command_of(["data", "import", str(month_file(tmp_path))])
    variables = environment_of(home)
    code, said = at_a_terminal(words, variables, {"写入吗": "y"})
    assert (code, "已导入" in said) == (0, True)
    batch = str(used("data", "batches", "--json").json["batches"][-1]["batch"])
    withdraw = ["data", "withdraw", batch]
    code, said = at_a_terminal(command_of(withdraw), variables, {"撤回吗": "n"})
    assert (code, "登记失业.csv" in said, "没有撤回" in said) == (0, True, True)
    # What is there already needs no question.
    code, said = at_a_terminal(words, variables, {})
    assert (code, "没有新的内容" in said) == (0, True)
    code, said = at_a_terminal(command_of([*withdraw, "--yes"]), variables, {})
    assert (code, "撤回吗" in said, "已撤回" in said) == (0, False, True)


def test_a_dry_run_tells_and_writes_nothing(used: Forecast, tmp_path: Path) -> None:
    before = used("data", "batches", "--json").json
    file = str(month_file(tmp_path))
    assert "11,000—12,100人" in used("data", "import", file, "--dry-run").out
    (series,) = used("data", "import", file, "--dry-run", "--json").json["series"]
    assert (series["label"], series["months"]) == ("登记失业人数", 40)
    assert (series["first"], series["last"]) == ("2023-07", "2026-10")
    assert (series["smallest"], series["largest"]) == (11000, 12100)
    assert used("data", "batches", "--json").json == before


def test_bad_file_is_refused_with_the_cell(used: Forecast, tmp_path: Path) -> None:
    ran = used("data", "import", str(month_file(tmp_path, last="一万二")))
    assert ran.code == EXIT_BAD_DATA
    assert "登记失业.csv" in ran.err
    assert "第43行" in ran.err
    assert "Traceback" not in ran.err
    batches = used("data", "batches", "--json").json["batches"]
    assert {b["kind"].split(":")[0] for b in batches} == {"bundled"}


def test_personal_file_is_refused(used: Forecast, tmp_path: Path) -> None:
    file = tmp_path / "名单.csv"
    file.write_text("姓名,手机,登记月份\n李四,13800000000,2026-10\n", "utf-8")
    ran = used("data", "import", str(file))
    assert ran.code == EXIT_REFUSED
    assert "13800000000" not in ran.err


def test_template_can_be_written_and_is_empty(used: Forecast, tmp_path: Path) -> None:
    file = tmp_path / "模板.xlsx"
    assert used("data", "template", str(file)).code == 0
    assert file.read_bytes().startswith(b"PK")
    ran = used("data", "import", str(file))
    assert ran.code == EXIT_BAD_DATA


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("data", "status"), "series"),
        (("data", "revisions", "--region", "嘉定"), "revisions"),
        pytest.param(("data", "batches"), "batches", marks=pytest.mark.soak),
        (("regions",), "regions"),
        pytest.param(("indicators",), "indicators", marks=pytest.mark.soak),
        (("models",), "models"),
        pytest.param(("plan", "show", "--region", "徐汇"), "plans", marks=pytest.mark.soak),
        (("caps", "list"), "targets"),
    ],
)
def test_listings_speak_json_and_tables(
    used: Forecast, arguments: tuple[str, ...], key: str
) -> None:
    assert len(used(*arguments, "--json").json[key]) > 0
    ran = used(*arguments, env={"COLUMNS": "80"})
    assert ran.code == 0, ran.err
    assert len(ran.out.splitlines()) > 3
    assert "None" not in ran.out
    table = [line for line in ran.out.splitlines() if not line.startswith("未参赛")]
    assert max(map(cell_len, table)) <= 80
    # A day or a month that a narrow column breaks in two.
    assert not re.search(r"\b20\d\d-\d?(?=\s|│)", ran.out)


@pytest.mark.parametrize(
    ("arguments", "key", "holds"),
    [
        (("data", "status", "--indicator", "PMI"), "series", ("indicator", "pmi_manufacturing")),
        pytest.param(
            ("data", "status", "--real"), "series", ("demo", False), marks=pytest.mark.soak
        ),
        pytest.param(
            ("data", "batches", "--real"), "batches", ("demo", False), marks=pytest.mark.soak
        ),
        (("caps", "list", "--real"), "targets", ("demo", False)),
        (("caps", "list", "--year", "2026", "--region", "嘉定"), "targets", ("region", "310114")),
        (("plan", "show", "--region", "徐汇", "--indicator", "登记失业人数"), "plans", None),
        (("models", "list", "--region", "嘉定", "--year", "2026"), "versions", ("demo", True)),
    ],
)
def test_long_lists_can_be_narrowed(
    used: Forecast, arguments: tuple[str, ...], key: str, holds: tuple[str, Any] | None
) -> None:
    rows = used(*arguments, "--json").json[key]
    if holds is None:
        rows = [target for plan in rows for target in plan["targets"]]
        holds = ("indicator", "registered_unemployed")
    assert rows
    assert {row[holds[0]] for row in rows} == {holds[1]}


def test_a_year_of_a_series(used: Forecast) -> None:
    def rows(*arguments: str) -> list[Any]:
        content: list[Any] = next(
            iter(used(*arguments, "--region", "嘉定", "--json").json.values())
        )
        return content

    assert [r["month"] for r in rows("data", "show", "--year", "2011")][::11] == [
        "2011-01",
        "2011-12",
    ]
    assert {r["month"] for r in rows("data", "revisions", "--year", "2012")} == {
        "2012-06",
        "2012-12",
    }
    assert rows("models", "list", "--year", "2011") == []


def test_export_to_standard_output_and_file(used: Forecast, tmp_path: Path) -> None:
    ran = used("data", "export", "--region", "全国", "--format", "csv")
    assert ran.raw.startswith(
        b"\xef\xbb\xbfregion,indicator,month,value,unit,published_on,source,demo"
    )
    file = tmp_path / "全国.xlsx"
    assert (
        used("data", "export", "--region", "全国", "--format", "xlsx", "--output", str(file)).code
        == 0
    )
    assert file.read_bytes().startswith(b"PK")


def test_export_writes_what_the_name_says(used: Forecast, tmp_path: Path) -> None:
    def export(name: str, *more: str) -> int:
        return used(
            "data", "export", "--region", "全国", "--output", str(tmp_path / name), *more
        ).code

    assert export("a.xlsx") == export("a.csv") == 0
    assert (tmp_path / "a.xlsx").read_bytes().startswith(b"PK")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbfregion")
    for refused in (("b.xls",), ("b.txt",), ("b.xlsx", "--format", "csv"), ("b",)):
        assert export(*refused) == EXIT_USAGE
    assert not list(tmp_path.glob("b*"))


@pytest.mark.soak  # what a backup holds is tested beside the workspace
def test_backup_and_restore_round_trip(
    used: Forecast, home: Path, tmp_path: Path, forecast_in: Callable[[Path], Forecast]
) -> None:
    file = tmp_path / "备份.zip"
    assert used("backup", str(file)).code == 0
    elsewhere = forecast_in(tmp_path / "新家")
    assert elsewhere("restore", str(file)).code == 0
    before = used("data", "status", "--json").json
    assert elsewhere("data", "status", "--json").json == before
    promoted = elsewhere("promote", "--region", "嘉定", "--json")
    assert promoted.code == 0, promoted.err
    assert elsewhere("restore", str(file)).code == EXIT_REFUSED
    assert elsewhere("restore", str(tmp_path / "无.zip")).code == EXIT_NOT_FOUND


def test_unknown_batch(used: Forecast) -> None:
    assert used("data", "withdraw", "9999").code == EXIT_NOT_FOUND


KILLER = """
import os, signal, sys
from employment_forecast.data.store import batches as batch_rows
real = batch_rows.add_observations
def failing(connection, batch, rows, catalogue):
    real(connection, batch, rows[: len(rows) // 2], catalogue)
    os.kill(os.getpid(), signal.SIGKILL)
from employment_forecast.data.imports import importing
importing.add_observations = failing
from employment_forecast.cli.main import main
main(sys.argv[1:])
"""


@pytest.mark.soak  # what is stored at a kill is tested beside the import itself
def test_import_killed_while_the_write_is_open_leaves_nothing(
    used: Forecast, home: Path, tmp_path: Path, environment_of: Callable[[Path], dict[str, str]]
) -> None:
    before = used("data", "batches", "--json").json
    process = subprocess.run(
        [sys.executable, "-c", KILLER, "data", "import", str(month_file(tmp_path))],
        env=environment_of(home),
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL
    assert used("data", "batches", "--json").json == before
    assert used("data", "import", str(month_file(tmp_path)), "--json").json["added"] == 40
