"""Plan entries as the targets that forecasts are held against."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from employment_forecast.data.catalogue import Catalogue, Indicator, load_catalogue
from employment_forecast.data.targets.plans.loader import load_plans
from employment_forecast.data.targets.plans.schema import UNCONFIRMED_NAMES, Plan, PlanTarget
from employment_forecast.data.targets.target import Direction, Target, Tier

# New jobs are counted in posts (岗位, 个) in Shanghai and in people elsewhere; the catalogue keeps
# both under one indicator, so the number carries over as it is.
_SAME_UNIT = {("new_jobs", "个"): "人"}


def _unit(target: PlanTarget, indicator: Indicator) -> str | None:
    """Return the number's unit within the catalogue, None if it cannot be expressed there."""
    unit = _SAME_UNIT.get((indicator.code, target.unit), target.unit)
    return unit if unit == indicator.unit or not target.unit_confirmed else None


def _periods(target: PlanTarget) -> list[str]:
    if target.repeat == "period":
        return [target.period]
    return [str(y) for y in range(target.first_month.year, target.last_month.year + 1)]


def _note(target: PlanTarget, unit: str) -> str:
    doubts = "、".join(UNCONFIRMED_NAMES[d] for d in target.unconfirmed)
    parts = (
        target.no_value,
        target.note,
        f"未确认：{doubts}" if doubts else "",
        f"原文单位为“{target.unit}”" if unit != target.unit else "",
    )
    return "；".join(p for p in parts if p)


def _convert(plan: Plan, target: PlanTarget, catalogue: Catalogue) -> list[Target]:
    expressible = (
        target.domain == "employment"
        and target.numeric
        and target.catalogued
        and not target.same_as
    )
    if not expressible:
        return []
    unit = _unit(target, catalogue.indicator(target.indicator))
    if unit is None:
        return []
    announced_on, estimated = plan.announced(target)
    tiers: tuple[Tier, ...] = target.set_by or ("own",)
    return [
        Target(
            region=target.region,
            indicator=target.indicator,
            tier=tier,
            direction=cast("Direction", target.direction),
            basis=target.basis,
            qualifier=target.qualifier,
            period=period,
            value=target.value,
            unit=unit,
            announced_on=announced_on,
            announced_estimated=estimated,
            source=plan.source,
            quote=target.quote,
            # A figure read with doubt is as little to be assessed as one in an unknown unit.
            unit_confirmed=not {"unit", "value"} & set(target.unconfirmed),
            attribute=target.attribute,
            note=_note(target, unit),
        )
        for period in _periods(target)
        for tier in tiers
    ]


def as_targets(
    plans: Iterable[Plan] | None = None, catalogue: Catalogue | None = None
) -> list[Target]:
    """Targets of the plans on indicators that the catalogue knows.

    A value that holds for each year becomes one target per year. A plan's own number is of tier
    `own`; a number that another government sets becomes one target without a value for each tier
    that sets it. Achieved figures, states without a number (动态为零), repeated statements and
    labour relations are left out.

    Parameters
    ----------
    plans : iterable of Plan, optional
        The shipped plans by default.
    catalogue : Catalogue, optional
        The one the plans were read with; the shipped one by default.

    Returns
    -------
    list of Target
        In the order of the plans.

    Raises
    ------
    SettingsError
        As in `load_plans`.
    """
    catalogue = catalogue or load_catalogue()
    chosen = load_plans(catalogue) if plans is None else plans
    return [
        t for plan in chosen for entry in plan.targets for t in _convert(plan, entry, catalogue)
    ]
