"""Finds what no schema of OSCAL can: references between the five documents that lead nowhere, and overclaims.

Each check is a function from the documents to problems, one line each, naming document, place and value.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from compliance.lint import requirement_numbers
from compliance.oscal.assessment_plan import METHOD
from compliance.oscal.assessment_results import STATES
from compliance.oscal.names import CATALOG, COMPONENT_DEFINITION, CONTROL_PREFIX, PROFILE
from compliance.requirements import VERSION

# Keys that hold the UUID of something else, and the lists in which that stands.
_UUID_REFERENCES = {
    "observation-uuid": ("observations",),
    "risk-uuid": ("risks",),
    "activity-uuid": ("activities",),
    "task-uuid": ("tasks",),
    "component-uuid": ("components",),
    "actor-uuid": ("components",),
    "subject-uuid": ("components", "inventory-items"),
}
_PART_REFERENCES = ("target-id", "objective-id", "statement-id")
# Where names, reasons and messages of the judged configuration stand. They may hold any number.
_FOREIGN_SUBTREES = frozenset({"inventory-items", "risks", "subjects", "relevant-evidence", "back-matter"})
_FOREIGN_PROPERTIES = frozenset(
    {"stack", "tool-version", "rule-version", "commit", "terraform-validate", "source-sha256", "gate-result-sha256"}
)
_STATES: Mapping[str | None, str] = dict(STATES.items())
# Versions of formats, of documents and of the standard itself are no requirements.
_VERSIONS = frozenset({"version", "oscal-version"})


@dataclass(frozen=True)
class _Node:
    """An object of a document, and where it stands: keys and indexes from the root."""

    document: str
    path: tuple[str | int, ...]
    fields: Mapping[str, Any]

    @property
    def list_name(self) -> str:
        """The key of the list that the object is a member of."""
        return next((step for step in reversed(self.path) if isinstance(step, str)), "")

    def problem(self, message: str) -> str:
        """A line about it."""
        return f"{self.document}: {'/'.join(map(str, self.path))}: {message}"

    def property(self, name: str) -> str | None:
        """The value of its property `name`."""
        return next((one.get("value") for one in self.fields.get("props", []) if one.get("name") == name), None)


@dataclass(frozen=True)
class _Documents:
    """The five documents by file name, taken apart."""

    bodies: Mapping[str, Any]
    identifiers: frozenset[str]

    @cached_property
    def nodes(self) -> tuple[_Node, ...]:
        return tuple(node for name, body in self.bodies.items() for node in _nodes(name, (), body))

    def in_list(self, name: str) -> Iterator[_Node]:
        return (node for node in self.nodes if node.list_name == name)

    @cached_property
    def controls(self) -> frozenset[str]:
        """Identifiers of the catalog's controls."""
        return frozenset(node.fields["id"] for node in self.in_list("controls") if "id" in node.fields)

    @cached_property
    def parts(self) -> frozenset[str]:
        """Identifiers of the parts of these controls."""
        return frozenset(
            node.fields["id"] for node in self.in_list("parts") if node.document == CATALOG and "id" in node.fields
        )

    @cached_property
    def selected(self) -> frozenset[str]:
        """Identifiers that the profile includes."""
        return frozenset(
            id_
            for node in self.in_list("include-controls")
            if node.document == PROFILE
            for id_ in node.fields.get("with-ids", ())
        )


def problems(documents: Mapping[str, str], identifiers: Iterable[str]) -> list[str]:
    """Everything wrong with `documents` (file name -> JSON text); `identifiers` are those of the standard."""
    bodies = {PurePosixPath(name).name: json.loads(text) for name, text in documents.items()}
    taken_apart = _Documents(bodies, frozenset(identifiers))
    return [line for check in CHECKS for line in check(taken_apart)]


def _duplicate_uuids(documents: _Documents) -> Iterator[str]:
    """A UUID names one thing, in all documents together."""
    seen = Counter(node.fields["uuid"] for node in documents.nodes if "uuid" in node.fields)
    for uuid, times in seen.items():
        if times > 1:
            yield f"the UUID {uuid} is given {times} times"


def _control_references(documents: _Documents) -> Iterator[str]:
    """Controls stand in the catalog and are selected by the profile; parts stand in the catalog."""
    for node in documents.nodes:
        for id_ in _controls_named(node):
            if id_ not in documents.controls:
                yield node.problem(f"the catalog has no control {id_}")
            elif id_ not in documents.selected:
                yield node.problem(f"the profile does not select the control {id_}")
        for key in _PART_REFERENCES:
            if key in node.fields and node.fields[key] not in documents.parts:
                yield node.problem(f"the catalog has no part {node.fields[key]}")


def _controls_named(node: _Node) -> Iterator[str]:
    if "control-id" in node.fields:
        yield node.fields["control-id"]
    yield from node.fields.get("with-ids", ())
    if node.list_name == "props":
        if node.fields.get("name") == "control-id":
            yield node.fields["value"]
        elif node.fields.get("name") == "verdict":
            yield node.fields.get("class", "")


