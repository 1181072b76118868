"""What a competition is asked and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Indicator, Region, Series
from employment_forecast.data.records import PartVintages
from employment_forecast.data.targets import Target
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import (
    Assessment,
    CapEvents,
    JointBreach,
    MilestoneAssessment,
    TotalAssessment,
    broken_and_over,
)
from employment_forecast.forecasting.backtest import Backtest, FigureCache, Origin
from employment_forecast.forecasting.competition.choice import (
    Choice,
    LeaderboardRow,
)
from employment_forecast.forecasting.competition.evidence import ModelEvidence, evidence_by_model
from employment_forecast.forecasting.nowcast import Nowcast
from employment_forecast.forecasting.reconciliation import Tree, TreeChoice
from employment_forecast.forecasting.shocks import Proposal
from employment_forecast.models.paths import Outcome, SamplePaths


@dataclass(frozen=True)
class Options:
    """What the caller may set.

    Attributes
    ----------
    models : tuple of str
        Roster names; floors always compete.
    horizon : int
        Fewest months ahead; extended to the end of every period in force.
    origins : int
        Past origins of the back-test.
    n_paths, seed : int
        Monte Carlo settings.
    jobs : int
        Worker processes; no result depends on it.
    gaps : {"fill", "refuse", "after"}
        What to do about missing months.
    reach : int
        Fewest months ahead at the current origin, where that is more than `horizon`.
    trial : str
        Why its result is a trial and never put in force, in Chinese; empty for a run as it is set.
    """

    models: tuple[str, ...]
    horizon: int = 12
    origins: int = 36
    n_paths: int = 1000
    seed: int = 1
    jobs: int = 1
    gaps: str = "fill"
    reach: int = 0
    trial: str = ""


@dataclass(frozen=True)
class Coherence:
    """How a forecast was made to add up with those of its parts and its whole.

    Attributes
    ----------
    base : SamplePaths
        The champion's own paths.
    tree : Tree
        What adds up, by code of region.
    choice : TreeChoice
        Why it was reconciled.
    until : pandas.Period
        Last month that adds up.
    apart : tuple of pandas.Period
        Forecast months before it that do not: what is published contradicts a sum.
    breadth : tuple of dict
        Of a whole, what share of its parts will be in trouble in each month; see `breadth_rows`.
    """

    base: SamplePaths
    tree: Tree
    choice: TreeChoice
    until: pd.Period
    apart: tuple[pd.Period, ...] = ()
    breadth: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Competition:
    """Outcome of the main job.

    Attributes
    ----------
    series : Series
        What was forecast.
    history : History
        Data up to the current origin.
    backtest : Backtest
        Evidence at past origins.
    entries : list of LeaderboardRow
        Leaderboard, best first.
    choice : Choice
        Champion and reason.
    forecasts : dict
        Forecast or failure of every model at the current origin.
    targets : list of Target
        Targets in force for the series.
    assessments : list of Assessment
        One per cap that can be assessed.
    tested_horizon : int
        Months ahead the back-test covers.
    cells_computed, cells_reused : int
        Work done and work found in the cache.
    options : Options
        As asked.
    notes : tuple of str
        What the calibration rests on, in Chinese.
    totals, levels : list
        Assessed targets on a period's total, and on figures to be reached.
    joint : JointBreach or None
        Several caps taken together.
    origins : tuple of Origin
        Past origins, oldest first.
    past_forecasts : dict
        By model what it forecast at them, before any calibration.
    on_file : tuple of Target
        Targets of the series, of any time.
    cap_events : CapEvents or None
        What past forecasts said about the caps.
    neighbours : str
        Hash of what was known of the other regions; empty where no model looks at them.
    part_months : PartVintages or None
        Figures of months in progress.
    nowcasts : dict
        By model what they made of its forecast; empty where there are none.
    proposals : tuple of Proposal
        Events that the series suggests and nobody declared.
    disrupted : tuple of str
        The note on a new level at the end that half of the paths go on from; empty without one.
    moved : frozenset of str
        Models of which half the paths follow a new level.
    coherence : Coherence or None
        None where the champion's paths are its own.
    figure_cache : FigureCache
        Figures worked out from the past forecasts by earlier runs.
    """

    series: Series
    history: History
    backtest: Backtest
    entries: list[LeaderboardRow]
    choice: Choice
    forecasts: Mapping[str, Outcome]
    targets: list[Target]
    assessments: list[Assessment]
    tested_horizon: int
    cells_computed: int
    cells_reused: int
    options: Options
    notes: tuple[str, ...] = field(default=())
    totals: list[TotalAssessment] = field(default_factory=list)
    levels: list[MilestoneAssessment] = field(default_factory=list)
    joint: JointBreach | None = None
    origins: tuple[Origin, ...] = ()
    past_forecasts: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)
    on_file: tuple[Target, ...] = ()
    cap_events: CapEvents | None = None
    proposals: tuple[Proposal, ...] = ()
    neighbours: str = ""
    part_months: PartVintages | None = None
    nowcasts: Mapping[str, Nowcast] = field(default_factory=dict)
    disrupted: tuple[str, ...] = ()
    moved: frozenset[str] = frozenset()
    coherence: Coherence | None = None
    figure_cache: FigureCache = field(default=FigureCache(), repr=False)

    @property
    def region(self) -> Region:
        """Region of the series."""
        return self.series.region

    @property
    def indicator(self) -> Indicator:
        """Indicator of the series."""
        return self.series.indicator

    @cached_property
    def evidence_by_model(self) -> dict[str, ModelEvidence]:
        """Further scores and tests by model, worked out when first asked for."""
        return evidence_by_model(
            self.backtest, self.origins, self.past_forecasts, self.cap_events, self.figure_cache,
            self.choice.model,
        )  # fmt: skip

    @property
    def nowcast(self) -> Nowcast | None:
        """What part-month figures made of the champion's forecast."""
        return self.nowcasts.get(self.choice.model)

    @property
    def part_months_identity(self) -> str:
        """Hash of the part-month figures known on the day; empty where there were none."""
        return "" if self.part_months is None else self.part_months.known_hash(self.history.as_of)

    @property
    def hindcasts(self) -> Sequence[Outcome]:
        """What the chosen model forecast at past origins, before any calibration."""
        return self.past_forecasts.get(self.choice.model, ())

    @cached_property
    def ended(self) -> list[Assessment]:
        """Caps broken in a period that ended with the newest month."""
        return broken_and_over(self.on_file, self.history, self.history.as_of)

    @property
    def label(self) -> str:
        """Chinese name of the chosen model, as the leaderboard has it."""
        named = (e.label for e in self.entries if e.model == self.choice.model)
        return next(named, self.choice.model)

    @property
    def champion_paths(self) -> SamplePaths:
        """Paths every probability is a functional of."""
        paths = self.forecasts[self.choice.model]
        assert isinstance(paths, SamplePaths)
        return paths

    @property
    def demo(self) -> bool:
        """Demonstration data anywhere in what is reported."""
        return self.history.demo or any(t.demo for t in self.targets)

    @property
    def unassessed(self) -> list[Target]:
        """Targets in force that cannot be assessed: no number, unconfirmed unit, other kinds."""
        assessed = [a.target for part in (self.assessments, self.totals, self.levels) for a in part]
        return [t for t in self.targets if t not in assessed]
