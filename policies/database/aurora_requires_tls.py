"""Policy aurora-requires-tls."""

import re
from collections.abc import Iterator

from policies.database.parameter_groups import GROUPS
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Resource

_MYSQL = frozenset({"aurora-mysql", "mysql", "mariadb"})
# Engines that force TLS by default, and since which major version (Amazon RDS and Aurora user guides).
_FORCED_SINCE = {"aurora-postgresql": 17, "postgres": 15}
_OFF_BY_DEFAULT = frozenset({"sqlserver-ee", "sqlserver-se", "sqlserver-ex", "sqlserver-web"})


@policy(
    id="aurora-requires-tls",
    title="The database refuses connections without TLS",
    remediation="Attach a parameter group of its own that sets require_secure_transport = ON (MySQL, MariaDB) or "
    "rds.force_ssl = 1 (PostgreSQL, SQL Server).",
    severity="high",
    applies_to=tuple(GROUPS),
)
def judge(database: Resource, graph: ResourceGraph) -> Iterator[Finding]:
    """A client that forgets TLS sends credentials and account data in clear text. Only the server can rule that out
    for every client, and it does so by a parameter that AWS leaves off for most engines."""
    engine = database.attribute("engine")
    parameter = "require_secure_transport" if engine.text in _MYSQL else "rds.force_ssl"
    if engine.text not in _MYSQL | _OFF_BY_DEFAULT | set(_FORCED_SINCE):
        yield engine.undetermined(f"no parameter is known by which {engine.text or 'an unnamed engine'} forces TLS")
        return
    path, group_type = GROUPS[database.type]
    name = database.attribute(path)
    groups = graph.targets(name, group_type)
    if name.is_missing or (not name.is_unresolved and name.text.startswith("default.")):
        # the default group of some versions forces TLS today, but belongs to AWS, which chooses what it says
        yield name.fails("the database has no parameter group of its own, so nothing forces TLS")
    elif not groups:
        yield name.undetermined(f"the parameter group is not part of this input, so {parameter} is not known")
    for group in groups:
        yield _verdict(group, parameter, name, _forced_by_default(database))


def _verdict(group: Resource, parameter: str, name: Attribute, forced_by_default: bool) -> Finding:
    values = [
        block.attribute("value") for block in group.blocks("parameter") if _names(block.attribute("name"), parameter)
    ]
    off = [value for value in values if value.text.upper() not in ("1", "ON", "TRUE")]
    if off:
        return name.fails(f"{group.address} sets {parameter} = {off[0].text}")
    if values:
        return name.passes(f"{group.address} sets {parameter} = {values[0].text}")
    if forced_by_default:
        return name.passes(f"{group.address} leaves {parameter} at its default, which is on for this version")
    return name.fails(f"{group.address} does not set {parameter}, and the default is off")


def _names(name: Attribute, parameter: str) -> bool:
    return name.text.lower() == parameter


def _forced_by_default(database: Resource) -> bool:
    since = _FORCED_SINCE.get(database.attribute("engine").text)
    version = database.attribute("engine_version")
    if since is None or version.is_missing or version.is_unresolved:
        return False
    major = re.match(r"\d+", version.text)
    return major is not None and int(major[0]) >= since
