"""Recomputes a report from the inputs it names, and says what differs.

Four things are held against each other: the files of the folder and their manifest; the gate's inputs and their
digests; the gate's result and what policies and Checkov say of those inputs now; every form of the report and what
comes out when it is rendered from the result again. Whoever rewrites a file together with its digest is found by the
recomputation, and whoever rewrites the whole from other inputs by the signature.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from compliance import entity, manifest, report_folder, signature
from compliance.control_report import ControlReport, control_report
from compliance.landscape import landscape
from compliance.manifest import ENVELOPE, MANIFEST, Manifest, parse_manifest, render_manifest
from compliance.pdf import NotPrintedError, print_page
from compliance.provenance import provenance
from compliance.report_files import ENTITY, PAGE, PDF, RESULT, report_files
from compliance.requirements import Framework
from compliance.signature import PublicKey
from policies import disk, documents, gate, terraform, waivers
from policies.documents import Document
from policies.errors import InputError
from policies.model import Policy
from policies.recorded_result import Input, RecordedResult, parse_gate_result
from policies.result import BaselineFile, Conditions, Validation, WaiversFile, to_json

SHOWN_CHARACTERS = 80  # of a line that differs, around the place
_BEFORE = 20

Row = dict[str, Any]
_ABSENT = object()


@dataclass
class Verification:
    """What came of it, as sentences: what differs, what could not be verified, and what else a reader has to know."""

    differences: list[str] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def differ(self, place: str, expected: str, found: str) -> None:
        """Notes one difference."""
        self.differences.append(f"{place}: expected {expected}, found {found}")


@dataclass(frozen=True)
class Scope:
    """What is verified how: by whose key, and which judges are asked again."""

    public_key: PublicKey | None = None
    with_checkov: bool = True
    with_validation: bool = False


def verify(folder: Path, scope: Scope, framework: Framework, policies: Iterable[Policy]) -> Verification:
    """Everything that can be said about the report in `folder`; inputs are looked for where the result names them.

    Raises InputError when there is no report that could be verified.
    """
    files = report_folder.read(folder)
    if MANIFEST not in files:
        raise InputError(f"{folder}: holds no {MANIFEST}: not a report, or not the whole of one")
    named = parse_manifest(files[MANIFEST], str(folder / MANIFEST))
    found = Verification()
    _compare_digests(named, files, found)
    is_vouched_for = _verify_signature(named, files, scope.public_key, found)
    try:
        result = parse_gate_result(files.get(RESULT, b""), str(folder / RESULT))
    except InputError as error:
        found.unverified.append(f"nothing can be made again: {error}")
        return found
    try:
        content = files.get(ENTITY)
        declared = entity.parse(content, str(folder / ENTITY), framework.facts) if content is not None else None
    except InputError as error:
        found.unverified.append(f"nothing can be made again: {error}")
        return found
    if result.conditions is None:
        found.unverified.append(f"{folder / RESULT}: does not say under which conditions it was made: judge again")
    elif not result.inputs:
        found.unverified.append(f"{folder / RESULT}: names no input that it was made from")
    else:
        _compare_judgement(result, result.conditions, scope, found)
    _compare_declaration(named, files, found)
    shown = landscape(result)
    if shown.unseen:
        found.notes.append("the forms were not made again, since they show inputs that are not what was judged")
    else:
        report = control_report(result, framework, policies, named.provenance, declared, shown)
        _compare_forms(named, files, report, found, is_vouched_for=is_vouched_for)
    _compare_commits(named, found)
    return found


def _compare_digests(named: Manifest, files: Mapping[str, bytes], found: Verification) -> None:
    """Each file against the manifest; missing and additional ones are seen."""
    for name in sorted({*named.subjects, *files} - {MANIFEST, ENVELOPE}):
        expected = named.subjects.get(name)
        digest = manifest.sha256(files[name]) if name in files else None
        if digest != expected:
            found.differ(
                name,
                f"sha256 {expected}" if expected else "no such file (the manifest does not name it)",
                f"sha256 {digest}" if digest else "no such file",
            )


def _verify_signature(
    named: Manifest, files: Mapping[str, bytes], given: PublicKey | None, found: Verification
) -> bool:
    """Notes what is to be said of the signature; gives whether the given key has signed the manifest."""
    signer = named.signer
    if given and (signer is None or signer.id != given.id):
        found.differ(ENVELOPE, f"a signature by key {given.id}", f"one by {signer.id}" if signer else "none: unsigned")
    if signer is None:
        if ENVELOPE in files:
            found.differ(ENVELOPE, "no such file (the manifest names no signer)", "a file")
        found.notes.append("unsigned: who wrote the report, and that nobody has written all of it anew, is not shown")
        return False
    if ENVELOPE not in files:
        found.differ(ENVELOPE, f"a signature by key {signer.id}, which the manifest names", "no such file")
        return False
    payload = files[MANIFEST]
    try:
        signed = signature.signature_in(files[ENVELOPE], ENVELOPE, payload, signer.id)
    except InputError as error:
        found.differences.append(str(error))
        return False
    if not signer.has_signed(payload, signed):
        found.differ(ENVELOPE, f"a signature by key {signer.id}", "a signature that does not fit")
        return False
    if given is None:
        found.notes.append(
            f"signed by key {signer.id}, as the manifest itself says: --public-key shows whether that is the signer's"
        )
    elif given.id == signer.id:
        found.notes.append(f"signed by the given key {given.id}")
        return True
    return False


def _compare_forms(
    named: Manifest,
    files: Mapping[str, bytes],
    report: ControlReport,
    found: Verification,
    *,
    is_vouched_for: bool,
) -> None:
    """Every form, and the manifest, against what the result gives when it is rendered again."""
    made = report_files(report)
    if PDF in files:
        _compare_print(
            files[PDF], made[PAGE].decode(), named.provenance.time, found.notes if is_vouched_for else found.unverified
        )
        made[PDF] = files[PDF]
    made[MANIFEST] = render_manifest(report, made, named.signer)
    for name in sorted({*made, *named.subjects}):
        if name not in made and name != PDF:
            found.differ(name, "no such file (no form of the report makes it)", "a file that the manifest names")
        elif name not in files:
            if name not in named.subjects:  # otherwise it was missed already
                found.differ(name, f"a file of {len(made[name])} bytes", "no such file")
        elif made[name] != files[name]:
            found.differences.append(_first_difference(name, made[name], files[name]))


def _compare_print(pdf: bytes, page: str, time: str | None, remarks: list[str]) -> None:
    """A print of other bytes than ours need not be wrong; but nothing shows that it is right except a signature.

    Its digest alone does not: whoever changes the print writes another one into the manifest.
    """
    try:
        again = print_page(page, time)
    except (NotPrintedError, InputError) as error:
        remarks.append(f"{PDF}: its digest is the manifest's; it could not be printed again ({error})")
        return
    if again != pdf:
        remarks.append(
            f"{PDF}: its digest is the manifest's; printed again here it is other bytes, as with another Chromium or"
            " other fonts"
        )


def _first_difference(name: str, expected: bytes, found: bytes) -> str:
    """The first line that differs, and how far the difference reaches."""
    pairs = list(zip_longest(expected.split(b"\n"), found.split(b"\n")))
    differing = [number for number, (one, other) in enumerate(pairs, 1) if one != other]
    first, last = differing[0], differing[-1]
    one, other = pairs[first - 1]
    column = next((at for at, (a, b) in enumerate(zip(one or b"", other or b"", strict=False)) if a != b), None)
    if column is None:
        column = min(len(one or b""), len(other or b""))
    begin = max(0, column - _BEFORE)
    further = f" (and more, up to line {last})" if last > first else ""
    return f"{name}:{first}:{column + 1}: expected {_excerpt(one, begin)}, found {_excerpt(other, begin)}{further}"


def _excerpt(line: bytes | None, begin: int) -> str:
    if line is None:
        return "no such line"
    part = line[begin : begin + SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
    before, after = "..." if begin else "", "..." if len(line) > begin + SHOWN_CHARACTERS else ""
    return before + json.dumps(part, ensure_ascii=False) + after


def _compare_judgement(result: RecordedResult, conditions: Conditions, scope: Scope, found: Verification) -> None:
    """The result against the same run once more: the same inputs, waivers and day, the policies of now."""
    read = [_document(row, found) for row in result.inputs]
    plan = read[0] if len(read) == 1 and result.configuration is not None else None
    configuration = _document(result.configuration, found, plan) if result.configuration is not None else None
    files = [_is_as_it_was(name, file, found) for name, file in _accepting(conditions)]
    is_complete = all(files) and all(read)
    if not is_complete or (result.configuration is not None and configuration is None):
        found.notes.append("the policies were not run again, since not all inputs are what was judged")
        return
    judged_by_checkov = "checkov" in result.tools
    with_checkov = scope.with_checkov and judged_by_checkov
    known = [document for document in read if document is not None]
    try:
        again = gate.judge(
            known,
            configuration,
            conditions,
            with_checkov=with_checkov,
            validation=_validation(result, [configuration] if configuration else known, scope, found),
        )
    except InputError as error:
        found.unverified.append(f"the policies cannot be run again: {error}")
        return
    recorded, recomputed = json.loads(result.content), json.loads(to_json(again))
    if judged_by_checkov and not with_checkov:
        _leave_out_checkov(recorded, recomputed, conditions)
        found.notes.append("Checkov was not run again (--without-checkov): its assessments are as recorded")
    _compare_results(recorded, recomputed, found)
    if not found.differences and (with_checkov or not judged_by_checkov):
        _compare_bytes(result.content, to_json(again).encode(), found)
    found.notes.append(f"{len(recomputed['assessments'])} assessments made again, waivers as of {conditions.today}")


def _document(row: Input, found: Verification, plan: Document | None = None) -> Document | None:
    """The input as it was judged, None when it is not that any more."""
    try:
        read = documents.read([Path(row.path)], row.stack, plan.inputs if plan else None)
    except InputError as error:
        found.unverified.append(f"input of {row.stack}: {error}")
        return None
    digests = [document.sha256 for document in read]
    if digests != [row.sha256]:
        found.differ(f"input {row.path}", f"sha256 {row.sha256}", f"sha256 {', '.join(digests)}")
        return None
    if read[0].kind != row.kind:
        found.differ(f"input {row.path}", f"kind {row.kind}", f"kind {read[0].kind}")
        return None
    return read[0]


def _accepting(conditions: Conditions) -> Iterator[tuple[str, WaiversFile | BaselineFile]]:
    """The files that say which findings were accepted, by what they are."""
    if conditions.waivers is not None:
        yield "waivers", conditions.waivers
    if conditions.baseline is not None:
        yield "baseline", conditions.baseline


def _is_as_it_was(name: str, file: WaiversFile | BaselineFile, found: Verification) -> bool:
    try:
        digest = disk.sha256(Path(file.path))
    except InputError as error:
        found.unverified.append(f"{name} {error}")
        return False
    if digest != file.sha256:
        found.differ(f"{name} {file.path}", f"sha256 {file.sha256}", f"sha256 {digest}")
    return digest == file.sha256


def _compare_declaration(named: Manifest, files: Mapping[str, bytes], found: Verification) -> None:
    """The report's copy of what the entity declares against the file that it was made from."""
    path, copy = named.provenance.entity_path, files.get(ENTITY)
    expected = None
    if path is not None:
        try:
            expected = disk.sha256(Path(path))
        except InputError as error:
            found.unverified.append(f"what the entity declares: {error}")
            return
    digest = None if copy is None else manifest.sha256(copy)
    if digest != expected:
        place = f"{ENTITY}, the copy of {path}" if path else ENTITY
        found.differ(
            place,
            f"sha256 {expected}" if expected else "no such file (the manifest names none)",
            f"sha256 {digest}" if digest else "no such file",
        )


