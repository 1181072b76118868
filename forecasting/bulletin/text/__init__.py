"""The record as sentences and tables, every figure cited."""

from employment_forecast.forecasting.bulletin.text.blocks import (
    DEMO,
    Annex,
    Block,
    Bulletin,
    Chart,
    CitedTable,
    Fan,
    Heading,
    Paragraph,
)
from employment_forecast.forecasting.bulletin.text.brief import compose_brief
from employment_forecast.forecasting.bulletin.text.changes import ASIDE_OF_VERSION, changed_facts
from employment_forecast.forecasting.bulletin.text.compose import Correction, Stamp
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedText,
    Fact,
    anchor,
    facts_document,
    plain,
    record_key,
    render_facts,
)
from employment_forecast.forecasting.bulletin.text.figures import rounded, show
from employment_forecast.forecasting.bulletin.text.tiers import retold

__all__ = [
    "ASIDE_OF_VERSION",
    "Annex",
    "Block",
    "Bulletin",
    "Chart",
    "Correction",
    "DEMO",
    "Fact",
    "Fan",
    "Heading",
    "Paragraph",
    "Stamp",
    "CitedTable",
    "CitedText",
    "anchor",
    "changed_facts",
    "compose_brief",
    "facts_document",
    "plain",
    "record_key",
    "render_facts",
    "retold",
    "rounded",
    "show",
]
