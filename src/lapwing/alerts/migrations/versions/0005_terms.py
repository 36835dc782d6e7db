"""What somebody who follows a metric chose: dimensions to split by, how unusual it must be, how much it must differ."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("follow", sa.Column("terms", sa.Text, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("follow", "terms")