def _validation(
    result: RecordedResult, written: Iterable[Document], scope: Scope, found: Verification
) -> tuple[Validation, ...]:
    """What Terraform was recorded to say; with `with_validation` it is asked again, and has to say the same."""
    recorded = {row.stack: row for row in result.validation if row.outcome != "not-run"}
    if recorded and not scope.with_validation:
        found.notes.append("terraform validate was not run again (--validate does): its verdicts are as recorded")
    for document in written if scope.with_validation else ():
        if document.stack in recorded:
            now, before = terraform.validate(document), recorded[document.stack]
            if now.outcome == "not-run":
                found.unverified.append(f"terraform validate of {document.stack}: {now.message}")
            elif (now.outcome, now.terraform) != (before.outcome, before.terraform):
                found.differ(
                    f"{RESULT}: terraform validate of {document.stack}",
                    f"{now.outcome} (Terraform {now.terraform})",
                    f"{before.outcome} (Terraform {before.terraform})",
                )
    return result.validation


def _leave_out_checkov(recorded: Any, recomputed: Any, conditions: Conditions) -> None:
    """Takes out of both what only a run with Checkov can say: its rows, and the validity of waivers of its checks."""
    of_policies = {policy.id for policy in gate.selected(None)} | {waivers.POLICY_ID}
    entries = waivers.read(Path(conditions.waivers.path))[0] if conditions.waivers else []
    others = {f"{one.place.file}:{one.place.line}" for one in entries if one.policy not in of_policies}
    for one in (recorded, recomputed):
        one["assessments"] = [
            row
            for row in one["assessments"]
            if row["engine"] == "policies" and not (row["policy"] == waivers.POLICY_ID and row["address"] in others)
        ]
        one["tools"].pop("checkov", None)
        one.pop("summary", None)


