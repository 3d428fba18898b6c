"""Policy database-is-audited."""

from collections.abc import Iterable, Iterator

from policies.database.parameter_groups import GROUPS, parameters
from policies.graph import ResourceGraph
from policies.model import Finding
from policies.registry import policy
from policies.resources import Attribute, Block, Resource

_ON = ("1", "ON", "TRUE")
_RIGHTS = {"QUERY", "QUERY_DCL"}  # either records GRANT, REVOKE and the like
_CLASSES = {"READ", "WRITE", "FUNCTION", "ROLE", "DDL", "MISC", "MISC_SET"}  # of pgaudit
_PLUGIN = "MARIADB_AUDIT_PLUGIN"
_BY_OPTION = "CONNECT,QUERY"  # what the plugin records unless it is told
_OF_AWS = {"", "RDSADMIN", "RDSPROXYADMIN"}  # by which RDS looks after the database; nobody else signs in as these


@policy(
    id="database-is-audited",
    title="The database records who connects and who changes rights",
    remediation="Set server_audit_logging = 1 with CONNECT,QUERY_DCL in server_audit_events (Aurora MySQL), add the "
    "option MARIADB_AUDIT_PLUGIN (MySQL, MariaDB), or set log_connections = 1 with log_statement = ddl (PostgreSQL).",
    severity="medium",
    applies_to=tuple(GROUPS),
)
def judge(database: Resource, graph: ResourceGraph, *, classes: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Databases write no audit log unless they are told to, and the log that is exported stays empty. Who read the
    accounts with a stolen password is then known to nobody.

    `classes` of statements are those that pgaudit has to record, which says who did what to which table."""
    engine = database.attribute("engine").text
    path, group_type = GROUPS[database.type]
    if engine in ("mysql", "mariadb") and database.type == "aws_db_instance":
        path, group_type = "option_group_name", "aws_db_option_group"
    elif engine not in ("aurora-mysql", "aurora-postgresql", "postgres"):
        yield database.attribute("engine").undetermined(f"how {engine or 'an unnamed engine'} is audited is not known")
        return
    name = database.attribute(path)
    groups = graph.targets(name, group_type)
    if name.is_missing or (not name.is_unresolved and name.text.startswith("default")):
        yield name.fails("the database has no group of its own that switches the audit on")
    elif not groups:
        yield name.undetermined(f"the {group_type} is not part of this input")
    for group in groups:
        problem = _problem(group, engine) or _unrecorded(group, classes)
        yield name.fails(f"{group.address} {problem}") if problem else name.passes(f"{group.address} has it audited")


def _problem(group: Resource, engine: str) -> str | None:
    if group.type == "aws_db_option_group":
        plugins = [block for block in group.blocks("option") if block.attribute("option_name").text == _PLUGIN]
        if not plugins:
            return f"has no option {_PLUGIN}"
        given = {one.attribute("name").text.lower(): one.attribute("value") for one in _settings(plugins)}
        return _problem_of_plugin(given, _BY_OPTION)
    values = parameters(group)
    if engine == "aurora-mysql":
        if _text(values, "server_audit_logging") not in _ON:
            return "does not switch server_audit_logging on"
        return _problem_of_plugin(values, "")
    if _text(values, "log_connections") not in _ON:
        return "does not switch log_connections on"
    audited = _text(values, "log_statement") in ("DDL", "MOD", "ALL") or "ROLE" in _recorded(values)
    return None if audited else "sets neither log_statement nor, with pgaudit loaded, pgaudit.log to role or all"


def _settings(options: Iterable[Block]) -> Iterator[Block]:
    return (setting for option in options for setting in option.blocks("option_settings"))


def _problem_of_plugin(values: dict[str, Attribute], events_by_default: str) -> str | None:
    """What MariaDB's audit leaves out, which Aurora MySQL has built in."""
    events = {one.strip() for one in (_text(values, "server_audit_events") or events_by_default).split(",")}
    if "CONNECT" not in events:
        return "leaves CONNECT out of server_audit_events"
    if not events & _RIGHTS:
        return "leaves QUERY_DCL out of server_audit_events"
    if _text(values, "server_audit_incl_users").strip(", "):
        return "has nobody audited but server_audit_incl_users"
    spared = {one.strip() for one in _text(values, "server_audit_excl_users").split(",")} - _OF_AWS
    return f"does not have {', '.join(sorted(spared)).lower()} audited (server_audit_excl_users)" if spared else None


def _unrecorded(group: Resource, classes: tuple[str, ...]) -> str | None:
    missing = {one.upper() for one in classes} - _recorded(parameters(group)) if classes else set()
    return f"does not have pgaudit record {', '.join(sorted(missing)).lower()}" if missing else None


def _recorded(values: dict[str, Attribute]) -> set[str]:
    """The classes of statements that pgaudit records, if it is loaded; a later one may take an earlier one away."""
    found: set[str] = set()
    for one in _text(values, "pgaudit.log").split(","):
        class_ = one.strip().removeprefix("-")
        meant = _CLASSES if class_ == "ALL" else {class_} & _CLASSES
        found = found - meant if one.strip().startswith("-") else found | meant
    libraries = {one.strip() for one in _text(values, "shared_preload_libraries").split(",")}
    return found if "PGAUDIT" in libraries else set()


def _text(values: dict[str, Attribute], name: str) -> str:
    return values[name].text.upper() if name in values else ""
