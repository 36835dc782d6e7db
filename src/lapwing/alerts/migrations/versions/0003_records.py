"""Incidents have a record that is only added to, in place of steps that each replay wrote anew; and maintenance windows.

What was told becomes the first lines of the records; incidents keep their ids, and their causes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # SQLite makes a table anew to change its keys, and dropping the old one takes along what hangs on it.
    op.execute("create temporary table kept_step as select * from step")
    op.execute("create temporary table kept_cause as select * from cause")
    op.drop_table("step")
    op.drop_table("cause")
    with op.batch_alter_table("incident", recreate="always", table_args=(_key(),)) as table:
        table.drop_column("resolved")
        table.add_column(sa.Column("about", sa.Text, nullable=False, server_default="{}"))
    with op.batch_alter_table("incident") as table:
        table.alter_column("about", server_default=None)
    _cause()
    op.execute("insert into cause select * from kept_cause")
    op.create_table(
        "line",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("incident", sa.Integer, sa.ForeignKey("incident.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("recorded", sa.BigInteger, nullable=False),
        sa.Column("bucket", sa.BigInteger),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.UniqueConstraint("incident", "number"),
    )
    op.execute(
        "insert into line (incident, number, kind, at, recorded, bucket, who, data) "
        "select incident, row_number() over (partition by incident order by at, id), kind, at, at, bucket, '', '{}' "
        "from kept_step"
    )
    op.execute("drop table kept_step")
    op.execute("drop table kept_cause")
    op.execute("delete from run")  # nobody knows how far they knew the data
    with op.batch_alter_table("run") as table:
        table.add_column(sa.Column("covered", sa.BigInteger, nullable=False))
    op.create_table(
        "maintenance",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("monitors", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("removed", sa.BigInteger),
        sa.Column("removed_by", sa.Text, nullable=False),
    )


def _key() -> sa.UniqueConstraint:
    return sa.UniqueConstraint("monitor", "series", "direction", "opened")


def _cause() -> None:
    op.create_table(
        "cause",
        sa.Column("incident", sa.Integer, sa.ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("until", sa.BigInteger, primary_key=True),
        sa.Column("found", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for name in ("maintenance", "line", "cause", "incident"):
        op.drop_table(name)  # what people did has no place in the old tables
    op.execute("delete from run")
    with op.batch_alter_table("run") as table:
        table.drop_column("covered")
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("monitor", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("direction", sa.Integer, nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("resolved", sa.BigInteger),
        sa.UniqueConstraint("monitor", "definition", "series", "direction", "opened"),
    )
    op.create_index("incident_opened", "incident", ["opened"])
    op.create_table(
        "step",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("incident", sa.Integer, sa.ForeignKey("incident.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("bucket", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
    )
    op.create_index("ix_step_incident", "step", ["incident"])
    _cause()
