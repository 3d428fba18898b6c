"""Breaking a synthesized stack on purpose: each break takes one requirement away and names the policy that must see."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Body = dict[str, Any]


class Stack:
    """The JSON of a synthesized stack, to be changed in place."""

    def __init__(self, document: Body) -> None:
        self.document = document

    def blocks(self, type_: str) -> dict[str, Body]:
        """All resources of a type by name; data sources as `data.aws_...`."""
        section, name = ("data", type_.removeprefix("data.")) if type_.startswith("data.") else ("resource", type_)
        return self.document[section][name]  # type: ignore[no-any-return]

    def block(self, type_: str, name: str | None = None) -> Body:
        """The resource of this type and name; without a name the only one there is."""
        blocks = self.blocks(type_)
        if name is not None:
            return blocks[name]
        [only] = blocks.values()
        return only

    def remove(self, type_: str, name: str | None = None) -> None:
        """Takes one resource away, or every resource of the type."""
        if name is None:
            del self.document["resource"][type_]
        else:
            del self.blocks(type_)[name]

    def add(self, type_: str, name: str, body: Body) -> None:
        """Puts one more resource in."""
        self.document["resource"].setdefault(type_, {})[name] = body

    def edit_policy(self, block: Body, key: str, change: Callable[[Body], None]) -> None:
        """Changes the policy document that stands as JSON at `key`; `change` gets it as Python values."""
        content = json.loads(block[key])
        change(content)
        block[key] = json.dumps(content)


@dataclass(frozen=True)
class Break:
    """`change` takes `requirement` away in `stack`; then `policy` must fail. `what` says how, for the test's name."""

    requirement: str
    policy: str
    what: str
    change: Callable[[Stack], object]
    stack: str = "portal"

    def __str__(self) -> str:
        return f"{self.stack}-{self.requirement}-{self.policy}-{self.what}".replace(" ", "_")


def add_statement(stack: Stack, role_policy: str, *actions: str, on: str = "*", **more: Any) -> None:
    """One more statement in the policy of a role."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}
    block = stack.block("aws_iam_role_policy", role_policy)
    stack.edit_policy(block, "policy", lambda document: document["Statement"].append(statement))


def trust(stack: Stack, role: str, principal: Any, **more: Any) -> None:
    """One more principal that may assume a role."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    block = stack.block("aws_iam_role", role)
    stack.edit_policy(block, "assume_role_policy", lambda document: document["Statement"].append(statement))


def open_key(stack: Stack, key: str, principal: Any) -> None:
    """One more principal that may decrypt with a key, without a condition."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:Decrypt", "Resource": "*"}
    block = stack.block("aws_kms_key", key)
    stack.edit_policy(block, "policy", lambda document: document["Statement"].append(statement))


def close_to_cloudwatch(document: Body) -> None:
    """Forgets CloudWatch among the services a statement names."""
    for statement in document["Statement"]:
        if "Service" in statement.get("Principal", {}):
            statement["Principal"]["Service"] = ["events.rds.amazonaws.com"]
