"""A run as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from employment_forecast.data.catalogue import figure
from employment_forecast.data.workspace import Session
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.documents.region_sheets import TRIAL, region_sheets, title_of
from employment_forecast.forecasting.documents.workbook import workbook
from employment_forecast.forecasting.early_warning import load_scheme, run_lines


def run_workbook(session: Session, result: Competition, content: Mapping[str, Any]) -> bytes:
    """Everything that a run found, with the lines that its choice would give.

    Parameters
    ----------
    session : Session
        Settings of the warning levels.
    result : Competition
        Outcome of the main job.
    content : mapping
        Its document.
    """
    lines = run_lines(result, load_scheme(session.settings))
    labelled = {**content, "model_label": result.label}
    published = [
        (str(m), figure(float(v), result.indicator)) for m, v in result.history.series.items()
    ]
    return workbook(
        region_sheets(labelled, published, result.indicator, lines),
        title=title_of(content),
        as_of=result.history.as_of,
        demo=result.demo,
        locked=(TRIAL,),
    )
