"""Tells people by SNS, and machines by EventBridge, that a status has changed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from check_region_health.clients import CALL_SECONDS_MAX
from check_region_health.monitor_state import Announcement, Delivery

EVENT_SOURCE = "region-health"
DETAIL_TYPES = {"probe": "Probe Status Change", "region": "Region Status Change"}
SUBJECT_CHARACTERS_MAX = 100


class RefusedError(Exception):
    """The event bus answered, but did not take the event."""


@dataclass(frozen=True)
class Announcer:
    """The channels, and where each leads."""

    sns: Any
    events: Any
    topic_arn: str
    event_bus: str

    def deliver(
        self, announcements: list[Announcement], remaining_seconds: Callable[[], float]
    ) -> tuple[set[Delivery], list[str]]:
        """What was delivered, and what went wrong with the rest.

        A channel that fails does not keep the other from being told, but is left alone from then on: what it has to
        say keeps its order, and a service that does not answer does not use up the time. Nothing is begun that might
        not end, together with the note that it is done, before the function's own time is over.
        """
        delivered: set[Delivery] = set()
        problems: list[str] = []
        failed: set[str] = set()
        for announcement in announcements:
            for channel in announcement.channels:
                if channel in failed:
                    continue
                if remaining_seconds() < 2 * CALL_SECONDS_MAX:
                    return delivered, [*problems, f"no time left for {announcement.id}"]
                try:
                    self._channels[channel](announcement.detail)
                except (ClientError, BotoCoreError, RefusedError) as error:
                    failed.add(channel)
                    problems.append(f"{announcement.id} by {channel}: {error}")
                else:
                    delivered.add((announcement.id, channel))
        return delivered, problems

    @property
    def _channels(self) -> Mapping[str, Callable[[dict[str, Any]], None]]:
        return {"sns": self._publish, "eventbridge": self._put_event}

    def _publish(self, detail: dict[str, Any]) -> None:
        subject = f"{detail['status']}: {detail['scope']} {detail['subject']} ({detail['region']})"
        names = ("id", "scope", "subject", "region", "status", "previous_status")
        self.sns.publish(
            TopicArn=self.topic_arn,
            Subject=subject[:SUBJECT_CHARACTERS_MAX],
            Message=json.dumps(detail, indent=2),
            MessageAttributes={name: {"DataType": "String", "StringValue": detail[name]} for name in names},
        )

    def _put_event(self, detail: dict[str, Any]) -> None:
        entry = {
            "Source": EVENT_SOURCE,
            "DetailType": DETAIL_TYPES[detail["scope"]],
            "Detail": json.dumps(detail),
            "Time": datetime.fromisoformat(detail["observed_at"]),
            "EventBusName": self.event_bus,
        }
        answer = self.events.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            refusal = answer["Entries"][0]
            raise RefusedError(f"{refusal.get('ErrorCode')}: {refusal.get('ErrorMessage')}")
