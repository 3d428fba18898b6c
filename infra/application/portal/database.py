"""The database, reached over verified TLS with the credentials that Secrets Manager holds now."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, field
from typing import Any

import pymysql
from botocore.exceptions import BotoCoreError, ClientError
from pymysql.constants import CR, ER

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 2
WRITE_TIMEOUT_SECONDS = 2

CREDENTIALS_UNAVAILABLE = "credentials-unavailable"
CREDENTIALS_REFUSED = "credentials-refused"
TLS_REFUSED = "tls-refused"
DATABASE_UNREACHABLE = "database-unreachable"

_REFUSALS = (ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR)


class DatabaseUnavailableError(Exception):
    """No query was answered: `reason` is one of the classes above, `detail` is for the log only."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Login:
    """What the secret says about the database."""

    host: str
    port: int
    dbname: str
    username: str
    password: str = field(repr=False)


def verifying_context(certificate_authorities: str) -> ssl.SSLContext:
    """A context that wants TLS 1.2 or above, and a certificate for the host name that is connected to.

    The certificate has to come from one of `certificate_authorities`, a PEM text. Raises ssl.SSLError when
    the text has none.
    """
    context = ssl.create_default_context(cadata=certificate_authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # From Python 3.13 on the default context also demands extensions, such as an authority key identifier,
    # that certificates of RDS do not carry. Issuer, validity and host name are verified all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


class Database:
    """Keeps a login until it fails: the rotation changes it every 30 days, and nobody tells us.

    For one thread at a time.
    """

    def __init__(self, secret_arn: str, secrets_manager: Any, tls: ssl.SSLContext) -> None:
        self._secret_arn = secret_arn
        self._secrets_manager = secrets_manager
        self._tls = tls
        self._login: Login | None = None

    def verify(self) -> None:
        """Have a query answered over a new connection; raises DatabaseUnavailableError."""
        known, self._login = self._login, None
        login = known or self._read_login()
        try:
            self._query(login)
        except DatabaseUnavailableError as error:
            if known is None or error.reason != CREDENTIALS_REFUSED:
                raise
            login = self._read_login()
            self._query(login)
        self._login = login

    def _read_login(self) -> Login:
        try:
            answer = self._secrets_manager.get_secret_value(SecretId=self._secret_arn, VersionStage="AWSCURRENT")
            secret = json.loads(answer["SecretString"])
            return Login(secret["host"], int(secret["port"]), secret["dbname"], secret["username"], secret["password"])
        except (ClientError, BotoCoreError) as error:
            raise DatabaseUnavailableError(CREDENTIALS_UNAVAILABLE, str(error)) from None
        except (KeyError, TypeError, ValueError) as error:
            # Before the first rotation there is no password. The text of the error could quote the secret.
            detail = f"the secret is not complete ({type(error).__name__})"
            raise DatabaseUnavailableError(CREDENTIALS_UNAVAILABLE, detail) from None

    def _query(self, login: Login) -> None:
        try:
            connection = pymysql.connect(
                host=login.host,
                port=login.port,
                user=login.username,
                password=login.password,
                database=login.dbname,
                ssl=self._tls,
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                read_timeout=READ_TIMEOUT_SECONDS,
                write_timeout=WRITE_TIMEOUT_SECONDS,
            )
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except pymysql.MySQLError as error:
            raise DatabaseUnavailableError(_reason(error), str(error)) from None


def _reason(error: pymysql.MySQLError) -> str:
    code, cause = error.args[0] if error.args else None, getattr(error, "original_exception", None)
    if code in _REFUSALS:
        return CREDENTIALS_REFUSED
    if code == CR.CR_SSL_CONNECTION_ERROR or isinstance(cause, ssl.SSLError):
        return TLS_REFUSED
    return DATABASE_UNREACHABLE
