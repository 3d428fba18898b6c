"""Checkov beside our policies, behind one door: its results become assessments, its silences become errors.

Left to itself Checkov passes what it cannot parse, empty and missing folders, and unknown check ids, and ends with the
same code for findings and for its own crash. So it never reads the user's files here. It gets a file we wrote from the
resource graph, one resource a line, which also tells exactly which resource a record is about (its own records of
Terraform JSON name the resource without its type). And it has to show that it read every line, or the run ends with
exit code 3. It runs in this process and without the command line, which is the part that calls out to a platform.
"""

import contextlib
import io
import json
import logging
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from policies import kept
from policies.documents import Kind
from policies.engine import Requirements
from policies.errors import InputError
from policies.graph import ResourceGraph
from policies.known_secrets import hiding
from policies.model import Assessment, Outcome, Severity
from policies.resources import Resource, Unresolved

# Without its platform Checkov knows no severities; one for all is more honest than a table of our opinions.
SEVERITY: Severity = "medium"
# Stands last in what Checkov is given, and always gets a verdict: it shows that the file was read to its end, also
# where Checkov has no check for anything in the stack. The name is none that Terraform allows.
_SENTINEL = "%sentinel"
_SENTINEL_TYPE = "aws_ebs_volume"
_WHOLE_REFERENCE = re.compile(r"\$\{(?!(data|each|local|module|path|self|terraform|var)\.)[a-z]\w*(\.\w+){2}\}")
# What Checkov reads from the environment: settings of one that somebody uses elsewhere must not change our verdict.
_ITS_PREFIXES = ("BC_", "CHECKOV_", "CKV_", "PRISMA_", "RENDER_")
_ITS_VARIABLES = frozenset(
    {
        "CREATE_COMPLEX_VERTICES", "CREATE_EDGES", "ENABLE_CONFIG_FILE_VALIDATION", "ENABLE_DEFINITION_KEY",
        "EXTERNAL_MODULES_DIR", "HCL_PARSE_TIMEOUT_SEC", "MAX_WILDCARD_ARR_SIZE", "PYCHARM_HOSTED", "RAW_TF_IN_GRAPH",
        "RUN_IN_DOCKER", "TF_SPLIT_GRAPH", "WORKDIR",
    }
)  # fmt: skip


def checkov_version() -> str:
    """The version of the installed Checkov."""
    return version("checkov")


@dataclass(frozen=True)
class Record:
    """What Checkov said, without its objects: one check on what stands in one line of what we wrote."""

    check: str
    name: str
    outcome: Outcome
    line: int
    resource: str
    evaluated_keys: tuple[str, ...]


def load() -> None:
    """Import Checkov, which takes seconds: for whoever has nothing better to do while stacks are synthesized."""
    _load()


def known_checks(cache: Path | None = None) -> frozenset[str]:
    """The id of every check that the installed Checkov has for Terraform; kept in `cache` when one is given."""
    if cache is None:
        return frozenset(types_by_check())
    name = kept.key("known checks", kept.surroundings(), _adapter())
    ids = kept.read(cache, name)
    if ids is None:
        kept.write(cache, name, ids := sorted(types_by_check()))
    return frozenset(ids)


def _adapter() -> str:
    return kept.key(checkov_version(), Path(__file__).read_bytes())


def types_by_check() -> dict[str, frozenset[str]]:
    """Every check that the installed Checkov has for Terraform -> the types of resources that it judges.

    Providers have no type: their checks judge none.
    """
    from checkov.common.checks_infra.registry import get_graph_checks_registry
    from checkov.terraform.checks.data.registry import data_registry
    from checkov.terraform.checks.provider.registry import provider_registry
    from checkov.terraform.checks.resource.registry import resource_registry

    _load()
    graph_registry = get_graph_checks_registry("terraform")
    graph_registry.load_checks()
    types: dict[str, set[str]] = {check.id: set(check.resource_types or ()) for check in graph_registry.checks}
    for registry, prefix in ((resource_registry, ""), (data_registry, "data."), (provider_registry, None)):
        for type_, checks in (*registry.checks.items(), *registry.wildcard_checks.items()):
            for check in checks:
                types.setdefault(check.id, set()).update(() if prefix is None else (prefix + type_,))
    return {id_: frozenset(found) for id_, found in types.items()}


