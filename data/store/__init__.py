"""The observation store: append-only, remembers when a number became known."""

from employment_forecast.data.store.batches import add_observations, open_batch
from employment_forecast.data.store.bulletins import (
    OPEN,
    STATE_NAMES,
    BulletinState,
    add,
    issued_files,
    issued_sums,
    states,
)
from employment_forecast.data.store.inventory import (
    batch_records,
    export_table,
    last_entry,
    overdue_month,
    revisions,
)
from employment_forecast.data.store.part_months import (
    add_part_months,
    part_vintages,
    usually_known,
)
from employment_forecast.data.store.samples import (
    FirmVintages,
    firm_panel,
    firm_vintages,
    group_vintages,
    groups_of,
    separation_details,
)
from employment_forecast.data.store.schema import metadata
from employment_forecast.data.store.shocks import declare, declared, withdraw
from employment_forecast.data.store.store import Store
from employment_forecast.data.store.targets import (
    add_targets,
    stored_targets,
    withdraw_target,
)
from employment_forecast.data.store.warnings import (
    VERDICT_NAMES,
    IssuedWarning,
    Verdict,
    WarningOutcome,
    issue,
    issued,
    outcomes,
    record_outcome,
)

__all__ = [
    "FirmVintages",
    "IssuedWarning",
    "BulletinState",
    "OPEN",
    "WarningOutcome",
    "STATE_NAMES",
    "Store",
    "VERDICT_NAMES",
    "Verdict",
    "add",
    "add_part_months",
    "add_observations",
    "add_targets",
    "batch_records",
    "declare",
    "declared",
    "export_table",
    "firm_panel",
    "firm_vintages",
    "group_vintages",
    "groups_of",
    "issue",
    "issued",
    "issued_files",
    "issued_sums",
    "last_entry",
    "metadata",
    "open_batch",
    "outcomes",
    "overdue_month",
    "part_vintages",
    "record_outcome",
    "revisions",
    "separation_details",
    "states",
    "stored_targets",
    "usually_known",
    "withdraw_target",
    "withdraw",
]
