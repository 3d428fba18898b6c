"""The result of a fleet for people: what most stacks lack, which lack most, and what was not judged."""

from collections.abc import Iterator

from policies.fleet.merge import Merged, StackResult
from policies.formats.findings import SEVERITIES
from policies.model import OUTCOMES
from policies.result import FAILED, PASSED, UNDETERMINED
from policies.visible import visible

SHOWN = 20  # of policies, stacks and refused inputs each
_VERDICTS = {PASSED: "passed", FAILED: "failed", UNDETERMINED: "undetermined"}


def to_text(merged: Merged, exit_code: int) -> str:
    """The page; control characters are made visible."""
    parts = (_policies(merged), _stacks(merged), _not_judged(merged), _summary(merged, exit_code))
    return "".join(f"{visible(line)}\n" for part in parts for line in part)


def _policies(merged: Merged) -> Iterator[str]:
    counts = merged.found
    if counts:
        yield "findings by policy, the most severe first"
        yield f"  {'failed':>9} {'undeter.':>9} {'in stacks':>9}  policy"
        worst = sorted(counts, key=lambda one: (_rank(one[1]), -counts[one][0], -counts[one][1], one))
        for policy, severity in worst[:SHOWN]:
            fail, undetermined, stacks = counts[policy, severity]
            yield f"  {fail:>9,} {undetermined:>9,} {stacks:>9,}  {policy} ({severity})"
        yield from _more(len(worst), "policies")
        yield ""


def _rank(severity: str) -> int:
    return [*SEVERITIES, severity].index(severity)


def _stacks(merged: Merged) -> Iterator[str]:
    worst = sorted((one for one in merged.stacks if _findings(one)), key=lambda one: (-_findings(one), one.stack))
    if worst:
        yield "stacks with most findings"
        yield f"  {'failed':>9} {'undeter.':>9} {'passed':>9}  stack"
        for one in worst[:SHOWN]:
            counts = one.summary
            paths = ", ".join(facts.path for _, facts in one.documents)
            numbers = f"{counts['fail']:>9,} {counts['undetermined']:>9,} {counts['pass']:>9,}"
            yield f"  {numbers}  {one.stack}" + (f" ({paths})" if paths != one.stack else "")
        yield from _more(len(worst), "stacks")
        yield ""


def _findings(stack: StackResult) -> int:
    return stack.summary["fail"] + stack.summary["undetermined"]


def _not_judged(merged: Merged) -> Iterator[str]:
    reasons = [one.reason for one in merged.refused]
    reasons += [f"{stack}: no resource in it was judged" for stack in merged.unjudged()]
    if reasons:
        yield "not judged"
        yield from (f"  {reason}" for reason in reasons[:SHOWN])
        yield from _more(len(reasons), "inputs")
        yield ""


def _more(count: int, what: str) -> Iterator[str]:
    if count > SHOWN:
        yield f"  ... and {count - SHOWN:,} {what} more"


def _summary(merged: Merged, exit_code: int) -> Iterator[str]:
    resources = sum(facts.resource_count for _, facts in merged.judged)
    stacks = len({facts.stack for _, facts in merged.judged})
    left = f"; {len(merged.refused):,} inputs refused" if merged.refused else ""
    yield f"{len(merged.judged):,} inputs, {stacks:,} stacks, {resources:,} resources judged{left}"
    yield ", ".join(f"{merged.summary[outcome]:,} {outcome}" for outcome in OUTCOMES)
    yield f"{_VERDICTS.get(exit_code, 'not judged')} (exit code {exit_code})"
