"""Policy documents of IAM and of resources (buckets, keys, topics, queues, secrets), whichever way they were written.

A document is JSON in a string. In a configuration the string has `${...}` in it, and is read all the same: each
interpolation becomes a value of its own, known, referred to, or unknown. A document made by the data source
`aws_iam_policy_document` is read from that data source's blocks.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from policies import strict_json
from policies.errors import InputError
from policies.expressions import Expression, template
from policies.graph import ResourceGraph
from policies.resources import Attribute, Block, Resource, Undetermined, Unresolved

_DATA_SOURCE = "data.aws_iam_policy_document"
# Stands for the n-th interpolation while the JSON around it is parsed; of Unicode's private use area, which no
# document of ours uses.
_OPEN, _CLOSE = "\ue000", "\ue001"
_PLACEHOLDER = re.compile(f"{_OPEN}(\\d+){_CLOSE}")

Values = tuple[Attribute, ...]


@dataclass(frozen=True)
class Condition:
    """One line of a Condition element: operator (`StringEquals`), key in lower case (`aws:sourcearn`), values."""

    operator: str
    key: str
    values: Values


@dataclass(frozen=True)
class Statement:
    """One statement. Every value is an Attribute of the resource that holds the document, so that references are kept.

    `principals` maps AWS, Service, Federated, CanonicalUser (or `*`) to values. What is absent is empty; so is a `sid`
    that is not known.
    """

    place: Attribute
    effect: Literal["Allow", "Deny"]
    actions: Values = ()
    not_actions: Values = ()
    resources: Values = ()
    not_resources: Values = ()
    principals: Mapping[str, Values] = field(default_factory=dict)
    not_principals: Mapping[str, Values] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    sid: str = ""


def statements(document: Attribute, graph: ResourceGraph, above: tuple[Resource, ...] = ()) -> tuple[Statement, ...]:
    """The statements of the document at this attribute; empty when the attribute is missing.

    `above` are the data sources that build on it: a circle of them makes no document.

    Raises Undetermined when the document cannot be known, or is not one.
    """
    if document.is_missing:
        return ()
    if isinstance(document.raw_value, Unresolved) and document.raw_value.is_reference:
        sources = graph.targets(document, _DATA_SOURCE)
        if sources:
            return tuple(one for source in sources for one in _of_data_source(source, graph, above))
    return tuple(_statements(document))


def pattern(value: Attribute) -> str:
    """The value with `x` for each interpolation that is not known: it names something, which a wildcard does not."""
    known = value.raw_value
    if not isinstance(known, Unresolved):
        return value.text
    return "".join(part if isinstance(part, str) else "x" for part in template(known.text))


def _statements(document: Attribute) -> Iterator[Statement]:
    content = _parsed(document)
    written = content.get("Statement") if isinstance(content, dict) else None
    if written is None or not content.keys() <= _SECTIONS:
        raise Undetermined(document.undetermined("not a policy document, which has Version, Id and Statement"))
    for index, statement in enumerate(written if isinstance(written, list) else [written]):
        place = Attribute(document.resource, f"{document.path}.Statement[{index}]", statement, ())
        readable = isinstance(statement, dict) and statement.keys() <= _ELEMENTS
        if not readable or statement.get("Effect") not in ("Allow", "Deny"):
            raise Undetermined(place.undetermined("this statement of the document cannot be known here"))
        yield Statement(
            place,
            statement["Effect"],
            **{field_: _values(place, key, statement.get(key)) for key, field_ in _LISTS.items()},
            principals=_principals(place, "Principal", statement.get("Principal")),
            not_principals=_principals(place, "NotPrincipal", statement.get("NotPrincipal")),
            conditions=tuple(_conditions(place, statement.get("Condition") or {})),
            sid=sid if isinstance(sid := statement.get("Sid"), str) else "",
        )


_LISTS = {
    "Action": "actions",
    "NotAction": "not_actions",
    "Resource": "resources",
    "NotResource": "not_resources",
}
# AWS reads `action` as well; what stands under a name that is not read here must not look like nothing.
_SECTIONS = {"Version", "Id", "Statement"}
_ELEMENTS = {*_LISTS, "Sid", "Effect", "Principal", "NotPrincipal", "Condition"}


def _values(place: Attribute, key: str, value: Any) -> Values:
    """A single value or a list of them. Raises Undetermined when not even their number is known."""
    resource, path = place.resource, f"{place.path}.{key}"
    if value is None:
        return ()
    elements = value if isinstance(value, list) else [value]
    return tuple(
        Attribute(resource, path, one, one.references if isinstance(one, Unresolved) else ()) for one in elements
    )


def _principals(place: Attribute, key: str, value: Any) -> dict[str, Values]:
    if isinstance(value, dict):
        return {str(kind): _values(place, f"{key}.{kind}", one) for kind, one in value.items()}
    return {} if value is None else {"*" if value == "*" else "AWS": _values(place, key, value)}


def _conditions(place: Attribute, conditions: Any) -> Iterator[Condition]:
    if not isinstance(conditions, dict) or not all(isinstance(one, dict) for one in conditions.values()):
        raise Undetermined(place.undetermined("the conditions of this statement cannot be known here"))
    for operator, lines in conditions.items():
        for key, value in lines.items():
            yield Condition(operator, key.lower(), _values(place, f"Condition.{operator}", value))


def _parsed(document: Attribute) -> Any:
    """The document as Python values, Unresolved where an interpolation is not known."""
    known = document.raw_value
    text = known.text if isinstance(known, Unresolved) else known
    if not isinstance(text, str) or _OPEN in text:
        raise Undetermined(document.undetermined("not a policy document, which is JSON in a string"))
    parts = template(text) if isinstance(known, Unresolved) else (text,)
    with_holes = "".join(
        part if isinstance(part, str) else f"{_OPEN}{index}{_CLOSE}" for index, part in enumerate(parts)
    )
    try:
        content = strict_json.parse(with_holes.encode("utf-8", "surrogatepass"), document.path)
    except InputError:
        shown = "the document is not known here" if isinstance(known, Unresolved) else "not a policy document: no JSON"
        raise Undetermined(document.undetermined(f"{shown}: {text[:80]}")) from None
    holes = {str(i): part.text for i, part in enumerate(parts) if isinstance(part, Expression)}
    return _filled(document, content, holes)


def _filled(document: Attribute, value: Any, holes: Mapping[str, str]) -> Any:
    """The parsed document with each interpolation put back, and followed as far as it leads."""
    if isinstance(value, strict_json.RepeatedKeys):
        raise Undetermined(document.undetermined(f"{value.repeated} stands more than once in one object of it"))
    if isinstance(value, dict):
        return {key: _filled(document, one, holes) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(document, one, holes) for one in value]
    if not isinstance(value, str) or _OPEN not in value:
        return value
    pieces = _PLACEHOLDER.split(value.replace("${", "$${").replace("%{", "%%{"))
    written = "".join(f"${{{holes[piece]}}}" if index % 2 else piece for index, piece in enumerate(pieces))
    return document.resource.scope.resolve(written, None, [])


def _of_data_source(source: Resource, graph: ResourceGraph, above: tuple[Resource, ...]) -> tuple[Statement, ...]:
    """The statements that a data source `aws_iam_policy_document` makes: its own, and of others that it builds on.

    A later statement takes the place of an earlier one with its sid, as the provider merges them.
    """
    rendered = source.attribute("json")
    if not rendered.is_missing and not rendered.is_unresolved:
        return tuple(_statements(rendered))
    if source in above:
        raise Undetermined(source.undetermined(f"{source.address} builds on itself"))
    before, after = (
        [one for part in source.attribute(path).items() for one in statements(part, graph, (*above, source))]
        for path in ("source_policy_documents", "override_policy_documents")
    )
    merged: dict[Any, Statement] = {}
    for statement in (*before, *_of_blocks(source), *after):
        merged[statement.sid or object()] = statement
    return tuple(merged.values())


def _of_blocks(source: Resource) -> Iterator[Statement]:
    for block in source.blocks("statement"):
        effect = block.attribute("effect")
        if effect.text not in ("", "Allow", "Deny"):
            raise Undetermined(effect.undetermined("neither Allow nor Deny"))
        yield Statement(
            Attribute(source, block.path, None, ()),
            "Deny" if effect.text == "Deny" else "Allow",
            **{field_: _items(block, field_) for field_ in _LISTS.values()},
            principals=_principal_blocks(block, "principals"),
            not_principals=_principal_blocks(block, "not_principals"),
            conditions=tuple(
                Condition(one.attribute("test").text, _key(one.attribute("variable")), _items(one, "values"))
                for one in block.blocks("condition")
            ),
            sid=block.attribute("sid").text,
        )


def _key(variable: Attribute) -> str:
    """The key of a condition; of one that begins with an identity provider's unknown URL the rest is read."""
    known = variable.raw_value
    return (pattern(variable) if isinstance(known, Unresolved) and known.literal else variable.text).lower()


def _principal_blocks(block: Block, name: str) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for one in block.blocks(name):
        kind = one.attribute("type").text
        found[kind] = found.get(kind, ()) + _items(one, "identifiers")
    return found


def _items(block: Block, path: str) -> Values:
    attribute = block.attribute(path)
    return (attribute,) if attribute.is_unresolved else attribute.items()
