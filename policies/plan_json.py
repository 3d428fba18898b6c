"""`terraform show -json` of a plan or of a state to a resource graph.

A plan says three things about an attribute: its value (`planned_values`), whether it will be known only after apply
(`after_unknown`), and what the configuration says (`configuration`). Only the three together tell "not set" from "not
yet known". Source: Terraform's "JSON Output Format" page, format versions 0.1 to 1.x.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from policies.errors import InputError
from policies.expressions import Expression, template, traversal
from policies.graph import ResourceGraph
from policies.provider_sources import provider_source
from policies.resources import Provider, Resource, Unresolved

_MAX_HOPS = 30


@dataclass(frozen=True)
class Configuration:
    """One module of a plan's `configuration`: its node, the call that made it, and the module that calls."""

    node: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    call: Mapping[str, Any] = field(default_factory=dict)
    parent: "Configuration | None" = None

    @cached_property
    def _children(self) -> "dict[str, Configuration]":
        return {}

    def child(self, name: str) -> "Configuration":
        """The module called `name` here; an empty one when the plan does not describe it."""
        if name not in self._children:
            call = _mapping(_mapping(self.node.get("module_calls")).get(name))
            prefix = f"{self.path}." if self.path else ""
            path = f"{prefix}module.{name}"
            self._children[name] = Configuration(_mapping(call.get("module")), path, call, self)
        return self._children[name]

    @cached_property
    def _resources(self) -> dict[tuple[Any, Any, Any], Mapping[str, Any]]:
        nodes = [_mapping(node) for node in _sequence(self.node.get("resources"))]
        return {(node.get("mode", "managed"), node.get("type"), node.get("name")): node for node in nodes}

    def resource(self, type_: str, name: str, mode: str) -> Mapping[str, Any]:
        """The configuration of a resource of this module; empty when there is none."""
        return self._resources.get((mode, type_, name), {})

    def addresses(self, reference: str, hops: int = 0) -> Iterator[str]:
        """What a reference leads to, followed through module inputs and outputs, with module paths."""
        parsed = traversal(reference)
        if parsed is None or hops > _MAX_HOPS:
            return
        root, _, name = parsed.subject.partition(".")
        name = name.partition("[")[0]
        if root == "var" and self.parent is not None:
            given = _mapping(_mapping(self.call.get("expressions")).get(name))
            for outer in _sequence(given.get("references")):
                yield from self.parent.addresses(outer, hops + 1)
        elif root == "module" and parsed.path:
            child = self.child(name)
            output = _mapping(_mapping(child.node.get("outputs")).get(str(parsed.path[0])))
            inner = _sequence(_mapping(output.get("expression")).get("references"))
            if not inner:
                yield parsed.subject
            for reference_there in inner:
                yield from child.addresses(reference_there, hops + 1)
        elif root == "module":
            return  # the whole module stands beside the output that is meant
        else:
            yield f"{self.path}.{parsed.subject}" if self.path and parsed.resource else parsed.subject

    def all_addresses(self, expression: Any) -> tuple[str, ...]:
        """Every address that an expression of this module's configuration mentions, nested blocks included."""
        found: list[str] = []
        if isinstance(expression, dict):
            references = expression.get("references")
            if isinstance(references, list):
                for reference in references:
                    found.extend(self.addresses(str(reference)))
            else:
                for inner in expression.values():
                    found.extend(self.all_addresses(inner))
        elif isinstance(expression, list):
            for inner in expression:
                found.extend(self.all_addresses(inner))
        unique = dict.fromkeys(found)
        # "aws_lb.web" stands beside "aws_lb.web[0]": keep the one that says more
        return tuple(a for a in unique if not any(other.startswith(f"{a}[") for other in unique))


@dataclass(frozen=True)
class PlanScope:
    """In plans and states all values are written out; only the configuration still knows what refers to what."""

    configuration: Configuration | None

    @property
    def has_configuration(self) -> bool:
        """See Scope.has_configuration."""
        return self.configuration is not None

    def resolve(self, raw: Any, expression: Any, found: list[str]) -> Any:
        """See Scope.resolve."""
        if self.configuration is not None and expression is not None:
            found.extend(self.configuration.all_addresses(expression))
        return raw


