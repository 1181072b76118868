"""重点群体, 监测企业用工."""

from __future__ import annotations

from employment_forecast.forecasting.bulletin.text.blocks import (
    Block,
    CitedTable,
    Heading,
    Paragraph,
    cited_columns,
)
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.wording import (
    against_year,
    amount,
    cap_name,
    chance,
    compared,
    direction,
    signed_change,
)

GRADUATES = "graduates"
_RATES = (
    ("/sample/totals/loss_rate", "岗位流失率"),
    ("/sample/totals/hiring_rate", "新招率"),
    ("/sample/totals/hidden_rate", "隐性失业率"),
)


def _group(record: CitedRecord, code: str) -> CitedText:
    pointer = f"/people/{code}"
    row = record.get(pointer)
    said = sentence(
        "{label}{value}，{change}",
        label=record.cite(f"{pointer}/label"),
        value=amount(record, f"{pointer}/value", row["unit"], row["decimals"]),
        change=compared(record, f"{pointer}/month_on_month", row, "上月")
        if row["year_on_year"]["change"] is None
        else against_year(record, f"{pointer}/year_on_year", row),
    )
    if row["share"] is not None:
        share = record.cite(f"{pointer}/share", "plain", 1)
        said = sentence("{said}，占{share}%", said=said, share=share)
    return sentence("{said}{ahead}", said=said, ahead=_ahead(record, pointer))


def _ahead(record: CitedRecord, pointer: str) -> CitedText:
    """A group's own forecast and caps; nothing where it has no version."""
    row, at = record.get(pointer), f"{pointer}/ahead"
    if not row.get("ahead"):
        return ()

    def figure(name: str) -> CitedText:
        return amount(record, f"{at}/{name}", row["unit"], row["decimals"])

    said = sentence(
        "，预计{month}末为{q50}（八成可能在{q10}至{q90}之间）",
        month=record.cite(f"{at}/month", "month"),
        q50=figure("q50"),
        q10=figure("q10"),
        q90=figure("q90"),
    )
    caps = [
        sentence(
            "，{p}",
            p=chance(
                record,
                f"{at}/caps/{n}/p_any",
                sentence(
                    "突破{cap}",
                    cap=cap_name(record, f"{at}/caps/{n}", row["unit"], row["decimals"]),
                ),
            ),
        )
        for n in range(len(row["ahead"]["caps"]))
    ]
    return (*said, *(part for cap in caps for part in cap))


def _withheld(record: CitedRecord, groups: list[str]) -> list[Block]:
    """Groups that are too small to be told of, and those that would tell of one."""
    blocks: list[Block] = []
    # Which of a partition is the small one is not told.
    for name in dict.fromkeys(_partition(record, g) for g in groups):
        small = [
            (record.cite(f"/people/{g}/label"),) for g in groups if _partition(record, g) == name
        ]
        why = "按保密规则不予列示，以免推知过少的人数" if name else "人数过少，按保密规则不予列示"
        blocks.append(Paragraph(sentence("{names}{why}。", names=join(small, "、"), why=why)))
    return blocks


def _partition(record: CitedRecord, group: str) -> str:
    """Groups of which division exclude each other; empty also in records of earlier releases."""
    return str(record.get(f"/people/{group}").get("partition", ""))


def people(record: CitedRecord) -> list[Block]:
    """重点群体, 高校毕业生 last."""
    known = list(record.get("/people") or {})
    groups = [g for g in known if not record.get(f"/people/{g}/withheld")]
    small = [g for g in known if g not in groups]
    groups.sort(key=lambda g: g == GRADUATES)
    blocks: list[Block] = []
    if groups:
        apart = {_partition(record, g) or g for g in groups}
        said = sentence(
            "登记失业人员中，{said}{shared}。",
            said=join([_group(record, g) for g in groups]),
            shared="（有交叉）" if len(apart) > 1 else "",
        )
        blocks.append(Paragraph(said))
    blocks.extend(_withheld(record, small))
    return blocks


