"""Resources as policies see them: blocks, attributes, and values that are known, referred to, or unknown.

Reading is strict. A policy that asks an attribute for its value while nobody knows it ends in `Undetermined`, which the
engine records as such; it cannot mistake "unknown" for "absent" or for "fine". Policies that can decide without the
value ask `is_unresolved` first.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from policies.masking import MASK
from policies.model import Finding, Outcome, Source


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A value nobody knows here.

    `text` is what to show a reader: the expression, or "(known after apply)". `references` are the addresses of what it
    is made from: `aws_kms_key.logs`, `module.a.aws_lb.web[0]`, `data.aws_region.here`, `var.suffix`, `module.a`.
    `is_reference` is true when one of these alone decides the value, so that following it finds where it comes from.
    `literal` is the part of a template that is known: `logs-` in `logs-${var.suffix}`.
    `is_blocks` is true for what a `dynamic` block makes of a collection nobody knows: no value, but blocks.
    """

    text: str
    references: tuple[str, ...] = ()
    is_reference: bool = False
    literal: str = ""
    is_blocks: bool = False


class Undetermined(Exception):  # noqa: N818  (it is an outcome, not an error)
    """Raised when a verdict hangs on a value nobody knows; carries the finding the engine records."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class Scope(Protocol):
    """What a module (and an instance in it) knows about names; each kind of input has its own."""

    def resolve(self, raw: Any, expression: Any, found: list[str]) -> Any:
        """`raw` with every reference that can be followed replaced; what cannot be known becomes Unresolved.

        `expression` is the configuration's counterpart in a plan, None elsewhere. The addresses of all references met
        on the way are appended to `found`, those that led to a known value included.
        """

    @property
    def has_configuration(self) -> bool:
        """Whether the input says how values came about; a state does not."""


@dataclass(frozen=True)
class Provider:
    """One provider configuration: `key` is `aws` or `aws.west`; tags are those every taggable resource gets."""

    key: str
    region: Any = None
    default_tags: Any = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


class Attribute:
    """The value at one attribute path of a resource; absent attributes exist, with the value None."""

    __slots__ = ("path", "raw_value", "references", "resource")

    def __init__(self, resource: "Resource", path: str, value: Any, references: tuple[str, ...]) -> None:
        self.resource = resource
        self.path = path
        self.raw_value = value
        self.references = references

    @property
    def is_missing(self) -> bool:
        """Not set, or set to null, which Terraform treats alike."""
        return self.raw_value is None

    @property
    def is_unresolved(self) -> bool:
        """The value is not known here."""
        return isinstance(self.raw_value, Unresolved)

    @property
    def is_literal(self) -> bool:
        """The value is written in the configuration itself, not referred to; never so in a state, which has none."""
        known = not self.is_missing and not _has_unresolved(self.raw_value)
        return known and not self.references and self.resource.scope.has_configuration

    @property
    def value(self) -> Any:
        """The known value, None when missing. Raises Undetermined when nobody knows it."""
        if isinstance(self.raw_value, Unresolved):
            raise Undetermined(self.undetermined(f"the value is not known here: {self.raw_value.text}"))
        return self.raw_value

    @property
    def is_handed_over(self) -> bool:
        """One thing outside this configuration decides the value: an input, a look-up; no function, no condition."""
        return isinstance(self.raw_value, Unresolved) and self.raw_value.is_reference

    @property
    def is_given(self) -> bool:
        """Whether something is named here: text, or an attribute of a resource, though nobody knows that one yet.

        Raises Undetermined for an input or an expression, which may turn out to be empty.
        """
        known = self.raw_value
        if isinstance(known, Unresolved) and (known.literal or (known.is_reference and _of_resource(known))):
            return True
        return self.text != ""

    @property
    def text(self) -> str:
        """The value as a string, empty when missing."""
        value = self.value
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    @property
    def is_true(self) -> bool:
        """True, or one of the strings that Terraform converts to true."""
        return self.value is True or self.value in ("true", "1")

    @property
    def is_false(self) -> bool:
        """False, or one of the strings that Terraform converts to false; a missing value is not false."""
        return self.value is False or self.value in ("false", "0")

    @property
    def number(self) -> float | None:
        """The value as a finite number, None when missing or no number."""
        value = self.value
        if isinstance(value, bool) or value is None:
            return None
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            return None
        return number if math.isfinite(number) else None

    def items(self) -> "tuple[Attribute, ...]":
        """The elements of a list or set (a single value counts as a list of one), empty when missing."""
        value = self.value
        if value is None:
            return ()
        if not isinstance(value, list):
            return (self,)
        return tuple(
            # a known element does not inherit: which of the list's references it owes its value to is not known
            Attribute(
                self.resource,
                f"{self.path}[{i}]",
                element,
                element.references if isinstance(element, Unresolved) else (),
            )
            for i, element in enumerate(value)
        )

    def passes(self, message: str) -> Finding:
        """The claim holds, and this value shows it."""
        return self._finding("pass", message)

    def fails(self, message: str) -> Finding:
        """The claim does not hold, and this value shows it."""
        return self._finding("fail", message)

    def undetermined(self, message: str) -> Finding:
        """The claim hangs on something that cannot be known from this input."""
        return self._finding("undetermined", message)

    def _finding(self, outcome: Outcome, message: str) -> Finding:
        hidden = _is_sensitive(self.resource.sensitive, self.path)
        return Finding(outcome, self.path, MASK if hidden else _shown(self.raw_value), message)


class Block:
    """A resource body or a block nested in one; `path` is empty for the body itself."""

    __slots__ = ("_body", "_expressions", "_resource", "path")

    def __init__(self, resource: "Resource", path: str, body: Any, expressions: Any) -> None:
        self._resource = resource
        self.path = path
        self._body = body
        self._expressions = expressions

    @property
    def resource(self) -> "Resource":
        """The resource this block belongs to."""
        return self._resource

    def attribute(self, path: str) -> Attribute:
        """The attribute at `path` below this block: names joined by dots, each one a block that may stand once."""
        full_path = f"{self.path}.{path}" if self.path else path
        scope = self._resource.scope
        body, expressions = self._body, self._expressions
        for name in path.split(".") if "." in path else (path,):
            found: list[str] = []
            if type(body) is not dict:
                body = _only(body)
                if isinstance(body, str):
                    body = _only(scope.resolve(body, expressions, found))
                if isinstance(body, Unresolved):
                    return Attribute(self._resource, full_path, body, tuple(found) or body.references)
            body = body.get(name) if isinstance(body, dict) else None
            expressions = _below(expressions, name)
        found = []
        value = None if body is None else scope.resolve(body, expressions, found)
        return Attribute(self._resource, full_path, value, tuple(dict.fromkeys(found)) if found else ())

    def blocks(self, path: str) -> "tuple[Block, ...]":
        """Every block at `path`, whether it is written as one object or as an array of them.

        Raises Undetermined when the number of blocks is not known (a `dynamic` block over an unknown collection).
        """
        name, _, rest = path.partition(".")
        full_path = f"{self.path}.{name}" if self.path else name
        body = self._body.get(name) if isinstance(self._body, dict) else None
        expressions = _below(self._expressions, name)
        if isinstance(body, str | Unresolved):
            body = Attribute(self.resource, full_path, self.resource.scope.resolve(body, expressions, []), ()).value
        bodies = body if isinstance(body, list) else [] if body is None else [body]
        written = expressions if isinstance(expressions, list) else [expressions] * len(bodies)
        found: list[Block] = []
        for index, element in enumerate(bodies):
            if isinstance(element, str):  # `ingress` and the like take expressions where others take blocks only
                element = self.resource.scope.resolve(element, None, [])
            if isinstance(element, Unresolved):
                message = f"the blocks are not known here: {element.text}"
                raise Undetermined(Finding("undetermined", full_path, element.text, message))
            counterpart = written[index] if len(written) == len(bodies) else None
            if isinstance(element, dict):
                found.append(Block(self.resource, f"{full_path}[{index}]", element, counterpart))
        return tuple(nested for block in found for nested in block.blocks(rest)) if rest else tuple(found)

    def attributes(self, path: str) -> tuple[Attribute, ...]:
        """The attribute at `path` in every block on the way, each of which may be repeated."""
        blocks, _, name = path.rpartition(".")
        return tuple(block.attribute(name) for block in (self.blocks(blocks) if blocks else (self,)))


@dataclass(eq=False)
class Resource(Block):
    """One resource or data source, in one instance.

    `address` is Terraform's, with module path and instance key; `configuration_address` the same without keys.
    `type` of a data source starts with `data.`, so that it is never taken for the resource of that name.
    `expressions` and `sensitive` are what a plan says beside the values: the configuration's expressions, and which
    values must not be shown. `written` is the block as the configuration has it, meta-arguments included; None in
    plans and states. `may_not_exist` marks a resource whose `count` or `for_each` nobody knows. `provider_source` is
    where its provider comes from, as `policies.provider_sources` writes it.
    """

    address: str
    type: str
    name: str
    body: Mapping[str, Any]
    scope: Scope
    stack: str
    provider: Provider | None = None
    construct_path: str | None = None
    source: Source | None = None
    expressions: Mapping[str, Any] | None = None
    sensitive: Any = None
    written: Mapping[str, Any] | None = None
    may_not_exist: bool = False
    provider_source: str = ""

    def __post_init__(self) -> None:
        """A resource is its own outermost block."""
        Block.__init__(self, self, "", self.body, self.expressions)

    @property
    def configuration_address(self) -> str:
        """The address without instance keys: what references in the configuration name."""
        return without_keys(self.address)

    def passes(self, message: str) -> Finding:
        """The claim holds for the resource as a whole."""
        return Finding("pass", "", None, message)

    def fails(self, message: str) -> Finding:
        """The claim does not hold for the resource as a whole (something is absent around it)."""
        return Finding("fail", "", None, message)

    def undetermined(self, message: str) -> Finding:
        """The claim hangs on something outside this input."""
        return Finding("undetermined", "", None, message)

    def not_applicable(self, message: str) -> Finding:
        """The resource is of a type the policy judges, but the claim does not concern it."""
        return Finding("not-applicable", "", None, message)


_KEY = re.compile(r'\[(?:\d+|"(?:[^"\\]|\\.)*")\]')


def without_keys(address: str) -> str:
    """`module.a["x"].aws_lb.b[0]` -> `module.a.aws_lb.b`."""
    return _KEY.sub("", address) if "[" in address else address


def _only(value: Any) -> Any:
    """A block that may stand once is written as an object or as an array of one."""
    if not isinstance(value, list):
        return value
    if len(value) > 1:
        return Unresolved("more than one block where one is expected")
    return value[0] if value else None


def _below(expressions: Any, name: str) -> Any:
    """The configuration's counterpart one level down; None where there is none."""
    if expressions is None:
        return None
    expressions = _only(expressions)
    return expressions.get(name) if isinstance(expressions, dict) else None


