"""Verdicts on mutants: what a mutant makes of the stack's baseline, at a fraction of the cost of judging it whole."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from policies import engine, specifications, terraform_json
from policies.errors import InputError
from policies.graph import ResourceGraph
from policies.model import Asked, Assessment, Finding, Policy, worst
from policies.registry import catalogue
from policies.resources import Resource
from policies.terraform_json import JsonFile
from tests.mutants.operators import Mutant, with_block
from tests.mutants.reads import EVERY, Read, Recorder, WatchedGraph

Verdicts = dict[tuple[str, str], Finding]
REFUSED = "(refused as input)"
# How bad it is: a mutant is killed by an assessment that is worse than it was.
_BADNESS = {"not-applicable": 0, "pass": 0, "undetermined": 1, "fail": 2}
# Arguments that decide what a block is, or how often there is one, before any policy reads it.
_OUTSIDE_THE_BODY = frozenset({"provider", "count", "for_each"})


@dataclass(frozen=True)
class Kill:
    """One assessment that a mutant made worse."""

    policy: str
    address: str
    outcome: str
    attribute: str
    message: str


class JudgedStack:
    """A stack with the verdicts on it as it is, and what each of them hangs on."""

    def __init__(self, stack: str, content: Mapping[str, Any], policies: Iterable[Policy] | None = None) -> None:
        self.stack, self.content = stack, content
        self.policies = {policy.id: policy for policy in (catalogue() if policies is None else policies)}
        self.asked = specifications.asked_of(stack, specifications.read_all(catalogue()))
        self.recorder = Recorder()
        self.graph = WatchedGraph(read(stack, content), self.recorder)
        self.baseline: Verdicts = {}
        self._readers: dict[Read, set[tuple[str, str]]] = defaultdict(set)
        self._concerned: dict[str, int] = defaultdict(int)
        for policy in self.policies.values():
            self._take_baseline(policy)

    def _take_baseline(self, policy: Policy) -> None:
        if policy.waits_to_be_asked and policy.id not in self.asked:
            return
        for resource in ResourceGraph.of_type(self.graph, *policy.applies_to):
            self.graph.state += 1  # what a policy keeps for the graph is to be read again, and seen
            finding, reads = self.recorder.during(functools.partial(self._verdict, policy, resource, self.graph))
            key = (policy.id, resource.address)
            self.baseline[key] = finding
            self._concerned[policy.id] += _concerns(finding)
            for read_ in reads:
                self._readers[read_].add(key)

    def _verdict(self, policy: Policy, resource: Resource, graph: ResourceGraph) -> Finding:
        findings = engine._findings(policy, resource, graph, self.asked.get(policy.id, Asked()))
        outcome = worst([finding.outcome for finding in findings])
        deciding = [finding for finding in findings if finding.outcome == outcome]
        return Finding(outcome, deciding[0].attribute, None, "; ".join(one.message for one in deciding))

    def kills(self, mutant: Mutant) -> list[Kill]:
        """What the mutant makes worse; empty for a survivor. The same as `kills_in_full`, in a fraction of the time."""
        resource = self.graph.get(mutant.address)
        old = dict(resource.written or {}) if resource else {}
        if resource is None or mutant.body is None:
            return self.kills_in_full(mutant)
        arguments = [name for name in {**old, **mutant.body} if old.get(name) != mutant.body.get(name)]
        if _OUTSIDE_THE_BODY & set(arguments):
            return self.kills_in_full(mutant)
        affected = sorted(set().union(*(self._readers.get((mutant.address, one), ()) for one in (*arguments, EVERY))))
        return self._judged_in_place(resource, arguments, mutant.body, affected)

    def _judged_in_place(
        self, resource: Resource, arguments: list[str], body: dict[str, Any], affected: Iterable[tuple[str, str]]
    ) -> list[Kill]:
        now: Verdicts = {}
        with self.graph.changed(resource, arguments, body):
            for policy_id, address in affected:
                judged = self.graph._by_address[address]
                now[policy_id, address] = self._verdict(self.policies[policy_id], judged, self.graph)
        self.recorder.reads.clear()
        return self._worse(now | self._emptied(now))

    def _emptied(self, now: Verdicts) -> Verdicts:
        """The failures of policies that are asked for, and concern nothing any more."""
        left = {policy_id: self._concerned[policy_id] for policy_id, _ in now if policy_id in self.asked}
        for key, finding in now.items():
            if key[0] in left:
                left[key[0]] += _concerns(finding) - _concerns(self.baseline[key])
        gone = [policy_id for policy_id, count in left.items() if count == 0 and self._concerned[policy_id]]
        return {(one, ""): engine._nothing(self.policies[one], self.graph, self.asked[one]) for one in gone}

    def kills_in_full(self, mutant: Mutant) -> list[Kill]:
        """The same by every policy on the whole changed stack."""
        try:
            graph = read(self.stack, with_block(self.content, mutant.address, mutant.body))
        except InputError as refused:
            return [Kill(REFUSED, mutant.address, "fail", "", str(refused))]
        assessments = engine.assess(graph, self.stack, self.policies.values(), {}, self.asked)
        return self._worse({(one.policy, one.address): _finding(one) for one in assessments})

    def _worse(self, now: Verdicts) -> list[Kill]:
        found = []
        for (policy_id, address), finding in sorted(now.items()):
            before = self.baseline.get((policy_id, address))
            if _BADNESS[finding.outcome] > (_BADNESS[before.outcome] if before else 0):
                found.append(Kill(policy_id, address, finding.outcome, finding.attribute, finding.message))
        return found


def read(stack: str, content: Mapping[str, Any]) -> ResourceGraph:
    """The graph of a document."""
    return terraform_json.read_module(stack, [JsonFile(f"{stack}.tf.json", content)], {})


def _concerns(finding: Finding) -> bool:
    return finding.outcome != "not-applicable"


def _finding(assessment: Assessment) -> Finding:
    return Finding(assessment.outcome, assessment.attribute, None, assessment.message)
