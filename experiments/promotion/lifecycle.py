"""From a finished run to the version in force: judged, promoted, or refreshed on new data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import NoModelError, NotFoundError, RefusedError
from employment_forecast.experiments.archive import TRIAL_TAG
from employment_forecast.experiments.archive.content import version_tags
from employment_forecast.experiments.promotion import gate
from employment_forecast.experiments.promotion.evidence import evidence_of, stored_evidence
from employment_forecast.experiments.registry import (
    CANDIDATE,
    Promotion,
    Version,
    champion_of,
    find,
    holder_of,
    registry,
)
from employment_forecast.experiments.registry.versions import versions
from employment_forecast.experiments.tracking import Run, Tracker
from employment_forecast.forecasting.competition import Competition, Verdict, rechosen

Action = Literal["promoted", "refreshed", "kept"]
PASSED_WHY = "自动：通过晋级检查"
ONLY_EXAMINED = "只作检查，未要求晋级"
REFRESH_WHY = "候选未通过，沿用现役模型并更新数据"
_AS_SET = "请按设置运行 forecast run {}；要改名单或起点数，请写入 forecast.toml 的 [run]。"


@dataclass(frozen=True)
class PromotionResult:
    """What became of a run's candidate.

    Attributes
    ----------
    version : Version or None
        In force afterwards; None if nothing is.
    candidate : Version
        The run's own version.
    verdict : Verdict
        On the candidate.
    action : {"promoted", "refreshed", "kept"}
        The candidate is in force; or the incumbent's model, drawn again on the new data; or
        nothing changed.
    reason : str
        Chinese sentence.
    """

    version: Version | None
    candidate: Version
    verdict: Verdict
    action: Action
    reason: str

    def document(self) -> dict[str, Any]:
        """JSON-able object."""
        return {
            "passed": self.verdict.passed,
            "text": self.verdict.text,
            "action": self.action,
            "reason": self.reason,
            "candidate": self.candidate.version,
            "in_force": None if self.version is None else self.version.version,
            "in_force_model": None if self.version is None else self.version.model,
            "checks": self.verdict.document()["checks"],
        }


def candidate_of(tracker: Tracker, series: Series, run_id: str) -> Version:
    """The version a run registered as its candidate."""
    for version in versions(tracker, series):
        if version.run_id == run_id and registry.REFRESH_TAG not in version.tags:
            return version
    raise NotFoundError(
        f"{series.title}的运行 {run_id} 没有登记模型版本。",
        f"请重新运行 forecast run {series.options}。",
    )


def examine_only(
    tracker: Tracker, series: Series, result: Competition, run: Run
) -> PromotionResult:
    """Judge a run's candidate against the version in force and keep the verdict; promote nothing.

    Parameters
    ----------
    tracker, series, result, run
        As for `promote_if_passed`.

    Returns
    -------
    PromotionResult
        With the action `kept`.
    """
    candidate = candidate_of(tracker, series, run.id)
    verdict, incumbent = _judged(tracker, series, result, candidate)
    why = _trial_words(candidate) or ONLY_EXAMINED
    return PromotionResult(incumbent, candidate, verdict, "kept", why)


def _no_candidate(tracker: Tracker, series: Series) -> NotFoundError:
    """No candidate yet; perhaps there are trials, which a person may take for one."""
    trials = sum(TRIAL_TAG in v.tags for v in versions(tracker, series))
    if not trials:
        return registry.no_candidate(series)
    return NotFoundError(
        f"{series.title}只有 {trials} 个试算的版本，没有候选模型版本。",
        _AS_SET.format(series.options),
    )


def _trial_words(version: Version) -> str:
    """Why a version is never put in force; empty for one that may be."""
    trial = version.tags.get(TRIAL_TAG)
    return f"试算，不参加晋级（{trial}）" if trial else ""


def _judged(
    tracker: Tracker, series: Series, result: Competition, candidate: Version
) -> tuple[Verdict, Version | None]:
    """The verdict, kept whether it passes or not, and the version in force at the time."""
    incumbent = champion_of(tracker, series)
    verdict = gate.judge(tracker, series, candidate, evidence_of(result), incumbent)
    gate.keep(tracker, candidate, verdict, incumbent)
    return verdict, incumbent


def instead(tracker: Tracker, series: Series, result: Competition) -> Competition | None:
    """The incumbent's model on the data of a result that the gate will refuse, else None.

    Parts and whole add up as they come into force: what will be refused must not be what the
    others are made to add up with.

    Parameters
    ----------
    tracker : Tracker
        Where.
    series : Series
        Which registered model.
    result : Competition
        Not registered yet.
    """
    incumbent = champion_of(tracker, series)
    if incumbent is None or incumbent.model == result.choice.model or _behind(result, incumbent):
        return None
    name, tags = series.registered_name, version_tags(result)
    candidate = Version(name, "", result.choice.model, "", "", (), 0, tags)
    verdict = gate.judge(tracker, series, candidate, evidence_of(result), incumbent)
    if verdict.passed:
        return None
    try:
        return rechosen(result, incumbent.model, registry.refresh_reason(incumbent))
    except NoModelError:
        return None


def promote_if_passed(
    tracker: Tracker,
    series: Series,
    result: Competition,
    run: Run,
    stand_in: Competition | None = None,
) -> PromotionResult:
    """Judge a run's candidate and put in force what should be, without asking anybody.

    A candidate that passes the gate is promoted. Of one that does not, the incumbent's model is
    taken instead, as it forecast from the new data in the same competition, so that thresholds do
    not go stale; where there is no incumbent, or it gave no forecast, nothing changes. Doing it
    again changes nothing.

    Parameters
    ----------
    tracker : Tracker
        Where.
    series : Series
        Which registered model.
    result : Competition
        The run's.
    run : Run
        That registered the candidate; keeps the files of a refreshed version.
    stand_in : Competition, optional
        See `instead`: what the incumbent's model forecast, made to add up with parts and whole.

    Returns
    -------
    PromotionResult

    Raises
    ------
    NotFoundError
        If the run registered no version.
    StorageError
        If MLflow fails.
    """
    with registry.deciding(tracker, series):
        return _settled(tracker, series, result, run, stand_in)


def _settled(
    tracker: Tracker, series: Series, result: Competition, run: Run, stand_in: Competition | None
) -> PromotionResult:
    """As `promote_if_passed`, within one decision."""
    candidate = candidate_of(tracker, series, run.id)
    incumbent = champion_of(tracker, series)
    if incumbent is not None and incumbent.run_id == run.id:
        verdict = gate.judge(tracker, series, candidate, evidence_of(result), incumbent)
        action: Action = "promoted" if incumbent.version == candidate.version else "refreshed"
        return PromotionResult(incumbent, candidate, verdict, action, "此次运行的版本已是现役版本")
    verdict, incumbent = _judged(tracker, series, result, candidate)
    if trial := _trial_words(candidate):
        return PromotionResult(incumbent, candidate, verdict, "kept", trial)
    if verdict.passed:
        promotion = registry.put_in_force(tracker, series, candidate.version, PASSED_WHY)
        return PromotionResult(promotion.champion, candidate, verdict, "promoted", PASSED_WHY)
    if incumbent is None:
        why = "候选未通过晋级检查，尚无现役版本"
        return PromotionResult(None, candidate, verdict, "kept", why)
    # News of other members is news of the stand-in.
    if (older if stand_in is None else _behind)(result, incumbent):
        why = "此次运行的数据不比现役版本新，现役版本不变"
        return PromotionResult(incumbent, candidate, verdict, "kept", why)
    try:
        version = registry.refresh(run, series, stand_in or result, incumbent, candidate)
    except NoModelError as error:
        return PromotionResult(incumbent, candidate, verdict, "kept", error.message)
    promotion = registry.put_in_force(
        tracker, series, version.version, REFRESH_WHY, keep_previous=True
    )
    return PromotionResult(promotion.champion, candidate, verdict, "refreshed", REFRESH_WHY)


def older(result: Competition, incumbent: Version) -> bool:
    """Whether a refresh would bring nothing new: older or the same data, or of another kind."""
    if result.demo != incumbent.demo or _behind(result, incumbent):
        return _behind(result, incumbent)
    if result.history.fingerprint != incumbent.tags.get("data_fingerprint"):
        return False
    if result.part_months_identity != incumbent.tags.get("part_months", ""):
        return False
    # Where it rests on other regions, their news is news.
    return not (inputs := incumbent.tags.get("neighbours")) or inputs == result.neighbours


def _behind(result: Competition, incumbent: Version) -> bool:
    """Whether a result is of an earlier month, or of demonstration data beside real ones."""
    if result.demo != incumbent.demo:
        return result.demo
    return str(result.history.origin) < incumbent.data_month


def promote(
    tracker: Tracker,
    series: Series,
    version: str | None = None,
    why: str = "",
    force: bool = False,
) -> tuple[Promotion, Verdict]:
    """Judge a version and promote it if it passes, or if somebody insists and says why.

    Parameters
    ----------
    tracker : Tracker
        Where.
    series : Series
        Which registered model.
    version : str, optional
        The candidate by default.
    why : str
        Reason, kept with the version.
    force : bool
        Promote whatever the verdict, which is kept as it is.

    Returns
    -------
    Promotion, Verdict

    Raises
    ------
    RefusedError
        If it is a trial, whatever `force` says; or if the verdict is against it and `force` is not
        given. Nothing has changed then but the verdict kept with the version.
    NotFoundError
        If there is no such version, or no candidate yet.
    StorageError
        If MLflow fails.
    """
    with registry.deciding(tracker, series):
        return _promoted(tracker, series, version, why, force)


def _promoted(
    tracker: Tracker, series: Series, version: str | None, why: str, force: bool
) -> tuple[Promotion, Verdict]:
    """As `promote`, within one decision."""
    chosen = holder_of(tracker, series, CANDIDATE) if version is None else None
    if version is not None:
        chosen = find(tracker, series, version)
    if chosen is None:
        raise _no_candidate(tracker, series)
    if trial := chosen.tags.get(TRIAL_TAG):
        raise RefusedError(
            f"{series.title}第 {chosen.version} 版是试算（{trial}），不能晋级。",
            _AS_SET.format(series.options),
        )
    incumbent = champion_of(tracker, series)
    evidence = stored_evidence(tracker, chosen)
    verdict = gate.judge(tracker, series, chosen, evidence, incumbent)
    if incumbent is not None and incumbent.version == chosen.version:
        return Promotion(incumbent, None, changed=False), verdict
    gate.keep(tracker, chosen, verdict, incumbent)
    if not verdict.passed and not force:
        failed = "；".join(c.text for c in verdict.failures)
        raise RefusedError(
            f"{series.title}第 {chosen.version} 版（{chosen.label}）未通过晋级检查：{failed}。",
            "现役版本不变。确需晋级时，请用 --force --why 写明理由。",
        )
    mark = "（强制晋级，未通过检查）" if not verdict.passed else ""
    return registry.put_in_force(tracker, series, chosen.version, f"{why}{mark}"), verdict
