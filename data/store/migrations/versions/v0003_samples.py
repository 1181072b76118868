"""Monitored sample firms and series of groups of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables of firm months and group observations."""
    op.create_table(
        "firm_months",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("batch_id", sa.Integer, sa.ForeignKey("batches.id"), nullable=False),
        sa.Column("region", sa.String(12), nullable=False),
        sa.Column("firm", sa.String(64), nullable=False),
        sa.Column("month", sa.Integer, nullable=False),
        sa.Column("base", sa.Integer, nullable=False),
        sa.Column("hires", sa.Integer, nullable=False),
        sa.Column("separations", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("dispatched", sa.Integer),
        sa.Column("hidden", sa.Integer),
        sa.Column("kinds", sa.Text, nullable=False),
        sa.Column("industry", sa.String(64), nullable=False),
        sa.Column("sector", sa.String(64), nullable=False),
        sa.Column("ownership", sa.String(64), nullable=False),
        sa.Column("size", sa.String(64), nullable=False),
        sa.Column("street", sa.String(64), nullable=False),
        sa.Column("base_is", sa.String(16), nullable=False),
        sa.Column("published_on", sa.Date, nullable=False),
        sa.Column("published_estimated", sa.Boolean, nullable=False),
        sa.Column("source_id", sa.Integer, sa.ForeignKey("sources.id"), nullable=False),
    )
    op.create_index("ix_firm_months", "firm_months", ["region", "month", "published_on"])
    op.create_table(
        "group_observations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("batch_id", sa.Integer, sa.ForeignKey("batches.id"), nullable=False),
        sa.Column("region", sa.String(12), nullable=False),
        sa.Column("indicator", sa.String(64), nullable=False),
        sa.Column("people", sa.String(32), nullable=False),
        sa.Column("month", sa.Integer, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("published_on", sa.Date, nullable=False),
        sa.Column("published_estimated", sa.Boolean, nullable=False),
        sa.Column("source_id", sa.Integer, sa.ForeignKey("sources.id"), nullable=False),
    )
    op.create_index(
        "ix_group_observations",
        "group_observations",
        ["region", "indicator", "people", "month", "published_on"],
    )
