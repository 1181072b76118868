"""A ready workbook to fill in, which the reader understands without any setting."""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from employment_forecast.data.catalogue import Catalogue, Indicator, Region
from employment_forecast.data.readers.vocabulary import FIRST_DAYS, LAST_DAYS
from employment_forecast.data.records import SEPARATION_TITLES

INDICATOR_SHEET, GROUP_SHEET, FIRM_SHEET, PART_SHEET, GUIDE_SHEET = (
    "月度指标",
    "重点群体",
    "监测企业",
    "月中数",
    "填写说明",
)
_GUIDE = (
    "一、每月一行。月份写成 2021-03，历史各月可以一次填完；没有的列留空，不用删。",
    "二、没有公布的数留空或写“…”，不要填 0。",
    "三、数值按表头括号里的单位填写，只填数字。",
    "四、表头注明“1月起累计”的，填当年1月到该月的累计数；1—2月合并公布的，只填2月一行。",
    "五、发布日期是该数对外公布的那一天；不知道的留空，系统按惯常时滞估计并注明。",
    "六、登记失业率与调查失业率是两个指标，不要混填；口径有调整的月份请另行告知。",
    "七、监测企业每月一行，只填企业编码，不填名称；调查期末 = 建档期 + 新招 − 减员。",
    "八、没有上报的企业整行留空或不列；减员按类型、按原因各自相加应等于减员人数。",
    "九、不收人员明细：表中不要出现姓名、身份证号、手机号，否则整个文件拒收。",
    "十、月中数：截至某日的期末数，或起始日期至截至日期的当期数（不写起始日期的从当月1日起），"
    "可按旬、按周、按日填，不填本年累计数。",
    "十一、填好后运行：forecast data import 本文件。可先加 --dry-run 只检查、不入库。",
)
_FIRM_HEADS = (
    "企业编码",
    "月份",
    "地区",
    "行业",
    "企业规模",
    "所在街镇",
    "建档期就业人数",
    "新招人数",
    "减员人数",
    "调查期末就业人数",
    "劳务派遣人数",
    "隐性失业人数",
)
_HEAD_FILL = PatternFill("solid", fgColor="DDEBF7")
_FIRST_ROWS = 200


def template(
    catalogue: Catalogue,
    region: Region | None = None,
    indicators: Sequence[Indicator] | None = None,
) -> bytes:
    """Make the workbook that `forecast data template` hands out.

    Parameters
    ----------
    catalogue : Catalogue
        Its indicators become the columns.
    region : Region, optional
        Named in the instructions' example; the column 地区 is to be filled in anyway.
    indicators : sequence of Indicator, optional
        Columns of the monthly sheet; all indicators of the catalogue by default.

    Returns
    -------
    bytes
        XLSX with a guide, monthly indicators, groups of people and monitored firms, all empty.
    """
    chosen = tuple(indicators) if indicators is not None else catalogue.indicators
    book = Workbook()
    guide = book.worksheets[0]
    guide.title = GUIDE_SHEET
    _fill_guide(guide, region)
    heads = ["地区", "月份", *(indicator_head(i) for i in chosen), "发布日期"]
    _head(book.create_sheet(INDICATOR_SHEET), heads)
    counted = [i for i in chosen if i.kind == "stock" and i.code.startswith("registered_")]
    groups = [f"{g.name}{i.name}（{i.unit}）" for i in counted for g in catalogue.groups]
    if groups:
        _head(book.create_sheet(GROUP_SHEET), ["地区", "月份", *groups, "发布日期"])
    _fill_firms(book.create_sheet(FIRM_SHEET))
    _fill_part_months(book.create_sheet(PART_SHEET), chosen)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def indicator_head(indicator: Indicator) -> str:
    """Column head that states name, unit and form, as the reader takes it."""
    form = "，1月起累计" if indicator.reporting == "year_to_date" else ""
    return f"{indicator.name}（{indicator.unit}{form}）"


def _fill_guide(page: Worksheet, region: Region | None) -> None:
    page["A1"] = "填写说明"
    page["A1"].font = Font(bold=True, size=14)
    example = f"例：地区填“{region.name}”，月份填“2021-03”。" if region else ""
    for row, line in enumerate((*_GUIDE, *([example] if example else [])), start=2):
        page.cell(row, 1, line).alignment = Alignment(wrap_text=True, vertical="top")
    page.column_dimensions["A"].width = 90


def _head(page: Worksheet, heads: Sequence[str], row: int = 1) -> None:
    for column, text in enumerate(heads, start=1):
        _head_cell(page, row, column, text)
        page.column_dimensions[get_column_letter(column)].width = max(12, len(text) * 1.8)
    # Months as text: a spreadsheet would turn 2021-03 into whatever date format it likes.
    month = list(heads).index("月份") + 1
    for line in range(row + 1, row + _FIRST_ROWS):
        page.cell(line, month).number_format = "@"
    page.freeze_panes = f"{get_column_letter(month + 1)}{row + 1}"


def _fill_part_months(page: Worksheet, indicators: Sequence[Indicator]) -> None:
    figures = [f"{i.name}（{i.unit}）" for i in indicators if i.kind in ("stock", "flow")]
    heads = ["地区", FIRST_DAYS[0], LAST_DAYS[0], *figures, "发布日期"]
    for column, text in enumerate(heads, start=1):
        _head_cell(page, 1, column, text)
        page.column_dimensions[get_column_letter(column)].width = max(12, len(text) * 1.8)
    for line in range(2, 1 + _FIRST_ROWS):
        for column in (2, 3, len(heads)):
            page.cell(line, column).number_format = "@"
    page.freeze_panes = "D2"


def _head_cell(page: Worksheet, row: int, column: int, text: str) -> None:
    cell = page.cell(row, column, text)
    cell.font = Font(bold=True)
    cell.fill = _HEAD_FILL
    cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")


def _fill_firms(page: Worksheet) -> None:
    types = [t for f, t in SEPARATION_TITLES.items() if f.startswith("type:")]
    causes = [t for f, t in SEPARATION_TITLES.items() if f.startswith("cause:")]
    _head(page, [*_FIRM_HEADS, *types, *causes], row=2)
    first = len(_FIRM_HEADS) + 1
    blocks = (("减员类型", first, len(types)), ("减员原因", first + len(types), len(causes)))
    for title, left, count in blocks:
        _head_cell(page, 1, left, title)
        page.merge_cells(start_row=1, start_column=left, end_row=1, end_column=left + count - 1)
    for line in range(3, 2 + _FIRST_ROWS):
        page.cell(line, 1).number_format = "@"
