"""Our verdicts beside those of Checkov's nearest checks, resource by resource: `python -m policies.second_opinion`.

Two tools that judge the same claim and disagree cannot both be right. Each disagreement is explained once, in
second_opinion.yaml; one that nobody explained ends the comparison with 1, and so does an explanation that explains
nothing any more. Verdicts are raw: waivers, which are about accepting a finding, play no part.

Which check is compared with which policy stands in policies/data/checkov_twins.toml. Two kinds of input are compared:
stacks, where an explanation names the resources it is about, and samples (folders of small documents, such as the
fixtures of the tests), where it is about the pair.
"""

import argparse
import functools
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from policies import checkov, documents, engine, specifications, strict_json, strict_yaml
from policies.documents import Document
from policies.errors import InputError
from policies.model import Asked, Assessment, Outcome, Policy, Source
from policies.registry import catalogue
from policies.result import FAILED, NOT_JUDGED, PASSED
from policies.waivers import matches

TWINS = Path(__file__).parent / "data" / "checkov_twins.toml"
EXPLANATIONS = Path("second_opinion.yaml")  # where they are looked for unless the caller says where
MIN_REASON_LENGTH = 40

Relation = Literal["same", "ours-stricter", "theirs-stricter", "overlaps"]
Meeting = Literal["both pass", "both fail", "only ours fails", "only theirs fails", "undetermined", "not ours"]
_DISAGREEMENTS: dict[str, Meeting] = {"policy": "only ours fails", "check": "only theirs fails"}

# Who fails alone -> the relations of the two claims under which both may be right.
_BOTH_RIGHT: dict[str, tuple[Relation, ...]] = {
    "policy": ("ours-stricter", "overlaps"),
    "check": ("theirs-stricter", "overlaps"),
}


@dataclass(frozen=True)
class Twin:
    """A check of Checkov's that comes near to the claim of one of our policies, and how the two relate."""

    policy: str
    check: str
    relation: Relation


@dataclass(frozen=True)
class Comparison:
    """One pair on one resource. `theirs` is None when the check, although made for the type, said nothing.

    `samples` is the name of the folder of samples that the document is from, None for a stack.
    """

    twin: Twin
    stack: str
    address: str
    ours: Outcome
    theirs: Outcome | None
    message: str
    samples: str | None = None

    @property
    def meeting(self) -> Meeting:
        """How the two verdicts meet."""
        if self.ours == "not-applicable":
            return "not ours"
        match self.ours, self.theirs:
            case "pass", "pass":
                return "both pass"
            case "fail", "fail":
                return "both fail"
            case "fail", "pass":
                return "only ours fails"
            case "pass", "fail":
                return "only theirs fails"
        return "undetermined"

    @property
    def disagrees(self) -> bool:
        """Whether one passes what the other fails."""
        return self.meeting in _DISAGREEMENTS.values()


@dataclass(frozen=True)
class Explanation:
    """Why one pair disagrees, and who is right: our `policy`, or `both` since their claims differ.

    Where the check is right there is nothing to explain: the policy is to be mended. `stacks` and `addresses` (with
    `*`) say which resources it is about; without them it is about samples, and `shown_by` names the folder that must
    hold such a disagreement.
    """

    policy: str
    check: str
    meeting: Meeting
    right: Literal["policy", "both"]
    reason: str
    place: Source
    stacks: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    shown_by: str = ""

    def covers(self, one: Comparison) -> bool:
        """Whether this is about the disagreement."""
        if (self.policy, self.check, self.meeting) != (one.twin.policy, one.twin.check, one.meeting):
            return False
        if one.samples is not None:
            return not self.stacks
        return one.stack in self.stacks and any(matches(pattern, one.address) for pattern in self.addresses)


@functools.cache
def twins(path: Path = TWINS) -> tuple[Twin, ...]:
    """Every pair that is compared, sorted. Raises InputError for a relation that is none."""
    found: list[Twin] = []
    for policy, checks in _pairs(path).items():
        for check, relation in checks.items():
            if relation not in get_args(Relation):
                raise InputError(f"{path}: {policy}: {check}: {relation} is not one of {', '.join(get_args(Relation))}")
            found.append(Twin(policy, check, relation))
    return tuple(sorted(found, key=lambda twin: (twin.policy, twin.check)))


def without_twin(path: Path = TWINS) -> dict[str, str]:
    """Policy id -> why no check of Checkov's is compared with it."""
    groups = tomllib.loads(path.read_text("utf-8")).get("without", [])
    return {policy: group["reason"] for group in groups for policy in group["policies"]}


def _pairs(path: Path) -> dict[str, dict[str, Any]]:
    return {key: value for key, value in tomllib.loads(path.read_text("utf-8")).items() if key != "without"}