def _uuid_references(documents: _Documents) -> Iterator[str]:
    """A UUID that refers to something is the UUID of something of that kind."""
    lists = {node.fields["uuid"]: node for node in documents.nodes if "uuid" in node.fields}
    for node in documents.nodes:
        for key, names in _UUID_REFERENCES.items():
            if key in node.fields:
                kind = f"{node.fields.get('type')}s" if key == "subject-uuid" else names[0]
                found = lists.get(node.fields[key])
                if found is None or found.list_name != kind or found.document == COMPONENT_DEFINITION:
                    yield node.problem(f"{key} {node.fields[key]} is none of the {kind}")
        if node.list_name == "props" and node.fields.get("name") == "defined-component-uuid":
            found = lists.get(node.fields["value"])
            if found is None or found.document != COMPONENT_DEFINITION or found.list_name != "components":
                yield node.problem(f"{node.fields['value']} is no component of {COMPONENT_DEFINITION}")


def _resource_links(documents: _Documents) -> Iterator[str]:
    """A link #UUID leads to a resource in the back matter of its own document."""
    resources = {(node.document, f"#{node.fields.get('uuid')}") for node in documents.in_list("resources")}
    for node in documents.nodes:
        href = node.fields.get("href", "")
        if href.startswith("#") and (node.document, href) not in resources:
            yield node.problem(f"{href} is no resource of {node.document}")


def _imports(documents: _Documents) -> Iterator[str]:
    """Imports lead to the documents that stand beside."""
    for node in documents.nodes:
        if node.list_name in ("imports", "import-ap"):
            href = node.fields.get("href")
        elif node.list_name == "control-implementations":
            href = node.fields.get("source")
        else:
            continue
        if href not in documents.bodies:
            yield node.problem(f"{href} is none of the documents")


def _parameters(documents: _Documents) -> Iterator[str]:
    """The profile answers questions that the catalog asks, with answers that it takes."""
    asked = {node.fields["id"]: node.fields["select"]["choice"] for node in documents.in_list("params")}
    for node in documents.in_list("set-parameters"):
        name = node.fields["param-id"]
        for value in node.fields["values"]:
            if value not in asked.get(name, ()):
                yield node.problem(f"the catalog has no parameter {name} that can be {value}")


def _methods(documents: _Documents) -> Iterator[str]:
    """Configuration is examined; nobody is interviewed, and nothing that runs is tested."""
    for node in documents.nodes:
        methods = list(node.fields.get("methods", ()))
        if node.list_name == "activities":
            methods.append(node.property("method"))
        for method in methods:
            if method != METHOD:
                yield node.problem(f"the method {method} is not {METHOD}")


def _states(documents: _Documents) -> Iterator[str]:
    """A finding says what the verdict says; a requirement with another verdict has none; no waiver satisfies."""
    verdicts = {node.fields.get("class"): node.fields["value"] for node in _verdicts(documents)}
    found = set()
    for node in documents.in_list("findings"):
        target = node.fields["target"]
        control = target["target-id"].rsplit("_", 1)[0]
        found.add(control)
        verdict = verdicts.get(control)
        state = target["status"]["state"]
        if _STATES.get(verdict) != state:
            yield node.problem(f"{control} is {state}, but its verdict is {verdict}")
        if state == "satisfied" and node.fields.get("related-risks"):
            yield node.problem(f"{control} is satisfied in spite of a waived finding")
    for control in verdicts:
        if verdicts[control] in _STATES and control not in found:
            yield f"{control}: the verdict is {verdicts[control]}, but there is no finding"
    for control in sorted(documents.controls - verdicts.keys()):
        yield f"{control}: there is no verdict"


def _verdicts(documents: _Documents) -> Iterator[_Node]:
    return (node for node in documents.in_list("props") if node.fields.get("name") == "verdict")


def _numbers(documents: _Documents) -> Iterator[str]:
    """No number is printed that the standard does not have: as an identifier, as a label, or in words of ours."""
    groups = {id_.split(".")[0] for id_ in documents.identifiers}
    for node in documents.nodes:
        if _is_foreign(node):
            continue
        numbers = [one for text in _texts(node) for one in requirement_numbers(text) if one != VERSION]
        if node.fields.get("name") == "label":
            numbers.append(node.fields["value"])
        numbers += [id_.removeprefix(CONTROL_PREFIX).split("_")[0] for id_ in _own_identifiers(node)]
        for number in numbers:
            if number not in documents.identifiers and number not in groups:
                yield node.problem(f"{number} is not an identifier of the standard")


def _own_identifiers(node: _Node) -> Iterator[str]:
    for key in ("id", "control-id", "class", *_PART_REFERENCES):
        if str(node.fields.get(key, "")).startswith(CONTROL_PREFIX):
            yield node.fields[key]
    yield from node.fields.get("with-ids", ())


def _texts(node: _Node) -> Iterator[str]:
    """The texts that stand in the object itself; the name of a stack is not ours."""
    for key, value in node.fields.items():
        if isinstance(value, str) and key not in _VERSIONS and not (key == "title" and node.property("stack")):
            yield value


def _is_foreign(node: _Node) -> bool:
    if node.list_name == "props" and node.fields.get("name") in _FOREIGN_PROPERTIES:
        return True
    return not _FOREIGN_SUBTREES.isdisjoint(node.path)


def _nodes(document: str, path: tuple[str | int, ...], value: Any) -> Iterator[_Node]:
    if isinstance(value, dict):
        yield _Node(document, path, value)
        for key, inner in value.items():
            yield from _nodes(document, (*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nodes(document, (*path, index), inner)


CHECKS: tuple[Callable[[_Documents], Iterator[str]], ...] = (
    _duplicate_uuids,
    _control_references,
    _uuid_references,
    _resource_links,
    _imports,
    _parameters,
    _methods,
    _states,
    _numbers,
)
