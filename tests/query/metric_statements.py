"""Random statements over `metrics.events`, each twice: as it is written over metrics, and over the rows themselves, where a
metric is an aggregate and a SELECT groups by what it shows. Rows have `moment`, and `shown`, which is how the dataset's column
has it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

DATASET = """
dataset: events
table: files.events
time: %s
complete_after: 0 hours
joins:
  kinds: {table: own.kinds, on: {kind: id}, many_to_one: true}
dimensions:
  place: {}
  kind: {}
  good: {}
  small: {sql: kind < 2}
  kind_name: {column: kinds.name}
measures:
  events: {count: "*"}
  priced: {count: price}
  cheap: {count: "*", where: price < 1}
  units: {sum: units}
  money: {sum: price}
  good_money: {sum: price, where: good}
  least: {min: price}
  most: {max: units}
  average: {mean: units}
  places_seen: {distinct: place}
  filled: {min: units, fill: -7}
metrics:
  per_event: {ratio: units / events}
  share: {derived: cheap / priced - 0.5}
rollups:
  main: {grain: 15 minutes, dimensions: [place, kind, good, small, kind_name], partition: month}
  places: {grain: hour, dimensions: [place], partition: month, measures: [events, units, least]}
"""
METRICS = {
    "events": "count(*){}",
    "priced": "count(price){}",
    "cheap": "count(*) filter (where price < 1 and {})",
    "units": "coalesce(sum(units){}, 0)",
    "money": "coalesce(sum(price){}, 0)",
    "good_money": "coalesce(sum(price) filter (where good and {}), 0)",
    "least": "min(price){}",
    "most": "max(units){}",
    "average": "avg(units){}",
    "places_seen": "count(distinct place){}",
    "filled": "coalesce(min(units){}, -7)",
    "per_event": "coalesce(coalesce(sum(units){}, 0) / nullif(count(*){}, 0), 0)",
    "share": "(count(*) filter (where price < 1 and {}) / nullif(count(price){}, 0) - 0.5)",
}
OF_NOTHING = dict.fromkeys(("events", "priced", "cheap", "places_seen", "units", "money", "good_money", "per_event"), 0)
OF_NOTHING["filled"] = -7
"""Where the data is not complete yet these are null of no rows, and a sum by SQL is so anywhere."""
AGAIN = {
    "events": "count(*)",
    "priced": "sum({})",
    "units": "sum({})",
    "least": "min({})",
    "most": "max({})",
    "average": "avg({})",
}
"""Aggregates that say a measure once more."""
GRAINS = ("hour", "day", "week", "month", "quarter", "year")
WHOLE = ("UTC", "Europe/Berlin", "America/New_York")
"""Zones whose hours begin with those of UTC, as buckets do."""
ZONES = (*WHOLE, "Australia/Lord_Howe", "Asia/Kathmandu")
KEYS = (
    *("place", "kind", "good", "small", "kind_name"),
    *(
        "upper(place)",
        "coalesce(place, '-')",
        "nullif(kind, 1)",
        "kind % 2",
        "kind > 1",
        "left(place, 1)",
        "kind_name || 'x'",
    ),
    *(
        "case when good then place else 'x' end",
        "place in ('a', 'b')",
        "good is null",
        "concat(kind, place)",
        "kind + 1",
    ),
)
CONDITIONS = (
    *(
        "place = 'a'",
        "good",
        "not good",
        "kind > 1",
        "place is null",
        "kind in (1, 3)",
        "place not in ('a', 'ü')",
        "place like 'a%'",
    ),
    *(
        "(kind = 1 or good)",
        "not (kind = 1 and good)",
        "kind between 1 and 2",
        "place <> kind_name",
        "small",
        "kind_name < 'two'",
    ),
    *(
        "coalesce(good, true)",
        "good is distinct from true",
        "kind % 2 = 1",
        "kind_name is not null",
        "upper(place) = 'A'",
        "kind <> 2",
    ),
)
ASKED_FIRST = (
    "place in (select name from raw where id < 4)",
    "place not in (select name from raw where id > {n})",
    "kind = (select min(id) from raw where id > {n})",
    "kind > (select max(id) from raw where id < {n})",
    "exists (select 1 from raw r where r.id = {t}.kind)",
    "not exists (select 1 from raw r where r.name = {t}.place and r.id > 1)",
    "exists (select 1 from raw where id = {n})",
    "place in (values ('a'), (null), ('B'))",
    "place not in (values ('a'), ('b'))",
)
"""Conditions with subqueries over another source's table."""
TIMES = (
    *(
        "moment >= '2024-03-31'",
        "moment < '2024-04-01'",
        "moment between '2024-03-30 22:00' and '2024-04-07'",
        "moment > '2024-04-06 15:30'",
    ),
    *(
        "date_trunc('day', moment) = '2024-03-31'",
        "moment::date >= '2024-03-10'",
        "date_trunc('week', moment) < '2024-04-01'",
    ),
    *(
        "date_trunc('month', moment) between '2024-03-02' and '2024-04-01'",
        "moment <= '2024-04-06'",
        "'2024-04-01' <= moment",
    ),
    *(
        "date_trunc('hour', moment) > '2024-03-31 02:00'",
        "moment >= date '2024-04-08' - interval 9 days",
        "moment::date = '2024-04-07'",
    ),
)


