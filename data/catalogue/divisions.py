"""Divisions of the country down to counties, so that nobody need know their codes by heart.

`divisions.csv` holds the codes of GB/T 2260 as the Ministry of Civil Affairs (民政部) publishes
them, with changes up to November 2025. They are names and codes only: what a workspace forecasts
are the regions of its catalogue.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from employment_forecast.data.errors import UsageError

if TYPE_CHECKING:
    from employment_forecast.data.catalogue.lookup import Catalogue

_LONGEST = 40  # of a name with all that it lies in
_SHORT = re.compile(r"(.{2,}?)(?:新区|自治县|自治州|地区|区|县|市|省|旗|盟)")


@cache
def divisions() -> dict[str, str]:
    """Names by code, ascending."""
    file = resources.files("employment_forecast.data.catalogue").joinpath("divisions.csv")
    return dict(line.split(",") for line in file.read_text("utf-8").splitlines()[1:])


def division_above(code: str) -> str:
    """Code of the division that one lies in; 100000 above a province."""
    for above in (f"{code[:4]}00", f"{code[:2]}0000"):
        if above != code and above in divisions():
            return above
    return "100000"


def divisions_below(code: str) -> list[str]:
    """Codes of the divisions that lie directly in one."""
    return [each for each in divisions() if division_above(each) == code]


def full_name(code: str) -> str:
    """Name of a division after those it lies in: 浙江省舟山市普陀区."""
    above = division_above(code)
    return (full_name(above) if above in divisions() else "") + divisions()[code]


def namesakes(code: str, inside: str) -> bool:
    """Whether another division of the same name lies in a region.

    Parameters
    ----------
    code : str
        Of the division; one that is not in the table has no namesakes.
    inside : str
        Code of the region: 310000 holds all that begin with 31.
    """
    name, above = divisions().get(code), re.sub("(?:00)+$", "", inside)
    return any(n == name and c != code and c.startswith(above) for c, n in divisions().items())


def find_divisions(text: str) -> list[str]:
    """Codes of the divisions that a name may mean.

    Parameters
    ----------
    text : str
        普陀区, 普陀, or with what it lies in before it: 舟山市普陀区, 浙江舟山普陀.

    Returns
    -------
    list of str
        Several where places share the name; empty where none has it.
    """
    name = "".join(text.split())
    if name in divisions():
        return [name]
    if len(name) > _LONGEST:
        return []
    named = ((code, name[:at]) for at in range(len(name)) for code in _by_name().get(name[at:], ()))
    return sorted({code for code, before in named if _lies_in(code, before)})


def how_to_register(text: str) -> str:
    """What to do about a name that is not in the catalogue, in Chinese."""
    codes = find_divisions(text)
    if not codes:
        return "请改正名称，或在 forecast.toml 的 [[regions]] 中登记。"
    if len(codes) > 1:
        return f"叫这个名字的有{'、'.join(map(full_name, codes))}，请写全名。"
    above = division_above(codes[0])
    whole = (
        f"（全部登记：forecast regions add --below {divisions()[above]}）"
        if above in divisions()
        else ""
    )
    return f"请用 forecast regions add {full_name(codes[0])} 登记{whole}。"


@cache
def _by_name() -> dict[str, list[str]]:
    codes = defaultdict(list)
    for code, name in divisions().items():
        for each in {name, *short_names(name)}:
            codes[each].append(code)
    return dict(codes)


def _lies_in(code: str, words: str) -> bool:
    """Whether words are names of what a division lies in, from the whole to the part."""
    while words:
        code = division_above(code)
        if code not in divisions():
            return False
        name = divisions()[code]
        ending = next((n for n in (name, *short_names(name)) if words.endswith(n)), "")
        words = words.removesuffix(ending) if ending else words
    return True


def short_names(name: str) -> list[str]:
    """What people call 松江区 for short; nothing where one character would be left."""
    match = _SHORT.fullmatch(name)
    return [match[1]] if match else []


def region_table(catalogue: Catalogue, code: str, name: str) -> dict[str, object]:
    """Entry of `forecast.toml` for a region that the catalogue does not have.

    Parameters
    ----------
    catalogue : Catalogue
        Names that others have already are not given again.
    code, name : str
        6, 9 or 12 digits; of a division the code decides what it lies in.

    Raises
    ------
    UsageError
        If another place of that name is in the catalogue: 普陀区 of 上海 and of 舟山.
    """
    aliases = short_names(name)
    if code in divisions():
        above = divisions().get(division_above(code), "")
        aliases += dict.fromkeys((above + name, full_name(code)))
        if catalogue.knows_region(name):
            other = catalogue.region(name)
            raise UsageError(
                f"{full_name(code)}与已登记的“{other.name}”（{other.code}）同名，表中只写名称时分不清。",
                f"请先在 forecast.toml 的 [[regions]] 里把 {other.code} 的名称改成带上级的全名，"
                "并去掉它的简称。",
            )
    aliases = [a for a in aliases if a != name and not catalogue.knows_region(a)]
    level = _level(code)
    return {
        "code": code,
        "name": name,
        **({"aliases": aliases} if aliases else {}),
        "parent": _registered_above(catalogue, code),
        "level": level,
        # A single county is not the whole city.
        **({"parts_complete": False} if level in ("province", "city") else {}),
    }


def _level(code: str) -> str:
    if len(code) > 6:
        return "street"
    return "province" if code.endswith("0000") else "city" if code.endswith("00") else "district"


def _registered_above(catalogue: Catalogue, code: str) -> str:
    """The nearest division above that is in the catalogue: 310114999 lies in 310114."""
    known = {region.code for region in catalogue.regions}
    above = (code[:9], code[:6], f"{code[:4]}00", f"{code[:2]}0000")
    return next((each for each in above if each in known and each != code), "100000")
