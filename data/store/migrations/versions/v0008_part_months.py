"""Figures of a month in progress."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the table; what is stored stays as it is."""
    op.create_table(
        "part_months",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("batch_id", sa.Integer, sa.ForeignKey("batches.id"), nullable=False),
        sa.Column("region", sa.String(12), nullable=False),
        sa.Column("indicator", sa.String(64), nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("published_on", sa.Date, nullable=False),
        sa.Column("published_estimated", sa.Boolean, nullable=False),
        sa.Column("source_id", sa.Integer, sa.ForeignKey("sources.id"), nullable=False),
    )
    op.create_index(
        "ix_part_months",
        "part_months",
        ["region", "indicator", "last_day", "published_on"],
    )