@dataclass(frozen=True)
class Statement:
    """`metrics` over metrics, `rows` over rows; `ordered`: by all of what is shown; `limit`: of rows in no order, of which `rows`
    are all."""

    metrics: str
    rows: str
    zone: str
    ordered: bool
    limit: int | None = None


@dataclass
class Block:
    """One SELECT, in both ways: what it shows (with what it is called), by which of these it groups, and the rest of it."""

    shown: list[tuple[str, str, str]] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)
    where: str = ""
    rows_where: str = ""
    having: tuple[str, str] | None = None
    grouped: bool = False
    name: str = "events"

    def text(self, tail: str = "") -> str:
        listed = ", ".join(f"{one} as {name}" for one, _, name in self.shown)
        group = f" group by {', '.join(one for one, _ in self.keys)}" if self.grouped and self.keys else ""
        having = f" having {self.having[0]}" if self.having else ""
        alias = "" if self.name == "events" else f" {self.name}"
        return f"select {listed} from metrics.events{alias}{self.where}{group}{having}{tail}"

    def over_rows(self, tail: str = "") -> str:
        listed = ", ".join(f"{one} as {name}" for _, one, name in self.shown)
        group = f" group by {', '.join(one for _, one in self.keys)}" if self.keys else ""
        having = f" having {self.having[1]}" if self.having else ""
        return f"select {listed} from events as {self.name}{self.rows_where}{group}{having}{tail}"


