"""What the function tells CloudWatch: JSON log lines and, embedded in the same output, metrics.

Both go to standard output, so that they need neither permission nor network of their own.
"""

import logging

from aws_lambda_powertools import Logger, Metrics

SERVICE = "rotate_database_secret"
METRICS_NAMESPACE = "Financial/SecretRotation"

LOGGER = Logger(service=SERVICE, utc=True)
METRICS = Metrics(namespace=METRICS_NAMESPACE, service=SERVICE)

# At level DEBUG botocore writes whole answers of Secrets Manager, passwords included.
logging.getLogger("botocore").setLevel(logging.INFO)
