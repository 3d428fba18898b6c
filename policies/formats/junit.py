"""JUnit XML: one suite a stack, one case a policy and resource, as test views of CI systems show them.

Only a pass passes. A waived finding and a claim that concerns nothing are skipped, with the reason. An undetermined
one is an error, not a failure: nothing was found to be wrong, but the check could not be made. It stays one where
`--undetermined=warn` lets it be, since no test view knows anything between passed and not.
"""

from collections import Counter
from html import escape

from policies.formats.findings import Places, by_stack, shown
from policies.model import Assessment, Source
from policies.result import GateResult, Validation

Case = tuple[str, str]  # what became of it ("" when it passed), and its lines


def to_junit(result: GateResult) -> str:
    """The whole result as one JUnit file. It holds no times: the same input gives the same bytes."""
    places = Places(result)
    suites = []
    total: Counter[str] = Counter()
    for stack, assessments in by_stack(result).items():
        cases = [_assessment(one, places) for one in assessments]
        cases += [_validation(one) for one in result.validation if one.stack == stack]
        if stack in result.unjudged():
            cases.append(_case(stack, "policies", "every resource", None, _problem("error", "unjudged", _UNJUDGED)))
        counts = Counter(outcome for outcome, _ in cases)
        total.update(counts)
        total["tests"] += len(cases)
        lines = "".join(line for _, line in cases)
        suites.append(f"<testsuite {_attributes(name=stack, **_counted(counts, len(cases)))}>\n{lines}</testsuite>\n")
    head = _attributes(name="policies", **_counted(total, total["tests"]))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {head}>\n{"".join(suites)}</testsuites>\n'


_UNJUDGED = "no resource of the stack was judged"


def _assessment(assessment: Assessment, places: Places) -> Case:
    waiver = assessment.waiver
    name = assessment.place
    if assessment.outcome == "pass":
        problem = ("", "")
    elif assessment.outcome == "waived" and waiver:
        reason = f"waived until {waiver.expires} by {waiver.owner} ({waiver.ticket}): {waiver.reason}"
        problem = _problem("skipped", "", reason)
    elif assessment.outcome == "not-applicable":
        problem = _problem("skipped", "", f"not applicable: {assessment.message}")
    else:
        tag = "failure" if assessment.outcome == "fail" else "error"
        problem = _problem(tag, assessment.severity, assessment.message, _details(assessment, places))
    return _case(assessment.stack, assessment.policy, name, places.best(assessment), problem)


def _details(assessment: Assessment, places: Places) -> str:
    place = places.best(assessment)
    lines = [f"{assessment.outcome}: {assessment.message}"]
    if place:
        lines.append(f"at {place.file}:{place.line}")
    if assessment.construct_path:
        lines.append(f"construct {assessment.construct_path}")
    if assessment.attribute:
        lines.append(f"attribute {assessment.attribute}")
    lines.append(f"fix: {assessment.remediation}")
    if assessment.requirements:
        lines.append(f"requirements: {', '.join(assessment.requirements)}")
    return "\n".join(shown(line) for line in lines)


def _validation(validation: Validation) -> Case:
    problem = ("", "")
    if validation.outcome == "fail":
        problem = _problem("failure", "high", validation.message, shown(validation.message))
    elif validation.outcome == "not-run":
        problem = _problem("skipped", "", f"not run: {validation.message}")
    return _case(validation.stack, "terraform-validate", "the stack as a whole", None, problem)


def _problem(tag: str, type_: str, message: str, text: str = "") -> Case:
    """What stands inside a case that did not pass; `text` is visible already."""
    attributes = _attributes(message=message, **({"type": type_} if type_ else {}))
    return tag, f"<{tag} {attributes}>{escape(text)}</{tag}>" if text else f"<{tag} {attributes}/>"


def _case(stack: str, policy: str, name: str, place: Source | None, problem: Case) -> Case:
    outcome, inside = problem
    where = {"file": place.file, "line": str(place.line)} if place else {}
    attributes = _attributes(classname=f"{stack}.{policy}", name=name, **where)
    return outcome, f"<testcase {attributes}>{inside}</testcase>\n" if inside else f"<testcase {attributes}/>\n"


def _counted(counts: Counter[str], tests: int) -> dict[str, str]:
    return {
        "tests": str(tests),
        "failures": str(counts["failure"]),
        "errors": str(counts["error"]),
        "skipped": str(counts["skipped"]),
    }


def _attributes(**values: str) -> str:
    return " ".join(f'{name}="{escape(shown(value))}"' for name, value in values.items())
