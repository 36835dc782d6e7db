"""Dataflow's jobs as its API tells of them: found, looked at, cancelled. Needs no Beam.

Method and field names are those of the Dataflow API v1b3, see https://cloud.google.com/dataflow/docs/reference/rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from lapwing.cache.jobs import Remote
from lapwing.model.problem import LapwingError, SourceError
from lapwing.sources.google import searched

RUNNER: Final = "dataflow"
_SECONDS: Final = 30.0
"""For each answer of the API."""
_RETRY_SECONDS: Final = 60.0
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"

LIVE: Final = frozenset(
    {"RUNNING", "PENDING", "QUEUED", "DRAINING", "STOPPED", "PAUSED", "PAUSING", "RESOURCE_CLEANING_UP"}
)
DONE: Final = frozenset({"DONE", "DRAINED"})

T = TypeVar("T")


class Dataflow:
    """The jobs of one project and region: `place` has `project`, `region`, and where it is not Google's own `endpoint`; with
    `no_auth` no credentials are sent.

    Raises:
        SourceError: there are no credentials ("no-credentials"), or the library is missing.
    """

    def __init__(self, place: Mapping[str, str]) -> None:
        try:
            from google.cloud import dataflow
        except ImportError as error:
            raise SourceError.of(
                "source-library",
                "What Dataflow needs is not installed.",
                hint="Install it: pip install 'lapwing[dataflow]'",
            ) from error
        self._place = place
        self._api: Any = dataflow
        settings = _connection(place)
        self._jobs = dataflow.JobsV1Beta3Client(**settings)
        self._messages = dataflow.MessagesV1Beta3Client(**settings)
        self._metrics = dataflow.MetricsV1Beta3Client(**settings)

    def state(self, number: str) -> str:
        """Such as RUNNING, DONE, FAILED or CANCELLED.

        Raises:
            SourceError: it can't be told; `explain` says how.
        """
        request = self._api.GetJobRequest(**self._within(), job_id=number, view=self._api.JobView.JOB_VIEW_SUMMARY)
        return _state(self._asked(self._jobs.get_job, request))

    def find(self, name: str) -> tuple[str, str] | None:
        """Id and state of the newest job of that name; None where there is none. Raises as `state`."""
        request = self._api.ListJobsRequest(
            project_id=self._place["project"], location=self._place["region"], name=name, page_size=100
        )
        found = [job for job in self._asked(self._jobs.list_jobs, request) if job.name == name]
        newest = max(found, key=lambda job: job.create_time.timestamp() if job.create_time else 0.0, default=None)
        return None if newest is None else (newest.id, _state(newest))

    def errors(self, number: str) -> list[str]:
        """What went wrong, in the words of Dataflow and of workers. Raises as `state`."""
        importance = self._api.JobMessageImportance.JOB_MESSAGE_ERROR
        request = self._api.ListJobMessagesRequest(**self._within(), job_id=number, minimum_importance=importance)
        return [one.message_text for one in self._asked(self._messages.list_job_messages, request)]

    def counters(self, number: str, namespace: str) -> dict[str, int]:
        """What workers counted so far, by name. Raises as `state`."""
        request = self._api.GetJobMetricsRequest(**self._within(), job_id=number)
        return dict(_counters(self._asked(self._metrics.get_job_metrics, request).metrics, namespace))

    def cancel(self, number: str) -> None:
        """Asks a job to end; one that has ended stays as it is. Raises as `state`."""
        job = self._api.Job(requested_state=self._api.JobState.JOB_STATE_CANCELLED)
        self._asked(self._jobs.update_job, self._api.UpdateJobRequest(**self._within(), job_id=number, job=job))

    def _within(self) -> dict[str, str]:
        return {"project_id": self._place["project"], "location": self._place["region"]}

    def _asked(self, call: Callable[..., T], request: Any) -> T:
        from google.api_core.exceptions import GoogleAPICallError, RetryError
        from google.api_core.retry import Retry
        from google.auth.exceptions import GoogleAuthError

        try:
            return call(request, timeout=_SECONDS, retry=Retry(timeout=_RETRY_SECONDS))
        except (GoogleAPICallError, RetryError, GoogleAuthError, OSError) as error:
            raise explain(error) from error


def check_bucket(place: Mapping[str, str], location: str) -> None:
    """Looks whether the bucket of `gs://BUCKET/FOLDER` is there, before Beam tries for minutes.

    Raises:
        SourceError: it is not, or may not be used.
    """
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.api_core.retry import Retry
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.storage import Client

    bucket = location.removeprefix("gs://").partition("/")[0]
    client: Any = Client(place["project"], credentials=_credentials(place))
    try:
        client.get_bucket(bucket, timeout=_SECONDS, retry=Retry(timeout=_RETRY_SECONDS))
    except (GoogleAPICallError, RetryError, GoogleAuthError, OSError) as error:
        raise explain(error, f"gs://{bucket}: ") from error


def place_of(options: Mapping[str, object]) -> dict[str, str]:
    """Where a pipeline of these options runs."""
    place = {"project": str(options["project"]), "region": str(options["region"])}
    if options.get("dataflow_endpoint"):
        place["endpoint"] = str(options["dataflow_endpoint"])
    if options.get("no_auth"):
        place["no_auth"] = "true"
    if options.get("impersonate_service_account"):
        place["impersonate"] = str(options["impersonate_service_account"])
    return place


def console(place: Mapping[str, str], number: str) -> str:
    """The page of a job for people."""
    return f"https://console.cloud.google.com/dataflow/jobs/{place['region']}/{number}?project={place['project']}"


def cancel(remote: Remote) -> None:
    """Cancels a job that is on record, where it lives. Raises as `Dataflow.state`."""
    api = Dataflow(remote.place)
    found = _found(api, remote)
    if found is not None and found[1] in LIVE:
        api.cancel(found[0])


def state_of(remote: Remote) -> str:
    """The state of a job that is on record, in small letters. Raises as `Dataflow.state`."""
    found = _found(Dataflow(remote.place), remote)
    return "not there" if found is None else found[1].lower()


def _found(api: Dataflow, remote: Remote) -> tuple[str, str] | None:
    return (remote.id, api.state(remote.id)) if remote.id else api.find(remote.name)


def explain(error: BaseException, what: str = "") -> LapwingError:
    """What the API, or Cloud Storage, answered about `what`, in our words."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError

    if isinstance(error, RetryError) and isinstance(error.cause, Exception):
        error = error.cause
    lines = [line.strip() for line in str(getattr(error, "message", error)).splitlines() if line.strip()]
    says = re.sub(r"^(GET|POST|PUT) \S+: ", "", lines[0] if lines else type(error).__name__)[:400].rstrip(".")
    says = f"{what}{says}"
    if isinstance(error, GoogleAuthError):
        return SourceError.of("no-credentials", f"Dataflow has no credentials: {says}. {searched()}", hint=_LOGIN)
    code = int(error.code or 0) if isinstance(error, GoogleAPICallError) and error.code is not None else 0
    kind, message, hint = _KINDS.get(code, _OTHER if code else _AWAY)
    return SourceError.of(kind, message.format(says=says), hint=hint)


