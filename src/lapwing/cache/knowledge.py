"""What was known at a moment: manifests as readers then saw them, as far as that is remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lapwing.cache.definition import Definition
from lapwing.cache.history import earliest
from lapwing.cache.manifest import Manifest
from lapwing.cache.manifests import Manifests
from lapwing.model.calendar import utc_iso
from lapwing.model.receipt import Considered, Reason


class Then(Manifests):
    """Manifests as readers saw them at `moment` (seconds since 1970). One whose past in `[start, end)` is not remembered
    that far is left out, and then in `forgotten` with the reason."""

    def __init__(self, manifests: Manifests, start: int, end: int, moment: float) -> None:
        self._now = manifests
        self._start, self._end, self._moment = start, end, moment
        self._views: dict[bytes, tuple[Manifest, Manifest]] = {}
        self.forgotten: dict[str, Considered] = {}

    def read(self, definitions: Sequence[Definition]) -> Mapping[bytes, Manifest | None]:
        """As `Manifests.read`."""
        found = dict(self._now.read(definitions))
        for one in definitions:
            manifest = found[one.manifest_key]
            since = remembered_since(manifest, self._start, self._end, self._moment)
            if since is None:
                found[one.manifest_key] = None if manifest is None else self._view(one.manifest_key, manifest)
                continue
            found[one.manifest_key] = None
            says = f"What readers saw of the asked time is remembered from {_iso(since)} on."
            reason = Reason(check="history", passed=False, says=says)
            self.forgotten[one.name] = Considered(rollup=one.name, chosen=False, reasons=(reason,))
        return found

    def _view(self, key: bytes, manifest: Manifest) -> Manifest:
        """The same object as long as the manifest is."""
        seen = self._views.get(key)
        if seen is None or seen[0] is not manifest:
            seen = self._views[key] = (manifest, manifest.known_at(self._moment))
        return seen[1]


def remembered_since(manifest: Manifest | None, start: int, end: int, moment: float) -> float | None:
    """From when on a rollup can tell what readers saw of `[start, end)`, where that is after `moment`."""
    if manifest is None or not manifest.leaves:
        return None
    first = earliest([manifest])
    if first is not None and moment < first:
        return first  # before it was first built, as it is defined now, nobody saw anything
    return manifest.forgotten(start, end, moment)


def _iso(seconds: float) -> str:
    return utc_iso(-int(-seconds * 1e6 // 1))
