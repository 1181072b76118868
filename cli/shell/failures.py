"""Every failure ends as one Chinese paragraph and a documented exit code, or as a JSON object."""

from __future__ import annotations

import json
import os
import sys
import traceback

import click

from employment_forecast.cli.shell.environment import utf8
from employment_forecast.cli.shell.punctuation import sentence


def exit_codes() -> dict[int, str]:
    """Exit codes with their Chinese meaning."""
    from employment_forecast.data.errors import EXIT_CODES

    return EXIT_CODES


def unknown_command(name: str, known: list[str], path: str) -> click.UsageError:
    """Error for a mistyped command."""
    from employment_forecast.data.errors import suggestion

    return click.UsageError(
        f"没有名为“{name}”的命令。{suggestion(name, known)}"
        f"可用 {path} --help 查看全部命令，forecast help 关键词 查找命令。"
    )


def report(code: str, message: str, hint: str, exit_code: int, as_json: bool) -> int:
    """Say what went wrong, on stderr or as JSON on stdout; returns the exit code."""
    from employment_forecast.data.files.visible import visible

    message, hint = visible(message, lines=True), visible(hint, lines=True)
    if as_json:
        error = {"code": code, "message": message, "hint": hint, "exit_code": exit_code}
        text = json.dumps({"error": error}, ensure_ascii=not utf8(sys.stdout), indent=2)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    else:
        sys.stderr.write(f"错误：{message}{hint}\n")
    return exit_code


def _unexpected(error: BaseException, as_json: bool) -> int:
    from employment_forecast.data.errors import as_forecast_error

    if os.environ.get("FORECAST_DEBUG"):
        traceback.print_exc()
    said = as_forecast_error(error)
    return report(said.code, said.message, said.hint, said.exit_code, as_json)


def run_and_translate(command: click.Command, arguments: list[str]) -> int:
    """Run a click command and turn whatever happens into an exit code."""
    from employment_forecast.data.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, ForecastError

    as_json = "--json" in arguments
    try:
        result = command.main(arguments, prog_name="forecast", standalone_mode=False)
        sys.stdout.flush()
    except ForecastError as error:
        return report(error.code, error.message, error.hint, error.exit_code, as_json)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stdout.write(error.format_message() + "\n")
        return EXIT_USAGE
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "forecast"
        return report(
            "usage",
            sentence(error.format_message()),
            "" if where == "forecast" else f"可用 {where} --help 查看用法。",
            EXIT_USAGE,
            as_json,
        )
    except click.ClickException as error:
        return report("usage", sentence(error.format_message()), "", EXIT_USAGE, as_json)
    except (KeyboardInterrupt, click.Abort):
        return report(
            "interrupted", "已中断。", "已写入的数据不受影响。", EXIT_INTERRUPTED, as_json
        )
    except BrokenPipeError:
        # The reader of a pipe went away (for example `| head`): not a fault of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except Exception as error:  # noqa: BLE001  # the last line of defence: no traceback for users
        return _unexpected(error, as_json)
    return result if isinstance(result, int) else EXIT_OK
