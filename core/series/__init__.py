"""Messages to series: threads, postings, versions, replies and review comments; pure."""

from typing import Final

RULES_VERSION: Final = 6
"""Version of the rules that group messages: raised with every change to what they group, so that indexes made under other rules regroup."""
