"""Two fans in one picture: what is expected, and what a scenario would make of it."""

from __future__ import annotations

from matplotlib.axes import Axes

from employment_forecast.forecasting.documents.chart import draw_caps, draw_fan, picture
from employment_forecast.forecasting.scenario.comparison import ScenarioComparison, described

SHOWN_MONTHS = 36
SCENARIO_COLOUR = "#c2410c"


def scenario_chart(comparison: ScenarioComparison) -> bytes:
    """Draw baseline and scenario with the recent past and the caps.

    Parameters
    ----------
    comparison : ScenarioComparison
        From `forecasting.scenario.comparison.compare`.

    Returns
    -------
    bytes
        PNG, 1500 x 825 pixels; the same comparison gives the same bytes.
    """
    base = comparison.baseline
    latest = float(base.history.values[-1])

    def fans(axes: Axes) -> None:
        draw_fan(axes, base.champion_paths, latest, name="基线")
        draw_fan(axes, comparison.changed.champion_paths, latest, SCENARIO_COLOUR, "情景")
        draw_caps(axes, base.assessments)

    title = (
        f"{base.region.name} {base.indicator.name}：基线与情景（数据截至 {base.history.origin}）"
    )
    assumed = "；".join(each.shown for each in comparison.stated)
    note = f"情景：{described(comparison.scenario)}" + (f"。假设：{assumed}" if assumed else "")
    # Spaces that keep a figure and its unit on one line.
    return picture(base, fans, title, note.replace(" ", "\u00a0"), SHOWN_MONTHS)
