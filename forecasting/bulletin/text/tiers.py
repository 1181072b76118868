"""Who set a target, in the words of the place that reports."""

from __future__ import annotations

import re
from collections.abc import Mapping

from employment_forecast.data.targets import TIER_NAMES

# A city within a city has no 区 of its own, and its 市 could be either.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "市": {"municipal": "上级", "district": "本市"},
    "县": {"district": "县"},
    "镇": {"municipal": "上级", "district": "上级"},
    "道": {"municipal": "市", "district": "区"},
}
_CAP = re.compile(rf"({TIER_NAMES['municipal']}|{TIER_NAMES['district']})(?=控制数|目标)")
_TIERS = {TIER_NAMES[tier]: tier for tier in ("municipal", "district")}


def tier_word(region: str, tier: str) -> str:
    """Who set a target: 市 and 区 in a district, 上级 and 本市 in a city, 国家 anywhere."""
    return _WORDS.get(region[-1:], {}).get(tier, TIER_NAMES[tier])


def cap_words(region: str, tier: str) -> str:
    """A cap by who set it: 市控制数, 本市控制数, 国家预期目标."""
    # The Government Work Report sets an expected target, not a cap that is handed down.
    return f"{tier_word(region, tier)}{'预期目标' if tier == 'national' else '控制数'}"


def retold(region: str, text: str) -> str:
    """A text written for any place, in the words of this one."""
    return _CAP.sub(lambda match: tier_word(region, _TIERS[match[1]]), text)