def compare(document: Document, asked: Mapping[str, Asked], samples: str | None = None) -> Iterator[Comparison]:
    """Every pair on every resource of the document that both could judge.

    Raises InputError when Checkov cannot judge the document.
    """
    pairs = twins()
    wanted = {twin.policy for twin in pairs}
    policies = [policy for policy in catalogue() if policy.id in wanted]
    ours = engine.assess(document.graph, document.stack, policies, asked=asked)
    theirs = checkov.assess(document.graph, document.stack, kind=document.kind)
    yield from meet(ours, theirs, document, samples)


def meet(
    ours: Iterable[Assessment], theirs: Iterable[Assessment], document: Document, samples: str | None = None
) -> Iterator[Comparison]:
    """The verdicts on the same resources, pair by pair."""
    said = {(one.policy, one.address): one.outcome for one in theirs}
    types = checkov_types()
    by_policy: dict[str, list[Twin]] = {}
    for twin in twins():
        by_policy.setdefault(twin.policy, []).append(twin)
    for one in ours:
        resource = document.graph.get(one.address)
        for twin in by_policy.get(one.policy, ()) if resource else ():
            outcome = said.get((twin.check, one.address))
            if outcome is not None or (resource and resource.type in types[twin.check]):
                yield Comparison(twin, document.stack, one.address, one.outcome, outcome, one.message, samples)


@functools.cache
def checkov_types() -> dict[str, frozenset[str]]:
    """Check id -> the types that it judges; asked once, since Checkov looks through all of its files for it."""
    return checkov.types_by_check()


def stacks(paths: Sequence[Path]) -> Iterator[Comparison]:
    """The stacks at the paths, judged as the gate judges them."""
    specified = specifications.read_all(catalogue())
    for document in documents.read(paths):
        yield from compare(document, specifications.asked_of(document.stack, specified))


def samples(folder: Path) -> Iterator[Comparison]:
    """Every JSON document below the folder, each one for itself."""
    files = sorted(path for path in folder.rglob("*.json") if path.is_file())
    if not files:
        raise InputError(f"{folder}: no JSON document in it")
    by_id = {policy.id: policy for policy in catalogue()}
    for path in files:
        about = _comment(path)
        for document in documents.read([path]):
            named = document.named(path.relative_to(folder).as_posix())
            yield from compare(named, _asked(path, about, by_id), folder.name)


def _comment(path: Path) -> Any:
    _, content = strict_json.read(path)
    return content.get("//") if isinstance(content, dict) else None


def _asked(path: Path, comment: Any, by_id: Mapping[str, Policy]) -> dict[str, Asked]:
    """What the comment of a fixture says that a specification asks of the policy it shows."""
    policy = by_id.get(path.parent.name.replace("_", "-"))
    if policy is None or not isinstance(comment, dict) or "asked" not in comment:
        return {}
    return {policy.id: Asked(specifications.parameters(policy, comment["asked"]))}


def explanations(path: Path) -> list[Explanation]:
    """What the file explains. Raises InputError, with the line, for an entry that is not whole."""
    document = strict_yaml.read(path)
    if not isinstance(document, dict) or not set(document) <= {"stacks", "samples"}:
        raise InputError(f"{path}: expected the keys stacks and samples, each with a list of entries")
    found: list[Explanation] = []
    for part in document:
        entries = document[part] or []
        if not isinstance(entries, list):
            raise InputError(f"{path}:{strict_yaml.line_of(document, part)}: {part} must be a list of entries")
        for index, entry in enumerate(entries):
            place = Source(path.as_posix(), strict_yaml.line_of(entries, index))
            found.append(_explanation(entry, part == "stacks", place))
    _refuse_second(found)
    return found


def _explanation(entry: Any, of_stacks: bool, place: Source) -> Explanation:
    where = f"{place.file}:{place.line}"
    needed = {"policy", "check", "fails", "right", "reason"} | ({"stack", "addresses"} if of_stacks else {"shown_by"})
    if not isinstance(entry, dict) or set(entry) != needed:
        raise InputError(f"{where}: an entry has the keys {', '.join(sorted(needed))}")
    if entry["fails"] not in _DISAGREEMENTS:
        raise InputError(f"{where}: fails must be policy (only ours fails) or check (only Checkov's fails)")
    if entry["right"] not in ("policy", "both"):
        raise InputError(f"{where}: right must be policy or both; where the check is right, mend the policy")
    relations = {(twin.policy, twin.check): twin.relation for twin in twins()}
    if (entry["policy"], entry["check"]) not in relations:
        raise InputError(f"{where}: {entry['policy']} and {entry['check']} are no pair of {TWINS.name}")
    relation = relations[entry["policy"], entry["check"]]
    if entry["right"] == "both" and relation not in _BOTH_RIGHT[entry["fails"]]:
        raise InputError(f"{where}: both cannot be right where the relation of the two claims is {relation!r}")
    reason = " ".join(str(entry["reason"]).split())
    if len(reason) < MIN_REASON_LENGTH or not reason.endswith("."):
        raise InputError(f"{where}: the reason must be a sentence of at least {MIN_REASON_LENGTH} characters")
    stack, addresses = entry.get("stack", []), entry.get("addresses", [])
    if not isinstance(addresses, list) or (of_stacks and not (stack and addresses)):
        raise InputError(f"{where}: stack must be a name or a list of names, addresses a list of resource addresses")
    return Explanation(
        policy=str(entry["policy"]),
        check=str(entry["check"]),
        meeting=_DISAGREEMENTS[entry["fails"]],
        right=entry["right"],
        reason=reason,
        place=place,
        stacks=tuple(map(str, stack if isinstance(stack, list) else [stack])),
        addresses=tuple(map(str, addresses)),
        shown_by=str(entry.get("shown_by", "")),
    )


