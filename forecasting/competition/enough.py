"""How much history the models need, and how many origins a series allows."""

from __future__ import annotations

from collections.abc import Sequence

from employment_forecast.data.errors import ShortHistoryError
from employment_forecast.features.history import History
from employment_forecast.models import roster


def first_origin(models: Sequence[str]) -> int:
    """Months of history of the first origin: as many as the least demanding real model needs.

    Before it only simple floors could compete, and what they score says nothing of the models.
    """
    needs = [roster.tags(m).min_months for m in models if not roster.tags(m).floor]
    return min(needs, default=0)


def origins_note(history: History, used: int, first: int, asked: int) -> tuple[str, ...]:
    """How the origins follow from the length of the history, where it is short."""
    if used >= asked:
        return ()
    if len(history) < first:
        return (f"历史只有 {len(history)} 个月，不足 {first} 个月，只有简单基准能参加回测",)
    still = _unmoved_months(history)
    if max(first, 2) <= still < len(history) <= still + asked:
        return (
            f"到 {history.start + (still - 1)} 为止一直没有变动，那时的起点说明不了此后，不能比较："
            f"逐月回测共 {used} 个起点（变动更早时为 {asked} 个）",
        )
    return (
        f"历史共 {len(history)} 个月：自有 {first} 个月可用之时起逐月回测，共 {used} 个起点"
        f"（历史够长时为 {asked} 个）；需要更长历史的模型只在其够用的起点参加",
    )


def _unmoved_months(history: History) -> int:
    """Months from the start in which the series had one value."""
    known = history.series
    other = known.index[known.to_numpy() != known.iloc[0]]
    return (other[0] - history.start).n if len(other) else len(history)


def demand_enough(history: History, models: Sequence[str]) -> None:
    """Refuse a history that is too short for every model."""
    needs = {m: roster.tags(m).min_months for m in models}
    if not needs or len(history) >= min(needs.values()):
        return
    listed = "、".join(
        f"{roster.label(m)} {n} 个月" for m, n in sorted(needs.items(), key=lambda x: x[1])
    )
    raise ShortHistoryError(
        f"历史只有 {len(history)} 个月（{history.start} 至 {history.origin}），"
        "所选模型都无法运行。",
        f"各模型至少需要：{listed}。请导入更早的月份，或用 --models 选择需要较少历史的模型。",
    )
