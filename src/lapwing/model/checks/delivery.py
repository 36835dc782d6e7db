"""Subscriptions name channels, monitors and metrics that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lapwing.model.checks.names import bad_name
from lapwing.model.dataset import Dataset
from lapwing.model.delivery import Channel, Delivery, Escalation, Subscription
from lapwing.model.documents.delivery import ChannelDocument, SubscriptionDocument
from lapwing.model.documents.project import ProjectDocument
from lapwing.model.documents.read import Draft
from lapwing.model.monitor import Monitor
from lapwing.model.names import nearest
from lapwing.model.problem import Problem
from lapwing.model.tags import tags


class Deliveries:
    """Resolves `channels` and `subscriptions`; what is wrong is in `problems`."""

    def __init__(
        self, main: Draft[ProjectDocument], datasets: Mapping[str, Dataset], monitors: Mapping[str, Monitor]
    ) -> None:
        self._main = main
        self._datasets = datasets
        self._monitors = monitors
        self.problems: list[Problem] = []

    def delivery(self) -> Delivery:
        """What is written, as far as it is right."""
        document = self._main.document
        channels = {name: self._channel(name, one) for name, one in document.channels.items()}
        subscriptions = {name: self._subscription(name, one) for name, one in document.subscriptions.items()}
        url = None if document.base_url is None else document.base_url.rstrip("/")
        if url is not None and not url.startswith(("http://", "https://")):
            place = self._main.located.key("base_url")
            says = "base_url is not where people reach the pages."
            self.problems.append(Problem("bad-url", says, place, hint="Write https://lapwing.example.com."))
        return Delivery(channels=channels, subscriptions=subscriptions, base_url=url)

    def _channel(self, name: str, document: ChannelDocument) -> Channel:
        place = self._main.located.key("channels", name)
        self.problems.extend(bad_name(name, place))
        if document.type == "webhook" and not (document.url or "").startswith(("http://", "https://")):
            says = "A webhook's url begins with https:// or http://."
            self.problems.append(Problem("bad-url", says, self._main.located.key("channels", name, "url")))
        return Channel(
            name=name,
            type=document.type,
            url=document.url,
            secret=document.secret,
            smtp=document.smtp,
            sender=document.from_ or "",
            to=document.to,
            user=document.user,
            password=document.password,
            security=document.security,
            place=place,
        )

    def _subscription(self, name: str, document: SubscriptionDocument) -> Subscription:
        self.problems.extend(bad_name(name, self._main.located.key("subscriptions", name)))
        self._known(name, "channels", document.channels, self._main.document.channels)
        lines = (("goal", self._main.document.goals), ("limit", self._main.document.limits))
        watched = {one for monitor in self._monitors.values() for one in monitor.names}
        drawn = [f"{kind}:{one}" for kind, of in lines for one in of]
        self._known(name, "monitors", document.monitors, [*sorted(watched), *drawn])
        there = {tag for monitor in self._monitors.values() for tag in monitor.tags}
        there |= {tag for dataset in self._datasets.values() for tag in dataset.checks.tags}
        self._known(name, "tags", document.tags, there.union(tags(self._datasets.values())))
        self._known(name, "datasets", document.datasets, self._datasets)
        escalation = None
        if document.escalate is not None:
            self._known(name, "escalate", document.escalate.to, self._main.document.channels, "channel")
            escalation = Escalation(after=document.escalate.after, channels=document.escalate.to)
        return Subscription(
            name=name,
            channels=document.channels,
            monitors=document.monitors,
            metrics=tuple(self._metrics(name, document.metrics)),
            tags=document.tags,
            datasets=document.datasets,
            data=document.data,
            slice=document.slice,
            person=document.person.strip(),
            warnings=document.warnings,
            digest=document.when,
            quiet=document.quiet_hours,
            escalation=escalation,
        )

    def _known(self, name: str, key: str, given: Iterable[str], there: Iterable[str], what: str | None = None) -> None:
        names = list(there)
        for one in given:
            if one not in names and not self._main.is_broken(key, one):
                says = f"There is no {what or key[:-1]} {one}."
                place = self._main.located.key("subscriptions", name, key)
                self.problems.append(Problem(f"unknown-{what or key[:-1]}", says, place, nearest(one, names)))

    def _metrics(self, name: str, given: Iterable[str]) -> Iterator[str]:
        every = {f"{home.name}.{metric}" for home in self._datasets.values() for metric in home.metrics}
        for one in given:
            found = [full for full in every if one in (full, full.partition(".")[2])]
            yield from sorted(found)
            if not found:
                place = self._main.located.key("subscriptions", name, "metrics")
                near = nearest(one, [*every, *(full.partition(".")[2] for full in every)])
                self.problems.append(Problem("unknown-metric", f"There is no metric {one}.", place, near))
