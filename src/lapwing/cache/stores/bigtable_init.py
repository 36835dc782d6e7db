"""Makes what a store in Bigtable needs, or says what is there, what is missing and what differs: the instance, the app
profile, the table with its column family and the borders of its first tablets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lapwing.cache.stores import bigtable_table
from lapwing.cache.stores.bigtable_errors import told
from lapwing.cache.stores.bigtable_profile import lacks
from lapwing.cache.stores.bigtable_table import FAMILY, ROWS, Address, admin_client, create_table, open_table

_SECONDS: Final = 60.0
_INSTANCE_SECONDS: Final = 600.0
_GC: Final = f"cbt setgcpolicy TABLE {FAMILY} maxversions=1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`state` is there, made, missing, differs, or unknown (who answers does not know of such things). `hint`: what to do
    about it."""

    what: str
    name: str
    state: str
    says: str = ""
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster to make: in `zone`, with `nodes`, or between `least` and `most` of them by CPU use."""

    id: str
    zone: str
    nodes: int = 1
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """`cluster`: an instance that is missing is made with it. `profile_cluster`: a profile that is missing is made, routed to
    that cluster. `splits`: keys of the store at which the table is cut from the first. `dry`: nothing is made."""

    cluster: Cluster | None = None
    profile_cluster: str | None = None
    splits: Sequence[bytes] = ()
    dry: bool = False


def prepare(address: Address, wished: Wished) -> Iterator[Step]:
    """Looks at each part, makes it where it is missing and wished, and tells it. Done again it finds all there.

    Raises:
        StoreError: no permission, no credentials, no answer.
    """
    with told(str(address)):
        instances = bigtable_table.instance_client()
        try:
            instance = _instance(instances, address, wished)
            yield instance
            if instance.state == "missing":
                return  # what lies in it can't be there, nor be made
            if address.app_profile is not None:
                yield _profile(instances, address, wished)
        finally:
            instances.transport.close()
        tables = admin_client()
        try:
            yield from _table(tables, address, wished)
        finally:
            tables.transport.close()


def _instance(client: Any, address: Address, wished: Wished) -> Step:
    from google.api_core.exceptions import MethodNotImplemented, NotFound

    try:
        client.get_instance(name=address.instance, timeout=_SECONDS)
    except MethodNotImplemented:
        return Step(what="instance", name=address.instance, state="unknown", says="The emulator has no instances.")
    except NotFound:
        if wished.cluster is None:
            hint = "Add --create-instance ZONE, or make it with gcloud bigtable instances create."
            return Step(what="instance", name=address.instance, state="missing", hint=hint)
    else:
        return Step(what="instance", name=address.instance, state="there")
    if wished.dry:
        return Step(what="instance", name=address.instance, state="missing", says="It would be made.")
    _make_instance(client, address, wished.cluster)
    return Step(what="instance", name=address.instance, state="made", says=f"In {wished.cluster.zone}.")


def _make_instance(client: Any, address: Address, cluster: Cluster) -> None:
    from google.cloud.bigtable_admin_v2.types import AutoscalingLimits, AutoscalingTargets, Instance
    from google.cloud.bigtable_admin_v2.types import Cluster as Made

    _, project, _, name = address.instance.split("/")
    made: Any = {"location": f"projects/{project}/locations/{cluster.zone}"}
    if cluster.least is None or cluster.most is None:
        made["serve_nodes"] = cluster.nodes
    else:
        limits = AutoscalingLimits(min_serve_nodes=cluster.least, max_serve_nodes=cluster.most)
        targets = AutoscalingTargets(cpu_utilization_percent=60)
        scaling = Made.ClusterAutoscalingConfig(autoscaling_limits=limits, autoscaling_targets=targets)
        made["cluster_config"] = Made.ClusterConfig(cluster_autoscaling_config=scaling)
    request = {
        "parent": f"projects/{project}",
        "instance_id": name,
        "instance": Instance(display_name=name),
        "clusters": {cluster.id: Made(**made)},
    }
    client.create_instance(request=request, timeout=_SECONDS).result(timeout=_INSTANCE_SECONDS)


def _profile(client: Any, address: Address, wished: Wished) -> Step:
    from google.api_core.exceptions import MethodNotImplemented, NotFound
    from google.cloud.bigtable_admin_v2.types import AppProfile

    name = str(address.app_profile)
    try:
        found = client.get_app_profile(name=f"{address.instance}/appProfiles/{name}", timeout=_SECONDS)
    except MethodNotImplemented:
        return Step(what="app profile", name=name, state="unknown", says="The emulator has no app profiles.")
    except NotFound:
        hint = "Add --profile-cluster CLUSTER, and it is made, routed to that cluster."
        if wished.profile_cluster is None:
            return Step(what="app profile", name=name, state="missing", hint=hint)
    else:
        return _looked_at(name, found)
    if wished.dry:
        return Step(what="app profile", name=name, state="missing", says="It would be made.")
    routing = AppProfile.SingleClusterRouting(cluster_id=wished.profile_cluster, allow_transactional_writes=True)
    made = AppProfile(description="Lapwing", single_cluster_routing=routing)
    request = {"parent": address.instance, "app_profile_id": name, "app_profile": made}
    client.create_app_profile(request=request, timeout=_SECONDS)
    return Step(what="app profile", name=name, state="made", says=f"Routed to {wished.profile_cluster}.")


def _looked_at(name: str, found: Any) -> Step:
    lack = lacks(found)
    if lack is None:
        return Step(
            what="app profile", name=name, state="there", says=f"Routed to {found.single_cluster_routing.cluster_id}."
        )
    change = f"gcloud bigtable app-profiles update {name} --route-to CLUSTER --transactional-writes"
    says = f"{lack[0].upper()}{lack[1:]}."
    return Step(what="app profile", name=name, state="differs", says=says, hint=f"Run `{change}`.")


def _table(client: Any, address: Address, wished: Wished) -> Iterator[Step]:
    from google.api_core.exceptions import NotFound

    try:
        found = client.get_table(name=str(address), timeout=_SECONDS)
    except NotFound:
        if wished.dry:
            yield Step(what="table", name=address.table, state="missing", says="It would be made.")
            return
        create_table(client, address, wished.splits)
        cut = f", cut at {len(wished.splits)} keys" if wished.splits else ""
        yield Step(what="table", name=address.table, state="made", says=f"With column family {FAMILY}{cut}.")
        return
    yield Step(what="table", name=address.table, state="there")
    family = found.column_families.get(FAMILY)
    if family is None:
        says = "It has no such column family, so it is no table of rollups."
        hint = "Give `store` a table of its own."
        yield Step(what="column family", name=FAMILY, state="differs", says=says, hint=hint)
    elif family.gc_rule.max_num_versions != 1:
        says = "Its garbage collection is not that of one version: it may keep what was replaced, or delete rollups by age."
        hint = f"Run `{_GC.replace('TABLE', address.table)}`."
        yield Step(what="column family", name=FAMILY, state="differs", says=says, hint=hint)
    else:
        yield Step(what="column family", name=FAMILY, state="there", says="One version of each cell.")


def tablets(address: Address) -> list[tuple[bytes, int]]:
    """Where the table's tablets end, as keys of the store (the last one is empty), and the bytes up to there.

    Raises:
        StoreError: no table, no permission, no answer.
    """

    client, table = open_table(address, read_only=True)
    try:
        with told(str(address)):
            found = table.sample_row_keys(operation_timeout=_SECONDS)
            return [(key.removeprefix(ROWS), size) for key, size in found]
    finally:
        client.close()
