"""Policy api-stage-logs-access."""

import json
import re
from collections.abc import Iterator

from policies.api.apis import REST_STAGE, STAGE
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Resource, Unresolved

_FIELD = re.compile(r"\$context\.([A-Za-z0-9_.-]+)")
_NEEDED = {
    "who": ("identity.sourceIp",),
    "when": ("requestTime",),
    "what": ("routeKey", "path", "resourcePath", "resourceId", "eventType"),
    "how it ended": ("status", "integrationStatus", "integration.status"),
}
_JSON_OBJECT = "${jsonencode({"


@policy(
    id="api-stage-logs-access",
    title="A stage logs every request: who, when, what, and how it ended",
    remediation="Give the stage access_log_settings with a log group of the stack and a JSON format that holds "
    "$context.identity.sourceIp, requestTime, routeKey (resourcePath) and status.",
    severity="medium",
    applies_to=(STAGE, REST_STAGE),
)
def judge(stage: Resource, graph: ResourceGraph, *, as_json: bool = False) -> Iterator[Finding]:
    """API Gateway counts requests, but keeps none of them unless it is told where. After an attack, a log that lacks
    the address, the time or the answer tells nobody what was taken."""
    destination, format_ = (stage.attribute(f"access_log_settings.{path}") for path in ("destination_arn", "format"))
    stores = graph.targets(destination, "aws_cloudwatch_log_group", "aws_kinesis_firehose_delivery_stream")
    if not stores and not destination.is_given:
        yield destination.fails("requests are not logged")
        return
    text = format_.raw_value.text if isinstance(format_.raw_value, Unresolved) else format_.text
    fields = _FIELD.findall(text)
    missing = [need for need, starts in _NEEDED.items() if not any(field.startswith(starts) for field in fields)]
    if not fields and format_.is_unresolved:
        yield format_.undetermined("what is logged is not known here")
    elif missing:
        yield format_.fails(f"the log does not tell {', '.join(missing)}")
    elif as_json and not _is_json(text):
        yield format_.fails("its lines are no JSON objects")
    else:
        yield destination.passes(
            f"requests are logged in {stores[0].address if stores else 'a place given from outside'}"
        )


def _is_json(text: str) -> bool:
    if text.startswith(_JSON_OBJECT):
        return True
    try:
        return isinstance(json.loads(_FIELD.sub("0", text)), dict)
    except ValueError:
        return False
