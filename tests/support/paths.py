"""Where things lie in the checkout."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
# Office files with the values they hold, and records of bulletins that earlier releases made.
FIXTURES = TESTS / "data" / "fixtures"
