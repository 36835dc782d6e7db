"""What the first look at every slice remembers, in the state database: its parts, each kept once for as long as it is true."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lapwing.alerts.checkpoints import newest
from lapwing.alerts.sweep.kept import Remembering
from lapwing.alerts.sweep.parts import HEAD
from lapwing.alerts.tables import ScreenRow


def kept(session: Session, monitor: str) -> frozenset[int]:
    """After how many buckets something is kept."""
    return frozenset(session.scalars(sa.select(ScreenRow.buckets).where(*_part(monitor, HEAD))))


def parts(session: Session, monitor: str, buckets: int, names: Collection[str]) -> dict[str, bytes]:
    """Parts as they were after so many buckets: of each name the newest that is not later."""
    found: dict[str, bytes] = {}
    for name in names:
        chosen = sa.select(ScreenRow.data).where(*_part(monitor, name), ScreenRow.buckets <= buckets)
        data = session.scalar(chosen.order_by(ScreenRow.buckets.desc()).limit(1))
        if data is not None:
            found[name] = data
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
            session.execute(sa.delete(ScreenRow).where(*_part(monitor, part), ScreenRow.buckets.in_(gone)))


def _part(monitor: str, name: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return ScreenRow.monitor == monitor, ScreenRow.part == name
