"""Follows, runs, incidents and their steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "follow",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("grain", sa.Text, nullable=False),
        sa.Column("slice", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "run",
        sa.Column("monitor", sa.Text, primary_key=True),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("watermark", sa.BigInteger, nullable=False),
        sa.Column("finished", sa.BigInteger, nullable=False),
        sa.Column("series", sa.Integer, nullable=False),
        sa.Column("judged", sa.BigInteger, nullable=False),
        sa.Column("arrays", sa.LargeBinary, nullable=False),
    )
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
    op.create_table(
        "cause",
        sa.Column("incident", sa.Integer, sa.ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("until", sa.BigInteger, primary_key=True),
        sa.Column("found", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for table in ("cause", "step", "incident", "run", "follow"):
        op.drop_table(table)