def assess(
    graph: ResourceGraph,
    stack: str,
    requirements: Requirements = MappingProxyType({}),
    kind: Kind = "synth",
    cache: Path | None = None,
) -> list[Assessment]:
    """Every Checkov check on every resource of the stack that it has an opinion about.

    A plan or state does not tell a resource's `lifecycle`: a check that fails for want of it is undetermined there.
    Raises InputError when Checkov cannot show that it judged what it was given.

    With `cache`, what Checkov said of the same text is taken from there. Only what it says is kept: whose finding that
    is, where it stands and which requirements hang on it is found out anew at every run.
    """
    by_line: dict[int, Resource] = {}
    text = "".join(_lines(graph, by_line))
    name = kept.key("records", kept.surroundings(), _adapter(), text) if cache else ""
    known = kept.read(cache, name) if cache else None
    if known is None:
        records = _records(text, by_line, stack)
        if cache:
            kept.write(cache, name, [astuple(record) for record in records])
    else:
        records = [Record(*fields) for fields in known]
    assessments = map(hiding(graph), _assessments(records, by_line, stack, requirements))
    return list(assessments if kind == "synth" else map(_without_lifecycle, assessments))


def _records(text: str, by_line: dict[int, Resource], stack: str) -> list[Record]:
    """What Checkov says of `text`; InputError when it does not show that it judged all of it."""
    try:
        report = _run(text)
    except Exception as error:  # whatever goes wrong inside, the answer is: not judged
        raise InputError(f"{stack}: Checkov failed: {type(error).__name__}: {error}") from error
    records = [_record(record, "pass") for record in report.passed_checks]
    records += [_record(record, "fail") for record in report.failed_checks]
    if report.parsing_errors:
        raise InputError(f"{stack}: Checkov could not parse what it was given")
    if report.skipped_checks:
        raise InputError(f"{stack}: Checkov skipped checks that nobody waived")
    silent = _unjudged(by_line, {record.line for record in records})
    ours = [record for record in records if not record.resource.endswith(_SENTINEL)]
    if silent or len(ours) == len(records):
        raise InputError(f"{stack}: Checkov gave no result for {', '.join(silent[:3]) or 'any resource'}")
    return ours


def _record(said: Any, outcome: Outcome) -> Record:
    keys = tuple(str(key) for key in said.check_result.get("evaluated_keys") or [])
    return Record(said.check_id, said.check_name, outcome, said.file_line_range[0], said.resource, keys)


def _load() -> Any:
    """Checkov's runner for Terraform JSON; importing it takes seconds, so only those who asked for it wait."""
    os.environ["LOG_LEVEL"] = "ERROR"
    for name in [name for name in os.environ if name in _ITS_VARIABLES or name.startswith(_ITS_PREFIXES)]:
        del os.environ[name]
    from checkov.terraform_json.runner import TerraformJsonRunner

    return TerraformJsonRunner


def _run(text: str) -> Any:
    runner = _load()()
    from checkov.runner_filter import RunnerFilter
    from checkov.terraform.checks.resource.registry import resource_registry

    complaints = _Complaints()
    with tempfile.TemporaryDirectory(prefix="checkov-") as folder, complaints.heard():
        (Path(folder) / "cdk.tf.json").write_text(text, "utf-8")
        with contextlib.redirect_stdout(io.StringIO()), _graph_shown(runner, resource_registry):
            report = runner.run(root_folder=folder, runner_filter=RunnerFilter(framework=["terraform_json"]))
    if complaints.messages:  # a check that raises an exception leaves no record, only this
        raise RuntimeError(complaints.messages[0])
    return report


