"""What the API does, operation by operation."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from serve_transactions.cache import Cache, cache_client
from serve_transactions.cache_token import CacheTokens
from serve_transactions.database import Database
from serve_transactions.database_login import DatabaseSecret, secrets_manager
from serve_transactions.errors import DatabaseUnavailableError, StatementRefusedError
from serve_transactions.exchange import JSON, Answer, Problem, Request
from serve_transactions.ledger import KeyReusedError, Ledger
from serve_transactions.receipts import Receipts
from serve_transactions.settings import Settings
from serve_transactions.tls import verifying_context
from serve_transactions.transaction import Order, Transaction, idempotency_key

OK = "ok"
UNAVAILABLE = "unavailable"
FAILED = "failed"

_CLIENT_ID = re.compile(r"[A-Za-z0-9._:@|-]{1,128}")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Service:
    """The operations. They raise Problem, DatabaseUnavailableError or StatementRefusedError."""

    ledger: Ledger
    cache: Cache
    receipts: Receipts

    @classmethod
    def from_settings(cls, settings: Settings) -> "Service":
        """The service as the settings have it; nothing is connected yet."""
        secret = DatabaseSecret(settings.database_secret_arn, secrets_manager(settings.region))
        tokens = CacheTokens(settings.cache_name, settings.cache_user, settings.region)
        return cls(
            ledger=Ledger(Database(secret, verifying_context(settings.database_authorities))),
            cache=Cache(cache_client(settings, tokens)),
            receipts=Receipts(settings.files),
        )

    def record(self, request: Request, _id: str) -> Answer:
        """Record a transaction, or give the one that was recorded for this request before."""
        client_id, key = _client_id(request), idempotency_key(request.headers)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body has to be {JSON}")
        order = Order.from_body(request.body)
        try:
            transaction, is_new = self.ledger.record(client_id, key, order)
        except KeyReusedError:
            raise Problem(HTTPStatus.CONFLICT, "this Idempotency-Key was used for another transaction") from None
        receipt = self._keep_receipt(transaction)
        self.cache.put(transaction)
        return Answer(
            HTTPStatus.CREATED if is_new else HTTPStatus.OK,
            transaction.as_told(),
            {"Content-Type": JSON, "Location": f"/transactions/{transaction.id}"},
            notes={"receipt": receipt, "cache": self.cache.outcome},
        )

    def tell(self, request: Request, id_: str) -> Answer:
        """Give one of the client's own transactions."""
        transaction, outcome = self._find(request, id_)
        return Answer(HTTPStatus.OK, transaction.as_told(), notes={"cache": outcome})

    def tell_receipt(self, request: Request, id_: str) -> Answer:
        """Give the receipt of one of the client's own transactions, and make its file if it is not there."""
        transaction, outcome = self._find(request, id_)
        receipt = self._keep_receipt(transaction)
        return Answer(HTTPStatus.OK, transaction.receipt(), notes={"cache": outcome, "receipt": receipt})

    def tell_health(self, _request: Request, _id: str) -> Answer:
        """Say whether database and file system can be used; without its cache the service is only slower."""
        states = {"database": OK, "files": OK, "cache": OK if self.cache.check() == OK else UNAVAILABLE}
        notes = {"cache": self.cache.outcome}
        try:
            self.ledger.answer()
        except DatabaseUnavailableError as error:
            states["database"] = UNAVAILABLE
            notes |= {"reason": error.reason, "detail": error.detail}
        except StatementRefusedError as error:
            states["database"] = UNAVAILABLE
            notes |= {"detail": str(error)}
        try:
            self.receipts.check()
        except OSError as error:
            states["files"] = UNAVAILABLE
            notes |= {"files": type(error).__name__}
        healthy = states["database"] == states["files"] == OK
        status = HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE
        return Answer(status, json.dumps({"status": OK if healthy else UNAVAILABLE, **states}), notes=notes)

    def _find(self, request: Request, id_: str) -> tuple[Transaction, str]:
        """The client's own transaction, and what the cache had to do with it."""
        client_id = _client_id(request)
        if not _ID.fullmatch(id_):
            raise _not_found()
        found = self.cache.get(client_id, UUID(id_))
        outcome = self.cache.outcome
        if found is None:
            found = self.ledger.find(client_id, UUID(id_))
            if found is None:
                raise _not_found()
            self.cache.put(found)
        return found, outcome

    def _keep_receipt(self, transaction: Transaction) -> str:
        """The receipt's file can be made later: the transaction is recorded, whatever becomes of it now."""
        try:
            return self.receipts.keep(transaction)
        except OSError as error:
            return f"{FAILED}: {type(error).__name__} {error.errno}"


Operation = Callable[[Service, Request, str], Answer]


@dataclass(frozen=True)
class Route:
    """A path and what can be done there, by method; `template` is what logs call it."""

    template: str
    path: re.Pattern[str]
    operations: Mapping[str, Operation]

    def operation(self, method: str) -> Operation:
        """What `method` does here; raises Problem where it does nothing."""
        if method not in self.operations:
            allowed = ", ".join(self.operations)
            raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, f"allowed here: {allowed}", {"Allow": allowed})
        return self.operations[method]


_ROUTES = (
    Route("/transactions", re.compile("/transactions()"), {"POST": Service.record}),
    Route("/transactions/{id}", re.compile("/transactions/([^/]+)"), {"GET": Service.tell}),
    Route("/transactions/{id}/receipt", re.compile("/transactions/([^/]+)/receipt"), {"GET": Service.tell_receipt}),
    Route("/health", re.compile("/health()"), {"GET": Service.tell_health}),
)


def route_to(path: str) -> tuple[Route, str] | None:
    """The route that `path` takes, with the id in it, which nobody has looked at yet; None for an unknown path."""
    for route in _ROUTES:
        if found := route.path.fullmatch(path):
            return route, found[1]
    return None


def _client_id(request: Request) -> str:
    """Who asks: API Gateway has verified it, and overwrites what a client sends under this name."""
    client_id = request.headers.get("x-client-id", "")
    if not _CLIENT_ID.fullmatch(client_id):
        raise Problem(HTTPStatus.UNAUTHORIZED, "the client is not known", {"WWW-Authenticate": "Bearer"})
    return client_id


def _not_found() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "there is no such transaction")
