"""The annex 检验、数据和模型说明."""

from __future__ import annotations

from collections.abc import Callable

from employment_forecast.forecasting.bulletin.text.blocks import Block, Paragraph
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.sections.overview import MARKET
from employment_forecast.forecasting.bulletin.text.sections.people import GRADUATES
from employment_forecast.forecasting.bulletin.text.sections.warning import review
from employment_forecast.forecasting.bulletin.text.wording import amount
from employment_forecast.models.roster import POOLED

SHOWN_GAPS = 6
_SHARED = (
    "预测按其他地区的共同走势作了修正；其他地区此后的数据使各月预测变动不到千分之一"
    "（比率为末位的一半）时，不重做。"
)
_DEMO = "本月报含演示数据，不得作为决策依据。"


def _revised(record: CitedRecord, code: str) -> CitedText:
    pointer = f"/notes/series/{code}"
    unit, digits = record.get(f"{pointer}/unit"), record.get(f"{pointer}/decimals")
    return join(
        [
            sentence(
                "{name}{month}由{before}修订为{after}（{day}）",
                name=record.cite(f"{pointer}/name"),
                month=record.cite(f"{pointer}/revisions/{m}/month", "month"),
                before=amount(record, f"{pointer}/revisions/{m}/before", unit, digits),
                after=amount(record, f"{pointer}/revisions/{m}/after", unit, digits),
                day=record.cite(f"{pointer}/revisions/{m}/published_on", "day"),
            )
            for m in record.get(f"{pointer}/revisions")
        ]
    )


def _runs(months: list[str]) -> list[tuple[int, int]]:
    """First and last position of each run of months that follow one another within a year."""
    runs: list[tuple[int, int]] = []
    for at, month in enumerate(months):
        begin, last = runs[-1] if runs else (0, -1)
        before = months[last] if runs else ""
        if before[:4] == month[:4] and int(before[5:]) + 1 == int(month[5:]):
            runs[-1] = (begin, at)
        else:
            runs.append((at, at))
    return runs


def _gaps(record: CitedRecord, code: str) -> CitedText:
    pointer = f"/notes/series/{code}"
    if record.get(f"{pointer}/stale"):
        return ()  # told of as no longer published
    runs = _runs(record.get(f"{pointer}/gaps"))
    spans = [
        sentence(
            "{first}{last}",
            first=record.cite(f"{pointer}/gaps/{a}", "month" if a == b else "from_month"),
            last=sentence("—{m}", m=record.cite(f"{pointer}/gaps/{b}", "month_of_year"))
            if b > a
            else (),
        )
        for a, b in runs[:SHOWN_GAPS]
    ]
    return sentence(
        "{name}缺{months}{more}",
        name=record.cite(f"{pointer}/name"),
        months=join(spans, "、"),
        more="等" if len(runs) > SHOWN_GAPS else "",
    )


def _breaks(record: CitedRecord, code: str) -> CitedText:
    pointer = f"/notes/series/{code}"
    return join(
        [
            sentence(
                "{name}自{month}起口径变化，环比、同比不跨该月",
                name=record.cite(f"{pointer}/name"),
                month=record.cite(f"{pointer}/breaks/{m}/month", "month"),
            )
            for m in record.get(f"{pointer}/breaks")
        ]
    )


def _summed(record: CitedRecord, code: str) -> CitedText:
    pointer = f"/notes/series/{code}"
    return sentence(
        "{name}（{notes}）",
        name=record.cite(f"{pointer}/name"),
        notes=join(
            [
                (record.cite(f"{pointer}/summed/{n}"),)
                for n in range(len(record.get(f"{pointer}/summed")))
            ]
        ),
    )


def _overdue(record: CitedRecord, code: str) -> CitedText:
    pointer = f"/notes/series/{code}"
    return sentence(
        "{name}{month}",
        name=record.cite(f"{pointer}/name"),
        month=record.cite(f"{pointer}/overdue", "month"),
    )


def _stale(record: CitedRecord, code: str) -> CitedText:
    pointer = f"/notes/series/{code}"
    return sentence(
        "{name}长期没有新数据，最新为{month}，本期不列",
        name=record.cite(f"{pointer}/name"),
        month=record.cite(f"{pointer}/stale", "month"),
    )