@contextlib.contextmanager
def _graph_shown(runner: Any, registry: Any) -> Iterator[None]:
    """While this lasts, the checks of single resources see the others: a few look for them, and break without.

    Checkov's runners for HCL and for plans show them the graph; its runner for Terraform JSON forgets to.
    """
    save = runner.graph_manager.save_graph

    def save_and_show(graph: Any) -> Any:
        saved = save(graph)
        registry.graph = runner.graph_manager.db_connector.graph
        return saved

    runner.graph_manager.save_graph = save_and_show
    try:
        yield
    finally:
        registry.graph = None


class _Complaints(logging.Handler):
    """Keeps what Checkov logs as an error, and keeps it off the terminal."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Remembers the first line of the message."""
        self.messages.append(record.getMessage().splitlines()[0])

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """While this lasts, every logger's errors come here and nowhere else."""
        root = logging.getLogger()
        handlers, root.handlers = root.handlers, [self]
        try:
            yield
        finally:
            root.handlers = handlers


def _lines(graph: ResourceGraph, by_line: dict[int, Resource]) -> Iterator[str]:
    """The graph as Terraform JSON, one provider or resource a line; fills `by_line`."""
    sections: dict[str, dict[str, list[Resource | None]]] = {"data": {}, "resource": {}}
    for resource in graph.resources:
        if resource.type != "module":
            section = "data" if resource.type.startswith("data.") else "resource"
            sections[section].setdefault(resource.type.removeprefix("data."), []).append(resource)
    volumes = sections["resource"].pop(_SENTINEL_TYPE, [])
    sections["resource"][_SENTINEL_TYPE] = [*volumes, None]
    yield '{"//": {"metadata": {"stackName": "stack", "version": "0"}},\n'
    line = 2
    yield '"provider": {\n'
    line += 1
    groups: dict[str, list[Any]] = {}
    for provider in graph.providers:
        groups.setdefault(provider.key.partition(".")[0], []).append(dict(provider.body))
    for index, (name, bodies) in enumerate(groups.items()):
        yield f"{json.dumps(name)}: {json.dumps(bodies)}{_comma(index, groups)}\n"
        line += 1
    yield "}"
    for section, types in sections.items():
        if not types:
            continue
        yield f',\n"{section}": {{\n'
        line += 2
        for type_index, (type_, resources) in enumerate(types.items()):
            yield f"{json.dumps(type_)}: {{\n"
            line += 1
            for index, one in enumerate(resources):
                if one:
                    by_line[line] = one
                name, body = (_name(one), _body(one)) if one else (_SENTINEL, {"encrypted": True})
                yield f"{json.dumps(name)}: {json.dumps(body)}{_comma(index, resources)}\n"
                line += 1
            yield f"}}{_comma(type_index, types)}\n"
            line += 1
        yield "}"
    yield "\n}\n"


def _comma(index: int, of: Any) -> str:
    return "," if index < len(of) - 1 else ""


def _name(resource: Resource) -> str:
    """The name in references; instances and modules, which Checkov would not tell apart, get names of their own."""
    plain = f"{resource.type}.{resource.name}"
    return (
        resource.name
        if resource.address == plain
        else re.sub(r"[^\w.\[\]-]", lambda c: f"%{ord(c[0]):x}", resource.address)
    )


def _body(resource: Resource) -> Any:
    """What stands in the resource; of a plan's, without the scalars that its configuration does not write.

    Those are defaults of the provider, which Checkov takes for decisions (-1 for a limit on concurrency). And a value
    that the configuration takes from another resource is that reference again: a plan may know it already (the name of
    a parameter group), and from a name Checkov would see no connection.
    """
    written = resource.expressions
    if written is None:
        return _plain(resource.body)
    in_root = resource.address == f"{resource.type}.{resource.name}"  # else the reference has another name here
    return _plain(
        {
            key: (_reference(written.get(key)) if in_root else None) or value
            for key, value in resource.body.items()
            if key in written or isinstance(value, dict | list)
        }
    )


