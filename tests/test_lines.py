"""What is said to be executed was executed."""

import ast
from contextlib import suppress

import pytest
from support.lines import NAME, mark

PROGRAM = '''"""Text."""
from __future__ import annotations

def answer(question):
    """Text."""
    first = 1
    match question:
        case "matched":
            return first
        case _:
            pass
    try:
        second = 1 / question
        third = second
    except ZeroDivisionError:
        third = 0
    else:
        second = 0
    if third:
        return second
    while third:
        pass
    return third

def decorated(function):
    return function

@decorated
@decorated
def undecorated():
    raise ValueError
'''
TEXT = {1, 5}  # which coverage does not count


def executed(call: str) -> set[int]:
    """Lines that a call marks, without those of the import."""
    tree = ast.parse(PROGRAM)
    meanings = mark(tree)
    marks = dict.fromkeys(meanings, 0)
    names = {NAME: marks}
    exec(compile(tree, "program", "exec"), names)
    marks.update(dict.fromkeys(meanings, 0))
    with suppress(ValueError):
        eval(call, names)
    return {line for number, said in marks.items() if said for line in meanings[number]} - TEXT


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        ("answer('matched')", {6, 7, 8, 9}),
        ("answer(2)", {6, 7, 10, 11, 12, 13, 14, 18, 19, 20}),
        # What was broken off is not counted: the division.
        ("answer(0)", {6, 7, 10, 11, 12, 15, 16, 19, 21, 23}),
        ("undecorated()", {31}),
    ],
)
def test_marks_tell_the_lines_of_a_call(call, lines):
    assert executed(call) == lines


def test_an_import_executes_what_stands_outside_functions():
    tree = ast.parse(PROGRAM)
    meanings = mark(tree)
    marks = {}
    exec(compile(tree, "program", "exec"), {NAME: marks})
    executed = {line for number in marks for line in meanings[number]} - TEXT
    assert executed == {2, 4, 25, 26, 28, 29, 30}  # line 26 for the decorators