def _remarks(record: CitedRecord) -> list[Block]:
    """Revisions, gaps, delays, breaks, estimated days, failed models: those that there are."""
    series = record.get("/notes/series") or {}
    kinds = (
        ("修订", "revisions", _revised),
        ("缺月", "gaps", _gaps),
        ("按惯例应已公布而未入库", "overdue", _overdue),
        ("停更", "stale", _stale),
        ("口径", "breaks", _breaks),
        ("汇总", "summed", _summed),
    )
    blocks: list[Block] = []
    for label, key, tell in kinds:
        # Bulletins of earlier releases know of no sums.
        said = [t for t in (tell(record, c) for c in series if series[c].get(key)) if t]
        if said:
            blocks.append(Paragraph(sentence("{label}：{said}。", label=label, said=join(said))))
    estimated = [
        (record.cite(f"/notes/series/{c}/name"),) for c in series if series[c]["estimated"]
    ]
    if estimated:
        names = "各指标" if len(estimated) == len(series) else join(estimated, "、")
        blocks.append(
            Paragraph(
                sentence(
                    "{names}的部分发布日期按惯例推算（月末加发布滞后），据此所作的回测为准实时回测。",
                    names=names,
                )
            )
        )
    failed = [
        sentence(
            "{label}（{why}）",
            label=record.cite(f"/notes/failed/{m}/label"),
            why=record.cite(f"/notes/failed/{m}/failure"),
        )
        for m in record.get("/notes/failed") or {}
    ]
    if failed:
        listed = join(failed, "、")
        blocks.append(Paragraph(sentence("未得出预测的参赛模型：{said}。", said=listed)))
    return blocks


# Parts of the record that a region may not have, with what is said of one that is not there.
_ABSENT: tuple[tuple[str, Callable[[CitedRecord], bool]], ...] = (
    ("市场供求数据", lambda r: not any(c in (r.get("/series") or {}) for c in MARKET)),
    ("重点群体数据", lambda r: not set(r.get("/people") or {}) - {GRADUATES}),
    ("高校毕业生数据", lambda r: GRADUATES not in (r.get("/people") or {})),
    ("监测企业数据", lambda r: r.get("/sample") is None),
    ("控制数以外的计划目标", lambda r: not r.get("/progress")),
    ("可供检验的上月预测", lambda r: r.get("/review/forecast") is None),
    ("此前发布的预警", lambda r: not r.get("/review/warnings")),
    ("数据修订", lambda r: not _any_note(r, "revisions")),
    ("缺月", lambda r: not _any_note(r, "gaps")),
    ("逾期未到的数据", lambda r: not _any_note(r, "overdue")),
)


def _any_note(record: CitedRecord, key: str) -> bool:
    return any(row[key] for row in (record.get("/notes/series") or {}).values())


def explanation(record: CitedRecord) -> list[Block]:
    """How the past did, what a reader must know of the data, and what is not there."""
    blocks: list[Block] = [*review(record), *_remarks(record)]
    absent = [name for name, missing in _ABSENT if missing(record)]
    if absent:
        blocks.append(Paragraph(sentence("本期没有：{names}。", names="、".join(absent))))
    if record.get("/demo"):
        blocks.append(Paragraph(sentence(_DEMO)))
    return blocks


def model(record: CitedRecord) -> list[Block]:
    """What made the forecast, how it was tested, the data behind it."""
    program = record.cite("/program")
    day = record.cite("/as_of", "day")
    last = sentence("本月报以{day}所知数据编制，程序版本{program}。", day=day, program=program)
    if record.get("/outlook/status") not in ("champion", "candidate"):
        return [Paragraph(last)]
    made = sentence(
        "{status}模型：{label}（{model}），登记名{name}，第{version}版；数据自{start}至{origin}，"
        "模拟路径{paths}条，随机种子{seed}，回测检验到今后{tested}个月。",
        status="现役" if record.get("/outlook/status") == "champion" else "候选",
        label=record.cite("/outlook/label"),
        model=record.cite("/outlook/model"),
        name=record.cite("/outlook/registered_name"),
        version=record.cite("/outlook/version"),
        start=record.cite("/outlook/data_start", "month"),
        origin=record.cite("/outlook/origin", "month"),
        paths=record.cite("/outlook/paths", "plain"),
        seed=record.cite("/outlook/seed", "plain"),
        tested=record.cite("/outlook/tested_horizon", "plain"),
    )
    blocks: list[Block] = [Paragraph(made)]
    if record.get("/outlook/model") == POOLED:
        blocks.append(Paragraph(sentence(_SHARED)))
    coverage = record.get("/outlook/coverage80")
    if coverage is not None:
        scored = sentence(
            "回测{origins}个可比的预测起点，校准前{inner}%区间实际覆盖{covered}；",
            origins=record.cite("/outlook/evidence_origins"),
            inner=record.cite("/intervals/inner", "plain"),
            covered=record.cite("/outlook/coverage80", "per_cent"),
        )
        scored = sentence(
            "{scored}加权区间得分为{wis}（越小越好）。",
            scored=scored,
            wis=record.cite("/outlook/wis"),
        )
        blocks.append(Paragraph(scored))
    fingerprint = sentence("数据指纹{print}。", print=record.cite("/outlook/data_fingerprint"))
    return [*blocks, Paragraph(last), Paragraph(fingerprint, note=True)]
