"""Looking for signs in a statement's text without reading it: not inside of texts, quoted names and comments.

Each letter is passed once, whatever is left open, so that no text keeps anybody busy: where the end of something is not
there, it goes to the end.
"""

from __future__ import annotations

import re

_PASSED = r"""
      [eE]'(?:[^'\\]++|\\.|'')*+'?                                # text with escapes
    | '(?:[^']++|'')*+'?                                          # text
    | "(?:[^"]++|"")*+"?                                          # names
    | --[^\n]*+                                                   # comments
    | /\*.*?(?:\*/|\Z)
    | (?<![\w$])\$(?P<tag>[^\W\d]\w*+|)\$.*?(?:\$(?P=tag)\$|\Z)   # text in dollars
"""


def scanner(signs: str) -> re.Pattern[str]:
    """What finds `signs`, a verbose pattern of named groups, tried first. Its other matches are what is passed over: their last
    group is `tag` or none.

    >>> [found.lastgroup for found in scanner(r"(?P<mark>[?])").finditer("select '?', ? -- ?")]
    [None, 'mark', None]
    """
    return re.compile(f"{signs} | {_PASSED}", re.VERBOSE | re.DOTALL)
