"""S3: the rules of a bucket's replication, as they were put."""

from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError
from moto.s3.responses import S3Response

_WHEN_NOT_SAID = {"DeleteMarkerReplication": {"Status": "Disabled"}, "Filter": {"Prefix": ""}}
_KEPT = ("ID", "Priority", "Status", "Destination", "DeleteMarkerReplication", "SourceSelectionCriteria")


def install() -> None:
    """Answer with what was put: moto keeps it, and answers that no rule replicates deletions or encrypted objects."""
    S3Response.get_bucket_replication = _get  # type: ignore[assignment,method-assign]


def _get(response: S3Response) -> Any:
    response.data["Action"] = "GetBucketReplication"
    kept = response.backend.get_bucket_replication(response.bucket_name)
    if not kept:
        raise ReplicationConfigurationNotFoundError(bucket_name=response.bucket_name)
    rules = [{**_WHEN_NOT_SAID, **{name: rule[name] for name in _KEPT if name in rule}} for rule in kept["Rule"]]
    return response.serialized(ActionResult({"ReplicationConfiguration": {"Role": kept["Role"], "Rules": rules}}))