def _reference(written: Any) -> str | None:
    """The reference to a managed resource that is all a JSON configuration writes; None for everything else."""
    text = written.get("constant_value") if isinstance(written, dict) else None
    return text if isinstance(text, str) and _WHOLE_REFERENCE.fullmatch(text) else None


def _plain(value: Any) -> Any:
    """JSON again: an unknown value as a reference to what it depends on, so that Checkov sees the connection.

    What is null is not set, to Terraform; some checks of Checkov's break on it, and a plan is full of it.
    """
    if isinstance(value, Unresolved):
        return f"${{{value.references[0]}.id}}" if value.references else "${unknown}"
    if isinstance(value, dict):
        kept = ((key, inner) for key, inner in value.items() if key != "//" and inner is not None)
        return {key: _plain(inner) for key, inner in kept if inner != [] and not _has_unknown_blocks(inner)}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def _has_unknown_blocks(value: Any) -> bool:
    """Whether these are blocks of which nobody knows how many there are."""
    return isinstance(value, list) and any(isinstance(one, Unresolved) and one.is_blocks for one in value)


def _hangs_on_unknown_blocks(resource: Resource | None, keys: Sequence[str]) -> bool:
    """Whether the verdict is about blocks that Checkov was not shown; one that names no key may be."""
    unknown = {name for name, value in (resource.body if resource else {}).items() if _has_unknown_blocks(value)}
    return bool(unknown) and (not keys or any(re.split(r"[/.\[]", key)[0] in unknown for key in keys))


def _unjudged(by_line: dict[int, Resource], judged: set[int]) -> list[str]:
    """Addresses of resources for which Checkov has checks of its own and yet said nothing."""
    from checkov.terraform.checks.resource.registry import resource_registry

    always = {"aws_s3_bucket", "aws_security_group", "aws_kms_key", "aws_lb", "aws_launch_template", "aws_rds_cluster"}
    expected = always & set(resource_registry.checks)
    return [r.address for line, r in by_line.items() if r.type in expected and line not in judged]


def _assessments(
    records: list[Record], by_line: dict[int, Resource], stack: str, requirements: Requirements
) -> Iterator[Assessment]:
    seen: set[tuple[str, str]] = set()
    for record in sorted(records, key=lambda record: (record.outcome, record.check)):
        resource = by_line.get(record.line)
        address = resource.address if resource else record.resource
        if (record.check, address) in seen:
            continue
        seen.add((record.check, address))
        keys = [key for key in record.evaluated_keys if key != "resource_type"]
        attribute = _attribute_path(keys[0]) if len(keys) == 1 else ""
        unknown = _hangs_on_unknown_blocks(resource, keys)
        yield Assessment(
            policy=record.check,
            engine="checkov",
            stack=stack,
            address=address,
            outcome="undetermined" if unknown else record.outcome,
            severity=SEVERITY,
            attribute=attribute,
            observed=_observed(resource, attribute),
            message=f"{record.name} (the blocks are not known here)" if unknown else record.name,
            remediation=f"See Checkov's documentation of {record.check}.",
            construct_path=resource.construct_path if resource else None,
            source=resource.source if resource else None,
            requirements=requirements.get(record.check, ()),
        )


def _without_lifecycle(assessment: Assessment) -> Assessment:
    if assessment.outcome != "fail" or assessment.attribute.partition(".")[0] != "lifecycle":
        return assessment
    message = f"{assessment.message} (only the configuration tells a resource's lifecycle: judge it as well)"
    return replace(assessment, outcome="undetermined", message=message)


def _attribute_path(key: str) -> str:
    """Checkov's `metadata_options/[0]/http_tokens` as Terraform's path; a block that stands once needs no index."""
    return key.replace("/[0]", "").replace("/[", "[").replace("/", ".")


def _observed(resource: Resource | None, path: str) -> Any:
    """What stands there: Checkov does not say. Its paths may hold wildcards and indexes, which we do not follow."""
    if resource is None or not re.fullmatch(r"\w+(\.\w+)*", path):
        return None
    return resource.attribute(path).fails("").observed
