"""What a single label, number, month or unit means, whatever table it stands in."""

from employment_forecast.data.readers.vocabulary.folding import fold
from employment_forecast.data.readers.vocabulary.labels import Label, Total, Vocabulary
from employment_forecast.data.readers.vocabulary.mapping import Mapping, TableForm, read_mapping
from employment_forecast.data.readers.vocabulary.months import (
    When,
    bare_when,
    find_when,
    parse_when,
)
from employment_forecast.data.readers.vocabulary.numbers import (
    Amount,
    looks_like_value,
    parse_amount,
    spelling_fault,
)
from employment_forecast.data.readers.vocabulary.units import (
    Unit,
    conversion,
    parse_unit,
    parse_units,
    unit_note,
    units_in,
    unread_unit,
)
from employment_forecast.data.readers.vocabulary.unpublished import (
    is_doubted,
    is_unpublished,
    is_unpublished_title,
    remark_on_publication,
)
from employment_forecast.data.readers.vocabulary.words import (
    FIRM_HEADS,
    FIRST_DAYS,
    LAST_DAYS,
    Dimension,
    Form,
)

__all__ = [
    "Amount",
    "Dimension",
    "FIRM_HEADS",
    "FIRST_DAYS",
    "LAST_DAYS",
    "Form",
    "Label",
    "Mapping",
    "TableForm",
    "Total",
    "Unit",
    "Vocabulary",
    "When",
    "bare_when",
    "conversion",
    "find_when",
    "fold",
    "is_doubted",
    "is_unpublished",
    "is_unpublished_title",
    "looks_like_value",
    "parse_amount",
    "parse_unit",
    "parse_units",
    "parse_when",
    "read_mapping",
    "remark_on_publication",
    "spelling_fault",
    "unit_note",
    "units_in",
    "unread_unit",
]
