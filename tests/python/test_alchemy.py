"""SQLAlchemy and pandas over lapwing.connect(), by a project and by a server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa
from tests.shop import ORDERS


@pytest.fixture(scope="module", name="engine", params=["project", "server"])
def _engine(request: pytest.FixtureRequest, shop: Path, address: str) -> Iterator[sa.Engine]:
    server = address.replace("http://", "lapwing://:a-long-secret@")
    engine = sa.create_engine(f"lapwing:///{shop}" if request.param == "project" else server)
    yield engine
    engine.dispose()


def test_reflection(engine: sa.Engine) -> None:
    seen = sa.inspect(engine)
    assert seen.get_schema_names() == ["files", "metrics", "places"]
    assert (seen.get_table_names(schema="files"), seen.get_view_names(schema="metrics")) == (["orders"], ["orders"])
    assert seen.has_table("towns", schema="places")
    assert not seen.has_table("town", schema="places")
    assert seen.get_table_comment("orders", schema="metrics") == {"text": "What was sold."}
    columns = [(one["name"], str(one["type"])) for one in seen.get_columns("orders", schema="files")]
    assert columns == [("at", "DATETIME"), ("shop", "VARCHAR"), ("town", "VARCHAR"), ("amount", "DOUBLE")]
    assert (
        seen.get_sequence_names()
        == seen.get_materialized_view_names(schema="metrics")
        == seen.get_temp_table_names()
        == []
    )
    assert (seen.get_foreign_keys("orders", schema="files"), seen.get_table_options("orders", schema="files")) == (
        [],
        {},
    )
    whole = sa.MetaData()
    whole.reflect(bind=engine, schema="metrics", views=True)
    assert list(whole.tables) == ["metrics.orders"]
    with pytest.raises(sa.exc.NoSuchTableError):
        sa.Table("nothing", sa.MetaData(), schema="files", autoload_with=engine)


def test_statements_of_its_own_making(engine: sa.Engine) -> None:
    orders = sa.Table("orders", sa.MetaData(), schema="files", autoload_with=engine)
    asked = (
        sa.select(orders.c.town.label("The Town"), sa.func.count().label("n"))
        .where(orders.c.shop.in_(["a", "b"]), orders.c["at"] < datetime(2024, 2, 1), orders.c.town.ilike("%N"))
        .group_by(orders.c.town)
        .order_by(sa.desc("n"), "The Town")
    )
    text = """select town, count(*) from files.orders where shop in ('a', 'b') and "at" < '2024-02-01'
              group by 1 order by 2 desc, 1"""
    with engine.connect() as connection:
        result = connection.execute(asked)
        assert list(result.keys()) == ["The Town", "n"]
        every = result.all()
        assert every == connection.execute(sa.text(text)).all()
        assert connection.execute(asked.limit(1).offset(1)).all() == every[1:2]
        assert (
            connection.scalar(sa.text("select count(*) from files.orders where shop = :shop"), {"shop": "a"})
            == ORDERS // 3
        )


def test_every_statement_is_by_itself(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert connection.get_isolation_level() == "AUTOCOMMIT"
        assert connection.execution_options(isolation_level="AUTOCOMMIT").scalar(sa.text("select 1")) == 1
    with engine.connect() as connection, pytest.raises(sa.exc.ArgumentError, match="Valid isolation levels"):
        connection.execution_options(isolation_level="SERIALIZABLE")


def test_metrics(engine: sa.Engine) -> None:
    orders = sa.Table("orders", sa.MetaData(), schema="metrics", autoload_with=engine)
    asked = (
        sa.select(orders.c.country, sa.func.measure(orders.c.orders))
        .where(orders.c.shop == "a")
        .group_by(orders.c.country)
    )
    with engine.connect() as connection:
        assert sorted(connection.execute(asked).all()) == [("AT", ORDERS // 6), ("DE", ORDERS // 6)]


def test_errors_are_its_own_with_ours_inside(engine: sa.Engine) -> None:
    with engine.connect() as connection, pytest.raises(sa.exc.ProgrammingError) as caught:
        connection.execute(sa.text("select nope from files.orders"))
    assert caught.value.orig.code == "unknown-column"  # type: ignore[union-attr]
    table = sa.table("orders", sa.column("shop"), schema="files")
    with engine.connect() as connection, pytest.raises(sa.exc.NotSupportedError, match="only reads"):
        connection.execute(table.insert().values(shop="a"))


def test_pandas_reads_by_it(engine: sa.Engine) -> None:
    text = sa.text("select town, count(*) as n from files.orders where shop = :shop group by 1 order by 1")
    assert pd.read_sql(text, engine, params={"shop": "a"}).to_dict("list") == {"town": ["Köln", "Wien"], "n": [40, 40]}
    assert len(pd.read_sql_table("towns", engine, schema="places")) == 2
    assert [len(part) for part in pd.read_sql("select * from files.orders", engine, chunksize=100)] == [100, 100, 40]
