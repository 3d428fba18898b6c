"""Documents that other projects made: every resource and attribute in them is read, compared with a plain walk."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policies import documents
from policies.graph import ResourceGraph
from policies.resources import Unresolved
from tests.policies.conftest import ROOT

CORPUS = ROOT.parent / "shared" / "corpus"
CONFIGURATIONS = sorted((CORPUS / "cdktf").glob("*.json"))
PLANS = sorted((CORPUS / "plan").glob("*.json"))
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="shared/corpus is not beside this checkout")


def read(path: Path) -> tuple[Any, documents.Document]:
    content = path.read_bytes()
    value = json.loads(content.decode(json.detect_encoding(content)))
    [document] = documents.read([path])
    return value, document


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every scalar of a JSON value with its path; null counts as absent."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "//":
                yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    elif value is not None:
        yield path, value


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """What our graph gives at the same path; the unknown value itself when one stands on the way."""
    for step in path:
        if isinstance(value, Unresolved):
            return value
        value = value[step]
    return value


def attributes_read(graph: ResourceGraph, address: str, body: dict[str, Any]) -> int:
    """Asserts that each attribute of `body` is read as it stands, or is known to be unknown; returns their number."""
    resource = graph.get(address)
    assert resource is not None, address
    count = 0
    for path, expected in leaves({k: v for k, v in body.items() if k not in ("provider", "count", "for_each")}):
        value = at(resource.attribute(str(path[0])).raw_value, path[1:])
        is_template = isinstance(expected, str) and ("${" in expected or "%{" in expected)
        assert value == expected or is_template, f"{address}: {path}"
        count += 1
    return count


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name[:60])
def test_a_configuration_is_read_whole(path: Path) -> None:
    value, document = read(path)
    assert document.kind == "synth"
    bodies = {
        f"{prefix}{type_}.{name}": body
        for section, prefix in (("resource", ""), ("data", "data."))
        for type_, named in value.get(section, {}).items()
        for name, body in named.items()
        if type_ != "//" and name != "//"
    }
    assert {resource.address for resource in document.graph.resources if resource.type != "module"} == set(bodies)
    assert sum(attributes_read(document.graph, address, body) for address, body in bodies.items()) > 0


def planned(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from planned(child)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.name)
def test_a_plan_or_state_is_read_whole(path: Path) -> None:
    value, document = read(path)
    assert document.kind in ("plan", "state")
    values = value.get("planned_values") or value.get("values")
    if values is None:  # a plan that was cut down to its changes
        resources = [{**c, "values": c["change"]["after"]} for c in value["resource_changes"]]
    else:
        resources = list(planned(values.get("root_module", {})))
    bodies = {resource["address"]: resource.get("values") or {} for resource in resources}
    read_addresses = {resource.address for resource in document.graph.resources}
    assert set(bodies) <= read_addresses
    extra = read_addresses - set(bodies)  # data sources that were read while planning stand in the prior state only
    assert all(".data." in f".{address}" for address in extra)
    for address, body in bodies.items():
        attributes_read(document.graph, address, body)
