"""Replays name the version of the data they were over, not only how far it reached: data may be restated, too.

Kept replays are dropped, since nobody knows their version: they are made again. Incidents keep their ids.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("delete from run")
    with op.batch_alter_table("run") as table:
        table.drop_column("watermark")
        table.add_column(sa.Column("data", sa.Text, nullable=False))


def downgrade() -> None:
    op.execute("delete from run")
    with op.batch_alter_table("run") as table:
        table.drop_column("data")
        table.add_column(sa.Column("watermark", sa.BigInteger, nullable=False))
