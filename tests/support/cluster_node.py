"""A scheduler or a worker for tests, whose trial takes no time: `cluster_node.py KIND ARGUMENTS`.

The last argument is what its trial is said to have given, so that a test can make one that differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from employment_forecast.data.errors import ForecastError
from employment_forecast.experiments.cluster import fingerprint, nodes

TRIAL = "equal"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    kind, where, number, certificates, trial = sys.argv[1:]
    fingerprint.trial = lambda: trial  # type: ignore[assignment]
    folder = Path(certificates) if certificates else None
    try:
        if kind == "scheduler":
            nodes.serve_scheduler(where, int(number), folder, say)
        else:
            nodes.serve_workers(where, int(number), folder, say)
    except ForecastError as error:
        say(f"错误：{error}")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
