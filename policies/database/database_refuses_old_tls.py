"""Policy database-refuses-old-tls."""

import re
from collections.abc import Iterator

from policies.database.parameter_groups import GROUPS, parameters
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

_MODERN = {"TLSV1.2", "TLSV1.3"}
_MYSQL = ("aurora-mysql", "mysql")
_POSTGRES = ("aurora-postgresql", "postgres")
# The default of ssl_min_protocol_version is TLSv1.2 since PostgreSQL 13; MySQL 8.0.28 has nothing older any more
# (release notes of both). Versions of Aurora MySQL do not say which of MySQL they are made from.
_REFUSES_SINCE = {"mysql": (8, 0, 28)} | dict.fromkeys(_POSTGRES, (13,))


@policy(
    id="database-refuses-old-tls",
    title="The database refuses every protocol before TLS 1.2",
    remediation="Set ssl_min_protocol_version = TLSv1.2 (PostgreSQL) or tls_version = TLSv1.2,TLSv1.3 (MySQL) in the "
    "parameter group of the database.",
    severity="medium",
    applies_to=tuple(GROUPS),
)
def judge(database: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A client that is old, or led to believe that the server is, agrees on a protocol that can be read on the way.
    That TLS is required does not say which."""
    engine = database.attribute("engine")
    path, group_type = GROUPS[database.type]
    name = database.attribute(path)
    if engine.text not in (*_MYSQL, *_POSTGRES):
        yield engine.undetermined(
            f"no parameter is known by which {engine.text or 'an unnamed engine'} refuses old TLS"
        )
        return
    parameter = "tls_version" if engine.text in _MYSQL else "ssl_min_protocol_version"
    groups = graph.targets(name, group_type)
    if not groups and (name.is_unresolved or not (name.is_missing or name.text.startswith("default."))):
        yield name.undetermined(f"the parameter group is not part of this input, so {parameter} is not known")
        return
    given = [value for group in groups if (value := parameters(group).get(parameter)) is not None]
    for value in given:
        spoken = {one.strip().upper() for one in value.text.split(",")}
        if spoken and spoken <= _MODERN:
            yield name.passes(f"{value.resource.address} sets {parameter} = {value.text}")
        else:
            yield name.fails(f"{value.resource.address} sets {parameter} = {value.text}")
    if not given:
        yield _by_default(database, name, parameter)


def _by_default(database: Resource, name: Attribute, parameter: str) -> Finding:
    numbers = re.match(r"[\d.]+", database.attribute("engine_version").text)
    version = tuple(int(number) for number in numbers[0].split(".") if number) if numbers else ()
    since = _REFUSES_SINCE.get(database.attribute("engine").text)
    if since and version >= since:
        return name.passes(f"{parameter} is not set, and refuses what is before TLS 1.2 by default")
    return name.fails(f"{parameter} is not set, and older versions of the engine speak TLS 1.0")
