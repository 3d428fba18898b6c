"""Whether this instance can serve: the answer behind /health."""

from __future__ import annotations

import threading
import time
import traceback
from typing import Callable

from portal.database import DatabaseUnavailableError
from portal.structured_log import LOG

# Several load balancer nodes ask every instance every few seconds: one question to the database answers all.
# A failover of the database takes it away from every instance at once, for up to a minute. The target group
# has to be more patient than that (interval x unhealthy threshold), or the whole fleet is replaced for
# nothing.
LIFETIME_SECONDS = 5

INTERNAL_ERROR = "internal-error"


class Health:
    """Asks the database at most once per LIFETIME_SECONDS, and never twice at a time."""

    def __init__(self, verify: Callable[[], None]) -> None:
        self._verify = verify
        self._lock = threading.Lock()
        self._asked_at: float | None = None
        self._reason: str | None = None

    def reason_against(self) -> str | None:
        """None when the database answers, otherwise the class of the reason why it does not."""
        with self._lock:
            if self._asked_at is None or time.monotonic() - self._asked_at >= LIFETIME_SECONDS:
                self._reason = self._ask()
                self._asked_at = time.monotonic()
            return self._reason

    def _ask(self) -> str | None:
        try:
            self._verify()
        except DatabaseUnavailableError as error:
            fields: dict[str, object] = {"reason": error.reason, "detail": error.detail}
            LOG.error("the database cannot be used", extra={"fields": fields})
            return error.reason
        except Exception as error:
            # Nothing is known about this error's text, it could quote the password: only its place is logged.
            fields = {"error": type(error).__name__, "traceback": traceback.format_tb(error.__traceback__)}
            LOG.error("the health check failed", extra={"fields": fields})
            return INTERNAL_ERROR
        return None