def _of_resource(value: Unresolved) -> bool:
    return not value.references[0].startswith(("var.", "local.", "module.", "each."))


def _has_unresolved(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_unresolved(element) for element in value.values())
    if isinstance(value, list):
        return any(_has_unresolved(element) for element in value)
    return isinstance(value, Unresolved)


def sensitive_at(attribute: Attribute) -> bool:
    """Whether a plan or state marks the attribute's value as sensitive."""
    return _is_sensitive(attribute.resource.sensitive, attribute.path)


def _is_sensitive(marks: Any, path: str) -> bool:
    """Whether a plan or state marks the value at `path`, or any part of it, as sensitive."""
    if not marks:
        return False
    for step in re.findall(r"[^.\[\]]+", path):
        if marks is True:
            return True
        if isinstance(marks, list):
            marks = marks[int(step)] if step.isdigit() and int(step) < len(marks) else _only(marks)
            if step.isdigit():
                continue
        marks = marks.get(step) if isinstance(marks, dict) else None
    return _any_mark(marks)


def _any_mark(marks: Any) -> bool:
    if isinstance(marks, dict):
        return any(_any_mark(mark) for mark in marks.values())
    if isinstance(marks, list):
        return any(_any_mark(mark) for mark in marks)
    return marks is True


def _shown(value: Any) -> Any:
    """A JSON value for the result: unknown parts as their text."""
    if isinstance(value, Unresolved):
        return value.text
    if isinstance(value, list):
        return [_shown(element) for element in value]
    if isinstance(value, dict):
        return {key: _shown(element) for key, element in value.items()}
    return value
