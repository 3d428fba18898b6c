"""The table of transactions, and the only statements that are made about it."""

from typing import Any
from uuid import UUID, uuid4

from pg8000.native import identifier

from serve_transactions.currencies import MINOR_DIGITS
from serve_transactions.database import Database
from serve_transactions.transaction import Order, Transaction

# In the schema that the rotation function made for the application, which is the connection's search path.
_TABLE = """
CREATE TABLE IF NOT EXISTS transactions (
    id uuid PRIMARY KEY,
    client_id text NOT NULL,
    idempotency_key text NOT NULL,
    amount numeric(15, 3) NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    merchant text NOT NULL,
    payment_token text NOT NULL,
    reference text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (client_id, idempotency_key)
)
"""
_TABLE_EXISTS = "SELECT to_regclass('transactions') IS NOT NULL"
# CREATE TABLE IF NOT EXISTS fails when two of them run at once; the number is ours alone in this database.
_LOCK = "SELECT pg_advisory_xact_lock(7265817)"

_INSERT = """
INSERT INTO transactions (id, client_id, idempotency_key, amount, currency, merchant, payment_token, reference)
VALUES (:id, :client_id, :key, :amount, :currency, :merchant, :payment_token, :reference)
ON CONFLICT (client_id, idempotency_key) DO NOTHING
"""
_COLUMNS = "id, client_id, amount, currency, merchant, reference, created_at"
_BY_KEY = f"SELECT payment_token, {_COLUMNS} FROM transactions WHERE client_id = :client_id AND idempotency_key = :key"  # noqa: S608
_BY_ID = f"SELECT {_COLUMNS} FROM transactions WHERE client_id = :client_id AND id = :id"  # noqa: S608


class KeyReusedError(Exception):
    """The client has used this idempotency key for another order."""


class Ledger:
    """The transactions of all clients.

    Every method raises DatabaseUnavailableError or StatementRefusedError, as Database does.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_prepared = False

    def record(self, client_id: str, key: str, order: Order) -> tuple[Transaction, bool]:
        """Record `order` unless that was done before under `key`; gives the transaction, and whether it is new.

        The unique constraint decides between two at once: the later one waits for the earlier, and then does
        nothing. Raises KeyReusedError when another order was recorded under `key`.
        """
        self._prepare()
        id_ = uuid4()
        self._database.run(
            _INSERT,
            id=id_,
            client_id=client_id,
            key=key,
            amount=order.amount,
            currency=order.currency,
            merchant=order.merchant,
            payment_token=order.payment_token,
            reference=order.reference,
        )
        [[payment_token, *columns]] = self._database.run(_BY_KEY, client_id=client_id, key=key)
        recorded = _transaction(columns)
        same = Order(recorded.amount, recorded.currency, recorded.merchant, payment_token, recorded.reference)
        if same != order:
            raise KeyReusedError
        return recorded, recorded.id == id_

    def find(self, client_id: str, id_: UUID) -> Transaction | None:
        """The transaction `id_` if it is the client's own."""
        self._prepare()
        rows = self._database.run(_BY_ID, client_id=client_id, id=id_)
        return _transaction(rows[0]) if rows else None

    def answer(self) -> None:
        """Have a query about the table answered."""
        self._prepare()
        self._database.run("SELECT FROM transactions LIMIT 1")

    def _prepare(self) -> None:
        """Make the table, once, as the role that both alternating users are members of."""
        if self._is_prepared:
            return
        if self._database.run(_TABLE_EXISTS) == [[False]]:
            self._make_table()
        self._is_prepared = True

    def _make_table(self) -> None:
        try:
            for statement in ("BEGIN", _LOCK, f"SET LOCAL ROLE {identifier(self._database.rights)}", _TABLE, "COMMIT"):
                self._database.run_once(statement)
        except BaseException:
            self._database.close()  # and with it the transaction that was begun
            raise


def _transaction(columns: list[Any]) -> Transaction:
    id_, client_id, amount, currency, merchant, reference, created_at = columns
    scale = MINOR_DIGITS[currency]
    return Transaction(id_, client_id, round(amount, scale), currency, merchant, reference, created_at)
