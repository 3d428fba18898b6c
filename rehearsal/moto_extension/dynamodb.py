"""DynamoDB: replicas of a table in other regions (global tables, version 2019.11.21)."""

from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

VERSION = "2019.11.21"
# The words of AWS, by which the provider recognises a replica that is gone already.
NOT_FOUND = "Replica specified in the Replica Update or Replica Delete action of the request was not found."


def install() -> None:
    """Let UpdateTable make and delete replicas, and DescribeTable list them: moto ignores the one and lacks the other.

    A replica is a table of its own in its region, with the key schema, the stream and the billing of the first. Items
    are not copied.
    """
    _update_replicas()
    _describe_replicas()


def _update_replicas() -> None:
    update = DynamoHandler.update_table

    def update_table(handler: DynamoHandler) -> Any:
        update(handler)
        table = handler.dynamodb_backend.get_table(handler.body["TableName"])
        for change in handler.body.get("ReplicaUpdates") or ():
            if "Create" in change:
                _create(handler.dynamodb_backend, table, change["Create"])
            elif "Delete" in change:
                _delete(handler.dynamodb_backend, table, change["Delete"]["RegionName"])
        return handler.describe_table()

    DynamoHandler.update_table = update_table  # type: ignore[assignment,method-assign]


def _describe_replicas() -> None:
    describe = Table.describe

    def describe_with_replicas(table: Table, base_key: str = "TableDescription") -> dict[str, Any]:
        described = describe(table, base_key)
        replicas = _replicas(table)
        if replicas:
            described[base_key] |= {"Replicas": list(replicas.values()), "GlobalTableVersion": VERSION}
        return described

    Table.describe = describe_with_replicas  # type: ignore[assignment,method-assign]


def _replicas(table: Table) -> dict[str, dict[str, Any]]:
    """What DescribeTable says about each other replica of the table, by region."""
    found: dict[str, dict[str, Any]] = table.__dict__.setdefault("replicas", {})
    return found


def _described(region: str, kms_key: str | None) -> dict[str, Any]:
    return {"RegionName": region, "ReplicaStatus": "ACTIVE", **({"KMSMasterKeyId": kms_key} if kms_key else {})}


def _create(backend: DynamoDBBackend, table: Table, wanted: dict[str, Any]) -> None:
    region, kms_key = wanted["RegionName"], wanted.get("KMSMasterKeyId")
    replica = dynamodb_backends[backend.account_id][region].create_table(
        table.name,
        schema=table.schema,
        throughput=None,
        attr=table.attr,
        global_indexes=None,
        indexes=None,
        streams={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        billing_mode=table.billing_mode or "PROVISIONED",
        sse_specification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": kms_key} if kms_key else None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )
    _replicas(table)[region] = _described(region, kms_key)
    own_key = (table.sse_specification or {}).get("KMSMasterKeyId")
    _replicas(replica)[backend.region_name] = _described(backend.region_name, own_key)


def _delete(backend: DynamoDBBackend, table: Table, region: str) -> None:
    if region not in _replicas(table):
        raise MockValidationException(NOT_FOUND)
    dynamodb_backends[backend.account_id][region].delete_table(table.name)
    del _replicas(table)[region]
