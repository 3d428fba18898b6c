"""Clients of AWS whose calls end in bounded time, answered or not."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# For the monitor's own calls: CALL_SECONDS_MAX covers both attempts and the pause between them.
_CONNECT_TIMEOUT_SECONDS = 1
_READ_TIMEOUT_SECONDS = 3
_ATTEMPTS_MAX = 2
CALL_SECONDS_MAX = _ATTEMPTS_MAX * (_CONNECT_TIMEOUT_SECONDS + _READ_TIMEOUT_SECONDS) + 1


@cache  # a warm function keeps its connections
def own_client(service: str, region: str) -> Any:
    """A client for what the monitor itself needs: its state and its announcements."""
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        read_timeout=_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS_MAX},
    )
    return boto3.client(service, region_name=region, config=config)


@cache
def probing_client(service: str, region: str, timeout_seconds: int) -> Any:
    """A client for what is probed. It tries once: what is asked for is how the service answers now."""
    config = Config(
        connect_timeout=timeout_seconds,
        read_timeout=timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=1,
    )
    return boto3.client(service, region_name=region, config=config)
