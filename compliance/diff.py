"""What changed between two reports: evidence of a period, not of a day.

Two reports are compared by what they say, in report.json (schema control-report/1). Time, commit and the order of
things are no change. Every difference of an assessment falls under exactly one of the kinds below, so that "no change"
means that nothing was judged otherwise.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compliance.manifest import sha256
from compliance.markdown import code, table, text
from compliance.render_json import SCHEMA as REPORT_SCHEMA
from compliance.report_files import JSON
from compliance.visible import observed_text, shown
from policies import disk, strict_json
from policies.json_reader import Reader

SCHEMA = "control-report-diff/1"

# Kind of change -> its heading, in the order in which a reader wants them.
KINDS: Mapping[str, str] = {
    "verdicts": "Verdicts on requirements",
    "newly-failing": "Newly failing",
    "newly-undetermined": "Newly undetermined",
    "waivers-added": "Waivers added",
    "waivers-ended": "Waivers ended",
    "waivers-changed": "Waivers changed",
    "fixed": "Fixed",
    "other-outcomes": "Other changes of outcome",
    "seen-otherwise": "The same outcome, but something else was seen",
    "newly-judged": "Resources that a policy judges now",
    "no-longer-judged": "Resources that a policy does not judge any more",
    "resources-new": "New resources",
    "resources-gone": "Resources gone",
    "requirements-added": "Requirements added",
    "requirements-gone": "Requirements gone",
    "requirements-changed": "Requirements described otherwise",
    "evidence-added": "Items of evidence added",
    "evidence-gone": "Items of evidence gone",
    "policies-added": "Policies and checks added",
    "policies-gone": "Policies and checks gone",
    "policies-changed": "Policies whose version changed",
    "tools": "Tools",
    "inputs": "Inputs",
}

_DESCRIPTION = ("paraphrase", "extent", "owner", "manual", "service_provider_only")
_SEEN = ("severity", "attribute", "observed", "message", "remediation")
_WAIVER = ("reason", "owner", "ticket", "created", "expires")
_ABSENT = "-"

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Report:
    """What is compared of one report; assessments by policy, stack and address, resources by stack and address."""

    path: str
    sha256: str
    commit: str | None
    time: str | None
    requirements: Mapping[str, Mapping[str, Any]]
    items: frozenset[str]
    versions: Mapping[str, str]
    assessments: Mapping[Key, Mapping[str, Any]]
    resources: frozenset[tuple[str, str]]
    tools: Mapping[str, str]
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One thing that changed: `what` it is, and what was said of it before and after ("-" where it was not there)."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """All changes between two reports, by kind; a kind without changes is not there."""

    old: Report
    new: Report
    changes: Mapping[str, tuple[Change, ...]]


def read_report(path: Path) -> Report:
    """The report in a file report.json, or in the folder that holds one. Raises InputError for anything else."""
    file = path / JSON if disk.is_folder(path) else path
    content, value = strict_json.read(file)
    document = Reader(value, str(file))
    schema = document.text("schema")
    if schema != REPORT_SCHEMA:
        raise document.refusal(f"schema is {schema!r}, and only {REPORT_SCHEMA} can be compared")
    provenance = document.needed("provenance")
    requirements = document.rows("requirements")
    evidence = {id_: Reader(row, f"{file}: evidence {id_}") for id_, row in document.needed("evidence").fields.items()}
    rows = [row for one in evidence.values() for row in one.rows("assessments")]
    assessments = {(row.text("policy"), row.text("stack"), row.text("address")): row.fields for row in rows}
    for row in rows:
        row.text("outcome")
    tools = provenance.needed("tools")
    inputs = provenance.rows("inputs")
    return Report(
        path=file.as_posix(),
        sha256=sha256(content),
        commit=provenance.text("commit", default="") or None,
        time=provenance.text("time", default="") or None,
        requirements={row.text("id"): {**row.fields, "verdict": row.text("verdict")} for row in requirements},
        items=frozenset(item.text("id") for row in requirements for item in row.rows("evidence_items")),
        versions={id_: one.text("digest", default="") for id_, one in evidence.items() if one.text("engine")},
        assessments=assessments,
        resources=frozenset((stack, address) for _, stack, address in assessments if address),
        tools={name: tools.text(name) for name in tools.fields},
        inputs={f"{row.text('stack')} ({row.text('kind')})": row.text("sha256") for row in inputs},
    )


def compare(old: Report, new: Report) -> Comparison:
    """Everything that changed from `old` to `new`."""
    found: dict[str, list[Change]] = {kind: [] for kind in KINDS}
    for kind, change in (*_requirements(old, new), *_assessments(old, new), *_others(old, new)):
        found[kind].append(change)
    return Comparison(old, new, {kind: tuple(changes) for kind, changes in found.items() if changes})


def _requirements(old: Report, new: Report) -> Iterator[tuple[str, Change]]:
    for id_, row in new.requirements.items():
        before = old.requirements.get(id_)
        if before is None:
            yield "requirements-added", Change(id_, _ABSENT, row["verdict"])
            continue
        verdicts = [f"{one['verdict']}: {one.get('reason')}" for one in (before, row)]
        if verdicts[0] != verdicts[1]:
            yield "verdicts", Change(id_, *verdicts)
        for name in _DESCRIPTION:
            if before.get(name) != row.get(name):
                yield (
                    "requirements-changed",
                    Change(f"{id_}: {name}", *map(observed_text, (before.get(name), row.get(name)))),
                )
    for id_, row in old.requirements.items():
        if id_ not in new.requirements:
            yield "requirements-gone", Change(id_, row["verdict"], _ABSENT)


def _assessments(old: Report, new: Report) -> Iterator[tuple[str, Change]]:
    for key in sorted(old.assessments.keys() | new.assessments.keys()):
        before, after = old.assessments.get(key), new.assessments.get(key)
        kind = _kind_of(key, before, after, old, new)
        if kind:
            yield kind, Change(_name(key), _said(before), _said(after))


def _kind_of(
    key: Key, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, old: Report, new: Report
) -> str | None:
    """The one kind that a change of an assessment is of; None when there is none, or another kind tells of it."""
    policy, *resource = key
    was, now = (one["outcome"] if one else None for one in (before, after))
    if was != now:
        outcomes = {"fail": "newly-failing", "undetermined": "newly-undetermined", "waived": "waivers-added"}
        if now in outcomes:
            return outcomes[now]
        if after is None:
            is_told = tuple(resource) not in new.resources or policy not in new.versions
            return None if is_told and was != "waived" else "waivers-ended" if was == "waived" else "no-longer-judged"
        if before is None:
            is_told = tuple(resource) not in old.resources or policy not in old.versions
            return None if is_told else "newly-judged"
        if was == "waived":
            return "waivers-ended"
        return "fixed" if now == "pass" and was in ("fail", "undetermined") else "other-outcomes"
    if before is None or after is None:
        return None
    if _terms(before) != _terms(after):
        return "waivers-changed"
    return "seen-otherwise" if any(before.get(name) != after.get(name) for name in _SEEN) else None


def _terms(row: Mapping[str, Any]) -> list[Any]:
    """What a waiver says; the line that it stands on, and what else it covers, is no change of this one."""
    waiver = row.get("waiver")
    return [waiver.get(name) for name in _WAIVER] if isinstance(waiver, dict) else []


def _others(old: Report, new: Report) -> Iterator[tuple[str, Change]]:
    for kind, before, after in (
        ("resources", old.resources, new.resources),
        ("evidence", {(id_,) for id_ in old.items}, {(id_,) for id_ in new.items}),
        ("policies", {(id_,) for id_ in old.versions}, {(id_,) for id_ in new.versions}),
    ):
        end = "new" if kind == "resources" else "added"
        yield from ((f"{kind}-{end}", Change(": ".join(one), _ABSENT, "there")) for one in sorted(after - before))
        yield from ((f"{kind}-gone", Change(": ".join(one), "there", _ABSENT)) for one in sorted(before - after))
    yield from (("policies-changed", change) for change in _changed(old.versions, new.versions) if _is_in_both(change))
    yield from (("tools", change) for change in _changed(old.tools, new.tools))
    yield from (("inputs", change) for change in _changed(old.inputs, new.inputs))


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield Change(name, before.get(name, _ABSENT), after.get(name, _ABSENT))


def _is_in_both(change: Change) -> bool:
    return _ABSENT not in (change.before, change.after)


def _name(key: Key) -> str:
    policy, stack, address = key
    return f"{stack}: {address or 'the stack as a whole'}: {policy}"


def _said(row: Mapping[str, Any] | None) -> str:
    """What an assessment says; of a waiver, who answers for it until when, and why."""
    if row is None:
        return _ABSENT
    seen = f"{row['attribute']} is {observed_text(row.get('observed'))}" if row.get("attribute") else ""
    said = f"{row['outcome']}: " + "; ".join(filter(None, (str(row.get("message") or ""), seen)))
    waiver = row.get("waiver")
    if not isinstance(waiver, dict):
        return said
    terms = (f"{name} {waiver.get(name)}" for name in ("owner", "ticket", "created", "expires"))
    return f"{said} ({', '.join(terms)}; {waiver.get('reason')})"


def to_text(found: Comparison) -> str:
    """For a terminal."""
    return "".join(f"{line}\n" for line in _text(found))


def _text(found: Comparison) -> Iterator[str]:
    for which, report in (("old", found.old), ("new", found.new)):
        yield shown(f"{which}: {report.path} ({_origin(report)})")
    if not found.changes:
        yield "no change"
    for kind, changes in found.changes.items():
        yield f"\n{KINDS[kind]} ({len(changes)})"
        for one in changes:
            yield shown(f"  {one.what}") + _arrow(one)


def _arrow(change: Change) -> str:
    if change.after == "there" or change.before == "there":
        return ""
    return f"\n    before  {shown(change.before)}\n    after   {shown(change.after)}"


def to_markdown(found: Comparison) -> str:
    """For a merge request or a working paper."""
    return "\n".join(_markdown(found)).rstrip("\n") + "\n"


def _markdown(found: Comparison) -> Iterator[str]:
    yield "# What changed between two control reports"
    yield ""
    yield from table(
        ("", "Report", "SHA-256", "Made from"),
        [
            (which, code(report.path), code(report.sha256), text(_origin(report)))
            for which, report in (("Old", found.old), ("New", found.new))
        ],
    )
    if not found.changes:
        yield "No change."
    for kind, changes in found.changes.items():
        yield f"## {KINDS[kind]} ({len(changes)})"
        yield ""
        yield from table(
            ("What", "Before", "After"), [(text(one.what), text(one.before), text(one.after)) for one in changes]
        )


def to_json(found: Comparison) -> str:
    """For programs, schema control-report-diff/1: {schema, old, new, summary, changes}.

    `old` and `new` are {path, sha256, commit, time}; `changes` maps each kind of KINDS that occurs to
    [{what, before, after}], `summary` to how many there are.
    """
    sides = {
        which: {"path": one.path, "sha256": one.sha256, "commit": one.commit, "time": one.time}
        for which, one in (("old", found.old), ("new", found.new))
    }
    document = {
        "schema": SCHEMA,
        **sides,
        "summary": {kind: len(changes) for kind, changes in found.changes.items()},
        "changes": {kind: _rows(changes) for kind, changes in found.changes.items()},
    }
    return json.dumps(document, indent=1) + "\n"


def _rows(changes: Iterable[Change]) -> list[dict[str, str]]:
    return [asdict(one) for one in changes]


def _origin(report: Report) -> str:
    return f"commit {report.commit or 'none'}, {report.time or 'no time'}"
