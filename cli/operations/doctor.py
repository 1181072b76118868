"""`forecast doctor`."""

from __future__ import annotations

import click

from employment_forecast.cli.shell.options import json_option

_STATES = {"ok": "正常", "warn": "注意", "fail": "故障", "skipped": "未检查"}


@click.command(
    options_metavar="[选项]", short_help="检查环境、数据库、MLflow、时钟、字体与数据时效。"
)
@json_option
def doctor(as_json: bool) -> int:
    """检查环境、数据库、MLflow、时钟、字体与数据时效，逐项说明怎样处理。

    有“故障”时退出码为 9，只有“注意”时为 0。
    """
    from employment_forecast.cli.shell.output import print_rows, write_json
    from employment_forecast.data.errors import EXIT_OK, EXIT_REFUSED
    from employment_forecast.experiments.health import checks as doctor_checks
    from employment_forecast.experiments.health import examine, worst

    installation = doctor_checks.this_installation()
    examined = examine(installation, doctor_checks.CHECKS)
    state = worst(examined)
    rows = [
        {
            "check": each.code,
            "label": each.label,
            "state": each.diagnosis.state,
            "message": each.diagnosis.message,
            "remedy": each.diagnosis.remedy,
        }
        for each in examined
    ]
    if as_json:
        write_json({"state": state, "checks": rows})
    else:
        shown = [{**row, "state": _STATES[str(row["state"])]} for row in rows]
        titles = {"label": "项目", "state": "状态", "message": "所见", "remedy": "处理办法"}
        print_rows("checks", titles, shown, as_json=False)
        bad = sum(row["state"] == "fail" for row in rows)
        heed = sum(row["state"] == "warn" for row in rows)
        click.echo(f"共 {len(rows)} 项：故障 {bad} 项，注意 {heed} 项。")
    return EXIT_REFUSED if state == "fail" else EXIT_OK
