"""What is one question, and what is another."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.query.results.conftest import Asked

from lapwing.query.results.key import key_of

BLANKS = st.sampled_from([" ", "\n", "\t ", "  ", " /* so */ ", " -- said\n"])
CASES = st.sampled_from([str.lower, str.upper, str.title])
TEXT = "select a, count(*) as n from lite.t where a > 1 and b like 'X y%' group by a having count(*) > 0 order by n limit 7"
WORDS = re.compile(r"'[^']*'|\w+(?:\.\w+)?|\S")
KEYWORDS = {"select", "as", "from", "where", "and", "like", "group", "by", "having", "order", "limit"}


def key(asked: Asked, text: str, zone: str = "UTC") -> str | None:
    lapwing = asked.lapwing
    return key_of(lapwing.sql.ready(text, zone=zone), {}, lapwing.project.sources)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_spaces_comments_and_keywords_do_not_count(asked: Asked, data: st.DataObject) -> None:
    words = (data.draw(CASES)(word) if word in KEYWORDS else word for word in WORDS.findall(TEXT))
    assert key(asked, "".join(word + data.draw(BLANKS) for word in words)) == key(asked, TEXT)


LITERALS = st.one_of(
    st.integers(0, 99).map(str),
    st.decimals(0, 9, places=2).map(str),
    st.text("aA 'é", max_size=4).map(lambda text: "'" + text.replace("'", "''") + "'"),
    st.sampled_from(["1.0", "1.00", "1e0", "1", "'1'", "null", "true", "1::int", "1::bigint", "date '2020-01-01'"]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LITERALS, LITERALS)
def test_other_values_are_other_questions(asked: Asked, one: str, other: str) -> None:
    first, second = (key(asked, f"select a, {value} as x from lite.t") for value in (one, other))
    assert (first == second) is (one == other)


def test_whatever_else_counts(asked: Asked) -> None:
    texts = [
        "select a from lite.t",
        "select a from duck.t",
        "select a from files.t",
        "select a as b from lite.t",
        "select b as a from lite.t",
        "select a from lite.t limit 1",
        "select distinct a from lite.t",
        "select a from lite.t order by 1",
        "select a from lite.t order by 1 desc",
        "select a from lite.t union all select 1",
        "select a from lite.t union select 1",
        "select a from lite.t where b = 'x'",
        "select a from lite.t where b = 'X'",
    ]
    keys = [key(asked, text) for text in texts] + [key(asked, texts[0], zone="Europe/Berlin")]
    assert len(set(keys)) == len(keys)
