"""Why the database does not answer."""

CREDENTIALS_UNAVAILABLE = "credentials-unavailable"
CREDENTIALS_REFUSED = "credentials-refused"
TLS_REFUSED = "tls-refused"
DATABASE_UNREACHABLE = "database-unreachable"
DATABASE_BUSY = "database-busy"


class DatabaseUnavailableError(Exception):
    """A statement was not carried out, and may be sent again: `reason` is a class above, `detail` is for the log."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class StatementRefusedError(Exception):
    """The database does not accept what we sent, and will not the next time either: an error of ours."""
