"""Judged series in chunks of buckets, and what the model remembered at some of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for table, number in (("run_chunk", "first"), ("run_checkpoint", "buckets")):
        op.create_table(
            table,
            sa.Column("monitor", sa.Text, sa.ForeignKey("run.monitor", ondelete="CASCADE"), primary_key=True),
            sa.Column(number, sa.Integer, primary_key=True),
            sa.Column("data", sa.LargeBinary, nullable=False),
        )


def downgrade() -> None:
    op.drop_table("run_checkpoint")
    op.drop_table("run_chunk")