def read_plan(stack: str, plan: Mapping[str, Any], name: str) -> ResourceGraph:
    """The graph of what will exist once the plan is applied; what it deletes is not judged.

    Raises InputError when the plan is not shaped as Terraform writes it.
    """
    if plan.get("errored") is True:
        raise InputError(f"{name}: Terraform marked this plan as errored: it is not whole")
    if _sequence(plan.get("deferred_changes")):
        raise InputError(f"{name}: Terraform deferred a part of this plan: it is not whole")
    root = Configuration(_mapping(_mapping(plan.get("configuration")).get("root_module")))
    providers = _providers(_mapping(plan.get("configuration")), root)
    unknown: dict[str, Any] = {}
    changed: list[Mapping[str, Any]] = []
    for change in _sequence(plan.get("resource_changes")):
        detail = _mapping(change.get("change"))
        if "deposed" in change or detail.get("actions") in (["delete"], ["forget"]):
            continue
        unknown[str(change.get("address"))] = detail.get("after_unknown")
        changed.append({**change, "values": detail.get("after"), "sensitive_values": detail.get("after_sensitive")})
    if "planned_values" in plan:
        nodes = list(_module_resources(_mapping(_mapping(plan["planned_values"]).get("root_module")), name))
        nodes += [node for node in _data_read_before(plan, name) if node["address"] not in unknown]
    else:
        nodes = changed
    resources = [_resource(stack, node, root, providers, unknown, name) for node in nodes]
    return ResourceGraph({resource.address: resource for resource in resources}.values(), providers.values())


