"""The cache of transactions: it may be down, slow or wrong, and the only thing that changes is how long we take.

Its server is verified against Amazon's own root authorities (`amazon-trust-services.pem`), which the certificates of
ElastiCache descend from, and not against every authority that the runtime happens to trust.
"""

import ssl
import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from redis import CredentialProvider, Redis
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from serve_transactions.settings import Settings
from serve_transactions.transaction import Transaction

TIMEOUT_SECONDS = 0.2  # for the connection, and for every answer of the server; a query of the database takes less
LIFETIME_SECONDS = 60
# After a failure the cache is left alone, so that requests do not wait for it one by one.
REST_SECONDS = 5

OK = "ok"
HIT = "hit"
MISS = "miss"
INVALID = "invalid"
RESTING = "resting"

T = TypeVar("T")


def cache_client(settings: Settings, credentials: CredentialProvider) -> Redis:
    """A client with one connection, over verified TLS, that gives up quickly and tries nothing twice."""
    return Redis(
        host=settings.cache_host,
        port=settings.cache_port,
        credential_provider=credentials,
        ssl=True,
        ssl_ca_certs=str(settings.cache_authorities),
        ssl_min_version=ssl.TLSVersion.TLSv1_2,
        ssl_check_hostname=True,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        max_connections=1,
        # What a connection would otherwise ask for first: its user may get, set and ping.
        protocol=2,
        driver_info=None,
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )


class Cache:
    """Transactions by client and id. No method raises; `outcome` says what came of the last one, for the log."""

    def __init__(self, client: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._rests_until = 0.0
        self.outcome = OK

    def get(self, client_id: str, id_: UUID) -> Transaction | None:
        """The transaction, if it is here and the client's own."""
        text = self._try(lambda: self._client.get(_key(client_id, id_)))
        if not isinstance(text, bytes):
            self.outcome = MISS if self.outcome == OK else self.outcome
            return None
        try:
            transaction = Transaction.from_cached(text)
        except ValueError:
            self.outcome = INVALID
            return None
        # The key says so already; but an answer meant for somebody else must not depend on the cache alone.
        if (transaction.client_id, transaction.id) != (client_id, id_):
            self.outcome = INVALID
            return None
        self.outcome = HIT
        return transaction

    def put(self, transaction: Transaction) -> None:
        """Keep the transaction for a while."""
        key = _key(transaction.client_id, transaction.id)
        self._try(lambda: self._client.set(key, transaction.as_cached(), ex=LIFETIME_SECONDS))

    def check(self) -> str:
        """OK when the cache answers, otherwise why not."""
        self._try(self._client.ping)
        return self.outcome

    def _try(self, call: Callable[[], T]) -> T | None:
        if self._clock() < self._rests_until:
            self.outcome = RESTING
            return None
        try:
            result = call()
        except Exception as error:  # whatever it is, a request does not fail for it
            self._rests_until = self._clock() + REST_SECONDS
            self.outcome = type(error).__name__
            return None
        self.outcome = OK
        return result


def _key(client_id: str, id_: UUID) -> str:
    return f"transactions:{client_id}:{id_}"
