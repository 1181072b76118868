"""Small cells: figures that rest on one or two firms are not shown, nor can they be worked out.

The usual threshold rule of statistical disclosure control (Hundepool and others 2012, Statistical
Disclosure Control, chapter 4: a cell with fewer than three contributors is unsafe). Instead of
blanking a cell and then a second one so that the first cannot be had by subtraction, small cells
are merged until the merged one is safe.
"""

from __future__ import annotations

import pandas as pd

LEAST_FIRMS = 3


def merge_small_cells(
    table: pd.DataFrame,
    firms: str,
    label: str,
    least: int = LEAST_FIRMS,
    *,
    named: str | None = None,
) -> pd.DataFrame:
    """Merge the rows of a table of sums that rest on too few firms.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per cell, numeric columns that add up over cells, one of them the number of
        contributing firms.
    firms : str
        Name of that column.
    label : str
        Index label of the merged row.
    least : int
        Fewest firms of a row that is shown.
    named : str, optional
        Name of a column with how many of them are shown by themselves beside the table. Whoever
        reads both subtracts them, so that they protect nobody: a row is safe with `least` firms
        that are not named, or with none.

    Returns
    -------
    pandas.DataFrame
        Rows with firms in them; the merged row, if any, last. It takes in the smallest of the safe
        rows if the small ones together are still too few. Empty if all together are too few.
    """
    filled = table[table[firms] > 0]
    hidden = filled[firms] if named is None else filled[firms] - filled[named]
    if 0 < hidden.sum() < least:
        return filled.iloc[:0]
    # A row of named firms alone tells nothing that is not told of them by name.
    ordered = hidden[hidden > 0].sort_values(kind="stable")
    small = int((ordered < least).sum())
    if small == 0:
        return filled
    while ordered.iloc[:small].sum() < least:
        small += 1
    taken = ordered.index[:small]
    kept = filled[~filled.index.isin(taken)]
    merged = filled.loc[taken].sum().to_frame(label).T
    return pd.concat([kept, merged.astype(filled.dtypes.to_dict())])
