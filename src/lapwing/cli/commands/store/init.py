"""lapwing store init: all that the store needs, made where it is missing."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from lapwing.cli import output
from lapwing.cli.commands.query import count
from lapwing.cli.project import open_project

if TYPE_CHECKING:
    from lapwing.cache.stores.bigtable_init import Step
    from lapwing.query.service import Lapwing

HELP = "make what the store needs, or say what is missing"
DESCRIPTION = """Makes the store of the project ready: of lmdb the folder; of bigtable the table with its column family, cut into
tablets at the borders of the project's rollups, and, where asked, the instance and the app profile. What is there already is
looked at: what differs is told, with how to change it, and the exit code is 1. Done again it changes nothing.

  lapwing store init --dry-run
  lapwing store init --create-instance europe-west1-b --nodes 1:5 --profile-cluster metrics-c1"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="make nothing; say what would be made")
    parser.add_argument("--create-instance", metavar="ZONE", help="make the instance where it is missing, in this zone")
    parser.add_argument(
        "--cluster", metavar="ID", help="the new instance's cluster (default: the instance's name and -c1)"
    )
    parser.add_argument(
        "--nodes", type=_nodes, default=(1, None), metavar="N[:MOST]", help="of the cluster; N to MOST by its load (1)"
    )
    parser.add_argument(
        "--profile-cluster", metavar="ID", help="make the app profile where it is missing, routed to this"
    )


def _nodes(text: str) -> tuple[int, int | None]:
    least, _, most = text.partition(":")
    found = (count(least), count(most) if most else None)
    if found[0] < 1:
        raise ArgumentTypeError("a cluster has at least one node")
    if found[1] is not None and found[1] < found[0]:
        raise ArgumentTypeError(f"{text!r} has more nodes at least than at most")
    return found


def run(options: Namespace) -> int:
    with open_project(options) as lapwing:
        steps = list(
            _bigtable(lapwing, options) if lapwing.project.store.type == "bigtable" else _local(lapwing, options)
        )
    wrong = [one for one in steps if one.state == "differs" or (one.state == "missing" and one.hint)]
    if options.json:
        output.write_json({"steps": [asdict(one) for one in steps]})
        return 1 if wrong else 0
    for one in steps:
        print(" ".join(part for part in (f"{one.what} {one.name}: {one.state}.", one.says, one.hint) if part))
    return 1 if wrong else 0


def _local(lapwing: Lapwing, options: Namespace) -> Iterator[Step]:
    from lapwing.cache.stores.bigtable_init import Step

    store = lapwing.project.store
    if store.type == "memory" or store.path is None:
        yield Step(what="store", name=store.type, state="there", says="It needs nothing, and forgets all.")
        return
    name = store.path.name
    if (store.path / "data.mdb").exists():
        yield Step(what="folder", name=name, state="there")
    elif options.dry_run:
        yield Step(what="folder", name=name, state="missing", says="It would be made.")
    else:
        lapwing.cache.revision()
        yield Step(what="folder", name=name, state="made")


def _bigtable(lapwing: Lapwing, options: Namespace) -> Iterator[Step]:
    from lapwing.cache.stores.bigtable_init import Cluster, Wished, prepare
    from lapwing.cache.stores.bigtable_table import Address
    from lapwing.query.spread import splits

    store = lapwing.project.store
    address = Address(instance=str(store.instance), table=str(store.table), app_profile=store.app_profile)
    cluster = None
    if options.create_instance:
        least, most = options.nodes
        cluster = Cluster(
            id=options.cluster or f"{address.instance.rpartition('/')[2]}-c1",
            zone=options.create_instance,
            nodes=least,
            least=None if most is None else least,
            most=most,
        )
    wished = Wished(
        cluster=cluster, profile_cluster=options.profile_cluster, splits=splits(lapwing), dry=options.dry_run
    )
    yield from prepare(address, wished)
