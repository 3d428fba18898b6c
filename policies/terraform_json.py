"""Synthesized Terraform JSON (`cdk.tf.json`, `*.tf.json`) to a resource graph.

Reads every shape the JSON syntax of Terraform allows: objects or arrays of blocks at each level, repeated keys where
Terraform merges them, `//` comments, override files, `count`, `for_each` and `dynamic` blocks over known collections.
What Terraform would refuse is refused here, with the place. Source: Terraform's "JSON Configuration Syntax" and
"Override Files" pages, and HCL's JSON specification.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.errors import InputError
from policies.graph import ResourceGraph
from policies.model import Source
from policies.module_scope import Module, ModuleScope
from policies.provider_sources import implied_source, provider_source
from policies.resources import Provider, Resource, Unresolved
from policies.strict_json import RepeatedKeys

MAX_INSTANCES = 10_000
MAX_RESOURCES = 1_000_000
TOP_LEVEL = frozenset(
    {
        "terraform", "provider", "resource", "data", "module", "variable", "locals", "output",
        "moved", "import", "removed", "check", "ephemeral",
    }
)  # fmt: skip
# What says how often, where and why a block exists, not what it is; `dynamic` is written out instead.
_NOT_ATTRIBUTES = frozenset({"//", "count", "for_each", "provider"})
_LABELS = {"resource": 2, "data": 2, "ephemeral": 2, "provider": 1, "module": 1, "variable": 1, "output": 1, "check": 1}


@dataclass(frozen=True)
class JsonFile:
    """One file of a module: its name for messages, its content, and whether it is an override file.

    `may_be_dynamic` is false only when the word does not stand in the file at all.
    """

    name: str
    content: Any
    is_override: bool = False
    may_be_dynamic: bool = True


def read_module(
    stack: str,
    files: Sequence[JsonFile],
    sources: Mapping[str, Source],
    *,
    defaults_hold: bool = True,
    inputs: Mapping[str, Any] | None = None,
) -> ResourceGraph:
    """The graph of the resources that the files together describe.

    `sources` maps construct paths to the program's lines. `defaults_hold` is false where files of variable values lie
    beside the module: then the defaults of its variables say nothing. `inputs` are the values of its variables, where
    these are known: then no default counts. Raises InputError for what Terraform refuses.
    """
    module = Module(stack, defaults_hold)
    module.may_be_dynamic = any(file.may_be_dynamic for file in files)
    ordered = sorted(files, key=lambda file: (file.is_override, file.name))
    for file in ordered:
        for kind, labels, body in _blocks(file):
            _add(module, file, kind, labels, body)
    if inputs is not None:
        module.defaults_hold = True
        module.variables = {name: _given(body, name, inputs) for name, body in module.variables.items()}
    providers = {key: _provider(module, key, body) for key, body in module.providers.items()}
    resources = list(_resources(module, providers, sources))
    module.graph = ResourceGraph(resources, providers.values())
    return module.graph


def _given(variable: Mapping[str, Any], name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The variable with the value it is given in place of its default; a sensitive one stays unknown, and unseen."""
    without = {key: value for key, value in variable.items() if key != "default"}
    known = name in inputs and variable.get("sensitive") in (None, False, "false")
    return {**without, "default": inputs[name]} if known else without


def _blocks(file: JsonFile) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """Every block of a file with its kind and labels, in the file's order."""
    for kind, value in _entries(file.content, file.name, "the top level"):
        if kind == "//":
            continue
        if kind not in TOP_LEVEL:
            raise InputError(f"{file.name}: {kind!r} is not a block of Terraform's configuration language")
        for labels, body in _labelled(value, _LABELS.get(kind, 0), file.name, kind):
            yield kind, labels, body


def _entries(value: Any, name: str, place: str) -> Iterator[tuple[str, Any]]:
    """The keys and values of an object, or of an array of objects; repeated keys come repeatedly."""
    if value is None:
        return
    for element in value if isinstance(value, list) else [value]:
        if not isinstance(element, dict):
            raise InputError(f"{name}: {place} must be an object, or an array of objects")
        yield from element.pairs if isinstance(element, RepeatedKeys) else element.items()


def _labelled(value: Any, count: int, name: str, place: str) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if count:
        for label, inner in _entries(value, name, place):
            if label == "//":
                continue
            for labels, body in _labelled(inner, count - 1, name, f"{place}.{label}"):
                yield (label, *labels), body
        return
    for body in value if isinstance(value, list) else [] if value is None else [value]:
        if not isinstance(body, dict):
            raise InputError(f"{name}: {place} must be an object")
        _refuse_repeated_keys(body, name, place)
        yield (), body


