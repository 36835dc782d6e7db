"""MariaDB and MySQL. Sessions are in UTC, quote names by `"`, and do not fold subqueries."""

from __future__ import annotations

from lapwing.states.argument import Kind
from lapwing.states.dialects.numeric import Numeric

_CUT = {"year": "%Y-01-01", "month": "%Y-%m-01", "day": "%Y-%m-%d", "hour": "%Y-%m-%d %H:00:00"}
_PARTS = {
    "year": "YEAR({})",
    "quarter": "QUARTER({})",
    "month": "MONTH({})",
    "day": "DAYOFMONTH({})",
    "week": "WEEK({}, 3)",
    "doy": "DAYOFYEAR({})",
    "dow": "DAYOFWEEK({}) - 1",
    "isodow": "WEEKDAY({}) + 1",
    "hour": "HOUR({})",
    "minute": "MINUTE({})",
}


class MySql(Numeric):
    name = "mysql"
    bigint = "SIGNED"
    text_type = "CHAR"
    wide_sums = True
    settings = (
        "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,STRICT_ALL_TABLES'",
        "SET SESSION time_zone = '+00:00'",
        "SET SESSION optimizer_switch = 'derived_merge=off'",  # else a hash is taken once for each use of it
        "SET NAMES utf8mb4",
    )

    def divided(self, top: str, bottom: int) -> str:
        return f"({top} DIV {bottom})"

    def whole(self, x: str) -> str:
        return f"TRUNCATE({x}, 0)"

    def infinity(self, sign: str) -> str | None:
        return None

    def not_a_number(self, x: str) -> str | None:
        return None

    def microseconds(self, moment: str, zoned: bool) -> str:
        return f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {moment})"

    def days(self, day: str) -> str:
        return f"DATEDIFF({day}, '1970-01-01')"

    def time_cut(self, unit: str, x: str, kind: Kind) -> str:
        if unit == "week":
            raise self.refused("weeks", "those that begin before year 1 are null")
        if unit == "quarter":
            text = f"CONCAT(DATE_FORMAT({x}, '%Y-'), LPAD(QUARTER({x}) * 3 - 2, 2, '0'), '-01')"
        else:
            text = f"DATE_FORMAT({x}, '{_CUT[unit]}')"
        return f"CAST({text} AS DATETIME(6))"

    def time_part(self, part: str, x: str, kind: Kind) -> str:
        return _PARTS[part].format(f"CAST({x} AS DATETIME(6))")

    def day_of(self, moment: str) -> str:
        return f"CAST({moment} AS DATE)"

    def utc_clock(self, x: str) -> str:
        return x  # the session is in UTC

    def of_utc_clock(self, moment: str) -> str:
        return moment

    def moment(self, kind: Kind, text: str) -> str:
        return f"DATE '{text[:10]}'" if kind is Kind.DATE else f"TIMESTAMP '{text}'"

    def in_bytes(self, x: str) -> str:
        return f"CAST(CONVERT({x} USING utf8mb4) AS BINARY)"  # every collation of texts pads or folds

    def as_text(self, x: str) -> str:
        return f"CONVERT({x} USING utf8mb4)"

    def hash60(self, text: str) -> str:
        return f"CAST(CONV(LEFT(MD5(CONVERT({text} USING utf8mb4)), 15), 16, 10) AS SIGNED)"

    def by_time(self, kind: str, x: str, moment: str) -> str:
        raise self.refused(f"a {kind} value", "no aggregate of it orders by time")
