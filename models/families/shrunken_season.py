"""A wandering level and a season that is shrunk as far as the data do not show it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import Calendar, Competitor, Parameters, Scaled, Tags
from employment_forecast.models.laws import level_season

Floats = npt.NDArray[np.float64]


class ShrunkenSeason(Competitor):
    """Local level with damped trend and shrunken season; see `models.laws.level_season`.

    Everything is a posterior of the history at hand, so that nothing is estimated ahead.
    """

    name = "shrunken_season"
    label = "局部水平（收缩季节）"
    tags = Tags(min_months=6, filters=False, cost=0.1, skips_missing=True)
    calendar: Calendar = "removed"

    def _fit(self, data: Scaled) -> Parameters:
        return {}

    def _paths(
        self,
        data: Scaled,
        parameters: Parameters,
        horizon: int,
        n_paths: int,
        rng: np.random.Generator,
    ) -> Floats:
        posterior = level_season.posterior(data.z, data.months[0].month, data.borrowed)
        return level_season.drawn(posterior.laws(data.months[-1].month, horizon), n_paths, rng)