def _refuse_repeated_keys(value: Any, name: str, place: str) -> None:
    """Inside a block a second equal key is an error to Terraform: "duplicate argument"."""
    if isinstance(value, RepeatedKeys):
        raise InputError(f"{name}: {place}: the key {value.repeated!r} stands more than once")
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict | list):
                _refuse_repeated_keys(inner, name, f"{place}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_repeated_keys(inner, name, f"{place}[{index}]")


def _add(module: Module, file: JsonFile, kind: str, labels: tuple[str, ...], body: dict[str, Any]) -> None:
    """Puts one block where it belongs, as Terraform merges the files of a module."""
    place = ".".join((kind, *labels))
    if kind in ("resource", "data"):
        type_ = f"data.{labels[0]}" if kind == "data" else labels[0]
        _put(module.resources, (type_, labels[1]), body, file, place)
    elif kind == "provider":
        alias = body.get("alias")
        _put(module.providers, f"{labels[0]}.{alias}" if alias else labels[0], body, file, place)
    elif kind == "module":
        _put(module.modules, labels[0], body, file, place)
    elif kind == "variable":
        _put(module.variables, labels[0], body, file, place)
    elif kind == "locals":
        for key, value in body.items():
            if key in module.local_values and not file.is_override:
                raise InputError(f"{file.name}: locals.{key} is defined more than once")
            module.local_values[key] = value
    elif kind == "terraform":
        for name, requirement in _entries(body.get("required_providers"), file.name, f"{place}.required_providers"):
            source = requirement.get("source") if isinstance(requirement, dict) else None  # else a version alone
            module.provider_sources[name] = provider_source(source) if isinstance(source, str) else implied_source(name)


def _put(blocks: dict[Any, dict[str, Any]], key: Any, body: dict[str, Any], file: JsonFile, place: str) -> None:
    existing = blocks.get(key)
    if file.is_override:
        if existing is None:
            raise InputError(f"{file.name}: {place} overrides a block that no file of the module defines")
        merged = {**existing, **body}
        if isinstance(existing.get("dynamic"), dict) and isinstance(body.get("dynamic"), dict):
            merged["dynamic"] = {**existing["dynamic"], **body["dynamic"]}
        blocks[key] = merged
    elif existing is not None:
        raise InputError(f"{file.name}: {place} is defined more than once")
    else:
        blocks[key] = body


def _resources(module: Module, providers: Mapping[str, Provider], sources: Mapping[str, Source]) -> Iterator[Resource]:
    total = 0
    for (type_, name), body in module.resources.items():
        metadata = body.get("//")
        path = metadata.get("metadata", {}).get("path") if isinstance(metadata, dict) else None
        provider_key = _reference_text(str(body.get("provider") or type_.removeprefix("data.").partition("_")[0]))
        local_name = provider_key.partition(".")[0]
        repeated = body.get("count") is not None or body.get("for_each") is not None
        for key, scope in _instances(ModuleScope(module), body, f"{type_}.{name}"):
            total += 1
            if total > MAX_RESOURCES:
                raise InputError(f"{module.stack}: more resources than the limit of {MAX_RESOURCES}")
            yield Resource(
                address=f"{type_}.{name}{key}",
                type=type_,
                name=name,
                body=_expanded(body, scope),
                scope=scope,
                stack=module.stack,
                provider=providers.get(provider_key),
                construct_path=path if isinstance(path, str) else None,
                source=sources.get(path) if isinstance(path, str) else None,
                written=body,
                may_not_exist=repeated and not key,
                provider_source=module.provider_sources.get(local_name) or implied_source(local_name),
            )
    for name, body in module.modules.items():
        yield Resource(f"module.{name}", "module", name, body, ModuleScope(module), module.stack)


def _provider(module: Module, key: str, body: Mapping[str, Any]) -> Provider:
    scope = ModuleScope(module)
    blocks = body.get("default_tags")
    tags: Any = {}
    for block in blocks if isinstance(blocks, list) else [blocks] if blocks else []:
        resolved = scope.resolve(block.get("tags") if isinstance(block, dict) else block, None, [])
        if isinstance(resolved, Unresolved):
            tags = resolved
            break
        tags |= resolved or {}
    return Provider(key, scope.resolve(body.get("region"), None, []), tags, body)


def _reference_text(text: str) -> str:
    """`provider` is written `aws.west` or `${aws.west}`."""
    return text[2:-1] if text.startswith("${") and text.endswith("}") else text


def _instances(scope: ModuleScope, body: Mapping[str, Any], place: str) -> Iterator[tuple[str, ModuleScope]]:
    """One entry per instance: its key as in an address, and the scope in which its arguments are read.

    A `count` or `for_each` nobody knows gives one instance, judged as if it were deployed.
    """
    if body.get("count") is not None:
        count = scope.resolve(body["count"], None, [])
        if isinstance(count, str) and count.isdigit():
            count = int(count)
        if not isinstance(count, int) or isinstance(count, bool):
            yield "", scope
            return
        _limit(count, place)
        for index in range(count):
            yield f"[{index}]", scope.binding({"count.index": index})
    elif body.get("for_each") is not None:
        elements = _collection(scope.resolve(body["for_each"], None, []))
        if elements is None:
            yield "", scope
            return
        _limit(len(elements), place)
        for key, value in elements:
            yield f"[{json.dumps(str(key), ensure_ascii=False)}]", scope.binding({"each.key": key, "each.value": value})
    else:
        yield "", scope


def _limit(count: int, place: str) -> None:
    if count > MAX_INSTANCES:
        raise InputError(f"{place}: {count} instances, more than the limit of {MAX_INSTANCES}")


def _collection(value: Any) -> list[tuple[Any, Any]] | None:
    """Keys and values of what `for_each` runs over; None when it is not known."""
    if isinstance(value, list):
        return [(element, element) if isinstance(element, str) else (i, element) for i, element in enumerate(value)]
    return list(value.items()) if isinstance(value, dict) else None


def _expanded(body: Mapping[str, Any], scope: ModuleScope) -> dict[str, Any]:
    """The body's attributes and blocks, with `dynamic` blocks written out at every level."""
    plain = {key: value for key, value in body.items() if key not in _NOT_ATTRIBUTES}
    if not scope.module.may_be_dynamic or not _mentions_dynamic(plain):
        return plain
    expanded: dict[str, Any] = _with_dynamic(plain, scope)
    return expanded


def _mentions_dynamic(value: Any) -> bool:
    """Whether the key `dynamic` stands anywhere: few blocks have one, and the others need not be copied."""
    if isinstance(value, dict):
        return "dynamic" in value or any(_mentions_dynamic(v) for v in value.values() if isinstance(v, dict | list))
    return any(_mentions_dynamic(element) for element in value if isinstance(element, dict | list))


def _with_dynamic(value: Any, scope: ModuleScope) -> Any:
    if isinstance(value, list):
        return [_with_dynamic(element, scope) if isinstance(element, dict | list) else element for element in value]
    written = {
        key: _with_dynamic(inner, scope) if isinstance(inner, dict | list) else inner
        for key, inner in value.items()
        if key != "dynamic" or not _is_dynamic(inner)
    }
    if _is_dynamic(value.get("dynamic")):
        for entry in _list(value["dynamic"]):
            for name, specifications in entry.items():
                blocks = [b for one in _list(specifications) for b in _dynamic_blocks(name, one, scope)]
                written[name] = [*_list(written.get(name)), *blocks]
    return written


def _is_dynamic(value: Any) -> bool:
    """Tells `dynamic` blocks from an attribute, or the key of a map, that happens to have that name."""
    entries = _list(value)
    return bool(entries) and all(
        isinstance(entry, dict)
        and all(isinstance(one, dict) and "content" in one for many in entry.values() for one in _list(many))
        for entry in entries
    )


def _dynamic_blocks(name: str, specification: dict[str, Any], scope: ModuleScope) -> list[Any]:
    elements = _collection(scope.resolve(specification.get("for_each"), None, []))
    if elements is None:
        return [Unresolved(f"dynamic {name!r} over a collection that is not known here", is_blocks=True)]
    _limit(len(elements), f"dynamic {name}")
    iterator = specification.get("iterator") or name
    return [
        inner.resolve(_with_dynamic(content, inner), None, [])
        for key, value in elements
        for inner in [scope.binding({f"{iterator}.key": key, f"{iterator}.value": value})]
        for content in _list(specification["content"])
        if isinstance(content, dict)
    ]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
