"""`forecast quickstart`: a few questions, then the same commands that anyone would type."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from employment_forecast.cli.shell.output import at_a_terminal
from employment_forecast.cli.shell.session import open_session

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Region
    from employment_forecast.data.workspace import Session
    from employment_forecast.data.workspace.registration import Table

BASES = ("各月", "期末", "全年累计", "全年平均")
TIERS = ("国家", "市", "区", "自定")
# What a shell would not take as it stands; Chinese it does.
_ODD = re.compile(r"[^\w./:%+,-]|^$")
_CODE = re.compile(r"\d{6}|\d{9}|\d{12}")


@click.command(options_metavar="[选项]", short_help="回答几个问题，得到第一份自己的预测。")
@click.option("--region", metavar="地区", help="地区名称；目录里没有的随即登记。")
@click.option("--code", metavar="代码", help="新地区的行政区划代码；街道在上级代码后加三位。")
@click.option(
    "--file",
    metavar="文件",
    type=click.Path(dir_okay=False, path_type=Path),
    help="要导入的数据文件；不给则用已有的数据。",
)
@click.option("--indicator", metavar="指标", help="指标：代码或名称；默认为文件里的。")
@click.option("--cap", metavar="数", help="今年的控制数，可写 12500 或 1.25万；不给则只作预测。")
@click.option("--basis", type=click.Choice(BASES), help="控制数怎样考核。")
@click.option("--tier", type=click.Choice(TIERS), help="控制数由哪一级下达。")
@click.option("--source", metavar="文号", help="控制数的文件名称或文号。")
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default="结果",
    show_default=True, metavar="文件夹", help="预测写到哪里。",
)  # fmt: skip
@click.pass_context
def quickstart(
    context: click.Context,
    region: str | None,
    code: str | None,
    file: Path | None,
    indicator: str | None,
    cap: str | None,
    basis: str | None,
    tier: str | None,
    source: str | None,
    output: Path,
) -> int:
    """问地区、数据文件和控制数，写出 forecast.toml，导入数据，登记控制数，预测并给出报告。

    每一步都显示所用的命令，以后可以单独使用。没有终端可问时，由选项回答；没有回答的略过。
    """
    from employment_forecast.data import clock
    from employment_forecast.data.errors import UsageError

    asking = at_a_terminal()
    if region is None and not asking:
        raise UsageError("没有写明地区，也没有终端可问。", "请加 --region 地区。")
    region = region or click.prompt("地区（如 嘉定，或自己的街道）")
    session = open_session()
    entry = _settled(session, region, code, asking)
    session = open_session()  # with the region that may just have been entered

    if file is None and asking:
        file = _asked_file(required=not _series(session, entry))
    if cap is None and asking:
        cap = click.prompt("今年的控制数（没有就直接回车）", default="", show_default=False) or None
    target = {} if cap is None else _target(cap, tier, source, basis, asking)

    if file is not None:
        words = _flat({"--region": entry.name, "--indicator": indicator})
        _perform(context, "data", "import", str(file), *words)
    chosen = indicator or _indicator(session, entry)
    series = {"--region": entry.name, "--indicator": chosen}
    if chosen == session.default_indicator(entry).code:
        series.pop("--indicator")
    if target:
        year = str(clock.today().year)
        words = _flat({**series, **target, "--period": year})
        _perform(context, "caps", "set", *words)
    ended = _perform(context, "run", *_flat({**series, "--output": str(output)}))
    click.echo("\n以后每月有了新数：再导入、再预测，就是上面的命令。全部命令：forecast --help")
    return ended


def _perform(context: click.Context, *words: str) -> int:
    """Show a command and run it; what it raises ends this one too."""
    shown = (shlex.quote(word) if _ODD.search(word) else word for word in words)
    click.echo(f"\n$ forecast {' '.join(shown)}")
    root = context.find_root().command
    return int(root.main([*words], prog_name="forecast", standalone_mode=False) or 0)


def _flat(options: Mapping[str, str | None]) -> list[str]:
    """Options as words; those without a value are left out."""
    return [w for name, value in options.items() if value is not None for w in (name, value)]


def _target(
    cap: str, tier: str | None, source: str | None, basis: str | None, asking: bool
) -> dict[str, str | None]:
    """What has to be known of a cap, as given or as a person answers; before anything is stored.

    A person is asked for the basis by the command that enters the cap, which explains each.
    """
    from employment_forecast.data.errors import UsageError

    if not asking and (tier is None or source is None or basis is None):
        raise UsageError(
            "登记控制数还要写明由谁下达、依据哪个文件、怎样考核。",
            "请加 --tier、--source 和 --basis（如 --basis 各月）。",
        )
    tier = tier or click.prompt("由哪一级下达", type=click.Choice(TIERS))
    source = source or click.prompt("文件名称或文号")
    return {"--value": cap, "--tier": tier, "--source": source, "--basis": basis}


def _asked_file(required: bool) -> Path | None:
    """A file that exists; a path dragged into the terminal comes in quotes."""
    question = "数据文件" if required else "数据文件（直接回车用已有的数据）"
    while True:
        text: str = click.prompt(question, default=None if required else "", show_default=False)
        name = text.strip().strip("'\"")
        if not name and not required:
            return None
        if Path(name).is_file():
            return Path(name)
        click.echo(f"没有文件“{name}”。")


def _settled(session: Session, name: str, code: str | None, asking: bool) -> Region:
    """The region of that name; one that is not in the catalogue is entered in `forecast.toml`."""
    from employment_forecast.data.catalogue import find_divisions
    from employment_forecast.data.errors import UnknownNameError, UsageError

    try:
        region = session.catalogue.region(name)
    except UnknownNameError as error:
        if code is None and not asking and len(find_divisions(name)) != 1:
            raise UsageError(
                f"目录里没有“{name}”。", f"{error.hint}或加 --code 行政区划代码 登记这个地区。"
            ) from None
        click.echo(f"目录里没有“{name}”，现在登记。")
        _write(session, _new_region(session, name, code))
        return open_session().catalogue.region(name)
    _write(session, [])
    return region


def _new_region(session: Session, name: str, code: str | None) -> list[Table]:
    """Entry of a region, checked together with all others."""
    from employment_forecast.data.catalogue import divisions, find_divisions
    from employment_forecast.data.errors import UsageError
    from employment_forecast.data.workspace import region_tables

    known = find_divisions(name)
    likely = known[0] if len(known) == 1 else None
    if code is None and not sys.stdin.isatty():
        code = likely
    while code is None or not _CODE.fullmatch(code):
        if code is not None:
            click.echo(f"“{code}”不是 6 位、9 位或 12 位数字。")
        if code is not None and not sys.stdin.isatty():
            raise UsageError(f"--code 的值“{code}”不是行政区划代码。", "请写 6、9 或 12 位数字。")
        code = click.prompt("行政区划代码（六位；街道在上级代码后加三位，可自编）", default=likely)
    return region_tables(session, {code: divisions()[code] if code == likely else name})


def _write(session: Session, tables: Sequence[Table]) -> None:
    from employment_forecast.data.workspace import write_settings

    if write_settings(session, tables):
        click.echo(f"配置文件：{session.workspace.settings_file}")


def _series(session: Session, region: Region) -> dict[str, bool]:
    """Indicators of a region of which there are figures, and whether these are demonstration."""
    return {i: demo for _, i, demo in session.store.series(region)}


def _indicator(session: Session, region: Region) -> str:
    """The region's default indicator if there are figures of it, else the first that has any."""
    from employment_forecast.data.errors import UsageError

    known = _series(session, region)
    usable = [i for i, demo in known.items() if not demo] or list(known)
    if not usable:
        raise UsageError(f"{region.name}还没有数据。", "请加 --file 数据文件。")
    default = session.default_indicator(region).code
    return default if default in usable else usable[0]
