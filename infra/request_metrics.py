"""The figures counted from what an application logs: how much it served, how fast, and with how many errors.

Lines are JSON objects with at least `level`, and `duration_ms` where a request was served.
"""

from constructs import Construct

from infra.deployment import Deployment
from infra.logs import LineMetric, count_lines

ERRORS = "Errors"
REQUESTS = "Requests"
DURATION = "RequestDuration"
_SERVED = "{ $.duration_ms >= 0 }"
_METRICS = {
    "errors": LineMetric(ERRORS, '{ $.level = "ERROR" || $.level = "CRITICAL" }'),
    "requests": LineMetric(REQUESTS, _SERVED),
    "duration": LineMetric(DURATION, _SERVED, "Milliseconds", "$.duration_ms"),
}


def count_requests(scope: Construct, *, deployment: Deployment, log_group: str, namespace: str) -> None:
    """Count, as metrics of `namespace`, what is logged in `log_group`."""
    for id_, metric in _METRICS.items():
        count_lines(scope, id_, metric, deployment=deployment, log_group=log_group, namespace=namespace)
