"""Whether an app profile lets rollups be published, which takes comparing and setting one row: within one cluster only."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from lapwing.cache.stores.bigtable_errors import profile_problem
from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, StoreError

if TYPE_CHECKING:
    from lapwing.cache.stores.bigtable_table import Address

DEFAULT: Final = "default"
"""What an instance calls the profile of requests that name none."""

_REFUSED_SECONDS: Final = 60.0
_ANY_CLUSTER: Final = "it routes to any cluster, so a build may not see what it has just written"
_NO_TRANSACTIONS: Final = "it does not allow single-row transactions, by which rollups are published"


def lacks(profile: Any) -> str | None:
    """What an `AppProfile` lacks for publishing, as half a sentence; None: nothing."""
    routing = profile.single_cluster_routing
    if not routing.cluster_id:
        return _ANY_CLUSTER
    return None if routing.allow_transactional_writes else _NO_TRANSACTIONS


class ProfileCheck:
    """The profile of `address` looked at once, before the first write: who only reads may use any, and needs no right to see
    it. Safe to use from several threads."""

    def __init__(self, address: Address, seconds: float) -> None:
        self._address = address
        self._seconds = seconds
        self._until = float("-inf")
        self._refused: LapwingError | None = None

    def __call__(self) -> None:
        """Where the profile can't be seen (no permission, the emulator), the first row to be compared and set tells: a build
        begins with one.

        Raises:
            StoreError: it is not there, or does not let rollups be published. Looked at again after a minute.
        """
        if monotonic() >= self._until:
            self._refused = _refused(self._address, self._seconds)
            self._until = float("inf") if self._refused is None else monotonic() + _REFUSED_SECONDS
        if self._refused is not None:
            raise StoreError(*self._refused.problems)


def _refused(address: Address, seconds: float) -> LapwingError | None:
    """What is wrong with the profile, as far as it can be seen."""
    from google.api_core.exceptions import GoogleAPIError, NotFound
    from google.auth.exceptions import GoogleAuthError

    from lapwing.cache.stores.bigtable_table import instance_client

    name = address.app_profile or DEFAULT
    with suppress(GoogleAPIError, GoogleAuthError):
        client = instance_client()
        try:
            found = client.get_app_profile(name=f"{address.instance}/appProfiles/{name}", timeout=seconds, retry=None)
        except NotFound:
            if address.app_profile is None:
                return None
            known = _names(client, address.instance, seconds)
            return profile_problem(name, "the instance has none of that name", nearest(name, known))
        finally:
            client.transport.close()
        lack = lacks(found)
        return None if lack is None else profile_problem(name, lack)
    return None


def _names(client: Any, instance: str, seconds: float) -> Sequence[str]:
    """Of all profiles; none where they can't be listed."""
    from google.api_core.exceptions import GoogleAPIError

    with suppress(GoogleAPIError):
        found = client.list_app_profiles(parent=instance, timeout=seconds, retry=None)
        return [profile.name.rpartition("/")[2] for profile in found]
    return ()
