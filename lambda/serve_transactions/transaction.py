"""A transaction: what a client sends of one, what is kept, what is told."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

from serve_transactions.card_numbers import has_card_number
from serve_transactions.currencies import MINOR_DIGITS
from serve_transactions.exchange import Problem

BODY_BYTES_MAX = 4096
FIELDS = ("amount", "currency", "merchant", "payment_token", "reference")

_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,3})?")  # twelve digits are no card number
_PAYMENT_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,128}")
_TEXT_LENGTH_MAX = 100
_IDEMPOTENCY_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


class _Number(str):
    """A number of the JSON text as it is written there: neither rounded nor taken for a text."""


@dataclass(frozen=True)
class Order:
    """What a client asks to be recorded. `amount` has exactly the digits of its currency's minor unit."""

    amount: Decimal
    currency: str
    merchant: str
    payment_token: str = field(repr=False)
    reference: str

    @classmethod
    def from_body(cls, body: bytes) -> "Order":
        """Parse and check a request's body; raises Problem, which quotes nothing of it."""
        document = _json(body)
        if any(has_card_number(text) for text in _texts_that_may_hide_one(document)):
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "the body holds a number that reads as a card number: send the payment token in its place",
            )
        if not isinstance(document, dict) or set(document) != set(FIELDS):
            raise _bad(f"the body has to be an object with exactly these members: {', '.join(FIELDS)}")
        for name, value in document.items():
            if type(value) is not str:
                raise _bad(f"{name} has to be a string")
        return cls(
            amount=_amount(document["amount"], document["currency"]),
            currency=document["currency"],
            merchant=_text(document, "merchant"),
            payment_token=_payment_token(document["payment_token"]),
            reference=_text(document, "reference"),
        )


@dataclass(frozen=True)
class Transaction:
    """An order that was recorded for a client. The payment token is kept in the database, and goes nowhere else."""

    id: UUID
    client_id: str
    amount: Decimal
    currency: str
    merchant: str
    reference: str
    created_at: datetime

    def as_told(self) -> str:
        """The JSON that the client gets."""
        return json.dumps(self._document())

    def as_cached(self) -> str:
        """The JSON that the cache keeps."""
        return json.dumps({**self._document(), "client_id": self.client_id})

    @classmethod
    def from_cached(cls, text: bytes) -> "Transaction":
        """Parse what `as_cached` wrote; raises ValueError for anything else."""
        try:
            document = json.loads(text)
            transaction = cls(
                id=UUID(document["id"]),
                client_id=document["client_id"],
                amount=Decimal(document["amount"]),
                currency=document["currency"],
                merchant=document["merchant"],
                reference=document["reference"],
                created_at=datetime.fromisoformat(document["created_at"]),
            )
            genuine = transaction.as_cached().encode() == text and bool(_AMOUNT.fullmatch(document["amount"]))
        except (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError):
            genuine = False
        if not genuine:
            raise ValueError("the text is no transaction as it is cached")
        return transaction

    def receipt(self) -> str:
        """The text of the receipt."""
        return json.dumps({"receipt": self._document()}, indent=2) + "\n"

    def _document(self) -> dict[str, str]:
        return {
            "id": str(self.id),
            "amount": f"{self.amount:f}",
            "currency": self.currency,
            "merchant": self.merchant,
            "reference": self.reference,
            "created_at": self.created_at.isoformat(),
        }


def idempotency_key(headers: Mapping[str, str]) -> str:
    """The key that makes repeating a request harmless; raises Problem when there is none that can be used."""
    key = headers.get("idempotency-key", "")
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise _bad("the header Idempotency-Key has to have 8 to 64 letters, digits, _ or -")
    if has_card_number(key):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "the Idempotency-Key reads as a card number: take another")
    return key


def _json(body: bytes) -> Any:
    """Parse `body` strictly: UTF-8, one value, no member twice, no NaN."""
    if len(body) > BODY_BYTES_MAX:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body may have {BODY_BYTES_MAX} bytes")
    try:
        return json.loads(
            body.decode(),
            object_pairs_hook=_object_without_repetition,
            parse_constant=_refuse_constant,
            parse_int=_Number,
            parse_float=_Number,
        )
    except (ValueError, RecursionError):
        raise _bad("the body has to be JSON in UTF-8, without NaN and without a member named twice") from None


def _object_without_repetition(members: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(members)
    if len(document) < len(members):
        raise ValueError("a member is named twice")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _texts_that_may_hide_one(document: Any) -> Iterator[str]:
    """Every text and number in `document`, names of members included, but not an amount that is one."""
    waiting = [document]
    if isinstance(document, dict) and type(amount := document.get("amount")) is str and _AMOUNT.fullmatch(amount):
        waiting = [{name: value for name, value in document.items() if name != "amount"}]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value


def _amount(text: str, currency: str) -> Decimal:
    digits = MINOR_DIGITS.get(currency)
    if digits is None:
        raise _bad("currency has to be the code of a currency in ISO 4217")
    if not _AMOUNT.fullmatch(text) or len(text.partition(".")[2]) > digits or not Decimal(text):
        raise _bad(f"amount has to be a decimal above 0 and below a trillion, with at most {digits} digits behind .")
    return Decimal(text).quantize(Decimal(1).scaleb(-digits))


def _text(document: Mapping[str, str], name: str) -> str:
    text = document[name]
    if not 1 <= len(text) <= _TEXT_LENGTH_MAX or not text.isprintable() or text != text.strip():
        raise _bad(f"{name} has to have 1 to {_TEXT_LENGTH_MAX} printable characters, no space first or last")
    return text


def _payment_token(text: str) -> str:
    if not _PAYMENT_TOKEN.fullmatch(text):
        raise _bad("payment_token has to have 8 to 128 letters, digits, _ or -")
    return text


def _bad(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)