_LOGIN: Final = (
    "Run `gcloud auth application-default login`, "
    "or set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account."
)
_KINDS: Final = {
    401: ("no-credentials", "Dataflow does not take the credentials: {says}.", _LOGIN),
    403: (
        "not-permitted",
        "Google Cloud does not permit it: {says}.",
        (
            "Who builds needs roles/dataflow.developer, roles/iam.serviceAccountUser on the workers' account, and "
            "roles/storage.admin on the bucket; the workers' account roles/dataflow.worker."
        ),
    ),
    404: (
        "not-found",
        "Google Cloud does not find it: {says}.",
        "Look at project, region and temp_location; the Dataflow API has to be enabled and the bucket be there.",
    ),
    429: (
        "quota-exceeded",
        "A quota of Dataflow is used up: {says}.",
        "Wait for other jobs to end, use fewer workers, or have the quota raised.",
    ),
}
_OTHER: Final = ("runner-refused", "Dataflow can't run it: {says}.", "Look at the settings under beam: dataflow:.")
_AWAY: Final = ("runner-unreachable", "Dataflow does not answer: {says}.", "Look at the network, and try again.")


def _state(job: Any) -> str:
    return str(job.current_state.name).removeprefix("JOB_STATE_")


def _counters(metrics: Any, namespace: str) -> Iterator[tuple[str, int]]:
    """The committed values; tentative ones come beside them."""
    for one in metrics:
        context = dict(one.name.context)
        if context.get("namespace") == namespace and "tentative" not in context and one.scalar is not None:
            yield one.name.name, int(one.scalar.number_value if hasattr(one.scalar, "number_value") else one.scalar)


def _connection(place: Mapping[str, str]) -> dict[str, Any]:
    from google.api_core.client_options import ClientOptions

    settings: dict[str, Any] = {"credentials": _credentials(place)}
    if endpoint := place.get("endpoint"):
        # Beam's own rule: a service on this machine speaks HTTP, others gRPC.
        local = "localhost" in endpoint
        settings["transport"] = "rest" if local else None
        address = endpoint if local else re.sub("^https?://", "", endpoint)
        settings["client_options"] = ClientOptions(api_endpoint=address.rstrip("/"))
    return settings


def _credentials(place: Mapping[str, str]) -> Any:
    import google.auth
    from google.auth.credentials import AnonymousCredentials
    from google.auth.exceptions import GoogleAuthError

    if place.get("no_auth"):
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    try:
        found = google.auth.default(scopes=[_SCOPE])[0]
        if who := place.get("impersonate"):
            from google.auth.impersonated_credentials import Credentials

            found = Credentials(found, who, [_SCOPE])  # type: ignore[no-untyped-call]
    except GoogleAuthError as error:
        raise SourceError.of("no-credentials", f"Dataflow has no credentials. {searched()}", hint=_LOGIN) from error
    return found
