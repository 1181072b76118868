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
    """Merge the rows of a table of sums that rest on too few firms, each firm in one row.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per cell, numeric columns that add up over cells, one of them the number of
        contributing firms. Where a firm may be in several cells its number does not add up; see
        `shared_cells`.
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
    large = filled[~filled.index.isin(taken)]
    merged = filled.loc[taken].sum().to_frame(label).T
    return pd.concat([large, merged.astype(filled.dtypes.to_dict())])


def shared_cells(
    rows: pd.DataFrame, cell: str, firm: str, label: str, least: int = LEAST_FIRMS
) -> dict[str, str]:
    """Under which name to show cells that have firms in common, such as causes of separations.

    Parameters
    ----------
    rows : pandas.DataFrame
        What is added up, one row per firm and cell or more.
    cell, firm : str
        Names of the columns that hold them.
    label : str
        Name of the merged cell.
    least : int
        Fewest distinct firms of a cell that is shown.

    Returns
    -------
    dict
        By cell, its own name or `label`. The merged cell takes in the smallest of the safe ones
        while the cells in it together rest on fewer than `least` firms, each counted once. Empty
        if all together are too few.
    """
    firms = {str(name): set(each) for name, each in rows.groupby(cell)[firm]}
    if len(set().union(*firms.values())) < least:
        return {}
    ordered = sorted(firms, key=lambda name: (len(firms[name]), name))
    merged: set[object] = set()
    shown = {name: name for name in firms}
    for name in ordered:
        if len(firms[name]) >= least and (not merged or len(merged) >= least):
            break
        merged |= firms[name]
        shown[name] = label
    return shown
