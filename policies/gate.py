"""One run of the gate as a function: what was read, and the conditions it is judged under, to a result.

The conditions stand in the result, so that whoever holds it can have the same run again: `python -m compliance verify`
does.
"""

import datetime
import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

from policies import attestation, engine, requirements, specifications, waivers
from policies.documents import Document
from policies.errors import InputError
from policies.model import Assessment, Policy
from policies.registry import catalogue
from policies.result import Conditions, GateResult, Validation, gate_result


def selected(ids: Iterable[str] | None) -> tuple[Policy, ...]:
    """The policies of these ids, sorted; all of them for None. Raises InputError for an id that nothing has."""
    every = {policy.id: policy for policy in catalogue()}
    if ids is None:
        return tuple(every.values())
    for id_ in ids:
        if id_ not in every:
            close = difflib.get_close_matches(id_, every, 1)
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
    """Everything `read` by the policies, by Checkov when asked, and under the waivers.

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
    assessments = _waived(conditions, assessments, policies, with_checkov=with_checkov, cache=cache)
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


def _waived(
    conditions: Conditions,
    assessments: list[Assessment],
    policies: Sequence[Policy],
    *,
    with_checkov: bool,
    cache: Path | None,
) -> list[Assessment]:
    if conditions.waivers is None:
        return assessments
    entries, counts = waivers.read(Path(conditions.waivers.path))
    ran = frozenset(policy.id for policy in policies)
    every = frozenset(policy.id for policy in catalogue())
    mistakes: list[Assessment] = []
    if with_checkov:
        from policies import checkov

        known = checkov.known_checks(cache)
        ran, every = ran | known, every | known
        mistakes = list(waivers.unknown_ids(entries, every))
    today = datetime.date.fromisoformat(conditions.today)
    return waivers.apply(assessments, entries, counts, ran, conditions.environment, today) + mistakes
