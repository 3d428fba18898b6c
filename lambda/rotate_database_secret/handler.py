"""Where Lambda enters: one invocation is one step of one rotation."""

import os
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rotate_database_secret import steps
from rotate_database_secret.errors import RotationError
from rotate_database_secret.rotation import CURRENT, PENDING, Rotation, secrets_manager
from rotate_database_secret.settings import Settings
from rotate_database_secret.structured_log import structured_logger

STEPS: Mapping[str, Callable[[Rotation], None]] = {
    "createSecret": steps.create_secret,
    "setSecret": steps.set_secret,
    "testSecret": steps.test_secret,
    "finishSecret": steps.finish_secret,
}

_LOG = structured_logger("rotate_database_secret")


def handler(event: Mapping[str, Any], context: object) -> None:
    """Carry out `event["Step"]` for version `event["ClientRequestToken"]` of secret `event["SecretId"]`.

    Returns when the step is done, or was done before. Raises RotationError or an error of botocore otherwise;
    Secrets Manager then tries the rotation again.
    """
    fields = {
        "step": event.get("Step"),
        "secret": event.get("SecretId"),
        "version": event.get("ClientRequestToken"),
        "request_id": getattr(context, "aws_request_id", None),
    }
    started = time.monotonic()
    try:
        result = _run(event)
    except (RotationError, ClientError, BotoCoreError) as error:
        reason = f"{type(error).__name__}: {error}"
        _LOG.error("rotation step failed", extra={"fields": {**fields, "error": reason}})
        raise
    except Exception as error:
        # Nothing is known about this error's text: it could quote a secret, so only its place is reported.
        reason = f"unexpected {type(error).__name__}"
        places = traceback.format_tb(error.__traceback__)
        _LOG.error("rotation step failed", extra={"fields": {**fields, "error": reason, "traceback": places}})
        raise RotationError(f"{reason}; the log says where") from None
    duration_ms = round((time.monotonic() - started) * 1000)
    _LOG.info(result, extra={"fields": {**fields, "duration_ms": duration_ms}})


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
    stages = rotation.stages().get(rotation.token)
    if stages is None:
        raise RotationError(f"{rotation.token} is no version of the secret")
    if CURRENT in stages:
        return "rotation step not needed: the version is current"
    if PENDING not in stages:
        raise RotationError(f"version {rotation.token} is not staged as {PENDING}: its rotation was given up")
    step(rotation)
    return "rotation step finished"