def inputs(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the root module's input variables that the plan was made with, by name."""
    return {str(name): _mapping(one).get("value") for name, one in _mapping(plan.get("variables")).items()}


def read_state(stack: str, state: Mapping[str, Any], name: str) -> ResourceGraph:
    """The graph of what exists, from `terraform show -json`. Raises InputError as `read_plan` does."""
    nodes = _module_resources(_mapping(_mapping(state.get("values")).get("root_module")), name)
    return ResourceGraph(_resource(stack, node, None, {}, {}, name) for node in nodes)


def _data_read_before(plan: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """Data sources that were read while planning stand in the prior state only."""
    prior = _mapping(_mapping(_mapping(plan.get("prior_state")).get("values")).get("root_module"))
    return (node for node in _module_resources(prior, name) if node.get("mode") == "data")


def _module_resources(module: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    for node in _sequence(module.get("resources")):
        if not isinstance(node.get("address"), str) or not isinstance(node.get("type"), str):
            raise InputError(f"{name}: a resource without address or type")
        yield node
    for child in _sequence(module.get("child_modules")):
        yield from _module_resources(child, name)


def _resource(
    stack: str,
    node: Mapping[str, Any],
    root: Configuration | None,
    providers: Mapping[str, Provider],
    unknown: Mapping[str, Any],
    name: str,
) -> Resource:
    address, type_, mode = str(node["address"]), str(node["type"]), str(node.get("mode", "managed"))
    values = node.get("values")
    if values is not None and not isinstance(values, dict):
        raise InputError(f"{name}: {address}: its values are not an object")
    module = None if root is None else _module_of(address, root)
    written = module.resource(type_, str(node.get("name")), mode) if module else {}
    expressions = _mapping(written.get("expressions")) if written else None
    if module is not None:
        overlay = _Overlay(module, is_data=mode == "data")
        values = overlay.merge(values or {}, unknown.get(address), expressions)
    if written and "provisioners" in written:  # no value of the resource, but what runs when it is made
        values = {
            **(values or {}),
            "provisioner": [{str(one.get("type")): {}} for one in _mappings(written["provisioners"])],
        }
    return Resource(
        address=address,
        type=f"data.{type_}" if mode == "data" else type_,
        name=str(node.get("name")),
        body=values if isinstance(values, dict) else {},
        scope=PlanScope(module),
        stack=stack,
        provider=providers.get(str(written.get("provider_config_key"))) if written else None,
        expressions=expressions,
        sensitive=node.get("sensitive_values"),
        provider_source=provider_source(source) if isinstance(source := node.get("provider_name"), str) else "",
    )


def _module_of(address: str, root: Configuration) -> Configuration:
    module = root
    names = iter(_module_names(address))
    for name in names:
        module = module.child(name)
    return module


def _module_names(address: str) -> Iterator[str]:
    """`module.a["x.y"].module.b[0].aws_lb.c` -> a, b."""
    rest = address
    while rest.startswith("module."):
        rest = rest.removeprefix("module.")
        end = 0
        while end < len(rest) and rest[end] not in ".[":
            end += 1
        yield rest[:end]
        rest = rest[end:]
        if rest.startswith('["'):
            rest = rest[rest.index('"]') + 2 :] if '"]' in rest else ""
        elif rest.startswith("["):
            rest = rest[rest.index("]") + 1 :] if "]" in rest else ""
        rest = rest.removeprefix(".")


@dataclass(frozen=True)
class _Overlay:
    """Lays "known after apply" over the values of one resource."""

    module: Configuration
    is_data: bool

    def merge(self, value: Any, unknown: Any, expression: Any) -> Any:
        """`value` with Unresolved wherever `unknown` says so.

        An unknown attribute that the configuration does not set is a default the provider computes: absent, as in
        the synthesized JSON. Where the configuration's counterpart is not described (blocks made by
        `dynamic`), nobody can tell, and the value stays unknown.
        """
        if unknown is True:
            if expression is None and not self.is_data:
                return None
            elements = _mapping(expression).get("constant_value")
            if isinstance(elements, list) and all(isinstance(element, str) for element in elements):
                return [self._written(element) for element in elements]
            targets = self.module.all_addresses(expression)
            return Unresolved("(known after apply)", targets, is_reference=len(targets) == 1)
        if isinstance(unknown, dict) and isinstance(value, dict | None):
            merged = dict(value or {})
            for key, inner in unknown.items():
                merged[key] = self.merge(merged.get(key), inner, self._below(expression, key))
            return merged
        if isinstance(unknown, list):
            known = value if isinstance(value, list) else []
            counterparts = self._elements(expression, max(len(unknown), len(known)))
            return [
                self.merge(known[i] if i < len(known) else None, unknown[i] if i < len(unknown) else None, counterpart)
                for i, counterpart in enumerate(counterparts)
            ]
        return value

    def _written(self, element: str) -> Any:
        """One element of a list that a JSON configuration writes out: each has references of its own."""
        parts = [part for part in template(element) if isinstance(part, Expression)]
        if not parts:
            return element
        found = self.module.all_addresses({"references": [str(r) for part in parts for r in part.references]})
        plain = len(parts) == 1 and parts[0].traversal is not None
        return Unresolved("(known after apply)", found, is_reference=plain and len(found) == 1)

    def _below(self, expression: Any, key: str) -> Any:
        if isinstance(expression, dict) and ("references" in expression or "constant_value" in expression):
            return expression  # one expression for the whole value: its references are all we know of the parts
        if isinstance(expression, dict):
            return expression.get(key)
        return expression

    @staticmethod
    def _elements(expression: Any, count: int) -> list[Any]:
        if isinstance(expression, list) and len(expression) == count:
            return expression
        if isinstance(expression, dict) and ("references" in expression or "constant_value" in expression):
            return [expression] * count
        if isinstance(expression, dict) and count == 1:
            return [expression]
        return [_NOT_DESCRIBED] * count


_NOT_DESCRIBED: list[Any] = []  # neither None ("not set") nor a mapping: no counterpart in the configuration


def _providers(configuration: Mapping[str, Any], root: Configuration) -> dict[str, Provider]:
    providers = {}
    for key, node in _mapping(configuration.get("provider_config")).items():
        expressions = _mapping(_mapping(node).get("expressions"))
        tags: Any = {}
        for block in _sequence(expressions.get("default_tags")):
            written = _mapping(block).get("tags")
            constant = _mapping(written).get("constant_value")
            tags = constant if isinstance(constant, dict) else Unresolved("default_tags", root.all_addresses(written))
        providers[key] = Provider(key, _mapping(expressions.get("region")).get("constant_value"), tags)
    return providers


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [element for element in value if isinstance(element, dict)] if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: Any) -> list[Any]:
    return [element for element in value if isinstance(element, dict | str)] if isinstance(value, list) else []
