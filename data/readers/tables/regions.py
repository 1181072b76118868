"""Whether all that a sheet says of its region is of one region: names, division codes, titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from employment_forecast.data.catalogue import Catalogue, Region, find_divisions, namesakes
from employment_forecast.data.readers.formats import text_of
from employment_forecast.data.readers.tables.facts import is_clerical
from employment_forecast.data.readers.tables.layout import LocatedTable, is_note
from employment_forecast.data.readers.vocabulary import Vocabulary, find_when, fold
from employment_forecast.data.records import Findings, Place, shown

# GB/T 2260 (province, city, county) and the longer codes of streets (GB/T 10114).
_CODE = re.compile(
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])(?:0000|(?!00)\d\d(?!99)\d\d)"
    r"(?:\d{3}(?:\d{3})?)?"
)
_IN_A_NAME = re.compile(rf"(?<!\d){_CODE.pattern}(?!\d)")
# No codes of organisations or posts, such as 组织机构代码：11310114MB2F34567X.
_CODED = re.compile(
    rf"(?:区划|区域|地区|区县|行政区?)(?:代|编|统计代)?码[:(]?(?P<code>{_CODE.pattern})(?![0-9a-z])"
)
# 填报单位 and the like: an office says of which place the figures beside it are.
_OFFICE = re.compile(
    r"(?P<place>[一-鿿]{2,20}?(?:省|市|区|县|旗|镇|乡|街道))"
    r"(?:人力资源|人社|公共就业|就业|劳动|社会保障|社保|社区事务|统计局|民政局)"
)
_LONGEST_OFFICE = 40
# Heads of the office that a row comes from; whoever checks or publishes it is of another place.
_REPORTS = re.compile("(?:填报|填表|报送|上报|报告|统计|申报)?(?:单位|部门|机构)(?:名称)?")
_REGION_LIKE = re.compile(r"(?:省|市|区|县|旗|镇|乡|街道)$")
_ZONES = "工业区|开发区|园区|新城|新区|片区|高新区|保税区|度假区|示范区"
# A part of the region that it stands behind: 嘉定区马陆镇, and no 城镇 or 各街道.
_PART = re.compile(
    rf"[区市县]?(?P<name>[一-鿿]{{1,5}}?(?:镇|街道|乡(?!村))|[一-鿿]{{0,5}}?(?:{_ZONES}))"
    r"(?![镇乡各])"
)
# The same behind the short name of the region (嘉定镇), and at the end of a title.
_NAMESAKE = re.compile("(?:镇|街道|乡)(?![镇乡村街各])")
_PART_LAST = re.compile(rf"(?P<name>[一-鿿]{{2}}(?:镇|街道|乡)|[一-鿿]{{2}}(?:{_ZONES}))$")
_NO_NAME = re.compile(
    "[城集各全街乡辖分每村个等及与和区市县返回下入属在按本点报](?:镇|街道|乡|园区|开发区|片区)"
    "|就业|失业|登记|农村|所有|情况|统计|人口|居住|户籍|(?<![不未])(?:包?含|包括)"
)
_KEYED = re.compile(r"(?:地区|区域|区县|行政区划?|所属区|报告地区|统计地区)(?:名称)?:")
# The whole of a region: 全市 is none of its districts, unless that one is a 市 itself.
_WHOLE = re.compile("[全本](?P<kind>[市省县区镇乡])(?![域面局文场统联户])")
_WHOLE_NOTED = re.compile(
    "(?:[为是系]|^(?=.{2}(?:数据?|口径|合计)?$))全(?P<kind>[市省县区镇乡])(?!统一)"
)
_ADDED = re.compile(
    "(?P<not>(?:不(?![仅但只])|[未没非])[^,;。包含]{0,3})?包?[含括](?P<place>[^,;。]{2,12})"
)
# A title is cut at times and marks; what comes before a place in it.
_TIMES = re.compile(r"\d+[年月日号][份底末度]?|[^一-鿿\n\r]+")
_BEFORE = re.compile(
    "(?:关于|截[至止]到?|附件|附表|表|[上下]半年|第?[一二三四]季度|[全本当历]年|[各本当]月)+"
)
_SEVERAL = re.compile(r"(?:[两二三四五六七八九十]个?|\d个)区(?![块域间])")
_DIVISION_ENDS = re.compile("[省市区县旗州盟]")
_DIVISION_LENGTHS = range(8, 2, -1)
# By the level where the bureau's own name of a region says nothing of its kind: 松江.
_KINDS = {"province": "省市区", "city": "市", "district": "县区"}
_KIND = re.compile("(?:[省市县区旗州盟镇乡村]|街道|社区)$")
REMEDY = "请核对地区名称与行政区划代码，改成同一个地区。"


def division_code(text: str) -> str:
    """The code that a text is, without what stands for a whole province or city; empty if none."""
    folded = fold(text)
    if not _CODE.fullmatch(folded):
        return ""
    return re.sub("^(..)0000.*|^(....)00.*|^(.{6})(?:000)+$|^(.{9})000$", _kept, folded)


def _kept(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group)


def code_fits(code: str, region: Region, catalogue: Catalogue, *, below: bool = True) -> bool:
    """Whether a division code may be of a region: its own, one above it or, if allowed, one below.

    A region with a code of the bureau's own is held to be where its next whole with a code is.
    """
    own: Region | None = region
    while own is not None and not division_code(own.code):
        own = catalogue.region(own.parent) if own.parent else None
    if own is None:
        return True
    known = division_code(own.code)
    inside = own is region and not below
    return known.startswith(code) or (not inside and code.startswith(known))


@dataclass(frozen=True)
class _Statement:
    """What a text outside the table says of its region; a division code or a name."""

    text: str
    code: str
    region: Region | None
    firm: bool
    row: int = 0
    column: int = 0

    def fits(self, region: Region, catalogue: Catalogue) -> bool:
        """Whether a region may be meant."""
        if self.region is not None:
            return catalogue.lower(self.region, region) is not None
        return code_fits(self.code, region, catalogue)


def check_regions(
    table: LocatedTable,
    vocabulary: Vocabulary,
    regions: Iterable[Region],
    stated: bool,
    file: str,
    findings: Findings,
    labels: Iterable[str] = (),
) -> Iterator[str]:
    """Hold the regions of a table against what is said above it and in names of sheet and file.

    Parameters
    ----------
    table, vocabulary
        Located table, and what recognises labels.
    regions : iterable of Region
        Regions that its values were read for.
    stated : bool
        True if its rows or columns name them: then a title may be about another one.
    file : str
        File name.
    findings : Findings
        Receives contradictions.
    labels : iterable of str
        Texts that head the values: 登记失业人数（全市）.

    Yields
    ------
    str
        Notes on names that say something else and may just be old.
    """
    catalogue, every = vocabulary.catalogue, list(regions)
    if not stated:
        _check_offices(table, vocabulary, every, file, findings)
        _check_parts(table, vocabulary, every, file, findings)
        _check_wholes(table, vocabulary, every, file, findings, labels)
        _check_added(table, vocabulary, every, file, findings)
    for said in _statements(table, vocabulary, file):
        other = next((r for r in every if not said.fits(r, catalogue)), None)
        if other is None:
            continue
        same_name = said.region is not None and namesakes(other.code, said.region.code)
        if said.row and (said.firm or not stated or same_name):
            findings.add(
                "contradiction",
                Place(file, table.sheet.name, said.row, said.column),
                f"与表中的{other.name}（{other.code}）不是同一个地区",
                REMEDY,
                said.text,
            )
        else:
            name = other.name
            yield f"“{shown(said.text)}”说的不是{name}，按表中写明的{name}读取，请核对。"


def is_office(text: str) -> bool:
    """Whether a text begins with an office of a place, known or not: 嘉定区人社局."""
    return _OFFICE.match(fold(text[:_LONGEST_OFFICE])) is not None


def region_of_office(text: str, vocabulary: Vocabulary) -> Region | None:
    """The region that an office is of; None for any other text, or a place that nobody knows."""
    office = _OFFICE.match(fold(text[:_LONGEST_OFFICE]))
    return None if office is None else _last_named(office["place"], vocabulary)


def column_of_offices(table: LocatedTable) -> int | None:
    """The one column of the offices that the rows of a table come from; None if there is none."""
    columns = [
        column
        for column, heads in table.heads.items()
        if any(_REPORTS.fullmatch(fold(head.label.text)) for head in heads)
        and any(is_office(table.sheet.text(row, column)) for row in table.rows)
    ]
    return columns[0] if len(columns) == 1 else None


def _check_offices(
    table: LocatedTable,
    vocabulary: Vocabulary,
    regions: Sequence[Region],
    file: str,
    findings: Findings,
) -> None:
    """Refuse rows of offices of other places, whose figures would be taken for the title's."""
    for column, heads in table.heads.items():
        if any(head.label.dimension == "source" for head in heads):
            continue
        for row in table.rows:
            text = table.sheet.text(row, column)
            if not is_office(text):
                continue
            place = region_of_office(text, vocabulary)
            other = next(
                (r for r in regions if place is None or vocabulary.catalogue.lower(place, r) != r),
                None,
            )
            if other is not None:
                findings.add(
                    "contradiction",
                    Place(file, table.sheet.name, row, column),
                    f"表中没有地区一栏，这里说的却不是{other.name}（{other.code}）",
                    "请加上“地区”一栏，写明每行是哪个地区的数。",
                    text,
                )


