"""Tables of the observation store."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

# One row per command that brought numbers in. Withdrawing a batch sets withdrawn_at; nothing is
# deleted.
batches = Table(
    "batches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created_at", DateTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("command", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False, default=""),
    Column("demo", Boolean, nullable=False),
    Column("withdrawn_at", DateTime),
)

sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False, unique=True),
)

# Append-only: a revision is a new row with a later published_on.
observations = Table(
    "observations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", Integer, ForeignKey("batches.id"), nullable=False),
    Column("region", String(12), nullable=False),
    Column("indicator", String(64), nullable=False),
    Column("month", Integer, nullable=False),  # YYYYMM
    Column("value", Float, nullable=False),
    Column("published_on", Date, nullable=False),
    Column("published_estimated", Boolean, nullable=False),
    Column("source_id", Integer, ForeignKey("sources.id"), nullable=False),
)

Index(
    "ix_observations_series",
    observations.c.region,
    observations.c.indicator,
    observations.c.month,
    observations.c.published_on,
)

# Append-only: a target changed in July is a new row announced in July.
targets = Table(
    "targets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recorded_at", DateTime, nullable=False),
    Column("region", String(12), nullable=False),
    Column("indicator", String(64), nullable=False),
    Column("tier", String(16), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("basis", String(16), nullable=False),
    Column("qualifier", String(32), nullable=False),
    Column("period", String(9), nullable=False),
    Column("value", Float),
    Column("unit", String(16), nullable=False),
    Column("attribute", String(16), nullable=False),
    Column("announced_on", Date, nullable=False),
    Column("announced_estimated", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("quote", Text, nullable=False, server_default=""),
    Column("withdrawn_on", Date),
    Column("withdrawn_reason", Text, nullable=False, server_default=""),
)

Index("ix_targets_series", targets.c.region, targets.c.indicator)

# Monitored sample firms (失业动态监测), by firm code. kinds: JSON, separations by type and cause.
firm_months = Table(
    "firm_months",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", Integer, ForeignKey("batches.id"), nullable=False),
    Column("region", String(12), nullable=False),
    Column("firm", String(64), nullable=False),
    Column("month", Integer, nullable=False),
    Column("base", Integer, nullable=False),
    Column("hires", Integer, nullable=False),
    Column("separations", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("dispatched", Integer),
    Column("hidden", Integer),
    Column("kinds", Text, nullable=False),
    Column("industry", String(64), nullable=False),
    Column("sector", String(64), nullable=False),
    Column("ownership", String(64), nullable=False),
    Column("size", String(64), nullable=False),
    Column("street", String(64), nullable=False),
    Column("base_is", String(16), nullable=False),
    Column("published_on", Date, nullable=False),
    Column("published_estimated", Boolean, nullable=False),
    Column("source_id", Integer, ForeignKey("sources.id"), nullable=False),
)

Index("ix_firm_months", firm_months.c.region, firm_months.c.month, firm_months.c.published_on)

# Series of groups of people (困难人员, 毕业生, 青年, 长期失业).
group_observations = Table(
    "group_observations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", Integer, ForeignKey("batches.id"), nullable=False),
    Column("region", String(12), nullable=False),
    Column("indicator", String(64), nullable=False),
    Column("people", String(32), nullable=False),
    Column("month", Integer, nullable=False),
    Column("value", Float, nullable=False),
    Column("published_on", Date, nullable=False),
    Column("published_estimated", Boolean, nullable=False),
    Column("source_id", Integer, ForeignKey("sources.id"), nullable=False),
)

Index(
    "ix_group_observations",
    group_observations.c.region,
    group_observations.c.indicator,
    group_observations.c.people,
    group_observations.c.month,
    group_observations.c.published_on,
)

# Part-month figures (月中数): a stock on a day (first_day = last_day), or a flow between two days.
part_months = Table(
    "part_months",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("batch_id", Integer, ForeignKey("batches.id"), nullable=False),
    Column("region", String(12), nullable=False),
    Column("indicator", String(64), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("value", Float, nullable=False),
    Column("published_on", Date, nullable=False),
    Column("published_estimated", Boolean, nullable=False),
    Column("source_id", Integer, ForeignKey("sources.id"), nullable=False),
)

Index(
    "ix_part_months",
    part_months.c.region,
    part_months.c.indicator,
    part_months.c.last_day,
    part_months.c.published_on,
)

# Append-only: every warning ever issued, with the data and the model behind it. evidence: JSON.
issued_warnings = Table(
    "issued_warnings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("issued_at", DateTime, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("region", String(12), nullable=False),
    Column("indicator", String(64), nullable=False),
    Column("month", Integer, nullable=False),  # newest month of the data, YYYYMM
    Column("as_of", Date, nullable=False),
    Column("level", String(16), nullable=False),
    Column("level_name", String(32), nullable=False),
    Column("evidence", Text, nullable=False),
    Column("registered_name", String(128), nullable=False),
    Column("version", String(16), nullable=False),
    Column("model", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("demo", Boolean, nullable=False),
)

Index("ix_issued_warnings", issued_warnings.c.region, issued_warnings.c.indicator)

# Append-only: what came of a warning; a revision of the data may add a further row.
warning_outcomes = Table(
    "warning_outcomes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("warning_id", Integer, ForeignKey("issued_warnings.id"), nullable=False),
    Column("recorded_at", DateTime, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("breach_month", Integer),  # YYYYMM
    Column("lead_months", Integer),
    Column("lead_days", Integer),
    Column("detail", Text, nullable=False),
)

Index("ix_warning_outcomes", warning_outcomes.c.warning_id)

# Declared events: append-only, withdrawing one sets withdrawn_on. An empty indicator
# means every indicator of the region.
shocks = Table(
    "shocks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recorded_at", DateTime, nullable=False),
    Column("region", String(12), nullable=False),
    Column("indicator", String(64), nullable=False),
    Column("month", Integer, nullable=False),  # YYYYMM
    Column("kind", String(16), nullable=False),
    Column("months", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("declared_on", Date, nullable=False),
    Column("withdrawn_on", Date),
)

Index("ix_shocks", shocks.c.region)

# Append-only: every state of a bulletin. record, changes: JSON; stamp columns are empty in drafts.
bulletins = Table(
    "bulletins",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("recorded_at", DateTime, nullable=False),
    Column("region", String(12), nullable=False),
    Column("indicator", String(64), nullable=False),
    Column("month", Integer, nullable=False),  # YYYYMM
    Column("state", String(16), nullable=False),  # draft, issued or withdrawn
    Column("correction", Integer, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("record", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("changes", Text, nullable=False),
    Column("number", String(128), nullable=False),
    Column("addressee", Text, nullable=False),
    Column("signer", String(64), nullable=False),
    Column("issued_on", Date),
    Column("demo", Boolean, nullable=False),
)

Index("ix_bulletins", bulletins.c.region, bulletins.c.month)

# The bytes that were issued, in base64, in pieces of a moderate size.
bulletin_files = Table(
    "bulletin_files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("bulletin_id", Integer, ForeignKey("bulletins.id"), nullable=False),
    Column("format", String(8), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("part", Integer, nullable=False),
    Column("content", Text, nullable=False),
)

Index("ix_bulletin_files", bulletin_files.c.bulletin_id)