class Generator:
    """The same statements for the same seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._zone, self._keyed = "", False

    def statement(self) -> Statement:
        """The next statement."""
        rng, zone = self._rng, self._rng.choice(ZONES)
        self._zone = zone
        kind = rng.random()
        if kind < 0.6:
            block = self._block()
            tail, ordered, limit = self._tail(len(block.shown))
            return Statement(block.text(tail), block.over_rows("" if limit is not None else tail), zone, ordered, limit)
        one, other = self._block(2), self._block(2)
        if kind < 0.7:
            word = rng.choice(("union all", "union", "except", "intersect"))
            few = min(len(one.shown), len(other.shown))
            shown = ", ".join(
                f"left(c{number}::varchar, 9)" for number in range(few)
            )  # of a float's last digits nothing is said
            form = f"select {shown} from ({{}}) {word} select {shown} from ({{}})"
        elif kind < 0.8:
            form = "with a as ({}), b as ({}) select a.*, b.* from a left join b on a.c0 is not distinct from b.c0"
            one, other = self._block(2, plain="place"), self._block(2, plain="place")
        elif kind < 0.9:
            form = "select m.*, r.name from ({}) m join raw r on m.c0 = r.id"
            one = self._block(2, plain="kind")
        else:
            form = "select count(*), max(c0), (select count(*) from ({1})) from ({0})"
        return Statement(
            form.format(one.text(), other.text()), form.format(one.over_rows(), other.over_rows()), zone, False
        )

    def _block(self, most: int = 3, plain: str | None = None) -> Block:
        rng = self._rng
        block = Block(name=rng.choice(("events", "e")), grouped=rng.random() < 0.5)
        keys = [plain] if plain else rng.sample(KEYS, rng.choice((0, 1, 1, 2, min(3, most))))
        both = [(self._cased(one, block), one) for one in keys]
        timed = rng.random() < 0.4
        if timed:
            time = self._time()
            both.append((time, "shown" if time == "moment" else time))
        self._keyed = bool(both)
        values = [self._value() for _ in range(rng.randint(1, 3))]
        shown = [*both, *values]
        if block.grouped and plain is None and len(both) > 1 and rng.random() < 0.3:
            shown.remove(rng.choice([one for one in both if one[0] != "moment"]))  # and yet it is grouped by
        if plain is None:
            rng.shuffle(shown)
        block.keys = both
        block.shown = [(one, other, f"c{number}") for number, (one, other) in enumerate(shown)]
        if rng.random() < 0.25 and both and ("moment", "shown") not in both:
            block.shown.append((*self._window(both), f"c{len(shown)}"))
        conditions = [rng.choice(TIMES) for _ in range(rng.choice((0, 0, 1, 2)))]
        if self._zone not in WHOLE:
            conditions = [one for one in conditions if "'hour'" not in one]
        conditions += [rng.choice(CONDITIONS) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
        if rng.random() < 0.2:
            conditions.append(rng.choice(ASKED_FIRST).format(t=block.name, n=rng.randint(0, 5)))
        if conditions:
            rng.shuffle(conditions)
            block.where = block.rows_where = f" where {' and '.join(conditions)}"
        if timed:  # buckets without rows are shown, too
            block.having = "events > 0", "count(*) > 0"
        if rng.random() < 0.3 and (both or block.where):
            what = rng.choice(("> 1", "< 3", "is not null", "<> 0", "is null", "between -5 and 5"))
            one, other = self._value()
            before = [f"{found} and " for found in block.having] if block.having else ["", ""]
            block.having = f"{before[0]}{one} {what}", f"{before[1]}{other} {what}"
        return block

    def _cased(self, key: str, block: Block) -> str:
        """Names may have the table's before them, and letters of any case."""
        if key.isidentifier() and self._rng.random() < 0.3:
            return self._rng.choice((f"{block.name}.{key}", key.upper(), f'"{key}"'))
        return key

    def _time(self) -> str:
        rng = self._rng
        grain = rng.choice(GRAINS if self._zone in WHOLE else GRAINS[1:])
        other = rng.choice(ZONES if grain != "hour" else WHOLE)
        return rng.choice(
            (
                f"date_trunc('{grain}', moment)",
                f"date_trunc('{grain}', moment)",
                "moment::date",
                f"date_trunc('{grain}', moment at time zone '{other}')",
                "moment",
            )
        )

    def _value(self, depth: int = 0) -> tuple[str, str]:
        """A metric, or what is reckoned with some."""
        rng = self._rng
        if depth < 2 and rng.random() < 0.15:
            (a, b), (c, d) = self._value(depth + 1), self._value(depth + 1)
            form = rng.choice(("{} + {}", "coalesce({}, {})", "greatest({}, {})", "{} * 2 - {}", "{} / nullif({}, 0)"))
            return f"({form.format(a, c)})", f"({form.format(b, d)})"
        name = rng.choice(list(METRICS))
        sql = METRICS[name]
        if rng.random() < 0.25:
            condition = rng.choice(CONDITIONS)
            written = f"measure({name}) filter (where {condition})"
            return self._filled(name, written), _kept(sql, condition)
        written = rng.choice((name, name.upper(), f"measure({name})", f"MEASURE({name})"))
        if name in AGAIN and rng.random() < 0.3:
            written = AGAIN[name].format(name)
        return self._filled(name, written), _kept(sql, None)

    def _filled(self, name: str, written: str) -> str:
        """What SQL has of no rows, where the metric says that it does not know."""
        if name in OF_NOTHING and not (self._keyed and METRICS[name].startswith("count")):
            return f"coalesce({written}, {OF_NOTHING[name]})"
        return written

    def _window(self, keys: list[tuple[str, str]]) -> tuple[str, str]:
        """Over the groups; the order is that of all keys, so that no two are alike."""
        (one, other), rng = self._value(2), self._rng
        orders = [f"{', '.join(found)}" for found in zip(*keys, strict=True)]
        part = rng.randrange(len(keys))
        form = rng.choice(
            (
                "rank() over (order by {v} desc)",
                "row_number() over (order by {v} nulls first, {o})",
                "sum({v}) over (partition by {p})",
                "lag({v}) over (order by {o})",
                "{v} / nullif(sum({v}) over (), 0)",
                "sum({v}) over (order by {o} rows between 2 preceding and current row)",
                "max({v}) over (partition by {p} order by {o})",
            )
        )
        return form.format(v=one, o=orders[0], p=keys[part][0]), form.format(v=other, o=orders[1], p=keys[part][1])

    def _tail(self, width: int) -> tuple[str, bool, int | None]:
        rng = self._rng
        if rng.random() < 0.5:
            words = ("", " desc", " nulls first", " desc nulls last", " desc nulls first")
            places = rng.sample(range(width), width)
            parts = [f"{one + 1}" if rng.random() < 0.5 else f"c{one}" for one in places]
            order = f" order by {', '.join(f'{part}{rng.choice(words)}' for part in parts)}"
            if rng.random() < 0.5:
                order += f" limit {rng.randint(0, 6)}"
                if rng.random() < 0.4:
                    order += f" offset {rng.randint(0, 4)}"
            return order, True, None
        if rng.random() < 0.2:
            limit = rng.randint(0, 5)
            return f" limit {limit}", False, limit
        return "", False, None


def _kept(sql: str, condition: str | None) -> str:
    """The aggregate of the rows that a condition keeps."""
    parts = sql.split("{}")
    made = parts[0]
    for part in parts[1:]:
        inside = made.endswith("and ")
        kept = f"({condition})" if condition else "true"
        made += (kept if inside else f" filter (where {kept})" if condition else "") + part
    return made
