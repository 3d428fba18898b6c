"""Log lines as JSON objects, one per line, on standard output: what CloudWatch Logs filters and queries."""

import json
import logging
import sys
from datetime import UTC, datetime


class JsonFormatter(logging.Formatter):
    """A record as one JSON object: time, level, message and the fields given as `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Render `record` on one line."""
        entry = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(entry, default=str)


def structured_logger(name: str) -> logging.Logger:
    """The logger `name`, writing JSON lines of level INFO and above."""
    logger = logging.getLogger(name)
    if not logger.handlers:
        output = logging.StreamHandler(sys.stdout)
        output.setFormatter(JsonFormatter())
        logger.addHandler(output)
        logger.setLevel(logging.INFO)
        logger.propagate = False  # Lambda's root handler would write every line a second time
    # At level DEBUG botocore writes whole answers of Secrets Manager, passwords included.
    logging.getLogger("botocore").setLevel(logging.INFO)
    return logger
