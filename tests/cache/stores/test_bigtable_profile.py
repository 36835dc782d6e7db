"""Who builds needs an app profile by which a row can be compared and set: looked at before anything is written."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import grpc
import pytest
from google.cloud.bigtable_admin_v2.types import AppProfile
from tests.services.bigtable import Bigtable
from tests.services.bigtable_admin_double import InstanceAdmin, instance_admin
from tests.services.bigtable_proxy import Call, Proxy, Refused, bigtable_proxy

from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import Problem, StoreError
from lapwing.model.project import StoreConfig

INSTANCE = "projects/acme/instances/metrics"
WRITES = {"MutateRow", "MutateRows", "CheckAndMutateRow"}
GOOD = AppProfile(single_cluster_routing={"cluster_id": "c1", "allow_transactional_writes": True})
ANY = AppProfile(multi_cluster_routing_use_any={})
PLAIN = AppProfile(single_cluster_routing={"cluster_id": "c1"})

Open = Callable[..., RollupStore]


@pytest.fixture(name="cloud")
def _cloud() -> Iterator[InstanceAdmin]:
    with instance_admin() as double:
        yield double


@pytest.fixture(name="proxy")
def _proxy(bigtable_server: Bigtable, cloud: InstanceAdmin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with bigtable_proxy(bigtable_server.address, cloud) as proxy:
        monkeypatch.setenv("BIGTABLE_EMULATOR_HOST", proxy.address)
        yield proxy


@pytest.fixture(name="opened")
def _opened(proxy: Proxy) -> Iterator[Open]:
    stores: list[RollupStore] = []
    table = f"t{uuid.uuid4().hex[:12]}"

    def opened(profile: str | None = "builds", *, read_only: bool = False) -> RollupStore:
        config = StoreConfig(type="bigtable", instance=INSTANCE, table=table, app_profile=profile)
        stores.append(open_store(config, read_only=read_only))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


def known(cloud: InstanceAdmin, **profiles: AppProfile) -> None:
    for name, profile in profiles.items():
        full = f"{INSTANCE}/appProfiles/{name}"
        made = AppProfile(profile)
        made.name = full
        cloud.profiles[full] = made


def refusal(use: Callable[[], object]) -> Problem:
    with pytest.raises(StoreError) as caught:
        use()
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("profile", "says"), [(ANY, "it routes to any cluster"), (PLAIN, "it does not allow single-row transactions")]
)
@pytest.mark.parametrize("named", ["builds", None])
def test_a_profile_that_can_not_publish_is_refused_before_anything_is_written(
    proxy: Proxy, cloud: InstanceAdmin, opened: Open, profile: AppProfile, says: str, named: str | None
) -> None:
    known(cloud, **{named or "default": profile})
    problem = refusal(lambda: opened(named))
    assert problem.code == "store-profile"
    assert f"The app profile {named or 'default'} can't be used for building: {says}" in problem.message
    assert "--profile-cluster" in str(problem.hint)
    assert not [call for call in proxy.calls if call.method in WRITES | {"CreateTable"}]


def test_a_profile_that_is_not_there_is_told_with_the_nearest(proxy: Proxy, cloud: InstanceAdmin, opened: Open) -> None:
    known(cloud, default=GOOD, builders=GOOD)
    problem = refusal(opened)
    assert (problem.code, problem.nearest) == ("store-profile", ("builders",))
    assert not [call for call in proxy.calls if call.method in WRITES | {"CreateTable"}]


def test_a_profile_of_a_single_cluster_with_transactions_builds(cloud: InstanceAdmin, opened: Open) -> None:
    known(cloud, builds=GOOD)
    store = opened()
    store.put([(b"a", b"1")])
    assert store.compare_and_set(b"m", None, b"1")


@pytest.mark.parametrize("read_only", [True, False])
def test_who_only_reads_may_use_any_profile(cloud: InstanceAdmin, opened: Open, read_only: bool) -> None:
    known(cloud, builds=GOOD, answers=ANY)
    opened().put([(b"a", b"1")])
    asked = len(cloud.requests)
    assert opened("answers", read_only=read_only).get([b"a"]) == [b"1"]
    assert len(cloud.requests) == asked


def test_who_writes_by_a_profile_of_readers_is_refused_at_the_first_write(
    proxy: Proxy, cloud: InstanceAdmin, opened: Open
) -> None:
    known(cloud, builds=GOOD, answers=ANY)
    opened().put([(b"a", b"1")])
    store = opened("answers")
    proxy.calls.clear()
    cloud.requests.clear()
    uses: list[Callable[[], object]] = [
        lambda: store.put([(b"a", b"2")]),
        lambda: store.delete_prefix(b"a"),
        lambda: store.compare_and_set(b"m", None, b"1"),
    ]
    for use in uses * 3:
        assert refusal(use).code == "store-profile"
    assert not [call for call in proxy.calls if call.method in WRITES]
    assert len(cloud.requests) == 1
    assert store.get([b"a"]) == [b"1"]


@pytest.mark.parametrize("code", [grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_where_the_profile_can_not_be_seen_the_first_row_tells_the_same(
    proxy: Proxy, cloud: InstanceAdmin, opened: Open, code: grpc.StatusCode
) -> None:
    cloud.fail = code
    store = opened()

    def refuse(call: Call) -> None:
        if call.method == "CheckAndMutateRow":
            raise Refused(
                grpc.StatusCode.FAILED_PRECONDITION, "Single-row transactions are not allowed by this app profile"
            )

    proxy.before = refuse
    problem = refusal(lambda: store.compare_and_set(b"m", None, b"1"))
    assert problem.code == "store-profile"
    assert "can't be used for building: Single-row transactions are not allowed" in problem.message
    assert "--profile-cluster" in str(problem.hint)
    assert len(proxy.of("CheckAndMutateRow")) == 1
