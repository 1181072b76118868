"""The page of measured figures: every result file of the benchmarks, as it stands there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCHMARK = ROOT / "experiments" / "benchmark"
# Question, and the file that answers it; what has no file has not been measured.
QUESTIONS = (
    ("Accuracy against peers, coverage, cap events, cost", "RESULTS.md"),
    ("Warnings, replayed on national figures", "WARNINGS.md"),
    ("What declaring an event is worth", "SHOCKS.md"),
    ("What choice, gate, lines and calibration promise", "decisions/RESULTS.md"),
    ("The month in progress", "nowcast/RESULTS.md"),
    ("Short series, and panels other than the one tuned on", "transfer/RESULTS.md"),
    ("Parts and whole", "hierarchy/RESULTS.md"),
    ("Many regions: time, memory, disk", "scale/RESULTS.md"),
    ("Kills and mutations", "robustness/RESULTS.md"),
)


def result_files() -> list[str]:
    """Result files there are, those that answer a question first."""
    named = [name for _, name in QUESTIONS if (BENCHMARK / name).is_file()]
    others = sorted(f.relative_to(BENCHMARK).as_posix() for f in BENCHMARK.rglob("*.md"))
    return [*named, *(name for name in others if name not in named)]


def changed(name: str) -> str:
    """Day on which a result file was last changed; empty outside a clone."""
    words = ["git", "log", "-1", "--format=%cs", "--", str(BENCHMARK / name)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def page() -> str:
    """A table of questions, then every file with its headings one level down."""
    rows = ["| Question | Result file | Changed |\n| --- | --- | --- |\n"]
    there = result_files()
    for question, name in QUESTIONS:
        file = f"`{name}`" if name in there else "not measured"
        rows.append(f"| {question} | {file} | {changed(name) if name in there else ''} |\n")
    parts = ["".join(rows)]
    for name in there:
        text = (BENCHMARK / name).read_text("utf-8").strip()
        parts.append(re.sub(r"^#", "##", text, flags=re.MULTILINE))
        parts.append(f"*From `experiments/benchmark/{name}`.*")
    return "\n\n".join(parts) + "\n"
