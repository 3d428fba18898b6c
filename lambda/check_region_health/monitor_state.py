"""What the monitor remembers between its runs, and how a run changes it: pure functions on frozen data.

The state holds its own outbox: a change of status and its announcement are written in one step, so that neither
can be without the other. An announcement stays in the outbox until it is known to be delivered, with the id it got
when it was written. A run claims what it is about to deliver until the moment Lambda would end it, so that two
runs at once do not deliver the same; after a crash the claim runs out, and a later run takes over.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from check_region_health.errors import MonitorError
from check_region_health.health import ProbeHealth, ProbeResult, Status, region_status
from check_region_health.settings import Settings

FORMAT = 1
DETAIL_SCHEMA = "region-health/1"

CHANNELS = ("sns", "eventbridge")

Delivery = tuple[str, str]
"""The id of an announcement, and the channel it goes through."""


@dataclass(frozen=True)
class Announcement:
    """A change of status on its way: what is said (`detail`), and through which channels it has yet to go.

    `claimed_until` is in seconds since 1970.
    """

    detail: dict[str, Any]
    channels: tuple[str, ...] = CHANNELS
    claimed_by: str = ""
    claimed_until: float = 0.0

    @property
    def id(self) -> str:
        """The same in every repetition."""
        identifier: str = self.detail["id"]
        return identifier


@dataclass(frozen=True)
class MonitorState:
    """The health of the region and its probes after the run of `observed_at`, and the announcements not yet made."""

    observed_at: datetime | None = None
    observed_by: str = ""
    region: Status = Status.UNKNOWN
    probes: dict[str, ProbeHealth] = field(default_factory=dict)
    outbox: tuple[Announcement, ...] = ()

    def has_counted(self, scheduled_at: datetime) -> bool:
        """Whether the run of that time, or a later one, is in this state: then it must not count again."""
        return self.observed_at is not None and scheduled_at <= self.observed_at

    def to_json(self) -> str:
        """This state as text."""
        return json.dumps(
            {
                **asdict(self),
                "format": FORMAT,
                "observed_at": self.observed_at.isoformat() if self.observed_at else None,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> "MonitorState":
        """The state written as `text`; raises MonitorError when it cannot be understood."""
        try:
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise MonitorError(f"the state has format {document['format']}, expected is {FORMAT}")
            return cls(
                observed_at=datetime.fromisoformat(document["observed_at"]) if document["observed_at"] else None,
                observed_by=document["observed_by"],
                region=Status(document["region"]),
                probes={
                    name: ProbeHealth(Status(health["status"]), int(health["failures"]), int(health["successes"]))
                    for name, health in document["probes"].items()
                },
                outbox=tuple(
                    Announcement(
                        announcement["detail"],
                        tuple(announcement["channels"]),
                        announcement["claimed_by"],
                        float(announcement["claimed_until"]),
                    )
                    for announcement in document["outbox"]
                ),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MonitorError(f"the state cannot be read: {type(error).__name__}: {error}") from None


def observe(
    state: MonitorState, results: Sequence[ProbeResult], scheduled_at: datetime, run: str, settings: Settings
) -> MonitorState:
    """The state after `results`, with an announcement for each status that changed: probes first, then the region.

    A probe that is no longer in the settings is forgotten.
    """
    probes = {
        result.name: state.probes.get(result.name, ProbeHealth()).after(result.outcome, settings.thresholds)
        for result in results
    }
    region = region_status(state.region, [probes[result.name].status for result in results if result.required])
    facts = {
        result.name: {
            "name": result.name,
            "required": result.required,
            "status": probes[result.name].status,
            "outcome": result.outcome,
            "latency_ms": result.latency_ms,
            "reason": result.reason,
        }
        for result in results
    }

    def announcement(scope: str, subject: str, before: Status, after: Status, about: list[Any]) -> Announcement:
        time = scheduled_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Announcement(
            {
                "schema": DETAIL_SCHEMA,
                "id": f"{settings.monitor}/{settings.region}/{scope}/{subject}/{after}/{time}",
                "monitor": settings.monitor,
                "region": settings.region,
                "scope": scope,
                "subject": subject,
                "status": after,
                "previous_status": before,
                "observed_at": time,
                "probes": about,
            }
        )

    changes = []
    for name, health in probes.items():
        before = state.probes.get(name, ProbeHealth()).status
        if health.status is not before:
            changes.append(announcement("probe", name, before, health.status, [facts[name]]))
    if region is not state.region:
        changes.append(announcement("region", settings.region, state.region, region, list(facts.values())))
    return MonitorState(scheduled_at, run, region, probes, (*state.outbox, *changes))


def claim(state: MonitorState, run: str, now: float, until: float) -> MonitorState:
    """The state in which every announcement that nobody else is delivering is for `run` to deliver."""
    outbox = tuple(
        replace(announcement, claimed_by=run, claimed_until=until)
        if announcement.claimed_by != run and announcement.claimed_until <= now
        else announcement
        for announcement in state.outbox
    )
    return replace(state, outbox=outbox)


def settle(state: MonitorState, run: str, delivered: Collection[Delivery]) -> MonitorState:
    """The state without what has been delivered, and with what `run` could not deliver free for the next one."""
    outbox = []
    for announcement in state.outbox:
        left = tuple(channel for channel in announcement.channels if (announcement.id, channel) not in delivered)
        if left and announcement.claimed_by == run:
            outbox.append(replace(announcement, channels=left, claimed_by="", claimed_until=0.0))
        elif left:
            outbox.append(replace(announcement, channels=left))
    return replace(state, outbox=tuple(outbox))
