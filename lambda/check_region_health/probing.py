"""Runs all probes at once, each within its own time-out, and says of each what came of it."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from check_region_health import probes
from check_region_health.health import Outcome, ProbeResult
from check_region_health.log import LOG
from check_region_health.settings import Probe, Settings

REASON_CHARACTERS_MAX = 200


def probe_all(settings: Settings) -> tuple[ProbeResult, ...]:
    """The result of every probe, in their order, at the latest when the longest time-out is over."""
    # Prepared here, because making clients of AWS is not safe in several threads.
    prepared = [(probe, probes.prepare(probe, settings)) for probe in settings.probes]
    executor = ThreadPoolExecutor(max_workers=len(prepared), thread_name_prefix="probe")
    started = time.monotonic()
    try:
        running = [(probe, executor.submit(_probe_one, probe, ask)) for probe, ask in prepared]
        return tuple(_result(probe, future, started) for probe, future in running)
    finally:
        # A thread that is still waiting, for a name server say, must not keep the others' results from being told.
        executor.shutdown(wait=False, cancel_futures=True)


def _result(probe: Probe, future: "Future[ProbeResult]", started: float) -> ProbeResult:
    wait([future], timeout=max(0.0, started + probe.timeout_seconds - time.monotonic()))
    if future.done():
        return future.result()
    return ProbeResult(
        probe.name, probe.required, Outcome.FAILED, probe.timeout_seconds * 1000, probes.no_answer_within(probe)
    )


def _probe_one(probe: Probe, ask: Callable[[], str]) -> ProbeResult:
    started = time.monotonic()
    try:
        outcome, reason = Outcome.OK, ask()
    except probes.ProbeError as failure:
        outcome, reason = Outcome.FAILED, str(failure)
    except Exception as error:
        LOG.exception("probe undetermined", extra={"probe": probe.name})
        outcome, reason = Outcome.UNDETERMINED, f"{type(error).__name__}: {error}"
    reason = " ".join(reason.split())[:REASON_CHARACTERS_MAX]
    latency_ms = round((time.monotonic() - started) * 1000)
    return ProbeResult(probe.name, probe.required, outcome, latency_ms, reason)
