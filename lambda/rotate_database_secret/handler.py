"""Where Lambda enters: one invocation is one step of one rotation."""

import os
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError

from rotate_database_secret import steps
from rotate_database_secret.errors import RotationError
from rotate_database_secret.rotation import Rotation
from rotate_database_secret.secrets_manager import secrets_manager
from rotate_database_secret.settings import Settings
from rotate_database_secret.telemetry import LOGGER, METRICS

STEPS: Mapping[str, Callable[[Rotation], None]] = {
    "createSecret": steps.create_secret,
    "setSecret": steps.set_secret,
    "testSecret": steps.test_secret,
    "finishSecret": steps.finish_secret,
}


@LOGGER.inject_lambda_context(clear_state=True)
@METRICS.log_metrics
def handler(event: Mapping[str, Any], context: Any) -> None:
    """Carry out `event["Step"]` for version `event["ClientRequestToken"]` of secret `event["SecretId"]`.

    Returns when the step is done, or was done before. Raises RotationError or an error of botocore otherwise;
    Secrets Manager then tries the rotation again.
    """
    step = event.get("Step")
    LOGGER.append_keys(step=step, secret=event.get("SecretId"), version=event.get("ClientRequestToken"))
    METRICS.add_dimension(name="step", value=str(step) if step in STEPS else "unknown")
    started = time.monotonic()
    try:
        result = _run(event)
    except (RotationError, ClientError, BotoCoreError) as error:
        _report_failure(f"{type(error).__name__}: {error}")
        raise
    except Exception as error:
        # Nothing is known about this error's text: it could quote a secret, so only its place is reported.
        reason = f"unexpected {type(error).__name__}"
        _report_failure(reason, places=traceback.format_tb(error.__traceback__))
        raise RotationError(f"{reason}; the log says where") from None
    METRICS.add_metric(name="StepsSucceeded", unit=MetricUnit.Count, value=1)
    LOGGER.info(result, duration_ms=round((time.monotonic() - started) * 1000))


def _report_failure(reason: str, places: list[str] | None = None) -> None:
    METRICS.add_metric(name="StepsFailed", unit=MetricUnit.Count, value=1)
    LOGGER.error("rotation step failed", error=reason, traceback=places)


def _run(event: Mapping[str, Any]) -> str:
    """Carry out the step, and say in a few words what came of it."""
    for name in ("Step", "SecretId", "ClientRequestToken"):
        if not isinstance(event.get(name), str):
            raise RotationError(f"the event has no {name}: this function is for Secrets Manager to call")
    step = STEPS.get(event["Step"])
    if step is None:
        raise RotationError(f"unknown step {event['Step']!r}; known are: {', '.join(STEPS)}")
    settings = Settings.from_environment(os.environ)
    rotation = Rotation(event["SecretId"], event["ClientRequestToken"], secrets_manager(settings.region), settings)
    if rotation.is_current():
        return "rotation step not needed: the version is current"
    step(rotation)
    return "rotation step finished"