def _matched(record: CitedRecord, pointer: str, who: CitedText) -> CitedText:
    row = record.get(pointer)
    if row["change"] is None:
        few = "不足三家，不予列示" if row["firms"] else "没有可比的上月报表"
        return sentence("{who}{few}", who=who, few=few)
    if row["change"] == 0:
        moved = sentence("岗位环比持平")
    else:
        moved = sentence(
            "岗位环比{way}{size}%",
            way="增长" if row["change"] > 0 else "下降",
            size=record.cite(f"{pointer}/change", "size", 2),
        )
    said = sentence(
        "{who}{firms}家，{moved}",
        who=who,
        firms=record.cite(f"{pointer}/firms", "plain"),
        moved=moved,
    )
    if row["year_change"] is None:
        return said
    if row["year_change"] == 0:
        return sentence("{said}，同比持平", said=said)
    return sentence(
        "{said}，同比{way}{size}%",
        said=said,
        way="增长" if row["year_change"] > 0 else "下降",
        size=record.cite(f"{pointer}/year_change", "size", 2),
    )


def _overall(record: CitedRecord) -> CitedText:
    def count(name: str, unit: str = "人") -> CitedText:
        return (record.cite(f"/sample/totals/{name}", "size"), unit)

    net = record.get("/sample/totals/net")
    moved = (
        sentence("期末与期初持平")
        if net == 0
        else sentence("净{way}{size}", way=direction(net, "stock"), size=count("net"))
    )
    return sentence(
        "上报的监测企业{firms}，新招{hires}，减员{separations}，期末就业{end}，{moved}。{alike}。",
        firms=count("firms", "家"),
        hires=count("hires"),
        separations=count("separations"),
        end=count("end"),
        moved=moved,
        # The panel changes: only those that reported both months are like for like.
        alike=_matched(record, "/sample/matched", sentence("连续两个月都上报的可比企业")),
    )


def _rates(record: CitedRecord) -> list[Block]:
    rates = [
        sentence("{name}{value}%", name=name, value=record.cite(pointer, "plain", 2))
        for pointer, name in _RATES
        if record.get(pointer) is not None
    ]
    said = sentence("{rates}。", rates=join(rates, "，"))
    return [Paragraph(said, note=True)] if rates else []


def _division(record: CitedRecord, kind: str) -> CitedText:
    return join(
        [
            sentence(
                "{name}{count}人（占{share}%）",
                name=record.cite(f"/sample/{kind}/{key}/name"),
                count=record.cite(f"/sample/{kind}/{key}/count", "plain"),
                share=record.cite(f"/sample/{kind}/{key}/share", "plain", 1),
            )
            for key in record.get(f"/sample/{kind}") or {}
        ],
        "，",
    )


def _without_largest(record: CitedRecord) -> Block:
    """Whether a few large firms made the movement."""
    largest = record.cite("/sample/matched_without_largest/largest", "plain")
    said = _matched(
        record,
        "/sample/matched_without_largest",
        sentence("剔除用工最多的{largest}家后，可比企业", largest=largest),
    )
    return Paragraph(sentence("{said}。", said=said), note=True)


def _by(record: CitedRecord, kind: str, name: str) -> list[Block]:
    """Separations divided by cause or by type."""
    said = _division(record, kind)
    if not said:
        return []
    return [Paragraph(sentence("减员按{name}分：{said}。", name=name, said=said), note=True)]


