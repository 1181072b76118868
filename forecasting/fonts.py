"""One open-licence Chinese font (Noto Sans SC, SIL OFL), so that glyphs render on any machine."""

from __future__ import annotations

from functools import cache
from importlib import resources

FONT_PACKAGE = "pylopdf_fonts_zh_cn"
SANS = "NotoSansSC-Regular.otf"
SERIF = "NotoSerifSC-Regular.otf"


@cache
def register(name: str = SANS) -> str:
    """Make the font known to matplotlib.

    Parameters
    ----------
    name : str
        File in the font package.

    Returns
    -------
    str
        Family name to use in a figure.
    """
    from matplotlib import font_manager

    file = resources.files(FONT_PACKAGE).joinpath(name)
    font_manager.fontManager.addfont(str(file))
    return font_manager.FontProperties(fname=str(file)).get_name()
