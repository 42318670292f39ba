"""Messages to series: threads, postings, versions, replies and review comments; pure."""

from typing import Final

RULES_VERSION: Final = 9
"""Version of the grouping rules: raised with every change to their results, so that indexes made under other rules regroup."""
