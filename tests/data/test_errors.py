"""Errors carry a remedy, a stable code and a documented exit status."""

from __future__ import annotations

import errno
import pickle

import pytest

from employment_forecast.data import errors
from employment_forecast.data.errors import (
    EXIT_CODES,
    ForecastError,
    as_forecast_error,
    nearest,
    suggestion,
)


def kinds() -> list[type[ForecastError]]:
    classes = [ForecastError]
    for kind in classes:
        classes += [k for k in kind.__subclasses__() if k not in classes]
    return classes


def test_every_exit_code_is_documented_once():
    constants = {v for k, v in vars(errors).items() if k.startswith("EXIT_") and k != "EXIT_CODES"}
    assert constants == set(EXIT_CODES)
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    for kind in kinds():
        assert kind.exit_code in EXIT_CODES


def test_codes_for_machines_are_distinct():
    codes = [kind.code for kind in kinds()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", kinds(), ids=lambda k: k.__name__)
def test_errors_cross_a_process_border_whole(kind):
    error = kind("某处不对。", "请这样做。")
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(back) is kind
    assert (back.message, back.hint, back.exit_code) == ("某处不对。", "请这样做。", kind.exit_code)
    assert str(back) == "某处不对。请这样做。"


@pytest.mark.parametrize(
    ("typed", "known", "first"),
    [
        ("嘉定新城", ["徐汇区", "嘉定", "上海市"], "嘉定"),
        ("310144", ["310104", "310114", "330683"], "310114"),
        ("horzion", ["origins", "horizon", "seed"], "horizon"),
        ("SARIMAX", ["theta", "sarima", "prophet"], "sarima"),
    ],
)
def test_nearest_word_comes_first(typed, known, first):
    assert nearest(typed, known)[0] == first


def test_nearest_gives_up_on_nonsense_and_keeps_the_count():
    assert nearest("zzzz", ["嘉定", "theta"]) == []
    assert nearest("", ["嘉定", "theta"]) == []
    assert len(nearest("a", [f"a{i}" for i in range(9)], count=3)) == 3
    assert nearest("Theta", ["theta", "theta"]) == ["theta"]


def test_suggestion_is_one_sentence_or_nothing():
    assert suggestion("嘉定县", ["嘉定区", "徐汇区"]).startswith("最接近的有：嘉定区")
    assert suggestion("zzzz", ["嘉定区"]) == ""


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, 6), (errno.EROFS, 6), (errno.EFBIG, 6), (errno.ENOENT, 1), (errno.EIO, 1)],
)
def test_a_full_disk_is_no_fault_of_the_program(number: int, code: int) -> None:
    plain = OSError(number, "…")
    wrapped = RuntimeError("a library failed")
    wrapped.__context__ = plain
    for error in (plain, wrapped):
        assert as_forecast_error(error).exit_code == code
    assert as_forecast_error(MemoryError()).exit_code == 6
    assert as_forecast_error(RuntimeError("can't start new thread")).exit_code == 6
    refused = errors.RefusedError("不行。", "请改。")
    assert as_forecast_error(refused) is refused
