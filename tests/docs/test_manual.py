"""The manual says everything there is to say, and what it tells the reader to type works."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from pkgutil import resolve_name

import click
import pytest
from support.shared import made_once

from employment_forecast.cli.main import cli
from employment_forecast.data.errors import EXIT_CODES, LEVEL_EXIT_CODES
from employment_forecast.data.imports.checks import CHECKS
from employment_forecast.data.records import READING_CHECKS
from employment_forecast.data.workspace.settings import KEYS

DOCS = Path(__file__).resolve().parents[2] / "docs"
sys.path.insert(0, str(DOCS / "tools"))

import calls  # noqa: E402
import generated  # noqa: E402
import pages  # noqa: E402

SOURCES = sorted(
    f for f in DOCS.rglob("*.md") if not {"_build", "generated"} & set(f.relative_to(DOCS).parts)
)
WITH_EXAMPLES = [f for f in SOURCES if pages.blocks(f.read_text("utf-8"))]
# The same pages in seconds: floors only, few origins.
CHEAP = '[run]\norigins = 8\npaths = 200\njobs = 1\nmodels = ["random_walk"]\n\n'


def test_every_command_and_option_is_in_the_reference():
    reference = generated.commands()
    for path, command in generated.walk():
        assert f"# {path}\n" in reference
        assert command.help, path
        for each in command.get_params(click.Context(command)):
            if isinstance(each, click.Option) and "--help" not in each.opts:
                assert each.help, f"{path} {each.opts}"
                assert each.help in reference, f"{path} {each.opts}"
                assert all(f"`{flag}`" in reference for flag in each.opts)


def test_every_setting_exit_code_and_check_is_in_the_reference():
    settings = generated.settings()
    for key in KEYS:
        assert f"| `{key.name}` |" in settings
        assert key.meaning in settings
    codes = generated.exit_codes()
    for code, meaning in EXIT_CODES.items():
        assert f"| `{code}` | {meaning} |" in codes
    for code in LEVEL_EXIT_CODES.values():
        assert f"| `{code}` |" in codes
    checks = generated.checks_markdown()
    for info in (*READING_CHECKS, *(check.info for check in CHECKS)):
        assert f"`{info.name}`" in checks


def test_every_generated_page_is_shown_somewhere():
    text = "".join(f.read_text("utf-8") for f in SOURCES)
    for name in generated.PAGES:
        assert f"generated/{name}.md" in text, name


def test_every_environment_variable_is_documented(root):
    used: set[str] = set()
    for floor in ("cli", "data", "experiments", "forecasting", "features", "models"):
        for file in (root / floor).rglob("*.py"):
            used |= set(re.findall(r'"(FORECAST_[A-Z_]+)"', file.read_text("utf-8")))
    text = "".join(f.read_text("utf-8") for f in SOURCES)
    assert "FORECAST_HOME" in used
    assert {name for name in used if f"`{name}`" not in text} == set()


def test_every_command_names_the_library_call_that_equals_it():
    executed = {
        path.removeprefix("forecast ")
        for path, command in generated.walk()
        if not isinstance(command, click.Group) or command.invoke_without_command
    } - {"forecast"}
    assert set(calls.CALLS) == executed
    for call in {call for named in calls.CALLS.values() for call in named}:
        assert resolve_name(f"employment_forecast.{call}") is not None


def test_links_between_pages_lead_somewhere():
    broken = [
        f"{file.relative_to(DOCS)}: {target}"
        for file in SOURCES
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", file.read_text("utf-8"))
        if not (file.parent / target).exists()
    ]
    assert broken == []


def demand_known(words: list[str]) -> None:
    """Have a command line parsed as far as click does it, and no command called."""
    name, command, rest, context = words[0], cli, words[1:], None
    while True:
        context = command.make_context(name, list(rest), parent=context)
        left = [*context._protected_args, *context.args]
        if not (isinstance(command, click.Group) and left):
            return
        name, command, rest = command.resolve_command(context, left)


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda f: f.relative_to(DOCS).as_posix())
def test_every_command_and_option_on_a_page_exists(page):
    for block in pages.blocks(page.read_text("utf-8")):
        for words in block.commands if block.kind == "run" else ():
            if words[0] == "forecast" and block.exit_code == 0:
                demand_known(words)


def environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
    return {**kept, "FORECAST_HOME": str(home), "FORECAST_TODAY": pages.TODAY, "LANG": "C.UTF-8"}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, databases, forks):
    """A workspace in which the nation has been run."""

    def make(folder: Path) -> None:
        shutil.copytree(databases, folder, dirs_exist_ok=True)
        (folder / "forecast.toml").write_text(CHEAP, "utf-8")
        code, *_ = forks.run(
            ["forecast", "run", "--region", "全国"], environment(folder), folder, 600
        )
        assert code == 0

    return made_once(tmp_path_factory, "manual", make)


# The longest, whose commands are tested by themselves; the build of the manual runs them all.
LONG = (
    "bulletin.md", "start.md", "monthly.md", "site.md", "warnings.md", "targets.md",
    "scenarios.md", "own-data.md", "parts.md", "nowcast.md", "versions.md",
)  # fmt: skip
PAGES = [
    pytest.param(
        page,
        marks=pytest.mark.soak if page.name in LONG else (),
        id=page.relative_to(DOCS).as_posix(),
    )
    for page in WITH_EXAMPLES
]


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_tells_to_type_works(page, prepared, tmp_path, forks):
    home = tmp_path / "w"
    shutil.copytree(prepared, home)
    settings = home / "forecast.toml"

    def execute(words: list[str], folder: Path) -> tuple[int, str]:
        assert words[0] == "forecast"
        if not settings.read_text("utf-8").startswith(CHEAP):
            settings.write_text(CHEAP + settings.read_text("utf-8"), "utf-8")
        code, out, err = forks.run(words, environment(home), folder, 600)
        return code, (out + err).decode()

    blocks = pages.blocks(page.read_text("utf-8"))
    for block, (code, output) in zip(blocks, pages.run_page(blocks, home, execute), strict=True):
        assert code == block.exit_code, f"{block.text}\n{output}"