def _check_parts(
    table: LocatedTable,
    vocabulary: Vocabulary,
    regions: Sequence[Region],
    file: str,
    findings: Findings,
) -> None:
    """Refuse a title of a part that nobody knows for the whole that it lies in."""
    for text, row, column in _outside(table, vocabulary, file):
        folded = fold(text[:200])
        _, _, behind = folded.partition(":")
        clerical = is_clerical(folded)
        office = clerical and is_office(behind)
        place = region_of_office(behind, vocabulary) if office else None
        for region in regions:
            fits = place is not None and vocabulary.catalogue.lower(place, region) == region
            other = _names_part(text, region, vocabulary) if not clerical else office and not fits
            if other:
                findings.add(
                    "contradiction",
                    Place(file, table.sheet.name, row, column),
                    f"“{shown(text)}”说的是{region.name}的一个街镇、园区或另一个地区，"
                    f"不是{region.name}",
                    "请在 forecast.toml 的 [[regions]] 中登记那个地区；"
                    f"若确是{region.name}的数，请改正标题或名称。",
                    text,
                )
                return


def _outside(table: LocatedTable, vocabulary: Vocabulary, file: str) -> list[tuple[str, int, int]]:
    """Titles and, where those name no region, the names of sheet and file; with their cells."""
    said = [
        (text_of(value), row, column)
        for row in table.banners
        for column, value in sorted(table.sheet.rows.get(row, {}).items())
        if not is_note(text_of(value))
    ]
    for name in (table.sheet.name, Path(file).stem):
        if any(vocabulary.find_region(text) for text, *_ in said):
            break
        said.append((name, table.rows[0], 1))
    return said


