"""Log lines as JSON objects, one per line: what CloudWatch Logs filters and counts."""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
import time

LOG = logging.getLogger("portal")


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: time, level, message and the fields given as `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Render `record` on one line."""
        entry = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(entry, default=str)


def log_to(file: str | None) -> None:
    """Send the log to `file`, which may be rotated under us, or to standard output; raises OSError."""
    output: logging.Handler = logging.StreamHandler(sys.stdout)
    if file:
        output = logging.handlers.WatchedFileHandler(file, encoding="utf-8")
    output.setFormatter(JsonFormatter())
    LOG.addHandler(output)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
