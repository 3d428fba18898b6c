"""One run of the gate as a function: what was read, and the conditions it is judged under, to a result.

The conditions stand in the result, so that whoever holds it can have the same run again: `python -m compliance verify`
does.
"""

import datetime
import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from policies import attestation, baseline, engine, requirements, specifications, waivers
from policies.documents import Document
from policies.errors import InputError
from policies.model import Assessment, KnownIds, Policy
from policies.registry import catalogue
from policies.resources import without_keys
from policies.result import Conditions, GateResult, Validation, gate_result


def selected(ids: Iterable[str] | None) -> tuple[Policy, ...]:
    """The policies of these ids, sorted; all of them for None. Raises InputError for an id that nothing has."""
    every = {policy.id: policy for policy in catalogue()}
    if ids is None:
        return tuple(every.values())
    for id_ in ids:
        if id_ not in every:
            close = difflib.get_close_matches(id_, every, 1) or [one for one in every if id_ and id_ in one]
            raise InputError(f"{id_}: no such policy" + (f"; did you mean {close[0]}?" if close else ""))
    return tuple(every[id_] for id_ in sorted(set(ids)))


def judge(
    read: Sequence[Document],
    configuration: Document | None,
    conditions: Conditions,
    *,
    with_checkov: bool,
    validation: Iterable[Validation] = (),
    cache: Path | None = None,
) -> GateResult:
    """Everything `read` by the policies, by Checkov when asked, under the waivers and against the baseline.

    `configuration` is what the one plan in `read` was made from. With `cache`, what Checkov said of the same text is
    taken from there. `validation` is read last, so that Terraform may be at work meanwhile. Raises InputError for
    anything that cannot be judged.
    """
    policies = selected(conditions.policies)
    if any(document.graph.of_type("module") for document in read):  # what is not seen limits every policy's verdict
        policies = selected([*(one.id for one in policies), "modules-are-judged"])
    assessments = _assessed(read, configuration, policies)
    tools = {"policies": attestation.policy_set_digest(policies)}
    if with_checkov:
        from policies import checkov

        assessments += _assessed_by_checkov(read, configuration, cache)
        tools["checkov"] = checkov.checkov_version()
    if conditions.waivers or conditions.baseline:
        ids = known_ids(policies, with_checkov=with_checkov, cache=cache)
        assessments = _old_marked(conditions, _waived(conditions, assessments, ids), ids)
    if conditions.addresses is not None:
        assessments = list(_addressed(conditions.addresses, assessments))
        stacks = {one.stack for one in assessments}
        read = [document for document in read if document.stack in stacks]
    return gate_result(read, assessments, validation, tools, configuration, conditions)


def _assessed(read: Sequence[Document], configuration: Document | None, policies: Sequence[Policy]) -> list[Assessment]:
    """Every document by every policy; a plan given together with its configuration is settled by that."""
    edges = requirements.by_policy()
    specified = specifications.read_all(catalogue())

    def judged(document: Document) -> list[Assessment]:
        asked = specifications.asked_of(document.stack, specified)
        return list(engine.assess(document.graph, document.stack, policies, edges, asked))

    assessments = [one for document in read for one in judged(document)]
    return list(engine.settle(assessments, judged(configuration))) if configuration else assessments


def _assessed_by_checkov(
    read: Sequence[Document], configuration: Document | None, cache: Path | None
) -> list[Assessment]:
    """The same by Checkov."""
    from policies import checkov

    edges = requirements.by_policy()

    def judged(document: Document) -> list[Assessment]:
        return checkov.assess(document.graph, document.stack, edges, document.kind, cache)

    assessments = [one for document in read for one in judged(document)]
    return list(engine.settle(assessments, judged(configuration))) if configuration else assessments


def known_ids(policies: Sequence[Policy], *, with_checkov: bool, cache: Path | None = None) -> KnownIds:
    """The ids that a run with these policies knows: what its waivers and its baseline can be held against."""
    ran = frozenset(policy.id for policy in policies)
    every = frozenset(policy.id for policy in catalogue())
    if not with_checkov:  # which checks it has takes seconds to find out
        return KnownIds(ran, every, lambda id_: id_ in every or id_.startswith("CKV"))
    from policies import checkov

    checks = checkov.known_checks(cache)
    return KnownIds(ran | checks, every | checks, lambda id_: id_ in every or id_ in checks)


def _waived(conditions: Conditions, assessments: list[Assessment], ids: KnownIds) -> list[Assessment]:
    if conditions.waivers is None:
        return assessments
    entries, counts = waivers.read(Path(conditions.waivers.path))
    today = datetime.date.fromisoformat(conditions.today)
    return waivers.apply(assessments, entries, counts, ids, conditions.environment, today)


def _old_marked(conditions: Conditions, assessments: list[Assessment], ids: KnownIds) -> list[Assessment]:
    if conditions.baseline is None:
        return assessments
    path = Path(conditions.baseline.path)
    return baseline.apply(assessments, baseline.read(path), ids, path)


def _addressed(addresses: Sequence[str], assessments: Sequence[Assessment]) -> Iterator[Assessment]:
    """The verdicts on these resources. Raises InputError for an address that nothing was judged at."""
    found = dict.fromkeys(addresses, 0)
    for one in assessments:
        matched = [address for address in addresses if address in (one.address, without_keys(one.address))]
        found.update((address, found[address] + 1) for address in matched)
        if matched:
            yield one
    for address, count in found.items():
        if not count:
            close = difflib.get_close_matches(address, {one.address for one in assessments if one.address}, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise InputError(f"--address {address}: nothing was judged there{hint}")
