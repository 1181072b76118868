"""Parts and whole as a document and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Indicator, figure
from employment_forecast.forecasting.assessment import BASES
from employment_forecast.forecasting.competition import Competition, TreeResult
from employment_forecast.forecasting.documents.result_tables import UNTESTED, amount, cap_value
from employment_forecast.forecasting.documents.run import (
    cap_document,
    choice_document,
    coherence_notes,
    forecast_rows,
)
from employment_forecast.forecasting.documents.tables import (
    PROBABILITY,
    TENTHS_OF_PERCENT,
    Table,
    columns,
    figures,
)


def tree_document(
    tree: TreeResult, root: str, versions: Mapping[str, str], apart: Sequence[str] = ()
) -> dict[str, Any]:
    """The parts of a region's forecast as one JSON-able object.

    Parameters
    ----------
    tree : TreeResult
        Keys are codes of regions.
    root : str
        The whole, which has a document of its own.
    versions : mapping
        Registered version of each member, by code.
    apart : sequence of str
        Regions of which nothing came into force.
    """
    whole = {part: each.whole for each in tree.tree.sums for part in each.parts}
    month = _compared(tree, root)
    total = _value(tree.results[root], month)
    choice, indicator = tree.choice, tree.results[root].indicator
    coherence = tree.results[root].coherence
    return {
        "reconciled": tree.reconciled,
        "breadth": list(coherence.breadth) if coherence and coherence.breadth else None,
        "month": str(month),
        "value": total,
        "notes": [*_behind(tree, month), *_divisions(tree), *tree.notes, *_apart(apart)],
        "choice": None if choice is None else choice_document(choice),
        "parts": [
            _part(result, indicator, whole.get(code), versions.get(code), month, total)
            for code, result in tree.results.items()
            if code != root
        ],
    }


def _divisions(tree: TreeResult) -> list[str]:
    """What groups of people make up a whole beside its regions."""
    notes = []
    for each in tree.tree.sums:
        of = tree.results[each.whole].indicator
        groups = [_group(tree.results[key], of) for key in each.parts]
        names = "、".join(group["name"] for group in groups if group)
        notes += [f"{names}合起来等于总数，不与各地区相加"] if names else []
    return notes


def _group(result: Competition, of: Indicator) -> dict[str, str] | None:
    """The group that a member is, None for a region."""
    indicator = result.indicator
    if indicator.group == of.group:
        return None
    return {"code": indicator.group, "name": indicator.name.removesuffix(of.name)}


def _breadth_note(rows: Sequence[Mapping[str, Any]] | None) -> list[str]:
    if not rows:
        return []
    shares = "；".join(
        f"{row['month']} 平均 {row['mean']:.0%}（80% 区间 {row['q10']:.0%}—{row['q90']:.0%}）"
        for row in (rows[min(2, len(rows) - 1)], rows[-1])
    )
    return [f"扩散面（连升三月或高于低点一成的下级所占比重）：{shares}"]


def _apart(regions: Sequence[str]) -> list[str]:
    if not regions:
        return []
    return [f"{'、'.join(regions)}此次没有版本进入现役，现役版本（如有）不与上下级相加"]


def _compared(tree: TreeResult, root: str) -> pd.Period:
    """Newest month that all members which add up have published; that of the whole without any."""
    members = [key for key in tree.tree.members if key in tree.results] or [root]
    return min(tree.results[key].history.origin for key in members)


def _value(result: Competition, month: pd.Period) -> float | None:
    """A published figure of a month."""
    value = result.history.series.get(month)
    return None if value is None else figure(float(value), result.indicator)


def _behind(tree: TreeResult, month: pd.Period) -> list[str]:
    """Whose months hold the comparison back, where some have published more."""
    members = {k: r for k, r in tree.results.items() if k in tree.tree.members}
    if all(r.history.origin == month for r in members.values()):
        return []
    names = "、".join(r.series.member_name for r in members.values() if r.history.origin == month)
    return [f"{names}的数只到 {month}，各行的数和占比同按该月比较"]


def _part(
    result: Competition,
    of: Indicator,
    whole: str | None,
    version: str | None,
    month: pd.Period,
    total: float | None,
) -> dict[str, Any]:
    history, indicator = result.history, result.indicator
    value = _value(result, month)
    return {
        "region": {"code": result.region.code, "name": result.region.name},
        "group": _group(result, of),
        "whole": whole,
        "data_month": str(history.origin),
        "latest": figure(float(history.values[-1]), indicator),
        "value": value,
        "share": value / total if total and value is not None else None,
        "demo": result.demo,
        "model": result.choice.model,
        "version": version,
        "notes": [*history.notes, *result.notes, *coherence_notes(result)],
        "forecast": forecast_rows(result),
        "caps": [cap_document(item, indicator) for item in result.assessments],
    }


def parts_table(content: Mapping[str, Any], indicator: Indicator) -> Table[Any]:
    """The parts below the whole: figure, share, means that add up, and their caps.

    Parameters
    ----------
    content : mapping
        Of the whole, with `tree` from `tree_document`.
    indicator : Indicator
        For the printed digits.
    """
    tree, form = content["tree"], amount(indicator)
    regions = [part for part in tree["parts"] if not part["group"]]
    groups = [part for part in tree["parts"] if part["group"]]
    rows = [{**content, "value": tree["value"], "share": 1.0}, *regions, *groups]
    ahead = [row["month"] for row in content["forecast"]]
    # Those that are still to come, and forecast, for all of them.
    of_all = set(ahead).intersection(*([f["month"] for f in row["forecast"]] for row in rows))
    months = sorted(of_all) or ahead
    shown = list(dict.fromkeys([months[0], months[min(11, len(months) - 1)]]))
    untested = {f["month"] for row in rows for f in row["forecast"] if f["untested"]}
    heads = (f"{m} 均值{f'（{UNTESTED}）' if m in untested else ''}" for m in shown)
    # Regions and groups each make up the whole: together they are more.
    means = "各列均值在同一划分内可加" if groups else "各列均值可加"
    how = f"每条路径逐月相加，{means}" if tree["reconciled"] else "各自预测，未协调"
    why = tree["choice"]["reason"] if tree["choice"] else ""
    return Table(
        f"局部与整体（{how}）",
        (
            *columns("成员" if groups else "地区"),
            *figures(tree["month"], form=form),
            *figures("占比", form=TENTHS_OF_PERCENT),
            *figures(*heads, form=form),
            *columns("控制数", align="right"),
            *figures("突破概率", form=PROBABILITY),
        ),
        tuple(_row(row, shown) for row in rows),
        strong=frozenset({0}),
        ruled=frozenset({len(regions)} if groups else ()),
        notes=tuple(n for n in (why, *_breadth_note(tree["breadth"]), *tree["notes"]) if n),
    )


def _row(row: Mapping[str, Any], shown: list[str]) -> tuple[Any, ...]:
    ahead = {each["month"]: each["mean"] for each in row["forecast"]}
    cap = row["caps"][0] if row["caps"] else None
    limit = (None, None) if cap is None else (cap_value(cap), cap[BASES[cap["basis"]].probability])
    means = (ahead.get(month) for month in shown)
    name = row["group"]["name"] if row.get("group") else row["region"]["name"]
    return (name, row["value"], row["share"], *means, *limit)
