"""The log: one JSON object a line."""

from aws_lambda_powertools import Logger

LOG = Logger(service="check_region_health", utc=True)
