"""Reads `policies/data/encryption_at_rest.toml`: what has to hold for the data of a resource to be encrypted.

The README beside the data defines the words (`key`, `switch`, `value`, `each`, `when`, `optional`, `inherits`,
`through`, `fallback`, `json`); here each of them is a few lines.
"""

from collections.abc import Iterator
from typing import Any

from policies import strict_json
from policies.data import encryption_at_rest
from policies.errors import InputError
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.resources import Attribute, Block, Resource, Undetermined
from policies.security.kms_keys import customer_managed

Claim = dict[str, Any]


def judge_claims(resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """What each claim about the resource's type finds; nothing when no claim concerns this resource."""
    for claim in encryption_at_rest()[resource.type]["claims"]:
        if all(_holds(resource, path, condition) for path, condition in claim.get("when", {}).items()):
            for finding in _judge(claim, resource, graph):
                yield _with_message(finding, f"{claim['note']}: {finding.message}")


def _judge(claim: Claim, resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    if "through" in claim:
        others = graph.referrers(resource, claim["through"]["type"], claim["through"]["by"])
        for other in others:
            blocks = other.blocks(claim["through"]["each"])
            found = [_reading(claim, block, graph) for block in blocks] or [
                other.fails("says nothing about encryption")
            ]
            yield from (_of_another(finding, other) for finding in found)
        if others or "each" not in claim:
            yield from () if others else [resource.fails(f"no {claim['through']['type']} names a key for it")]
            return
    outer = _document(resource, claim["json"]) if "json" in claim else resource
    blocks = outer.blocks(claim["each"]) if "each" in claim else (outer,)
    if not blocks and claim.get("each_required"):
        yield resource.fails(f"there is no {claim['each']} block that names a key")
    for block in blocks:
        if any(_is_set(block, path) for path in _own_paths(claim)):
            yield _reading(claim, block, graph)
        elif "inherits" in claim and (_is_set(resource, claim["inherits"]["by"]) or not _own_paths(claim)):
            yield from _inherited(claim, resource, graph)
        elif not claim.get("optional"):
            yield _reading(claim, block, graph)


def _reading(claim: Claim, block: Block, graph: ResourceGraph) -> Finding:
    """The first thing in the block that breaks the claim, or what shows that it holds."""
    shown: Finding | None = None
    if "switch" in claim:
        for switch in block.attributes(claim["switch"]) or (block.attribute(claim["switch"]),):
            if switch.is_missing and not claim.get("switch_default"):
                return switch.fails("encryption is not switched on, and the default is off")
            if not switch.is_missing and not switch.is_true:
                return switch.fails("encryption is switched off")
            shown = switch.passes("encryption is switched on")
    if "value" in claim:
        for value in block.attributes(claim["value"]["path"]) or (block.attribute(claim["value"]["path"]),):
            actual = claim["value"].get("default") if value.is_missing else value.value
            if actual not in claim["value"]["one_of"]:
                return value.fails(f"not encrypted with a KMS key: {'not set' if actual is None else actual}")
            shown = value.passes(f"encrypted by {actual}")
    for key in block.attributes(claim["key"]) or (block.attribute(claim["key"]),) if "key" in claim else ():
        shown = customer_managed(_account_default(claim, block, graph) or key if key.is_missing else key, graph)
        if shown.outcome != "pass":
            return shown
    if "key" not in claim and "fallback" in claim:
        default = _account_default(claim, block, graph)
        return customer_managed(default, graph) if default else block.resource.fails("no key can be named here")
    assert shown is not None, "a claim names a key, a switch or a value"
    return shown


def _account_default(claim: Claim, block: Block, graph: ResourceGraph) -> Attribute | None:
    """The key that the same provider configuration sets as the account's default."""
    type_, _, path = claim.get("fallback", "").partition(".")
    mine = block.resource.provider.key if block.resource.provider else None
    for default in graph.of_type(type_):
        if (default.provider.key if default.provider else None) == mine:
            if default.may_not_exist:
                raise Undetermined(block.resource.undetermined(f"{default.address} may or may not exist"))
            return default.attribute(path)
    return None


def _inherited(claim: Claim, resource: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    type_, by = claim["inherits"]["type"], claim["inherits"]["by"]
    named = [resource.attribute(by)]
    if isinstance(named[0].raw_value, list | dict):
        named = [block.attribute(name) for block in resource.blocks(by) for name in ("id", "name")]
    sources = [source for attribute in named for source in graph.targets(attribute, type_)]
    if not sources:
        missing = all(attribute.is_missing for attribute in named)
        yield (
            resource.fails(f"no {by} is named")
            if missing
            else resource.undetermined(f"the {type_} it takes its encryption from is not part of this input")
        )
    for source in sources:
        yield from (_of_another(finding, source) for finding in judge_claims(source, graph))


def _document(resource: Resource, path: str) -> Block:
    attribute = resource.attribute(path)
    try:
        return Block(resource, path, strict_json.parse(attribute.text.encode("utf-8", "surrogatepass"), path), None)
    except InputError as error:
        raise Undetermined(attribute.undetermined("the JSON document in it cannot be read")) from error


def _holds(resource: Resource, path: str, condition: Any) -> bool:
    if isinstance(condition, dict) and "set" in condition:
        return _is_set(resource, path) is condition["set"]
    values = [attribute.value for attribute in resource.attributes(path) if not attribute.is_missing]
    if isinstance(condition, dict):
        return condition["not"] not in values
    return bool(values) and all(_same(value, condition) for value in values)


def _same(value: Any, condition: Any) -> bool:
    """Equal, or equal once Terraform has converted a string to a boolean."""
    return bool(value == condition) or (
        isinstance(condition, bool) and value in (("true", "1") if condition else ("false", "0"))
    )


def _is_set(block: Block, path: str) -> bool:
    """There, and neither null nor an empty block, list or string."""
    return any(one.is_unresolved or one.value not in (None, "", [], {}) for one in block.attributes(path))


def _own_paths(claim: Claim) -> list[str]:
    paths = (claim.get("key"), claim.get("switch"), claim.get("value", {}).get("path"))
    return [path for path in paths if path is not None]


def _of_another(finding: Finding, resource: Resource) -> Finding:
    """A finding in another resource, told at the one that is judged."""
    place = f"{resource.address}: {finding.attribute}: " if finding.attribute else f"{resource.address}: "
    return Finding(finding.outcome, "", finding.observed, f"{place}{finding.message}")


def _with_message(finding: Finding, message: str) -> Finding:
    return Finding(finding.outcome, finding.attribute, finding.observed, message)
