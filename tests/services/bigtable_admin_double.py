"""A double of Bigtable's API for instances and app profiles, which the emulator lacks: it keeps what it is sent, in the shape
of the real one, and fails as told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.cloud.bigtable_admin_v2 import types
from google.longrunning import operations_pb2
from tests.services.base import free_port

_SERVICE = "google.bigtable.admin.v2.BigtableInstanceAdmin"


class InstanceAdmin:
    """`instances` and `profiles` by their full names; `requests` as they came. `fail`: the code of every answer from now
    on."""

    def __init__(self) -> None:
        self.instances: dict[str, Any] = {}
        self.profiles: dict[str, Any] = {}
        self.requests: list[Any] = []
        self.fail: grpc.StatusCode | None = None
        self.address = ""

    def _answers(self) -> dict[str, tuple[Any, Any, Callable[[Any, Any], Any]]]:
        return {
            "GetInstance": (types.GetInstanceRequest, types.Instance, self._get_instance),
            "CreateInstance": (types.CreateInstanceRequest, None, self._create_instance),
            "GetAppProfile": (types.GetAppProfileRequest, types.AppProfile, self._get_profile),
            "ListAppProfiles": (types.ListAppProfilesRequest, types.ListAppProfilesResponse, self._list_profiles),
            "CreateAppProfile": (types.CreateAppProfileRequest, types.AppProfile, self._create_profile),
        }

    def _get_instance(self, request: Any, context: Any) -> Any:
        return self._of(self.instances, request.name, context)

    def _get_profile(self, request: Any, context: Any) -> Any:
        return self._of(self.profiles, request.name, context)

    def _list_profiles(self, request: Any, context: Any) -> Any:
        return types.ListAppProfilesResponse(app_profiles=list(self.profiles.values()))

    def _of(self, known: dict[str, Any], name: str, context: Any) -> Any:
        if name not in known:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Error while reading {name}: it does not exist.")
        return known[name]

    def _create_instance(self, request: Any, context: Any) -> Any:
        name = f"{request.parent}/instances/{request.instance_id}"
        made = types.Instance(name=name, display_name=request.instance.display_name, state=types.Instance.State.READY)
        self.instances[name] = made
        done = operations_pb2.Operation(name=f"operations/{name}", done=True)
        done.response.Pack(types.Instance.pb(made))
        return done

    def _create_profile(self, request: Any, context: Any) -> Any:
        name = f"{request.parent}/appProfiles/{request.app_profile_id}"
        made = request.app_profile
        made.name = name
        self.profiles[name] = made
        return made

    def handler(self) -> Any:
        handlers = {name: self._handled(*how) for name, how in self._answers().items()}
        return grpc.method_handlers_generic_handler(_SERVICE, handlers)

    def _handled(self, asked: Any, answered: Any, answer: Callable[[Any, Any], Any]) -> Any:
        def call(request: Any, context: Any) -> Any:
            self.requests.append(request)
            if self.fail is not None:
                context.abort(self.fail, "The caller does not have permission.")
            return answer(request, context)

        written = answered.serialize if answered else operations_pb2.Operation.SerializeToString
        return grpc.unary_unary_rpc_method_handler(call, asked.deserialize, written)


@contextmanager
def instance_admin() -> Iterator[InstanceAdmin]:
    """The double, listening at `address`."""
    double = InstanceAdmin()
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((double.handler(),))
    double.address = f"127.0.0.1:{free_port()}"
    server.add_insecure_port(double.address)
    server.start()
    try:
        yield double
    finally:
        server.stop(0).wait()
