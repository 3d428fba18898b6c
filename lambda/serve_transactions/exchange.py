"""A request as the load balancer hands it over, and the answer that it wants back."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Problem(Exception):  # noqa: N818 - the word of RFC 9457, which this is
    """A request that is answered with an error; `detail` is for the client and holds nothing of what is inside."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}

    def answer(self, notes: Mapping[str, Any] | None = None) -> "Answer":
        """This problem in the form of RFC 9457; `notes` are for the log."""
        document = {"title": self.status.phrase, "status": self.status.value, "detail": self.detail}
        return Answer(self.status, json.dumps(document), {"Content-Type": PROBLEM_JSON, **self.headers}, notes or {})


@dataclass(frozen=True)
class Request:
    """What the application reads of a request; header names are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        """Read the event of a target group without multi-value headers; raises Problem for a body in no encoding."""
        body: str = event.get("body") or ""
        try:
            content = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        except (binascii.Error, ValueError):
            raise Problem(HTTPStatus.BAD_REQUEST, "the body cannot be decoded") from None
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        return cls(event["httpMethod"], event["path"], headers, content)


@dataclass(frozen=True)
class Answer:
    """A status, a body, headers beside those that every answer has, and what the log says about it."""

    status: HTTPStatus
    body: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON})
    notes: Mapping[str, Any] = field(default_factory=dict)

    def for_load_balancer(self) -> dict[str, Any]:
        """The answer as an Application Load Balancer takes it from a function."""
        return {
            "statusCode": self.status.value,
            "statusDescription": f"{self.status.value} {self.status.phrase}",
            "isBase64Encoded": False,
            "headers": {**_HEADERS, **self.headers},
            "body": self.body,
        }
