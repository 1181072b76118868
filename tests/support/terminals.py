"""Commands whose input and output are a terminal, with a person who answers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from support.paths import ROOT


def at_a_terminal(
    words: Sequence[str], variables: Mapping[str, str], answers: Mapping[str, str]
) -> tuple[int, str]:
    """Run a command at a terminal of 80 columns; answer each question when it has appeared.

    Returns the exit code and everything that stood on the terminal.
    """
    import pty

    ours, theirs = pty.openpty()
    environment = {**variables, "COLUMNS": "80", "TERM": "dumb"}
    process = subprocess.Popen(
        words, env=environment, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said, waiting, seen = b"", list(answers.items()), 0
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
        if waiting and (at := said.find(waiting[0][0].encode(), seen)) >= 0:
            seen = at + 1
            os.write(ours, f"{waiting.pop(0)[1]}\n".encode())
    os.close(ours)
    return process.wait(), said.decode("utf-8", "replace")