def _refuse_second(found: Iterable[Explanation]) -> None:
    """A pair of samples is explained once; resources of stacks may have reasons of their own."""
    seen: dict[tuple[str, str, str], Explanation] = {}
    for one in found:
        key = (one.policy, one.check, one.meeting)
        if not one.stacks and key in seen:
            raise InputError(f"{one.place.file}:{one.place.line}: explained on line {seen[key].place.line} already")
        if not one.stacks:
            seen[key] = one


def unexplained(compared: Iterable[Comparison], known: Sequence[Explanation]) -> list[Comparison]:
    """The disagreements that no explanation covers."""
    return [one for one in compared if one.disagrees and not any(reason.covers(one) for reason in known)]


def idle(compared: Sequence[Comparison], known: Sequence[Explanation]) -> Iterator[str]:
    """What stands in the explanations and explains nothing, as a message with its line.

    Only what was compared can tell: an explanation of another stack, or of other samples, is not idle.
    """
    disagreements = [one for one in compared if one.disagrees]
    judged = {one.samples or one.stack for one in compared}
    for reason in known:
        where = f"{reason.place.file}:{reason.place.line}: {reason.policy} and {reason.check}"
        covered = [one for one in disagreements if reason.covers(one)]
        if reason.shown_by in judged and not any(one.samples == reason.shown_by for one in covered):
            yield f"{where}: no such disagreement in {reason.shown_by} any more"
        for stack in reason.stacks:
            for pattern in reason.addresses if stack in judged else ():
                if not any(one.stack == stack and matches(pattern, one.address) for one in covered):
                    yield f"{where}: no such disagreement on {pattern} of {stack} any more"


def to_text(compared: Sequence[Comparison], known: Sequence[Explanation]) -> str:
    """The table by pair, then what is left to explain or to remove, then the sums."""
    meetings = get_args(Meeting)
    counts = Counter((one.twin, one.meeting) for one in compared)
    present = [twin for twin in twins() if any(counts[twin, meeting] for meeting in meetings)]
    header = ["policy", "check", "relation", *meetings]
    rows = [[t.policy, t.check, t.relation, *(str(counts[t, m] or "-") for m in meetings)] for t in present]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [header, *rows]]
    new = unexplained(compared, known)
    lines += ["", *(f"UNEXPLAINED  {_disagreement(one)}" for one in new)] if new else []
    lines += [f"IDLE  {message}" for message in idle(compared, known)]
    total = Counter(one.meeting for one in compared)
    disagreements = sum(total[meeting] for meeting in _DISAGREEMENTS.values())
    resources = len({(one.samples, one.stack, one.address) for one in compared})
    lines += [
        "",
        f"{len(present)} pairs on {resources} resources: {total['both pass'] + total['both fail']} agreements, "
        f"{disagreements} disagreements ({disagreements - len(new)} explained), "
        f"{total['undetermined']} undetermined on one side, {total['not ours']} outside our population",
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _disagreement(one: Comparison) -> str:
    who = f"{one.twin.policy} fails, {one.twin.check} passes"
    if one.meeting == "only theirs fails":
        who = f"{one.twin.check} fails, {one.twin.policy} passes"
    return f"{one.stack}: {one.address}: {who} ({one.message})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the comparison and returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        known = explanations(options.explanations)
        paths = options.paths or ([] if options.samples else [Path("cdktf.out")])
        compared = list(stacks(paths)) if paths else []
        compared += [one for folder in options.samples for one in samples(folder)]
    except InputError as error:
        print(f"second-opinion: {error}", file=sys.stderr)
        return NOT_JUDGED
    if not compared:
        print("second-opinion: no resource that both judge", file=sys.stderr)
        return NOT_JUDGED
    sys.stdout.write(to_text(compared, known))
    return FAILED if unexplained(compared, known) or any(idle(compared, known)) else PASSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m policies.second_opinion",
        description="Compares our verdicts with those of Checkov's nearest checks, resource by resource.",
        epilog="exit codes: 0 every disagreement is explained; 1 one is not, or an explanation explains nothing; "
        "3 nothing could be compared",
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="stacks to compare on (default: cdktf.out)")
    parser.add_argument(
        "--samples",
        action="append",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="compare on every JSON document below it, each for itself; repeatable",
    )
    parser.add_argument(
        "--explanations",
        type=Path,
        default=EXPLANATIONS,
        metavar="FILE",
        help=f"the explained disagreements (default: {EXPLANATIONS})",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
