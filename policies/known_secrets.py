"""The credentials that an input itself calls so: what is said of any resource must repeat none of them.

A message may quote a value that came from elsewhere than the attribute it is about: through a local, an input, or the
text of an exception. So what is sensitive by the provider's schema, by the marks of a plan or by its name in a map
(`DB_PASSWORD` among a function's variables), and the defaults of sensitive variables, are looked for in every sentence
and in every observed value of the stack. An argument that only sounds like a credential is not: the schema would say.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from policies.graph import ResourceGraph
from policies.masking import SHORTEST, is_sensitive, names_a_source, of_schema, texts, type_of, without
from policies.model import Assessment
from policies.module_scope import ModuleScope
from policies.resources import Resource

Hide = Callable[[Assessment], Assessment]


def hiding(graph: ResourceGraph) -> Hide:
    """A function that masks the credentials of the graph in an assessment of one of its resources."""
    known = known_secrets(graph)
    return (lambda one: _hidden(one, known)) if known else (lambda one: one)


def known_secrets(graph: ResourceGraph) -> tuple[str, ...]:
    """The credentials of the graph; expressions, which say where one comes from, are none."""
    return tuple(dict.fromkeys(text for text in _known(graph) if not names_a_source(text)))


def _hidden(assessment: Assessment, known: Iterable[str]) -> Assessment:
    message, observed = without(assessment.message, known), _without(assessment.observed, known)
    if (message, observed) == (assessment.message, assessment.observed):
        return assessment
    return replace(assessment, message=message, observed=observed)


def _without(value: Any, known: Iterable[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [_without(one, known) for one in value]
    return without(value, known) if isinstance(value, str) else value


def _known(graph: ResourceGraph) -> Iterator[str]:
    modules: dict[int, Any] = {}
    for resource in graph.resources:
        yield from _of_resource(resource)
        if isinstance(resource.scope, ModuleScope):
            modules[id(resource.scope.module)] = resource.scope.module
    for module in modules.values():
        for variable in module.variables.values():
            if variable.get("sensitive") in (True, "true"):
                yield from texts(variable.get("default"))


def _of_resource(resource: Resource) -> Iterator[str]:
    type_ = type_of(resource.address)
    waiting: list[tuple[Any, Any, str]] = [(resource.body, resource.sensitive, "")]
    while waiting:
        value, marks, path = waiting.pop()
        if isinstance(value, dict):
            waiting += [
                (one, _below(marks, key), f"{path}.{key}" if path else key) for key, one in value.items() if key != "//"
            ]
        elif isinstance(value, list):
            waiting += [(one, _below(marks, index), path) for index, one in enumerate(value)]
        elif isinstance(value, str) and len(value) >= SHORTEST and (marks is True or _is_known(type_, path)):
            yield value


def _is_known(type_: str, path: str) -> bool:
    return is_sensitive(type_, path) if "." in path else path in of_schema(type_)


def _below(marks: Any, step: Any) -> Any:
    """What a plan marks one level down; a mark counts for all that is below it."""
    if isinstance(marks, dict):
        return marks.get(step)
    if isinstance(marks, list):
        return marks[step] if isinstance(step, int) and step < len(marks) else None
    return marks
