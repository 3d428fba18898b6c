"""The fixtures of this folder; they have a module of their own because the application's tests use them too."""

from tests.lambda_functions.fixtures import (
    authority,
    aws_url,
    database,
    environment,
    other_authority,
    plaintext_database,
    secret,
    secrets_manager,
)

__all__ = [
    "authority",
    "aws_url",
    "database",
    "environment",
    "other_authority",
    "plaintext_database",
    "secret",
    "secrets_manager",
]
