"""Names that are the same in every run: UUIDs made from words, control identifiers, the names of the documents."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

# Chosen once. It is also the namespace of our properties: a URN needs no domain that somebody has to own.
NAMESPACE = uuid.UUID("6f0f3c52-6d0a-4a63-9b0c-9d7c1f3f6f6e")
NAMESPACE_URI = f"urn:uuid:{NAMESPACE}"

CATALOG = "catalog.json"
PROFILE = "profile.json"
COMPONENT_DEFINITION = "component-definition.json"
ASSESSMENT_PLAN = "assessment-plan.json"
ASSESSMENT_RESULTS = "assessment-results.json"
FOLDER = "oscal/"

CONTROL_PREFIX = "pci-"
STATEMENT_SUFFIX = "_smt"
OBJECTIVE_SUFFIX = "_obj"


def identifier(*words: str) -> str:
    """The UUID of what `words` name, the kind of thing first: the same words give the same UUID."""
    return str(uuid.uuid5(NAMESPACE, json.dumps(words)))


def revision(document: Mapping[str, Any]) -> str:
    """The UUID of a document: OSCAL wants another one whenever the content is another."""
    return identifier("document", json.dumps(document))


def control_id(requirement: str) -> str:
    """The control identifier of a requirement, section or principal requirement: 10.5.1 is pci-10.5.1."""
    return CONTROL_PREFIX + requirement


def statement_id(requirement: str) -> str:
    """The identifier of the part that holds our paraphrase."""
    return control_id(requirement) + STATEMENT_SUFFIX


def objective_id(requirement: str) -> str:
    """The identifier of the part that says what configuration can show: what findings are about."""
    return control_id(requirement) + OBJECTIVE_SUFFIX


def stack_id(stack: str) -> str:
    """The component of the assessed system that a stack is."""
    return identifier("system-component", "stack", stack)


def engine_id(engine: str) -> str:
    """The tool that judged, as a component of the assessment platform."""
    return identifier("system-component", "engine", engine)


def activity_id(engine: str) -> str:
    """What that tool does."""
    return identifier("activity", engine)


def task_id(engine: str) -> str:
    """The run of that tool."""
    return identifier("task", engine)


def resource_id(stack: str, address: str) -> str:
    """The inventory item that a Terraform resource is."""
    return identifier("inventory-item", stack, address)


def observation_id(evidence_item: str) -> str:
    """The observation that an item of evidence is."""
    return identifier("observation", evidence_item)
