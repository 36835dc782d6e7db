"""What a store in Bigtable needs is made once, and told: tables on the emulator, instances and profiles on a double."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from google.cloud.bigtable_admin_v2 import BigtableInstanceAdminClient
from google.cloud.bigtable_admin_v2.services.bigtable_instance_admin.transports import (
    BigtableInstanceAdminGrpcTransport,
)
from google.cloud.bigtable_admin_v2.types import AppProfile, ColumnFamily, GcRule, Instance, Table
from tests.services.bigtable import Bigtable
from tests.services.bigtable_admin_double import InstanceAdmin, instance_admin

from lapwing.cache.stores import bigtable_table, open_store
from lapwing.cache.stores.bigtable_init import Cluster, Step, Wished, prepare, tablets
from lapwing.cache.stores.bigtable_table import Address, admin_client
from lapwing.model.problem import StoreError
from lapwing.model.project import StoreConfig

INSTANCE = "projects/acme/instances/metrics"


@pytest.fixture(name="address")
def _address(bigtable_server: Bigtable, monkeypatch: pytest.MonkeyPatch) -> Address:
    monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", bigtable_server.address)
    return Address(instance=INSTANCE, table=f"t{uuid.uuid4().hex[:12]}", app_profile="builds")


@pytest.fixture(name="cloud")
def _cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[InstanceAdmin]:
    with instance_admin() as double:

        def client() -> Any:
            channel = grpc.insecure_channel(double.address)
            return BigtableInstanceAdminClient(transport=BigtableInstanceAdminGrpcTransport(channel=channel))

        monkeypatch.setattr(bigtable_table, "instance_client", client)
        yield double


@contextmanager
def tables() -> Iterator[Any]:
    client = admin_client()
    try:
        yield client
    finally:
        client.transport.close()


def states(address: Address, **wished: Any) -> dict[str, str]:
    return {step.what: step.state for step in prepare(address, Wished(**wished))}


EVERYTHING: dict[str, Any] = {
    "cluster": Cluster(id="c1", zone="europe-west1-b", least=1, most=5),
    "profile_cluster": "c1",
    "splits": (b"\x01a", b"\x01b"),
}


def test_all_is_made_once(address: Address, cloud: InstanceAdmin) -> None:
    assert states(address, **EVERYTHING) == {"instance": "made", "app profile": "made", "table": "made"}
    there = {"instance": "there", "app profile": "there", "table": "there", "column family": "there"}
    assert states(address, **EVERYTHING) == there
    assert states(address) == there


def test_what_was_made_is_what_was_wished(address: Address, cloud: InstanceAdmin) -> None:
    states(address, **EVERYTHING)
    (made,) = (one for one in cloud.requests if hasattr(one, "clusters"))
    cluster = made.clusters["c1"]
    assert cluster.location == "projects/acme/locations/europe-west1-b"
    limits = cluster.cluster_config.cluster_autoscaling_config.autoscaling_limits
    assert (limits.min_serve_nodes, limits.max_serve_nodes) == (1, 5)
    profile = cloud.profiles[f"{INSTANCE}/appProfiles/builds"]
    assert profile.single_cluster_routing.cluster_id == "c1"
    assert profile.single_cluster_routing.allow_transactional_writes
    with tables() as client:
        family = client.get_table(name=str(address)).column_families["r"]
    assert family.gc_rule.max_num_versions == 1
    store = open_store(
        StoreConfig(type="bigtable", instance=INSTANCE, table=address.table, app_profile=address.app_profile)
    )
    store.put([(b"\x01ab", b"one"), (b"\x01bb", b"two")])
    assert store.get([b"\x01ab", b"\x01bb"]) == [b"one", b"two"]
    store.close()
    assert tablets(address)


def test_a_dry_run_makes_nothing(address: Address, cloud: InstanceAdmin) -> None:
    assert states(address, **EVERYTHING, dry=True) == {"instance": "missing"}
    assert (cloud.instances, cloud.profiles) == ({}, {})
    cloud.instances[INSTANCE] = Instance(name=INSTANCE)
    found = states(address, **EVERYTHING, dry=True)
    assert found == {"instance": "there", "app profile": "missing", "table": "missing"}
    assert cloud.profiles == {}


def test_what_is_missing_and_not_wished_is_told_with_what_to_do(address: Address, cloud: InstanceAdmin) -> None:
    (instance,) = prepare(address, Wished())
    assert (instance.state, "--create-instance" in str(instance.hint)) == ("missing", True)
    cloud.instances[INSTANCE] = Instance(name=INSTANCE)
    found = {step.what: step for step in prepare(address, Wished(dry=True))}
    assert "--profile-cluster" in str(found["app profile"].hint)


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        (AppProfile(multi_cluster_routing_use_any={}), "any cluster"),
        (AppProfile(single_cluster_routing={"cluster_id": "c1"}), "single-row transactions"),
    ],
)
def test_a_profile_that_can_not_publish_differs(
    address: Address, cloud: InstanceAdmin, profile: AppProfile, says: str
) -> None:
    cloud.instances[INSTANCE] = Instance(name=INSTANCE)
    cloud.profiles[f"{INSTANCE}/appProfiles/builds"] = profile
    step = next(one for one in prepare(address, Wished(dry=True)) if one.what == "app profile")
    assert step.state == "differs"
    assert says in step.says
    assert "--transactional-writes" in str(step.hint)


THREE: Any = GcRule(max_num_versions=3)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("families", "says"),
    [
        ({}, "no such column family"),
        ({"r": ColumnFamily(gc_rule=THREE)}, "garbage collection"),
        ({"r": ColumnFamily()}, "garbage collection"),
    ],
)
def test_a_table_of_another_kind_differs(
    address: Address, cloud: InstanceAdmin, families: dict[str, ColumnFamily], says: str
) -> None:
    with tables() as client:
        client.create_table(
            request={"parent": INSTANCE, "table_id": address.table, "table": Table(column_families=families)}
        )
    cloud.instances[INSTANCE] = Instance(name=INSTANCE)
    step = next(one for one in prepare(address, Wished()) if one.what == "column family")
    assert step.state == "differs"
    assert says in step.says
    assert step.hint


def test_without_permission_it_says_which_role(address: Address, cloud: InstanceAdmin) -> None:
    cloud.fail = grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(StoreError) as told:
        list(prepare(address, Wished()))
    assert told.value.problems[0].code == "store-forbidden"
    assert "roles/bigtable.admin" in str(told.value)


def test_the_emulator_knows_no_instances(address: Address) -> None:
    found = list(prepare(address, Wished()))
    assert [(one.what, one.state) for one in found] == [
        ("instance", "unknown"),
        ("app profile", "unknown"),
        ("table", "made"),
    ]
    assert all(isinstance(one, Step) for one in found)
