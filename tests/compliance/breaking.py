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
    """`change` takes `requirement` away; then `policy` must fail. `what` says how, in the words of a test's name."""

    requirement: str
    policy: str
    what: str
    change: Callable[[Stack], object]

    def __str__(self) -> str:
        return f"{self.requirement}-{self.policy}-{self.what}".replace(" ", "_")
