"""Targets that were withdrawn, and the words of those without a number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns; targets on file stay as they are."""
    op.add_column("targets", sa.Column("quote", sa.Text, nullable=False, server_default=""))
    op.add_column("targets", sa.Column("withdrawn_on", sa.Date))
    op.add_column(
        "targets", sa.Column("withdrawn_reason", sa.Text, nullable=False, server_default="")
    )