def _names_part(text: str, region: Region, vocabulary: Vocabulary) -> bool:
    """Whether a title or name is of a part of a region that nobody knows, or of other places."""
    folded = fold(text[:200])
    pieces = _pieces(text, region, vocabulary)
    if any(_is_part(before, piece, first=at == 0) for at, (before, piece) in enumerate(pieces)):
        return True
    return bool(_SEVERAL.search(folded)) or _names_division(folded, region, vocabulary.catalogue)


def _is_part(before: str, piece: str, *, first: bool) -> bool:
    """Whether a piece of a title names a part, be it behind the name of the region or elsewhere."""
    if before == _SHORT_NAME and _NAMESAKE.match(piece):
        return True
    for part in (_PART.match(piece), _PART_LAST.search(piece)):
        if part is None or _NO_NAME.search(part["name"]):
            continue
        # 各镇、街道、工业区 lists kinds.
        nameless = part["name"] in _ZONES.split("|")
        if (before or first) if nameless else len(part["name"]) > 2:
            return True
    return False


_FULL_NAME, _SHORT_NAME = "\n", "\r"


def _pieces(
    text: str, region: Region | None = None, vocabulary: Vocabulary | None = None
) -> Iterator[tuple[str, str]]:
    """Where the name of a place may begin: a title cut at times, marks and names of the region.

    With each piece comes which name of the region or of one above it stands before it, if any.
    """
    timed = find_when(text)
    folded = timed[1] if timed is not None else fold(text[:200])
    names: list[str] = []
    while region is not None and vocabulary is not None:
        names += (fold(name) for name in region.names if not name.isascii())
        region = vocabulary.catalogue.region(region.parent) if region.parent else None
    for name in sorted(names, key=len, reverse=True):
        folded = folded.replace(name, _FULL_NAME if _KIND.search(name) else _SHORT_NAME)
    for piece in re.finditer("([\n\r]?)([一-鿿]+)", _TIMES.sub(" ", folded)):
        yield piece[1], _BEFORE.sub("", piece[2], count=1) if _BEFORE.match(piece[2]) else piece[2]


def _names_division(folded: str, region: Region, catalogue: Catalogue) -> bool:
    """Whether a text names a county or city by its official name that the region is not in."""
    for end in (match.end() for match in _DIVISION_ENDS.finditer(folded)):
        names = (folded[max(0, end - length) : end] for length in _DIVISION_LENGTHS)
        codes: list[str] = next(filter(None, map(find_divisions, names)), [])
        if codes and not any(code_fits(division_code(code), region, catalogue) for code in codes):
            return True
    # Short names begin a title: 广东登记失业情况. 新建 is one too, but in its province alone.
    starts = {piece[:length] for _, piece in _pieces(folded) for length in (2, 3)}
    for codes in map(find_divisions, starts):
        near = any(code[2:] == "0000" or code[:2] == region.code[:2] for code in codes)
        if near and not any(code_fits(division_code(c), region, catalogue) for c in codes):
            return True
    return False


