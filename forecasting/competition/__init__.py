"""Models compete on one series: leaderboard, choice, calibration, gate."""

from employment_forecast.forecasting.competition.breakdown import By, broken_down
from employment_forecast.forecasting.competition.calibration import (
    Calibration,
    calibrate,
    issued,
    never_moved,
    uncalibrated,
)
from employment_forecast.forecasting.competition.choice import (
    DEFAULTS,
    Choice,
    LeaderboardRow,
    common_origins,
    paired_difference,
)
from employment_forecast.forecasting.competition.combinations import (
    NOTHING_TO_POOL,
    combinations_at,
    current_shift,
    learned_weights,
    unmoved,
)
from employment_forecast.forecasting.competition.evidence import ModelEvidence, path_scored
from employment_forecast.forecasting.competition.gate import (
    LEVELS,
    STATE_NAMES,
    GateCondition,
    Scored,
    Verdict,
)
from employment_forecast.forecasting.competition.issuing import rechosen
from employment_forecast.forecasting.competition.parts import TreeResult, reconcile_tree
from employment_forecast.forecasting.competition.pooled import PooledEvidence, choose_pooled
from employment_forecast.forecasting.competition.result import Coherence, Competition, Options

__all__ = [
    "By",
    "broken_down",
    "Calibration",
    "GateCondition",
    "Choice",
    "Coherence",
    "Competition",
    "DEFAULTS",
    "LeaderboardRow",
    "PooledEvidence",
    "ModelEvidence",
    "LEVELS",
    "NOTHING_TO_POOL",
    "Options",
    "STATE_NAMES",
    "Scored",
    "TreeResult",
    "Verdict",
    "choose_pooled",
    "combinations_at",
    "common_origins",
    "current_shift",
    "issued",
    "calibrate",
    "learned_weights",
    "never_moved",
    "paired_difference",
    "path_scored",
    "reconcile_tree",
    "rechosen",
    "uncalibrated",
    "unmoved",
]
