"""Bigtable's errors told as `StoreError`: what happened, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from lapwing.cache.stores.limits import closed
from lapwing.model.problem import LapwingError, StoreError
from lapwing.sources.google import searched

_PREAMBLE: Final = re.compile(r"^failed to connect to all addresses; last error: \w+: ")


@contextmanager
def told(table: str) -> Iterator[None]:
    """Raises Google's errors of the block as `StoreError`. `table` is its full name, for what is said."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.bigtable.data.exceptions import FailedMutationEntryError, MutationsExceptionGroup

    try:
        yield
    except (GoogleAPIError, GoogleAuthError, MutationsExceptionGroup, FailedMutationEntryError) as error:
        raise store_problem(error, table) from error
    except ValueError as error:
        if "closed" in str(error).lower():  # by another thread, in the middle of this call
            raise closed() from error
        raise


def foreign(table: str) -> LapwingError:
    """The error of a table that something else uses."""
    return StoreError.of(
        "store-foreign",
        f"{table} is not a table of rollups.",
        hint="Give `store` a table of its own; `lapwing build` makes it.",
    )


def profile_problem(name: str | None, lack: str, known: Sequence[str] = ()) -> LapwingError:
    """The error of an app profile (None: its name is not known here) by which nothing can be published."""
    shown = f"The app profile {name}" if name else "The app profile"
    return StoreError.of(
        "store-profile",
        f"{shown} can't be used for building: {lack}.",
        nearest=known,
        hint="Name one under `store` that routes to a single cluster and allows single-row transactions; `lapwing store init"
        " --profile-cluster CLUSTER` makes it. Servers that only answer may use any.",
    )


def passes(error: BaseException) -> bool:
    """Whether the same request may succeed a while later."""
    from google.api_core import exceptions as google

    match cause := _cause(error):
        case google.ServiceUnavailable() | google.DeadlineExceeded() | google.Aborted() | google.TooManyRequests():
            return True
        case google.InternalServerError():
            return "rst_stream" in str(cause).lower()  # a connection that was cut, by its other name
    return False


def timed_out(error: BaseException) -> bool:
    """Whether there was no answer within the time of the request: then it says nothing of why."""
    from google.api_core.exceptions import DeadlineExceeded

    return isinstance(_cause(error), DeadlineExceeded)


def retry_after(error: BaseException) -> float | None:
    """After how many seconds Bigtable wants the request again; None where it does not say."""
    from google.rpc.error_details_pb2 import RetryInfo

    for detail in getattr(_cause(error), "details", ()):
        found = detail
        if not isinstance(detail, RetryInfo):
            found = RetryInfo()
            if not hasattr(detail, "Unpack") or not detail.Unpack(found):
                continue
        return float(found.retry_delay.seconds + found.retry_delay.nanos / 1e9)
    return None


def store_problem(error: Exception, table: str) -> LapwingError:
    """Google's error as one that says what to do."""
    from google.api_core import exceptions as google
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    cause = _cause(error)
    says = _sentence(cause)
    match cause:
        case google.Cancelled() if "closed" in says:
            return closed()
        case google.GoogleAPICallError() if "family" in says:
            return foreign(table)
        case DefaultCredentialsError():
            return StoreError.of(
                "store-credentials",
                f"There are no credentials for Bigtable. {searched()}",
                hint="Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS.",
            )
        case GoogleAuthError() | google.Unauthenticated():
            return StoreError.of(
                "store-credentials",
                f"There are no valid credentials for Bigtable: {says}",
                hint="Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS.",
            )
        case google.Forbidden():
            return StoreError.of(
                "store-forbidden",
                f"Bigtable does not let this account use {table}: {says}",
                hint="Give it roles/bigtable.user (roles/bigtable.reader to read; roles/bigtable.admin to make tables).",
            )
        case google.NotFound():
            return StoreError.of(
                "store-missing",
                f"Bigtable has no table {table}: {says}",
                hint="Check `instance` and `table`; `lapwing build` makes the table where it may.",
            )
        case google.ResourceExhausted():
            return StoreError.of(
                "store-full",
                f"Bigtable takes no more for {table}: {says}",
                hint="Add nodes or storage to the instance, or raise the quota; answers go on as before.",
            )
        case google.ServerError() | google.Aborted() | google.Cancelled() | google.RetryError():
            return StoreError.of(
                "store-unreachable",
                f"Bigtable does not answer for {table}: {says}",
                hint="Check the network, BIGTABLE_EMULATOR_HOST, and the instance's state; then try again.",
            )
        case google.FailedPrecondition() | google.InvalidArgument() if "profile" in says or "transaction" in says:
            return profile_problem(None, says.rstrip("."))
    return StoreError.of("store-failed", f"Bigtable failed for {table}: {says}")


def _cause(error: BaseException) -> BaseException:
    """What lies under the client's groups of retries: the last attempt's error."""
    while True:
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[-1]
        elif error.__cause__ is not None and (
            isinstance(error.__cause__, BaseExceptionGroup) or type(error).__name__ == "FailedMutationEntryError"
        ):
            error = error.__cause__
        else:
            return error


def _sentence(error: BaseException) -> str:
    """Its first line, without what gRPC puts before the cause, ended by a full stop."""
    lines = _PREAMBLE.sub("", str(getattr(error, "message", None) or error)).strip().splitlines()
    text = lines[0][:300].rstrip(" .") if lines else type(error).__name__
    return f"{text}."
