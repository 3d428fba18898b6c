"""Where Lambda enters for a load balancer: one invocation is one request to the path of the health checks.

200 says that the region could serve: the request came through DNS, TLS, firewall and load balancer, this function
runs, the table's replica in this region answers a consistent read, and the key that encrypts it decrypts. Anything
else is 503, and the log says why; the answer does not.

## Environment

| variable | meaning |
|---|---|
| TABLE | DynamoDB table that is read |
| CANARY_KEY | JSON object: the key that is read, one or two text attributes; an item need not be there |

AWS_REGION is set by Lambda.

## IAM actions

| action | resource | condition |
|---|---|---|
| dynamodb:GetItem | TABLE | dynamodb:LeadingKeys: the partition key of CANARY_KEY |
| kms:Decrypt | key of TABLE | kms:ViaService: dynamodb |
| logs:CreateLogStream, logs:PutLogEvents | log group of the function | |

## Log

One JSON object for each answer: `level`, `message`, `status` (200 or 503) and `duration_ms`.
"""

import json
import os
import sys
import time
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# Route 53 waits two seconds for the answer once it is connected; together these stay below that.
CONNECT_TIMEOUT_SECONDS = 0.5
READ_TIMEOUT_SECONDS = 1


def handler(_event: Any, _context: Any) -> dict[str, Any]:
    """Answer one request: the event and the answer are those of an Application Load Balancer."""
    begun = time.monotonic()
    problem = _problem()
    status = "503 Service Unavailable" if problem else "200 OK"
    duration_ms = round((time.monotonic() - begun) * 1000)
    _log("ERROR" if problem else "INFO", problem or "served", int(status[:3]), duration_ms)
    return {
        "statusCode": int(status[:3]),
        "statusDescription": status,
        "isBase64Encoded": False,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps({"status": "unavailable" if problem else "ok", "region": os.environ["AWS_REGION"]}),
    }


def _problem() -> str | None:
    """What keeps this region from reading the table; None when nothing does."""
    key = {name: {"S": value} for name, value in json.loads(os.environ["CANARY_KEY"]).items()}
    try:
        _dynamodb().get_item(TableName=os.environ["TABLE"], Key=key, ConsistentRead=True)
    except (ClientError, BotoCoreError) as error:
        return f"the table cannot be read: {error}"
    return None


@cache  # a warm function keeps its connection
def _dynamodb() -> Any:
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    return boto3.client("dynamodb", config=config)


def _log(level: str, message: str, status: int, duration_ms: int) -> None:
    line = {"level": level, "message": message, "status": status, "duration_ms": duration_ms}
    sys.stdout.write(json.dumps(line) + "\n")