def _check_wholes(
    table: LocatedTable,
    vocabulary: Vocabulary,
    regions: Sequence[Region],
    file: str,
    findings: Findings,
    labels: Iterable[str],
) -> None:
    """Refuse figures of a whole (全市) for a region of another kind (嘉定区)."""
    titles = [text for text, *_ in _outside(table, vocabulary, file)]
    wholes = [(t, _whole_in(t)) for t in (*titles, *labels)]
    wholes += [(t, _WHOLE_NOTED.search(fold(t[:200]))) for t, *_ in _notes(table)]
    for text, whole in wholes:
        if whole is None or vocabulary.find_region(text) is not None:
            continue
        for region in regions:
            if whole["kind"] not in _kinds(region):
                findings.add(
                    "contradiction",
                    Place(file, table.sheet.name, table.rows[0], 1),
                    f"“{shown(text)}”是全{whole['kind']}的数，不是{region.name}的",
                    f"请改用{region.name}的数；若确是{region.name}的，请把这里的“{whole['kind']}”"
                    f"改成“{region.name}”。",
                    text,
                )
                return


def _whole_in(text: str) -> re.Match[str] | None:
    return next(filter(None, (_WHOLE.match(piece) for _, piece in _pieces(text))), None)


def _kinds(region: Region) -> str:
    return region.name[-1] if _KIND.search(region.name) else _KINDS.get(region.level, "")


def is_elsewhere(text: str, region: Region, vocabulary: Vocabulary) -> bool:
    """Whether the name of a file is of a part of a region, of other places, or of another whole."""
    whole = None if vocabulary.find_region(text) else _whole_in(text)
    other = whole is not None and whole["kind"] not in _kinds(region)
    return other or _names_part(text, region, vocabulary)


def is_whole(text: str, region: Region) -> bool:
    """Whether a label means all of a region by its kind: 全区合计 of 嘉定区."""
    whole = _whole_in(text)
    return whole is not None and whole["kind"] in _kinds(region)


def _check_added(
    table: LocatedTable,
    vocabulary: Vocabulary,
    regions: Sequence[Region],
    file: str,
    findings: Findings,
) -> None:
    """Refuse figures that hold those of another region too, as a remark says."""
    for text, row, column in _notes(table):
        added = _ADDED.finditer(fold(text[:200]))
        named = [vocabulary.find_region(each["place"]) for each in added if not each["not"]]
        lower = vocabulary.catalogue.lower
        other = next((r for r in regions for p in named if p and lower(p, r) is None), None)
        if other:
            findings.add(
                "contradiction",
                Place(file, table.sheet.name, row, column),
                f"说明写着数中含别的地区，不只是{other.name}的",
                f"请改用{other.name}自己的数，并去掉这句说明。",
                text,
            )
            return


def _notes(table: LocatedTable) -> Iterator[tuple[str, int, int]]:
    """Remarks under a table and beside its rows, with their cells."""
    for row in table.remarks:
        for column, value in sorted(table.sheet.rows.get(row, {}).items()):
            yield text_of(value), row, column
    beside = [c for c, heads in table.heads.items() if any(h.label.ignored for h in heads)]
    for row in table.rows:
        yield from ((text, row, c) for c in beside if (text := table.sheet.text(row, c)))


def is_of_place(remark: str) -> bool:
    """Whether a remark says of which places figures are: 全市数, 含徐汇区."""
    folded = fold(remark[:200])
    return bool(_WHOLE_NOTED.search(folded) or _ADDED.search(folded))


def _last_named(place: str, vocabulary: Vocabulary) -> Region | None:
    """The region whose name a place ends with, as 上海市嘉定区 does; None if there is none."""
    region = vocabulary.classify(place).region or vocabulary.find_region(place)
    if region is None or not any(place.endswith(fold(name)) for name in region.names):
        return None
    return region


def _statements(table: LocatedTable, vocabulary: Vocabulary, file: str) -> Iterator[_Statement]:
    for row in table.banners:
        for column, value in sorted(table.sheet.rows.get(row, {}).items()):
            text = text_of(value)
            folded = fold(text[:200])
            if (row, column) in table.sheet.covered or is_note(text) or is_clerical(folded):
                continue
            coded = _CODED.search(folded)
            region = None if coded else vocabulary.find_region(text)
            if coded or region:
                code = division_code(coded["code"]) if coded else ""
                firm = bool(coded or _KEYED.match(folded))
                yield _Statement(text, code, region, firm, row, column)
    for name in (table.sheet.name, Path(file).stem):
        region, coded = vocabulary.find_region(name), _IN_A_NAME.search(fold(name))
        if region is not None or coded:
            yield _Statement(name, division_code(coded.group()) if coded else "", region, False)


def is_like_region(text: str) -> bool:
    """True for a text that ends as names of places do."""
    return bool(_REGION_LIKE.search(fold(text[:40])))
