"""What the first look at every slice remembers, in the state database: its parts, each kept once for as long as it is true."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lapwing.alerts.checkpoints import newest
from lapwing.alerts.sweep.kept import Remembering
from lapwing.alerts.sweep.parts import HEAD, Part
from lapwing.alerts.tables import ScreenRow


def kept(session: Session, monitor: str) -> frozenset[int]:
    """After how many buckets something is kept."""
    return frozenset(
        session.scalars(sa.select(ScreenRow.buckets).where(ScreenRow.monitor == monitor, ScreenRow.part == HEAD))
    )


def parts(session: Session, monitor: str, wanted: Iterable[Part]) -> dict[str, bytes]:
    """Parts by name; those that are not there are left out."""
    found: dict[str, bytes] = {}
    for name, buckets in wanted:
        row = session.get(ScreenRow, (monitor, name, buckets))
        if row is not None:
            found[name] = row.data
            session.expunge(row)
    return found


def keep(session: Session, monitor: str, screen: Remembering) -> None:
    """Keeps what is new, and of the old what is still true and still used."""
    mine = ScreenRow.monitor == monitor
    session.execute(sa.delete(ScreenRow).where(mine, ScreenRow.buckets > screen.same))
    for buckets, made in screen.made.items():
        session.execute(
            sa.insert(ScreenRow),
            [{"monitor": monitor, "part": name, "buckets": buckets, "data": data} for name, data in made.items()],
        )
    there: dict[str, list[int]] = {}
    for part, buckets in session.execute(sa.select(ScreenRow.part, ScreenRow.buckets).where(mine)):
        there.setdefault(part, []).append(buckets)
    stops = screen.wanted.intersection(there.get(HEAD, ()))
    for part, of in there.items():
        used = stops if part == HEAD else {newest(of, stop) for stop in stops}
        gone = [one for one in of if one not in used]
        if gone:
            session.execute(sa.delete(ScreenRow).where(mine, ScreenRow.part == part, ScreenRow.buckets.in_(gone)))
