"""The log: one JSON object a line."""

import logging

from aws_lambda_powertools import Logger

LOG = Logger(service="serve_transactions", utc=True)

# At level DEBUG botocore writes whole answers of Secrets Manager, passwords included.
logging.getLogger("botocore").setLevel(logging.INFO)
