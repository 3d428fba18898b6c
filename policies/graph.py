"""The resource graph: every resource of one stack by address and by type, and who refers to whom.

References are followed two ways: by what the configuration says (`${aws_kms_key.logs.arn}`), and, where only values
are left (plans of what exists, states), by the identifiers a resource is known under.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from policies.expressions import traversal
from policies.model import Finding
from policies.resources import Attribute, Provider, Resource, Undetermined, Unresolved, without_keys

# Attributes whose value other resources use to name a resource. `name` and `bucket` are unique per type only, which is
# why every look-up is asked with the types that make sense.
_IDENTIFIERS = (
    *("arn", "id", "key_id", "bucket", "name", "key_arn", "bucket_domain_name", "bucket_regional_domain_name"),
    *("dns_name", "fqdn"),
    # what AWS makes with a VPC: a rule or a route that names one of these concerns the VPC
    *("default_security_group_id", "default_route_table_id", "main_route_table_id"),
)

# Types that call their name otherwise; other resources have an argument of that name as well, and mean this one by it.
_NAMED_BY = {
    "aws_api_gateway_domain_name": "domain_name",
    "aws_api_gateway_stage": "stage_name",
    "aws_apigatewayv2_domain_name": "domain_name",
    "aws_db_instance": "identifier",
    "aws_elasticache_replication_group": "replication_group_id",
    "aws_elasticache_user": "user_id",
    "aws_elasticache_user_group": "user_group_id",
    "aws_lambda_function": "function_name",
    "aws_rds_cluster": "cluster_identifier",
}

# Whose names are unique in the world, so that another region means the same by them.
_NAMED_WORLDWIDE = ("aws_api_gateway_domain_name", "aws_apigatewayv2_domain_name", "aws_s3_bucket")

# How a bucket is named where an ARN or a domain name is asked for.
_BUCKET = re.compile(r"arn:[\w-]+:s3:::([^/]+)|([a-z0-9.-]+)\.s3[\w.-]*\.amazonaws\.com$")

# The type that stands for every managed resource, whatever its type.
EVERY_TYPE = "*"

# Names that may stand for a resource of this very stack; an input variable (`var`) cannot.
_INDIRECT = frozenset({"local", "module", "each", "count", "self"})


@dataclass(frozen=True)
class Edge:
    """One reference: what `path` of the resource at address `source` says leads to the resource at `target`."""

    source: str
    path: str
    target: str


class ResourceGraph:
    """All resources of one stack. Look-ups by address, type and reference take constant time."""

    def __init__(self, resources: Iterable[Resource], providers: Iterable[Provider] = ()) -> None:
        self.resources: tuple[Resource, ...] = tuple(resources)
        self.providers: tuple[Provider, ...] = tuple(providers)
        self._by_address: dict[str, Resource] = {}
        self._by_configuration: dict[str, list[Resource]] = defaultdict(list)
        self._by_type: dict[str, list[Resource]] = defaultdict(list)
        self._by_identifier: dict[Any, list[Resource]] | None = None
        self._links: dict[tuple[str, str], _Links] = {}
        for resource in self.resources:
            self._by_address[resource.address] = resource
            self._by_configuration[resource.configuration_address].append(resource)
            self._by_type[resource.type].append(resource)

    def get(self, address: str) -> Resource | None:
        """The resource at exactly this address, instance key included."""
        return self._by_address.get(address)

    def at(self, address: str) -> tuple[Resource, ...]:
        """The instances an address means: one when it has a key, all of them otherwise."""
        if exact := self._by_address.get(address):
            return (exact,)
        instances = self._by_configuration.get(without_keys(address), ())
        return tuple(r for r in instances if "[" not in address or r.may_not_exist)

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """Every resource of these types, in the input's order. The type of a data source starts with `data.`.

        EVERY_TYPE means every managed resource: no data source that is not named beside it, and no call of a module.
        """
        if EVERY_TYPE in types:
            managed = (r for r in self.resources if not r.type.startswith("data.") and r.type != "module")
            return (*managed, *self.of_type(*(type_ for type_ in types if type_ != EVERY_TYPE)))
        return tuple(resource for type_ in types for resource in self._by_type.get(type_, ()))

    def targets(self, attribute: Attribute, *types: str) -> tuple[Resource, ...]:
        """The resources of these types that the attribute's value names; empty when it names none of this stack.

        Raises Undetermined when an expression chooses between several things, one of which is such a resource.
        """
        return tuple(dict.fromkeys(r for item in _each(attribute) for r in self._targets(item, types)))

    def referrers(self, resource: Resource, type_: str, path: str) -> tuple[Resource, ...]:
        """The resources of `type_` whose attribute at `path` names `resource`.

        Raises Undetermined when the attribute of one of them may or may not mean `resource`.
        """
        links = self._links.get((type_, path))
        if links is None:
            links = self._links[type_, path] = _Links(self, type_, path)
        for attribute, possible in links.loose:
            if not possible or resource.configuration_address in possible:
                value = attribute.raw_value
                text = value.text if isinstance(value, Unresolved) else str(value)
                message = f"{attribute.resource.address} may or may not concern it: {attribute.path} is {text}"
                if attribute.resource.may_not_exist:
                    message = f"{attribute.resource.address} may or may not exist: its count is not known here"
                raise Undetermined(Finding("undetermined", "", None, message))
        return tuple(dict.fromkeys(links.by_target.get(resource.address, ())))

    def edges(self) -> Iterator[Edge]:
        """Every reference of the configuration between resources, meta-arguments such as `depends_on` included."""
        for resource in self.resources:
            body = resource.written if resource.written is not None else resource.expressions or {}
            for path, value in _leaves(body, ""):
                for target in self._mentioned(resource, path, value):
                    yield Edge(resource.configuration_address, path, target)

    def _mentioned(self, resource: Resource, path: str, value: Any) -> Iterator[str]:
        found: list[str] = []
        if path.startswith("depends_on") and isinstance(value, str):
            reference = traversal(value.removeprefix("${").removesuffix("}"))
            found = [reference.subject] if reference else []
        elif resource.written is not None:
            resource.scope.resolve(value, None, found)
        else:
            resource.scope.resolve(None, value, found)
        for address in dict.fromkeys(without_keys(address) for address in found):
            if address in self._by_configuration and address != resource.configuration_address:
                yield address

    def _targets(self, attribute: Attribute, types: tuple[str, ...]) -> Iterator[Resource]:
        value = attribute.raw_value
        if isinstance(value, Unresolved) and not value.is_reference:
            candidates = [r for address in value.references for r in self.at(address) if r.type in types]
            if candidates:
                raise Undetermined(attribute.undetermined(f"an expression decides the value: {value.text}"))
            return
        if isinstance(value, str):
            named = [r for r in self._identified(value) if r.type in types and _may_name(attribute.resource, value, r)]
            if named:
                yield from named
                return
        for address in attribute.references:
            yield from (r for r in self.at(address) if r.type in types and _may_be(value, r))

    def _identified(self, value: str) -> list[Resource]:
        if self._by_identifier is None:
            self._by_identifier = defaultdict(list)
            for resource in self.resources:
                for identifier in _identifiers(resource):
                    self._by_identifier[identifier].append(resource)
        bucket = _BUCKET.match(value)
        value = value.removesuffix(":*")  # the streams of a log group are meant by the group's ARN with this behind it
        return self._by_identifier.get(value, []) or (
            self._by_identifier.get(bucket[1] or bucket[2], []) if bucket else []
        )


class _Links:
    """For one type and attribute path: who names whom, and whose value cannot be tied to anything for certain."""

    def __init__(self, graph: ResourceGraph, type_: str, path: str) -> None:
        self.by_target: dict[str, list[Resource]] = defaultdict(list)
        self.loose: list[tuple[Attribute, frozenset[str]]] = []
        every_type = tuple(graph._by_type)
        for resource in graph.of_type(type_):
            try:
                items = [item for attribute in resource.attributes(path) for item in _each(attribute)]
            except Undetermined as unknown:
                self.loose.append((resource.attribute(unknown.finding.attribute.split("[")[0]), frozenset()))
                continue
            for item in items:
                self._link(graph, resource, item, every_type)

    def _link(self, graph: ResourceGraph, resource: Resource, item: Attribute, types: tuple[str, ...]) -> None:
        value = item.raw_value
        if isinstance(value, Unresolved) and not value.is_reference:
            hidden = any(address.split(".")[0] in _INDIRECT for address in value.references)
            named = () if hidden else value.references  # what a local or a module hides may be any resource
            self.loose.append((item, frozenset(one for address in named for one in _meant(graph, address))))
        elif isinstance(value, Unresolved) and value.references[0].split(".")[0] in _INDIRECT:
            self.loose.append((item, frozenset()))
        elif isinstance(value, Unresolved) and value.references[0].startswith("data."):
            if graph.of_type(value.references[0].split(".")[1]):
                self.loose.append((item, _meant(graph, value.references[0])))
        elif resource.may_not_exist:
            targets = frozenset(target.configuration_address for target in graph._targets(item, types))
            if targets:
                self.loose.append((item, targets))
        else:
            for target in graph._targets(item, types):
                self.by_target[target.address].append(resource)


def _meant(graph: ResourceGraph, address: str) -> frozenset[str]:
    """The resources that a reference may lead to: a look-up may find one of this very stack."""
    same = graph.of_type(address.split(".")[1]) if address.startswith("data.") else ()
    return frozenset({without_keys(address), *(one.configuration_address for one in same)})


def _identifiers(resource: Resource) -> set[str]:
    """The names under which the resource is known, as far as they can be read: `${local.name}` is a name as well."""
    arguments = (*_IDENTIFIERS, _NAMED_BY.get(resource.type, "name"))
    written = (resource.body.get(name) for name in arguments)
    return {name for value in written if isinstance(value, str) and (name := _name(resource, value))}


def _may_name(asking: Resource, value: str, named: Resource) -> bool:
    """A name is unique in its region only; ARNs and the names of some types are unique everywhere."""
    if named is asking:
        return False
    if value.startswith("arn:") or named.type in _NAMED_WORLDWIDE or not asking.provider or not named.provider:
        return True
    return asking.provider.key == named.provider.key


def _may_be(value: Any, resource: Resource) -> bool:
    """Whether a known value can be the resource that its expression mentions: not when that has another name."""
    if not isinstance(value, str):
        return True
    known = _identifiers(resource)
    return not known or bool(known & {value, *re.split("[/:]", value)})


def _each(attribute: Attribute) -> tuple[Attribute, ...]:
    """The elements of a list; an unknown or single value stands for itself."""
    return attribute.items() if isinstance(attribute.raw_value, list) else (attribute,)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The strings of a configuration block with their paths; in a plan, the expressions."""
    if isinstance(value, dict) and "references" not in value:
        for key, inner in value.items():
            if key != "//":
                yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    elif isinstance(value, dict) or (isinstance(value, str) and ("${" in value or "." in value)):
        yield path, value


def _name(resource: Resource, written: str) -> str:
    """What an argument with a name comes to, empty where nobody knows."""
    known = resource.scope.resolve(written, None, []) if "${" in written or "%{" in written else written
    return known if isinstance(known, str) and "${" not in known else ""