def _compare_results(recorded: Any, recomputed: Any, found: Verification) -> None:
    """Tools, conditions and counts key by key, assessments row by row."""
    for head in sorted((recorded.keys() | recomputed.keys()) - {"assessments", "tools"}):
        if recorded.get(head) != recomputed.get(head):
            found.differ(f"{RESULT}: {head}", _json(recomputed.get(head)), _json(recorded.get(head)))
    tools, of_now = recorded.get("tools") or {}, recomputed["tools"]
    for tool in sorted(tools.keys() | of_now.keys()):
        if tools.get(tool) != of_now.get(tool):
            who = "a policy set of digest" if tool == "policies" else tool
            found.differences.append(
                f"{RESULT}: judged by {who} {tools.get(tool)}, but the one here is {of_now.get(tool)}"
            )
    before, now = _by_identity(recorded["assessments"]), _by_identity(recomputed["assessments"])
    for identity in sorted(before.keys() | now.keys()):
        for row, again in zip_longest(before.get(identity, ()), now.get(identity, ())):
            for name, expected, seen in _differing(again, row):
                found.differ(f"{RESULT}: {', '.join(filter(None, identity))}{name}", expected, seen)


def _by_identity(rows: Iterable[Row]) -> dict[tuple[str, str, str], list[Row]]:
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["stack"], row["policy"], row["address"]), []).append(row)
    return found


