"""What the evidence says about one requirement: the rules, as one table.

The words are ours. Whether a requirement is met is the assessor's finding, and no rule states it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Verdict = Literal[
    "supports",
    "partly supports",
    "contradicts",
    "not evaluated",
    "candidate not applicable",
    "not decidable from configuration",
]
Extent = Literal["none", "supporting", "partial", "full"]

VERDICTS: tuple[Verdict, ...] = (
    "contradicts",
    "supports",
    "partly supports",
    "not evaluated",
    "candidate not applicable",
    "not decidable from configuration",
)
# What each word means to a reader who has not seen the rules below.
MEANINGS: Mapping[Verdict, str] = {
    "contradicts": "At least one resource fails.",
    "supports": "The evidence decides the technical condition; every resource concerned was judged and passes.",
    "partly supports": "What was judged passes, but it is a part of the requirement or of the resources, or something"
    " is waived or undetermined. Or nothing was judged, and the report lists or draws a part of what is asked for.",
    "not evaluated": "Configuration can say something, but no resource was judged, no answer could be determined, or"
    " every finding was waived.",
    "candidate not applicable": "There is a reason why it may not apply. The entity confirms it, the assessor"
    " verifies it.",
    "not decidable from configuration": "Configuration does not answer it: people, documents or the running system do.",
}
EXTENTS: tuple[Extent, ...] = ("none", "supporting", "partial", "full")  # weakest first


@dataclass(frozen=True)
class Facts:
    """Everything a verdict depends on, for one requirement.

    extent                     what configuration can show of the requirement at all
    declared_not_applicable    the data, or a fact that the entity declares, gives a reason why it may not apply
    declared_contrary          the entity declares the contrary of what the requirement asks
    declared_elsewhere         the entity declares that what answers the requirement stands outside the stacks
    is_claimed                 some policy, check or artefact is mapped to it
    shown                      the report has a list or a diagram that is mapped to it
    failed, undetermined, waived, passed
                               at least one resource was assessed with that outcome
    full_evidence_passed       an edge of full extent: each of its policies and checks has a result, and all
                               results are passes, or say that there is no such resource; at least one passes
    full_evidence_found_none   an edge of full extent: each of its policies and checks says that there is no
                               resource to judge
    population_is_complete     every resource of the judged stacks could be seen
    """

    extent: Extent
    declared_not_applicable: bool
    declared_contrary: bool
    declared_elsewhere: bool
    is_claimed: bool
    shown: bool
    failed: bool
    undetermined: bool
    waived: bool
    passed: bool
    full_evidence_passed: bool
    full_evidence_found_none: bool
    population_is_complete: bool

    @property
    def judged_something(self) -> bool:
        """At least one resource was assessed."""
        return self.failed or self.undetermined or self.waived or self.passed


class Rule(NamedTuple):
    """The verdict, and its reason as a sentence, for facts that `holds` is true of."""

    verdict: Verdict
    reason: str
    holds: Callable[[Facts], bool]


# The first rule that holds decides. A failure outweighs everything; nothing judged, an unknown, a waiver, a
# part of the requirement, or a part of the population is never "supports", and what the report merely lists or draws
# counts only where nothing was judged. What the entity declares never makes a
# verdict better: it contradicts, takes the requirement out as a candidate, or says that the evidence is elsewhere.
RULES: tuple[Rule, ...] = (
    Rule("contradicts", "At least one resource fails.", lambda facts: facts.failed),
    Rule(
        "contradicts",
        "The entity declares the contrary of what is asked.",
        lambda facts: facts.declared_contrary,
    ),
    Rule(
        "candidate not applicable",
        "The requirement may not apply; the entity confirms the reason and the assessor verifies it.",
        lambda facts: facts.declared_not_applicable,
    ),
    Rule(
        "not decidable from configuration",
        "Configuration does not answer this requirement.",
        lambda facts: facts.extent == "none",
    ),
    Rule(
        "not decidable from configuration",
        "What answers this requirement stands outside the judged stacks.",
        lambda facts: facts.declared_elsewhere and not facts.passed and not facts.undetermined,
    ),
    Rule(
        "not evaluated",
        "Configuration can say something here, but no policy or check is mapped to it yet.",
        lambda facts: not facts.is_claimed,
    ),
    Rule(
        "candidate not applicable",
        "The judged stacks hold no resource of this kind; the assessor verifies that none exists.",
        lambda facts: facts.full_evidence_found_none and facts.population_is_complete and not facts.judged_something,
    ),
    Rule(
        "partly supports",
        "The report lists or draws a part of what is asked for, as far as configuration knows it; nothing was judged.",
        lambda facts: facts.shown and not facts.judged_something and not facts.full_evidence_found_none,
    ),
    Rule("not evaluated", "No resource was judged.", lambda facts: not facts.judged_something),
    Rule(
        "not evaluated",
        "Every answer hangs on a value that the configuration does not hold, or was waived.",
        lambda facts: not facts.passed and facts.undetermined,
    ),
    Rule(
        "not evaluated",
        "Every finding was waived. A waiver is not evidence: the assessor judges the findings themselves.",
        lambda facts: not facts.passed,
    ),
    Rule("partly supports", "Some resources pass; others are undetermined.", lambda facts: facts.undetermined),
    Rule(
        "partly supports",
        "Some resources pass; findings on others were waived, which is not a pass.",
        lambda facts: facts.waived,
    ),
    Rule(
        "partly supports",
        "Every judged resource passes, but the evidence covers only a part of the requirement.",
        lambda facts: facts.extent != "full" or not facts.full_evidence_passed,
    ),
    Rule(
        "partly supports",
        "Every judged resource passes, but some resources could not be seen.",
        lambda facts: not facts.population_is_complete,
    ),
    Rule("supports", "Every resource concerned was judged and passes.", lambda facts: True),
)


def decide(facts: Facts) -> Rule:
    """The rule that decides; the last one always holds."""
    return next(rule for rule in RULES if rule.holds(facts))
