"""Keeps the monitor's state in one DynamoDB item, written only where nobody else has written since it was read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from check_region_health.errors import MonitorError
from check_region_health.monitor_state import MonitorState

KEY = "id"
ATTEMPTS_MAX = 5


class StateError(MonitorError):
    """The state could not be read or written: what the region's health is cannot be said."""


@dataclass(frozen=True)
class StoredState:
    """A state as it was read or written; `version` counts the writes, and is 0 before the first."""

    state: MonitorState
    version: int


@dataclass(frozen=True)
class StateStore:
    """The item `item_id` of `table`, whose partition key is a text named `id`."""

    dynamodb: Any
    table: str
    item_id: str

    def read(self) -> StoredState:
        """What is stored now; an empty state of version 0 where nothing is. Raises StateError."""
        try:
            answer = self.dynamodb.get_item(TableName=self.table, Key=self._key(), ConsistentRead=True)
        except (ClientError, BotoCoreError) as error:
            raise StateError(f"the state cannot be read: {error}") from error
        item = answer.get("Item")
        if item is None:
            return StoredState(MonitorState(), 0)
        try:
            return StoredState(MonitorState.from_json(item["state"]["S"]), int(item["version"]["N"]))
        except (KeyError, ValueError, MonitorError) as error:
            raise StateError(f"item {self.item_id} of {self.table}: {error}") from None

    def update(self, stored: StoredState, change: Callable[[MonitorState], MonitorState]) -> StoredState:
        """Write `change` of the stored state; when another run was faster, of what that one wrote.

        Also when this run's own write succeeded but its answer was lost: `change` sees that as another's write.
        Raises StateError.
        """
        for _ in range(ATTEMPTS_MAX):
            changed = change(stored.state)
            if changed == stored.state:
                return stored
            if self._write(changed, stored.version):
                return StoredState(changed, stored.version + 1)
            stored = self.read()
        raise StateError(f"other runs changed the state {ATTEMPTS_MAX} times in between")

    def _write(self, state: MonitorState, version: int) -> bool:
        """Store `state` as the version after `version`; False where that is not the stored one."""
        if version == 0:
            condition: dict[str, Any] = {
                "ConditionExpression": "attribute_not_exists(#id)",
                "ExpressionAttributeNames": {"#id": KEY},
            }
        else:
            condition = {
                "ConditionExpression": "#version = :version",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":version": {"N": str(version)}},
            }
        item = {**self._key(), "version": {"N": str(version + 1)}, "state": {"S": state.to_json()}}
        try:
            self.dynamodb.put_item(TableName=self.table, Item=item, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise StateError(f"the state cannot be written: {error}") from error
        except BotoCoreError as error:
            raise StateError(f"the state cannot be written: {error}") from error
        return True

    def _key(self) -> dict[str, Any]:
        return {KEY: {"S": self.item_id}}
