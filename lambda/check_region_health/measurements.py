"""CloudWatch metrics, as lines of the log that CloudWatch turns into metrics (the embedded metric format).

PutMetricData would be one more call that a region in trouble may not answer, one more permission, and one more way
to lose the very figure that says so; a line on standard output cannot fail. What it costs: the metric appears
with the log, some seconds later.
"""

from collections.abc import Sequence

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from check_region_health.health import Outcome, ProbeResult, Status
from check_region_health.monitor_state import MonitorState
from check_region_health.settings import Settings


def publish_observation(settings: Settings, results: Sequence[ProbeResult], state: MonitorState | None) -> None:
    """The metrics of one run; `Healthy` is left out where it is not known, which it never is without a state."""
    healthy = {result.name: _healthy(result, state) for result in results}
    region = _metrics(settings.namespace, Region=settings.region)
    for result in results:
        probe = _metrics(settings.namespace, Region=settings.region, Probe=result.name)
        for metrics in (probe, region):
            metrics.add_metric("ProbeErrors", MetricUnit.Count, result.outcome is not Outcome.OK)
            if result.outcome is Outcome.OK:
                metrics.add_metric("Latency", MetricUnit.Milliseconds, result.latency_ms)
        if healthy[result.name] is not None:
            probe.add_metric("Healthy", MetricUnit.Count, bool(healthy[result.name]))
        probe.flush_metrics()
    required = [healthy[result.name] for result in results if result.required]
    if state is not None and state.region is Status.DOWN:
        region.add_metric("Healthy", MetricUnit.Count, 0)
    elif all(required):
        region.add_metric("Healthy", MetricUnit.Count, 1)
    region.flush_metrics()


def publish_monitor_errors(namespace: str, region: str, count: int) -> None:
    """Whether the monitor itself failed: 0 or 1 in each run, so that its silence shows as well."""
    metrics = _metrics(namespace, Region=region)
    metrics.add_metric("MonitorErrors", MetricUnit.Count, count)
    metrics.flush_metrics()


def _healthy(result: ProbeResult, state: MonitorState | None) -> bool | None:
    if state is None or result.outcome is Outcome.UNDETERMINED:
        return None
    status = state.probes[result.name].status
    return None if status is Status.UNKNOWN else status is Status.UP


def _metrics(namespace: str, **dimensions: str) -> EphemeralMetrics:
    # No service: it would be one more dimension, and alarms find a metric by all its dimensions.
    return EphemeralMetrics(namespace=namespace, service="", default_dimensions=dimensions)
