"""Is the transaction API well, seen from its gateway, its load balancer and its function?"""

from collections.abc import Mapping
from dataclasses import dataclass

from constructs import Construct

from infra.alarms import Alarm, AlarmMaker, Metric
from infra.dashboards import Graph
from infra.request_metrics import DURATION, ERRORS, REQUESTS

SLOW_MILLISECONDS = 1000  # sub-second is what is asked for
ERROR_LIMIT = 5  # per five minutes
REFUSED_REQUESTS = 1000  # per five minutes
CONCURRENT_EXECUTIONS = 800  # of the 1,000 that AWS gives an account before it is asked for more


@dataclass(frozen=True)
class MonitoredApi:
    """The names by which CloudWatch knows the parts."""

    api: str
    stage: str
    balancer: str
    target_group: str
    function: str
    metrics_namespace: str


class ApiMetrics:
    """Every figure that is watched, shown, or both."""

    def __init__(self, parts: MonitoredApi) -> None:
        api = {"ApiId": parts.api, "Stage": parts.stage}
        self.requests = Metric("AWS/ApiGateway", "Count", api)
        self.client_errors = Metric("AWS/ApiGateway", "4xx", api)
        self.server_errors = Metric("AWS/ApiGateway", "5xx", api)
        self.latency = Metric("AWS/ApiGateway", "Latency", api, "p99")
        self.integration_latency = Metric("AWS/ApiGateway", "IntegrationLatency", api, "p99")

        balancer = {"LoadBalancer": parts.balancer}
        targets = {**balancer, "TargetGroup": parts.target_group}
        self.balancer_errors = Metric("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", balancer)
        self.target_errors = Metric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", balancer)
        self.refused = Metric("AWS/ApplicationELB", "HTTP_Fixed_Response_Count", balancer)
        self.unhealthy = Metric("AWS/ApplicationELB", "UnHealthyHostCount", targets, "Maximum")

        function = {"FunctionName": parts.function}
        self.function_errors = Metric("AWS/Lambda", "Errors", function)
        self.throttles = Metric("AWS/Lambda", "Throttles", function)
        self.concurrency = Metric("AWS/Lambda", "ConcurrentExecutions", function, "Maximum")
        self.function_duration = Metric("AWS/Lambda", "Duration", function, "p99")

        own = parts.metrics_namespace
        self.served = Metric(own, REQUESTS)
        self.logged_errors = Metric(own, ERRORS)
        self.duration = Metric(own, DURATION, statistic="p99")


class ApiAlarms(Construct):
    """The alarms, each of which publishes to the alerts topic; `graphs` show the same figures."""

    def __init__(self, scope: Construct, id_: str, *, monitored: MonitoredApi, alarms: AlarmMaker) -> None:
        super().__init__(scope, id_)
        metrics = ApiMetrics(monitored)
        for alarm_id, alarm in {**_alarms_of_api(metrics), **_alarms_of_service(metrics)}.items():
            alarms.make(self, alarm_id, alarm)
        self.graphs = _graphs(metrics)


def _alarms_of_api(metrics: ApiMetrics) -> Mapping[str, Alarm]:
    return {
        "api_errors": Alarm("The API answers 5xx", metrics.server_errors, ERROR_LIMIT),
        "api_refusals": Alarm(
            "The API refuses unusually many requests: tokens, throttling, or a caller in error",
            metrics.client_errors,
            REFUSED_REQUESTS,
        ),
        "api_slow": Alarm(
            "One request in a hundred takes longer than a second", metrics.latency, SLOW_MILLISECONDS, periods=3
        ),
        "api_bypassed": Alarm("Somebody called the API with a valid token, past CloudFront", metrics.refused, 1),
        "balancer_errors": Alarm("The load balancer itself answers 5xx", metrics.balancer_errors, ERROR_LIMIT),
    }


def _alarms_of_service(metrics: ApiMetrics) -> Mapping[str, Alarm]:
    return {
        "service_unhealthy": Alarm(
            "The function fails its health check: it, or its way to its data, is broken",
            metrics.unhealthy,
            1,
            period_seconds=60,
            periods=3,
        ),
        "service_answers_errors": Alarm("The function answers 5xx", metrics.target_errors, ERROR_LIMIT),
        "service_logs_errors": Alarm("The function logged errors", metrics.logged_errors, ERROR_LIMIT),
        "service_fails": Alarm("The function ends without an answer", metrics.function_errors, ERROR_LIMIT),
        "service_throttled": Alarm("The function is not run: no execution is free", metrics.throttles, 1),
        "service_busy": Alarm(
            "The function takes most of the account's concurrent executions",
            metrics.concurrency,
            CONCURRENT_EXECUTIONS,
        ),
        "service_slow": Alarm(
            "One call of the function in a hundred takes longer than a second",
            metrics.function_duration,
            SLOW_MILLISECONDS,
            periods=3,
        ),
    }


def _graphs(metrics: ApiMetrics) -> list[Graph]:
    return [
        Graph("Requests", [metrics.requests, metrics.served]),
        Graph("Errors", [metrics.client_errors, metrics.server_errors, metrics.balancer_errors, metrics.target_errors]),
        Graph("Latency (ms)", [metrics.latency, metrics.integration_latency]),
        Graph("Duration in the function (ms)", [metrics.function_duration, metrics.duration]),
        Graph("Executions of the function at once", [metrics.concurrency]),
        Graph("Errors of the function", [metrics.function_errors, metrics.throttles, metrics.logged_errors]),
        Graph("Not through CloudFront; unhealthy", [metrics.refused, metrics.unhealthy]),
    ]
