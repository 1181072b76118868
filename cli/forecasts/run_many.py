"""`forecast run` for several regions: one after another, told as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell.output import print_rows, write_json

if TYPE_CHECKING:
    from employment_forecast.cli.shell.session import Session
    from employment_forecast.data.catalogue import Series
    from employment_forecast.experiments.cluster import Cluster
    from employment_forecast.forecasting.competition import Options

_TITLES = {
    "region": "地区", "indicator": "指标", "data_month": "数据截至", "latest": "最新值",
    "ahead": "12个月后（80%区间）", "breach": "突破控制数", "model": "选用模型", "version": "版本",
    "demo": "标记", "failure": "没有得出预测",
}  # fmt: skip
_AHEAD = 12


@dataclass(frozen=True)
class RunRequest:
    """What the user asked of every run."""

    as_of: date
    options: Options
    promoting: bool
    dry_run: bool
    cached: bool
    output: Path | None


def parts_with_data(
    session: Session, parents: Sequence[str], indicator: str | None
) -> list[Series]:
    """Series of the regions directly below some, as far as there are figures.

    Raises
    ------
    NotFoundError
        If there are none.
    """
    from employment_forecast.data.catalogue import Series
    from employment_forecast.data.errors import NotFoundError

    catalogue = session.catalogue
    named = None if indicator is None else catalogue.indicator(indicator)
    demo_of = {(r, i): demo for r, i, demo in session.store.series()} if parents else {}
    real = {key for key, demo in demo_of.items() if not demo}
    parts = [
        Series(region, named or catalogue.default_indicator(region, real))
        for name in parents
        for region in catalogue.children(catalogue.region(name))
    ]
    known = [s for s in parts if (s.region.code, s.indicator.code) in demo_of]
    if parents and not known:
        raise NotFoundError(
            f"{'、'.join(parents)}的各下级没有可预测的数据。",
            "请先导入数据，或用 --region 指明地区。",
        )
    return known


def run_many(session: Session, chosen: Sequence[Series], request: RunRequest, as_json: bool) -> int:
    """Run every series; one that fails is told in its row and keeps no other from running."""
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import notice
    from employment_forecast.data.errors import EXIT_OK, EXIT_PARTIAL, ForecastError
    from employment_forecast.experiments.cluster import cluster_of

    cluster = cluster_of(session.settings, session.workspace)
    runs: list[dict[str, Any]] = []
    with progress("各地区") as tick:
        for done, series in enumerate(chosen, start=1):
            names = {"region": series.region.name, "indicator": series.indicator.name}
            try:
                content, failure = _one(session, series, request, cluster), ""
            except ForecastError as error:
                content, failure = None, str(error)
            runs.append({**names, "content": content, "failure": failure})
            if tick is not None:
                tick(done, len(chosen))
    for note in [] if cluster is None else cluster.take_notes():
        notice(note)
    failed = [run for run in runs if run["failure"]]
    if as_json:
        write_json({"runs": runs})
    else:
        rows = [_row(run) for run in runs]
        if len({run["indicator"] for run in runs}) == 1:
            rows = [{**row, "indicator": ""} for row in rows]
            click.echo(f"{runs[0]['indicator']}：")
        print_rows("runs", _TITLES, rows, as_json=False)
        if failed:
            click.echo(f"{len(chosen)} 个序列中有 {len(failed)} 个没有得出预测或没有记录。")
    return EXIT_PARTIAL if failed else EXIT_OK


def _one(
    session: Session, series: Series, request: RunRequest, cluster: Cluster | None
) -> dict[str, Any]:
    """Run one series, record it and write its files; its document."""
    from employment_forecast.data.files import to_json, write_atomically
    from employment_forecast.experiments.job import open_job
    from employment_forecast.experiments.promotion import examine_only, promote_if_passed
    from employment_forecast.experiments.recording import recorded
    from employment_forecast.forecasting.documents import document, forecast_csv
    from employment_forecast.forecasting.documents.chart import fan_chart

    job = open_job(
        session, series, request.as_of, request.options, cached=request.cached, elsewhere=cluster
    )
    uri = session.settings.tracking_uri(session.workspace)
    chart = number = run_id = gate = None
    with (
        nullcontext() if request.dry_run else recorded(uri, session.workspace, series) as recording
    ):
        result = job.compete()
        if recording is not None:
            chart = fan_chart(result)
            number, run_id = recording.register(result, chart).version, recording.run_id
            conclude = promote_if_passed if request.promoting else examine_only
            gate = conclude(recording.run.tracker, series, result, recording.run).document()
    content = document(
        result, run_id=run_id, registered_name=series.registered_name, version=number
    )
    content |= {"gate": gate, "dry_run": request.dry_run, "trial": request.options.trial or None}
    if request.output is not None:
        folder = request.output / series.code
        write_atomically(folder / "forecast.csv", forecast_csv(result))
        write_atomically(folder / "forecast.json", to_json(content).encode("utf-8"))
        write_atomically(folder / "chart.png", chart or fan_chart(result))
    return content


def _row(run: Mapping[str, Any]) -> dict[str, Any]:
    content = run["content"]
    if content is None:
        return {**dict.fromkeys(_TITLES, ""), **{k: run[k] for k in _TITLES if k in run}}
    from employment_forecast.data.catalogue import DEMO_MARK
    from employment_forecast.forecasting.documents.tables import likelihood
    from employment_forecast.models import roster

    forecast = content["forecast"]
    ahead = forecast[min(_AHEAD, len(forecast)) - 1]
    chances = [
        row[name]
        for row in content["caps"]
        for name in ("p_any", "p_end", "p_average")
        if row[name] is not None
    ]
    broken = any(row["already_breached"] for row in content["caps"])
    return {
        "region": run["region"],
        "indicator": run["indicator"],
        "data_month": content["data_month"],
        "latest": f"{content['latest']:,.12g}",
        "ahead": f"{ahead['q50']:,.12g}（{ahead['q10']:,.12g}—{ahead['q90']:,.12g}）",
        "breach": "已突破" if broken else likelihood(max(chances)) if chances else "",
        "model": roster.label(content["champion"]["model"]),
        "version": content["champion"]["version"] or "",
        "demo": DEMO_MARK if content["demo"] else "",
        "failure": "",
    }
