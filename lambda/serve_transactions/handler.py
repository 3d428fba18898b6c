"""Where Lambda enters for the load balancer: one invocation is one request.

## Routes

| route | answers |
|---|---|
| POST /transactions | 201 with the transaction, or 200 where this request was carried out before |
| GET /transactions/{id} | 200 with the transaction |
| GET /transactions/{id}/receipt | 200 with the receipt |
| GET /health | 200 when database and file system can be used, otherwise 503; says how the cache is |

The first three want the header X-Client-Id (API Gateway sets it, from the verified token), the first one also
Idempotency-Key and a JSON body with the members amount, currency, merchant, payment_token and reference, all strings.
The same client, key and order give the same transaction, however often and however many at once.

| status | when |
|---|---|
| 400 | the body or the key cannot be used |
| 401 | there is no client |
| 404 | no such path, or no such transaction of this client |
| 405 | another method is meant (Allow says which) |
| 409 | the key was used for another order |
| 413, 415 | the body is too long, or not application/json |
| 422 | the body, or the key, holds what reads as a card number |
| 500 | an error of ours |
| 503 | the database cannot be used now (Retry-After says when to try again) |

Errors are application/problem+json (RFC 9457).

## Environment

| variable | meaning |
|---|---|
| DATABASE_SECRET_ARN | secret of the database's users, as the rotation function keeps it |
| CACHE_HOST, CACHE_PORT | primary endpoint of the cache |
| CACHE_NAME | id of its replication group |
| CACHE_USER | its user, who is authenticated by IAM |
| FILES_PATH | where the file system is mounted |
| POWERTOOLS_LOG_LEVEL | INFO if it is not set |
| CA_BUNDLE, CACHE_CA_BUNDLE | files of PEM certificates in place of the packaged ones, of RDS and of Amazon |

AWS_REGION is set by Lambda.

## IAM actions

| action | resource | condition |
|---|---|---|
| secretsmanager:GetSecretValue | DATABASE_SECRET_ARN | secretsmanager:VersionStage: AWSCURRENT |
| kms:Decrypt | key of the secret | kms:ViaService: secretsmanager |
| elasticache:Connect | replication group, user | |
| elasticfilesystem:ClientMount, elasticfilesystem:ClientWrite | file system | elasticfilesystem:AccessPointArn |
| logs:CreateLogStream, logs:PutLogEvents | log group of the function | |

In the cache its user may get, set and ping: `~transactions:* -@all +get +set +ping`.

## Function

20 s of time-out: a request that meets a broken connection and a rotated secret ends, one way or the other, before
that. 512 MB, because the share of a processor grows with the memory, and a cold start makes two TLS handshakes.

## Log

One JSON object for each request: `level` (ERROR from status 500 on, WARNING where a receipt or the cache failed,
otherwise INFO), `message`, `method`, `route`, `status`, `duration_ms`, `request_id`, and where there is something to
say `cache`, `receipt`, `files`, `reason`, `detail`, `error`, `places`. No body, no header, no path.
"""

import os
import time
import traceback
from collections.abc import Mapping
from functools import cache
from http import HTTPMethod, HTTPStatus
from typing import Any, Protocol

from serve_transactions.cache import HIT, MISS
from serve_transactions.cache import OK as CACHE_OK
from serve_transactions.errors import DatabaseUnavailableError, StatementRefusedError
from serve_transactions.exchange import Answer, Problem, Request
from serve_transactions.log import LOG
from serve_transactions.receipts import KEPT, MADE
from serve_transactions.service import Route, Service, route_to
from serve_transactions.settings import Settings, SettingsError

RETRY_AFTER_SECONDS = 5

_EXPECTED = {"cache": (CACHE_OK, HIT, MISS), "receipt": (KEPT, MADE)}


class LambdaContext(Protocol):
    """What the function reads of the context that Lambda passes."""

    aws_request_id: str


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request: the event and the answer are those of an Application Load Balancer."""
    begun = time.monotonic()
    found = route_to(event["path"])
    answer = _answer(found, event)
    duration_ms = round((time.monotonic() - begun) * 1000, 1)
    method = event["httpMethod"]
    line = {
        "method": method if method in HTTPMethod.__members__ else "other",
        "route": found[0].template if found else "unknown",
        "status": answer.status.value,
        "duration_ms": duration_ms,
        "request_id": context.aws_request_id,
        **answer.notes,
    }
    _log_of(answer)("request", extra=line)
    return answer.for_load_balancer()


def _answer(found: tuple[Route, str] | None, event: Mapping[str, Any]) -> Answer:
    try:
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "there is nothing here")
        route, id_ = found
        operation = route.operation(event["httpMethod"])
        return operation(_service(), Request.from_event(event), id_)
    except Problem as problem:
        return problem.answer()
    except DatabaseUnavailableError as error:
        later = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        unavailable = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "this cannot be done now: send it again later", later)
        return unavailable.answer({"reason": error.reason, "detail": error.detail})
    except (SettingsError, StatementRefusedError) as error:
        return _our_error(detail=str(error))
    except Exception as error:
        # Nothing is known about this error's text: it could quote what must not be logged.
        return _our_error(error=type(error).__name__, places=traceback.format_tb(error.__traceback__))


def _our_error(**notes: Any) -> Answer:
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this went wrong, and not by your doing").answer(notes)


def _log_of(answer: Answer) -> Any:
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return LOG.error
    unexpected = [name for name, expected in _EXPECTED.items() if answer.notes.get(name, expected[0]) not in expected]
    return LOG.warning if unexpected else LOG.info


@cache  # a warm function keeps its connections
def _service() -> Service:
    return Service.from_settings(Settings.from_environment(os.environ))