def _industries(record: CitedRecord) -> list[Block]:
    rows = [
        (
            (record.cite(f"/sample/industries/{key}/industry"),),
            *(
                (record.cite(f"/sample/industries/{key}/{name}", "plain"),)
                for name in ("firms", "opening", "hires", "separations", "end")
            ),
            signed_change(record, f"/sample/industries/{key}/change", 2),
        )
        for key in record.get("/sample/industries") or {}
    ]
    if not rows:
        return []
    totals = "/sample/totals"
    rows.append(
        (
            ("合计",),
            *(
                (record.cite(f"{totals}/{n}", "plain"),)
                for n in ("firms", "opening", "hires", "separations", "end")
            ),
            signed_change(record, f"{totals}/month_change_rate", 2),
        )
    )
    titles = (
        "行业",
        "企业（家）",
        "期初（人）",
        "新招（人）",
        "减员（人）",
        "期末（人）",
        "变动（%）",
    )
    return [
        CitedTable(
            caption=("监测企业分行业用工情况",),
            columns=cited_columns(
                tuple((t,) for t in titles),
                (False, *[True] * 6),
                (0.31, 0.10, 0.12, 0.11, 0.11, 0.12, 0.13),
            ),
            rows=tuple(rows),
        ),
        Paragraph(
            sentence("注：不计逐户列示的企业，不足三家的行业合并列示；逐户列示只用企业代码。"),
            note=True,
        ),
    ]


def _movers(record: CitedRecord) -> list[Block]:
    movers = list(record.get("/sample/movers") or {})
    if not movers:
        return []
    names = ("opening", "hires", "separations", "end")
    rows = [
        (
            (record.cite(f"/sample/movers/{key}/firm"),),
            (record.cite(f"/sample/movers/{key}/industry"),),
            *((record.cite(f"/sample/movers/{key}/{name}", "plain"),) for name in names),
            (record.cite(f"/sample/movers/{key}/net", "signed"),),
        )
        for key in movers
    ]
    titles = (
        "企业代码", "行业", "期初（人）", "新招（人）", "减员（人）", "期末（人）", "净变动（人）",
    )  # fmt: skip
    return [
        CitedTable(
            caption=("用工变动最大的监测企业",),
            columns=cited_columns(
                tuple((t,) for t in titles),
                (False, False, *[True] * 5),
                (0.12, 0.31, 0.11, 0.11, 0.11, 0.11, 0.13),
            ),
            rows=tuple(rows),
        )
    ]


def _abnormal(record: CitedRecord) -> CitedText:
    """Firms whose separations stand out, or why none is named."""
    if record.get("/sample/movers_withheld"):
        return sentence("上报的企业太少，按保密规则不逐户列示。")
    unusual = [
        sentence(
            "{firm}减员{count}人（以往约{usual}人）",
            firm=record.cite(f"/sample/abnormal/{key}/firm"),
            count=record.cite(f"/sample/abnormal/{key}/separations", "plain"),
            usual=record.cite(f"/sample/abnormal/{key}/expected", "plain"),
        )
        for key in record.get("/sample/abnormal") or {}
    ]
    if record.get("/sample/abnormal_withheld"):
        count = record.cite("/sample/abnormal_withheld", "plain")
        unusual.append(sentence("另有{count}家按保密规则不逐户列示", count=count))
    if not unusual:
        return ()
    return sentence("减员明显超出以往的有：{firms}，请核实。", firms=join(unusual))


def _shown(record: CitedRecord) -> bool:
    part = record.get("/sample")
    return part is not None and not part.get("reason")


def sample(record: CitedRecord) -> list[Block]:
    """监测企业用工: totals, like for like, firms that stand out."""
    if record.get("/sample") is None:
        return []
    head = Heading(("监测企业用工情况",))
    if not _shown(record):
        return [head, Paragraph(sentence("{why}。", why=record.cite("/sample/reason")))]
    said = join([_overall(record), _abnormal(record)], "")
    return [head, Paragraph(said)]


def sample_annex(record: CitedRecord) -> list[Block]:
    """Rates, industries, largest movers, separations by cause and by type."""
    if not _shown(record):
        return []
    divided = [*_by(record, "causes", "原因"), *_by(record, "types", "类型")]
    return [
        *_industries(record),
        *_rates(record),
        *_movers(record),
        _without_largest(record),
        *divided,
    ]
