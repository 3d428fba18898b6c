"""What names mean inside one module: inputs, locals, instances, and what other resources have been given.

References are followed as far as the module's own files tell; everything else becomes Unresolved.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policies.expressions import Expression, Reference, template
from policies.graph import ResourceGraph
from policies.resources import Unresolved

MAX_VALUE_SIZE = 1_000_000
_MAX_HOPS = 30
# What a resource is called by: when the name itself is not known (`${var.suffix}-logs`), it still says which resource
# is meant.
_NAMES = frozenset({"name", "bucket", "identifier", "cluster_identifier", "function_name"})
_BOUND_NAME = re.compile(r"(?<![\w.])(count\.index|each\.key|each\.value)(?![\w.\[])")
# `var.create ? 1 : 0`: a traversal decides between two things, neither of which has such a choice or a `for` in it.
_CHOICE = re.compile(r"(!?)\s{0,9}([A-Za-z_][\w.-]{0,99})\s{0,9}\?([^?:]{1,500}):([^?:]{1,500})")
_BOOLEANS = {"true": True, "false": False}
# Text around a reference that leaves it the same thing: an ARN built from a name, or a path below it.
_AROUND = re.compile(r"|(?:arn:|[/:.]).*", re.DOTALL)


@dataclass
class Module:
    """A module as its files, merged, describe it: blocks by their labels, providers by `aws` or `aws.west`.

    `provider_sources` says where the provider of a local name comes from, as `required_providers` has it.
    """

    stack: str
    defaults_hold: bool = True
    may_be_dynamic: bool = True
    resources: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    modules: dict[str, dict[str, Any]] = field(default_factory=dict)
    providers: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    local_values: dict[str, Any] = field(default_factory=dict)
    provider_sources: dict[str, str] = field(default_factory=dict)
    resolved_locals: dict[str, tuple[Any, list[str]]] = field(default_factory=dict)
    graph: ResourceGraph | None = None


@dataclass(frozen=True)
class ModuleScope:
    """What names mean in a module, or in one instance of a resource in it (`bindings`: `each.value`, `count.index`)."""

    module: Module
    bindings: Mapping[str, Any] = field(default_factory=dict)
    hops: int = 0

    @property
    def has_configuration(self) -> bool:
        """See Scope.has_configuration."""
        return True

    def _further(self) -> "ModuleScope":
        return ModuleScope(self.module, self.bindings, self.hops + 1)

    def binding(self, names: Mapping[str, Any]) -> "ModuleScope":
        """This scope with further names known."""
        return replace(self, bindings={**self.bindings, **names})

    def resolve(self, raw: Any, expression: Any, found: list[str]) -> Any:
        """See Scope.resolve; `expression` is not used, as the expressions stand in the values themselves."""
        if isinstance(raw, str):
            return self._string(raw, found) if "${" in raw or "%{" in raw else raw
        if isinstance(raw, list):
            return [self.resolve(element, None, found) for element in raw]
        if isinstance(raw, dict):
            if any("${" in key for key in raw):
                return self._with_computed_keys(raw, found)
            return {key: self.resolve(element, None, found) for key, element in raw.items()}
        if isinstance(raw, Unresolved):
            found.extend(raw.references)
        return raw

    def _with_computed_keys(self, raw: dict[str, Any], found: list[str]) -> Any:
        keys = [self.resolve(key, None, found) for key in raw]
        if any(isinstance(key, Unresolved) for key in keys):
            return Unresolved("a map with computed keys", tuple(found))
        return {str(k): self.resolve(v, None, found) for k, v in zip(keys, raw.values(), strict=True)}

    def _string(self, raw: str, found: list[str]) -> Any:
        parts = template(raw)
        if len(parts) == 1:
            return parts[0] if isinstance(parts[0], str) else self._expression(parts[0], found)
        met: list[str] = []
        values = [part if isinstance(part, str) else self._expression(part, met) for part in parts]
        met = list(dict.fromkeys(met))
        found.extend(met)
        if not any(isinstance(value, Unresolved | list | dict) for value in values):
            return "".join(_as_text(value) for value in values)
        deciding = {r for value in values if isinstance(value, Unresolved) for r in value.references}
        plain = all(not isinstance(value, Unresolved) or value.is_reference for value in values)
        literal = "".join(_as_text(value) for value in values if not isinstance(value, Unresolved | list | dict))
        return Unresolved(raw, tuple(met), plain and len(deciding) == 1 and bool(_AROUND.fullmatch(literal)), literal)

    def _expression(self, expression: Expression, met: list[str]) -> Any:
        if expression.literal is not None:
            return expression.literal[0]
        if expression.traversal is None and self.bindings:
            expression = self._with_bound_names(expression)
        if expression.traversal is not None:
            return self._follow(expression.traversal, met)
        if chosen := self._chosen(expression.text, met):
            return self._string(f"${{{chosen}}}", met)
        subjects = tuple(dict.fromkeys(reference.subject for reference in expression.references))
        met.extend(subjects)
        return Unresolved(f"${{{expression.text}}}", subjects)  # a function may answer with something else altogether

    def _chosen(self, text: str, met: list[str]) -> str | None:
        """Which of its two expressions a conditional comes to, where its condition is known; None for anything else."""
        choice = _CHOICE.fullmatch(text)
        if choice is None or self.hops >= _MAX_HOPS:
            return None
        known = self._further()._string(f"${{{choice[2]}}}", met)
        condition = _BOOLEANS.get(known) if isinstance(known, str) else known
        if not isinstance(condition, bool):
            return None
        negated = bool(choice[1])
        return (choice[3] if condition != negated else choice[4]).strip()

    def _with_bound_names(self, expression: Expression) -> Expression:
        """`aws_subnet.private[count.index].id` with the index that it is in this instance; `each.key` alike."""

        def known(name: re.Match[str]) -> str:
            value = self.bindings.get(name[1])
            plain = isinstance(value, int) or (isinstance(value, str) and "${" not in value)
            return json.dumps(value, ensure_ascii=False) if plain else name[0]

        text = _BOUND_NAME.sub(known, expression.text)
        parts = (expression,) if text == expression.text else template(f"${{{text}}}")
        return parts[0] if len(parts) == 1 and isinstance(parts[0], Expression) else expression

    def _follow(self, reference: Reference, met: list[str]) -> Any:
        """The value a traversal leads to, as far as it is written in this module."""
        one_of_many = any(isinstance(part, int) for part in reference.path) and self._instance_count(reference) > 1
        from_files = reference.subject.startswith("var.") and not self.module.defaults_hold
        unknown = Unresolved(f"${{{reference}}}", (reference.subject,), is_reference=not (one_of_many or from_files))
        root, _, name = reference.subject.partition(".")
        if self.hops >= _MAX_HOPS:
            met.append(reference.subject)
            return unknown
        bound, _, key = reference.subject.partition("[")
        if bound in self.bindings:
            value = self._further().resolve(self.bindings[bound], None, met)
            index = (_index(key),) if key else ()
            return _descend(value, index + reference.path, unknown)
        if root == "local" and name in self.module.local_values:
            value, through = self._further()._local(name, unknown)
            met.extend(through)
            return None if value is None else _descend(value, reference.path, unknown)
        met.append(reference.subject)
        if root == "var" and self.module.defaults_hold and "default" in self.module.variables.get(name, {}):
            default = self.module.variables[name]["default"]
            return None if default is None else _descend(default, reference.path, None)
        if reference.resource and self.module.graph and reference.path:
            return self._attribute_of(reference, met, unknown)
        return unknown

    def _instance_count(self, reference: Reference) -> int:
        return len(self.module.graph.at(reference.subject)) if self.module.graph else 0

    def _local(self, name: str, unknown: Unresolved) -> tuple[Any, list[str]]:
        """A local value and what it refers to, worked out once: locals that build on locals grow exponentially."""
        known = self.module.resolved_locals
        if name not in known:
            known[name] = unknown, [f"local.{name}"]  # what a local that refers to itself comes to
            found: list[str] = []
            value = ModuleScope(self.module, hops=self.hops).resolve(self.module.local_values[name], None, found)
            if _exceeds(value, MAX_VALUE_SIZE):
                value, found = Unresolved(f"local.{name}, which is too large to expand"), []
            known[name] = value, list(dict.fromkeys(found))
        return known[name]

    def _attribute_of(self, reference: Reference, met: list[str], unknown: Unresolved) -> Any:
        """What another resource of the module has been given, such as `${aws_rds_cluster.main.engine}`."""
        assert self.module.graph is not None
        resources = self.module.graph.at(reference.subject)
        if len(resources) != 1 or not isinstance(resources[0].scope, ModuleScope):
            return unknown
        raw = _descend(resources[0].body, reference.path, None)
        if raw is None:
            return unknown
        value = ModuleScope(self.module, resources[0].scope.bindings, self.hops + 1).resolve(raw, None, met)
        is_name = reference.path[0] in _NAMES and not reference.subject.startswith("data.")
        return unknown if is_name and isinstance(value, Unresolved) else value


def _exceeds(value: Any, size: int) -> bool:
    """Whether a value has more characters and elements than `size`; looks at no more than that."""
    waiting = [value]
    while waiting and size >= 0:
        one = waiting.pop()
        size -= len(one) if isinstance(one, str | list | dict) else 1
        if isinstance(one, list | dict) and size >= 0:
            waiting.extend(one.values() if isinstance(one, dict) else one)
    return size < 0


def _descend(value: Any, path: tuple[str | int, ...], otherwise: Any) -> Any:
    for part in path:
        if isinstance(value, Unresolved):
            return value
        if isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        elif isinstance(value, list) and len(value) == 1 and isinstance(part, str) and part != "*":
            value = value[0].get(part) if isinstance(value[0], dict) else None
        elif isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, dict) and part == 0:
            continue  # a block written as an object, addressed as the list it is
        else:
            return otherwise
    return otherwise if value is None else value


def _index(key: str) -> str | int:
    """The index in the rest of an address after `[`: `0]` or `"name"]`."""
    return key[1:-2] if key.startswith('"') else int(key[:-1])


def _as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else "" if value is None else str(value)