def _differing(expected: Row | None, found: Row | None) -> Iterator[tuple[str, str, str]]:
    """Fields of two rows that differ, and the values: expected first."""
    if expected is None or found is None:
        one, other = (f"an assessment ({row['outcome']})" if row else "no such assessment" for row in (expected, found))
        yield "", one, other
        return
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key, _ABSENT) != found.get(key, _ABSENT):
            yield f": {key}", _json(expected.get(key)), _json(found.get(key))


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 2 * SHOWN_CHARACTERS else f"{text[: 2 * SHOWN_CHARACTERS]}..."


def _compare_bytes(content: bytes, again: bytes, found: Verification) -> None:
    """Equal values may stand in other bytes; the gate writes them in one way only."""
    if content != again:
        found.differences.append(_first_difference(RESULT, again, content))


def _compare_commits(named: Manifest, found: Verification) -> None:
    """A report is made again from the code of its commit; another one may well say the same."""
    made, here = named.provenance, provenance("", None, Path.cwd())
    if made.commit != here.commit:
        found.notes.append(f"made at commit {made.commit or 'none'}, verified at {here.commit or 'none'}")
    for who, origin in (("made", made), ("verified", here)):
        if origin.is_dirty:
            found.notes.append(f"{who} with uncommitted changes in the work tree")
