"""Drafts, issued bulletins, and their bytes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the tables; what is stored stays as it is."""
    op.create_table(
        "bulletins",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("recorded_at", sa.DateTime, nullable=False),
        sa.Column("region", sa.String(12), nullable=False),
        sa.Column("indicator", sa.String(64), nullable=False),
        sa.Column("month", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("correction", sa.Integer, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("changes", sa.Text, nullable=False),
        sa.Column("number", sa.String(128), nullable=False),
        sa.Column("addressee", sa.Text, nullable=False),
        sa.Column("signer", sa.String(64), nullable=False),
        sa.Column("issued_on", sa.Date),
        sa.Column("demo", sa.Boolean, nullable=False),
    )
    op.create_index("ix_bulletins", "bulletins", ["region", "month"])
    op.create_table(
        "bulletin_files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("bulletin_id", sa.Integer, sa.ForeignKey("bulletins.id"), nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_index("ix_bulletin_files", "bulletin_files", ["bulletin_id"])
