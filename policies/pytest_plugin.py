"""Policies as pytest tests, and fixtures to test infrastructure with; docs/testing-infrastructure.md shows both.

    pytest --stack portal                      every policy on every resource of the stack, one test each
    pytest --stack portal -k imdsv2            one policy, or one resource
    pytest --stack portal -m requirement_10_5  what is evidence for a requirement of PCI DSS, or for one below it
    pytest -p policies.pytest_plugin ...       in a repository whose conftest.py does not load the plugin

The verdicts are those of `python -m policies check`: the same policies, specifications and waivers. A failed or
undetermined assessment fails; a waived one is an expected failure (xfail) with its reason, never a pass; one that is
not applicable is deselected. Without `--stack` no policy runs, and the plugin offers its fixtures and markers only.
"""

from __future__ import annotations

import contextlib
import datetime
import difflib
import itertools
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr
from _pytest._io import TerminalWriter

from policies import requirements
from policies.errors import InputError
from policies.visible import visible

if TYPE_CHECKING:  # a run without policies pays for none of them
    from policies.documents import Document
    from policies.formats.findings import Places
    from policies.model import Assessment, Policy, Source
    from policies.resources import Resource
    from policies.result import GateResult

    AnyStack = str | Path | Document | None  # None means the only one that `--stack` names
    Judgeable = AnyStack | Resource | Iterable[Resource]

SYNTHESIZED = Path("cdktf.out")  # where a stack that is given by its name is looked for, from where pytest was started
_WHOLE_STACK = "(stack)"  # stands for the address of an assessment that is about no single resource


class ReadStack(Protocol):
    """What the fixture `stack` gives."""

    def __call__(self, stack: AnyStack = None) -> Document:
        """A stack by its name or path; without either, the only one that `--stack` names."""


class FindResources(Protocol):
    """What the fixture `resources` gives."""

    def __call__(self, *types: str, stack: AnyStack = None, at_least: int = 1) -> tuple[Resource, ...]:
        """The stack's resources of these types; fewer than `at_least` fail the test."""


class AssertPolicy(Protocol):
    """What the fixture `assert_policy` gives."""

    def __call__(self, policy: str, on: Judgeable = None, **parameters: Any) -> None:
        """Fails unless the policy holds on everything of `on` that it judges."""


class Stacks:
    """The stacks of one test run: each is read once and judged once.

    `named` are the values of `--stack`; `waivers` is the file of accepted findings, None to take none into account.
    """

    def __init__(self, named: Sequence[str], waivers: Path | None) -> None:
        self._waivers = waivers
        self._by_path: dict[Path, Document] = {}
        self._results: dict[int, GateResult] = {}
        self.given: tuple[Document, ...] = tuple(document for name in named for document in self._read(name))
        for name, times in Counter(one.stack for one in self.given).items():
            if times > 1:
                raise InputError(f"--stack: {times} inputs show a stack named {name}; one run tests one of them")

    def stack(self, stack: AnyStack = None) -> Document:
        """What the fixture `stack` does. Raises InputError where there is no such stack, or it cannot be told which."""
        if stack is None:
            if len(self.given) != 1:
                given = ", ".join(one.stack for one in self.given) or "none"
                raise InputError(f"say which stack is meant: --stack names {given}")
            return self.given[0]
        if not isinstance(stack, str | Path):
            return stack
        named = [one for one in self.given if one.stack == stack]
        found = named or self._read(stack)
        if len(found) != 1:
            raise InputError(f"{stack}: holds {len(found)} stacks ({', '.join(one.stack for one in found)}); name one")
        return found[0]

    def holding(self, resource: Resource) -> Document:
        """The stack that a resource was taken from."""
        for document in (*self.given, *self._by_path.values()):
            if document.graph.get(resource.address) is resource:
                return document
        raise InputError(f"{resource.address}: of no stack that this run has read")

    def judged(self, document: Document) -> GateResult:
        """The gate's result on one stack, by all policies and under the waivers."""
        from policies import disk, gate
        from policies.result import Conditions, WaiversFile

        if id(document) not in self._results:
            file = self._waivers
            conditions = Conditions(
                today=datetime.date.today().isoformat(),
                environment=os.environ.get("ENVIRONMENT") or "development",
                waivers=WaiversFile(file.as_posix(), disk.sha256(file)) if file else None,
            )
            self._results[id(document)] = gate.judge([document], None, conditions, with_checkov=False)
        return self._results[id(document)]

    def _read(self, stack: str | Path) -> list[Document]:
        from policies import documents

        path = _path_of(stack)
        if path not in self._by_path:
            read = documents.read([path])
            if len(read) != 1:
                return read  # a folder of stacks: only the values of --stack may mean all of them, and are read once
            self._by_path[path] = read[0]
        return [self._by_path[path]]


def _path_of(stack: str | Path) -> Path:
    """Where a stack lies that was given by its name in cdktf.out, or by a path."""
    folder = SYNTHESIZED / "stacks"
    try:
        if stack == "":
            raise InputError("an empty name of a stack")
        if isinstance(stack, str) and stack == Path(stack).name and (folder / stack).is_dir():
            return folder / stack
        if Path(stack).exists():
            return Path(stack)
        known = sorted(one.name for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []
    except OSError as error:
        raise InputError(f"{stack}: cannot be read ({error.strerror})") from None
    if not known:
        raise InputError(f"{stack}: no such path, and nothing is synthesized in {folder.as_posix()}")
    close = difflib.get_close_matches(str(stack), known, 1)
    hint = f"did you mean {close[0]}?" if close else f"{SYNTHESIZED} holds {', '.join(known)}"
    raise InputError(f"{stack}: no such stack or path; {hint}")


# --- Policies as tests --------------------------------------------------------------------------------------------


class StackTests(pytest.Collector):
    """One stack in pytest's tree of tests."""

    def __init__(self, *, result: GateResult, **node: Any) -> None:
        super().__init__(**node)
        self.result = result

    def collect(self) -> Iterator[PolicyTests]:
        """The policies of the gate's result, in its order."""
        from policies.formats.findings import Places

        places = Places(self.result)
        for policy, found in itertools.groupby(self.result.assessments, key=lambda one: one.policy):
            yield PolicyTests.from_parent(self, name=policy, assessments=list(found), places=places)


class PolicyTests(pytest.Collector):
    """One policy on one stack."""

    def __init__(self, *, assessments: Sequence[Assessment], places: Places, **node: Any) -> None:
        super().__init__(**node)
        self.assessments = assessments
        self.places = places

    def collect(self) -> Iterator[PolicyTest]:
        """A test for each assessment."""
        times: Counter[str] = Counter()
        for one in self.assessments:
            name = _node_name(one.address or _WHOLE_STACK)
            times[name] += 1
            name += f" #{times[name]}" if times[name] > 1 else ""
            place = one.source if one.outcome == "pass" else self.places.best(one)
            yield PolicyTest.from_parent(self, name=name, assessment=one, place=place)


class FindingError(Exception):
    """An assessment that is no pass; its text is what the gate says of it."""


class PolicyTest(pytest.Item):
    """One policy on one resource: passes where the gate's assessment does."""

    def __init__(self, *, assessment: Assessment, place: Source | None, **node: Any) -> None:
        super().__init__(**node)
        self.assessment = assessment
        self.place = place
        for marker in markers(assessment.requirements):
            self.add_marker(marker)

    def runtest(self) -> None:
        """The verdict is known; this says it."""
        if self.assessment.outcome == "waived":
            pytest.xfail(_waived(self.assessment))  # returns under --runxfail, which wants to see what is expected
        if self.assessment.outcome != "pass":
            raise FindingError(_told(self.assessment))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """The finding as the gate shows it, at the line of the program."""
        if isinstance(excinfo.value, FindingError):
            file, line = (self.place.file, self.place.line) if self.place else (self.name, 1)
            return FindingRepr(str(excinfo.value), visible(file), line, visible(self.assessment.message))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The line of the program that made the resource, which counts from 0 here, and the heading of a failure."""
        heading = f"{self.assessment.policy} {self.name}"
        if self.place is None:
            return self.path, None, heading
        return self.config.invocation_params.dir / visible(self.place.file), self.place.line - 1, heading


class FindingRepr(TerminalRepr):
    """A finding in pytest's list of failures; `reprcrash` is where editors and CI systems put it."""

    def __init__(self, text: str, file: str, line: int, message: str) -> None:
        self.text = text
        self.reprcrash = ReprFileLocation(file, line, message)

    def toterminal(self, tw: TerminalWriter) -> None:
        """The text of the gate, then the place in the form that editors follow."""
        tw.line(self.text)
        tw.line()
        self.reprcrash.toterminal(tw)


def markers(numbers: Iterable[str]) -> list[str]:
    """The markers of requirements: `requirement_10`, `requirement_10_5` and `requirement_10_5_1` for 10.5.1."""
    parts = [number.split(".") for number in numbers]
    names = ("_".join(("requirement", *one[: depth + 1])) for one in parts for depth in range(len(one)))
    return list(dict.fromkeys(names))


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    group = parser.getgroup("policies", "policies on synthesized stacks, plans and states")
    group.addoption(
        "--stack",
        action="append",
        default=[],
        dest="stacks",
        metavar="NAME|PATH",
        help="run every policy on this stack: a name in cdktf.out, or a path as `python -m policies check` takes it "
        "(outside the project: --stack=PATH); repeatable. Tests run besides only where they are named",
    )
    group.addoption("--waivers", type=Path, metavar="FILE", help="accepted findings (default: waivers.yaml)")
    group.addoption("--no-waivers", action="store_true", help="show the bare truth: what is waived fails")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the markers, so that tests of infrastructure may carry them, too."""
    numbers: set[str] = set()
    with contextlib.suppress(InputError):  # whoever runs no policy need not know that their data is broken
        numbers = {number for found in requirements.by_policy().values() for number in found}
    for marker in sorted(markers(numbers)):
        number = marker.removeprefix("requirement_").replace("_", ".")
        config.addinivalue_line("markers", f"{marker}: evidence for requirement {number} of PCI DSS 4.0.1")


_STACKS = pytest.StashKey[Stacks]()
_NAMED = pytest.StashKey[list[str]]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Judges the stacks that `--stack` names. Bad input, and a stack in which nothing was judged, end the run.

    Takes the ids of policy tests (`portal::imdsv2-required`) out of the arguments, for pytest would look for files.
    """
    config = session.config
    if not config.getoption("stacks"):
        return
    with _usage_errors():
        stacks = _stacks(config)
        for document in stacks.given:
            if stacks.judged(document).unjudged():
                raise InputError(f"--stack {document.path}: no resource in it was judged")
    names = {_node_name(document.stack) for document in stacks.given}
    config.stash[_NAMED] = [argument for argument in config.args if argument.split("::")[0] in names]
    others = [argument for argument in config.args if argument not in config.stash[_NAMED]]
    config.args = others if config.args_source is pytest.Config.ArgsSource.ARGS else []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the policies before other tests; deselects what is not applicable, or not named where some are."""
    tests = [test for test in _collected(session) if isinstance(test, PolicyTest)]
    named = config.stash.get(_NAMED, [])
    for argument in named:
        if not any(_is_within(test.nodeid, argument) for test in tests):
            raise pytest.UsageError(f"not found: {visible(argument)}")
    wanted = [test for test in tests if not named or any(_is_within(test.nodeid, argument) for argument in named)]
    wanted = [test for test in wanted if test.assessment.outcome != "not-applicable"]
    items[:0] = wanted
    if len(wanted) < len(tests):
        kept = set(wanted)
        config.hook.pytest_deselected(items=[test for test in tests if test not in kept])


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """What was judged, stack by stack."""
    lines = []
    for document in _stacks(config).given if _NAMED in config.stash and config.get_verbosity() >= 0 else ():
        summary = _stacks(config).judged(document).summary
        size = f"{document.kind}, {len(document.graph.resources)} resources ({document.path})"
        apart = summary["not-applicable"]
        lines.append(
            visible(f"{document.stack}: {size}; {sum(summary.values()) - apart} judged, {apart} not applicable")
        )
    return lines


def _collected(session: pytest.Session) -> Iterator[pytest.Item]:
    """The tests of every stack, collected as pytest collects its own."""
    if _NAMED in session.config.stash:
        stacks = _stacks(session.config)
        for document in stacks.given:
            name, result = _node_name(document.stack), stacks.judged(document)
            yield from session.genitems(StackTests.from_parent(session, name=name, nodeid=name, result=result))


def _is_within(node_id: str, argument: str) -> bool:
    return node_id == argument or node_id.startswith(f"{argument}::")


def _stacks(config: pytest.Config) -> Stacks:
    """The stacks of this run, made when they are first asked for."""
    if _STACKS not in config.stash:
        from policies import waivers

        given: Path | None = config.getoption("waivers")
        file = given or (waivers.FILE if waivers.FILE.exists() else None)
        config.stash[_STACKS] = Stacks(config.getoption("stacks"), None if config.getoption("no_waivers") else file)
    return config.stash[_STACKS]


def _node_name(text: str) -> str:
    """A foreign string as a part of a test's id, which may hold neither an invisible character nor `::()`."""
    return visible(text).replace("::()", ":: ()")


# --- Fixtures -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> ReadStack:
    """Reads a stack, once in a run: `stack("portal")`, or `stack("build/plan.json")`.

    A name means the stack of that name that `--stack` gives, so that the same tests can be run against a plan or a
    state; else the one in `cdktf.out`. What comes back holds the resource graph: `stack("portal").graph`.
    """

    def read(stack: AnyStack = None) -> Document:
        __tracebackhide__ = True
        with _failures():
            return _stacks(request.config).stack(stack)

    return read


@pytest.fixture(scope="session")
def resources(request: pytest.FixtureRequest) -> FindResources:
    """The resources of some types: `resources("aws_lb", stack="portal")`, or `resources("aws_lb")` under one `--stack`.

    Fails where there are fewer than `at_least` (1), so that a loop over nothing is not taken for a pass. Reading a
    value that is not known here (`lb.attribute("name").value`) raises Undetermined, which fails the test.
    """

    def find(*types: str, stack: AnyStack = None, at_least: int = 1) -> tuple[Resource, ...]:
        __tracebackhide__ = True
        with _failures():
            document = _stacks(request.config).stack(stack)
        found = document.graph.of_type(*types)
        if len(found) < at_least:
            every = sorted({one.type for one in document.graph.resources})
            close = [name for one in types if one not in every for name in difflib.get_close_matches(one, every, 1)]
            hint = f"; did you mean {close[0]}?" if close else ""
            asked = ", ".join(types) or "no type"
            _fail(visible(f"{document.stack} has {len(found)} of {asked}, expected at least {at_least}{hint}"))
        return found

    return find


@pytest.fixture(scope="session")
def assert_policy(request: pytest.FixtureRequest) -> AssertPolicy:
    """Holds a policy against a stack, a resource, or several: `assert_policy("imdsv2-required", "portal")`.

    Judges as the gate does, with the parameters of the stack's specification and under the waivers: a waived finding
    ends the test as an expected failure. Parameters of your own, as in `assert_policy("subnets-span-zones", zones=3)`,
    judge by these instead, and nothing is waived. Where the policy judges nothing the test fails.
    """

    def hold(policy: str, on: Judgeable = None, **parameters: Any) -> None:
        __tracebackhide__ = True
        with _failures():
            about = _assessments(_stacks(request.config), policy, on, parameters)
        open_ = [one for one in about if one.outcome in ("fail", "undetermined")]
        waived = [one for one in about if one.outcome == "waived"]
        if waived and not open_:
            pytest.xfail("; ".join(map(_waived, waived)))  # returns under --runxfail
        if open_ or waived:
            _fail("\n\n".join(map(_told, open_ + waived)))
        if not any(one.outcome == "pass" for one in about):
            reasons = "; ".join(dict.fromkeys(f"{one.place}: {one.message}" for one in about)) or "no such resource"
            _fail(visible(f"{policy} judged nothing: {reasons}"))

    return hold


def _assessments(
    stacks: Stacks,
    policy_id: str,
    on: Judgeable,
    parameters: dict[str, Any],
) -> list[Assessment]:
    """What one policy says of a stack, or of some of its resources, which may be of several stacks."""
    from policies import gate
    from policies.documents import Document
    from policies.resources import Resource

    [policy] = gate.selected([policy_id])
    if on is None or isinstance(on, str | Path | Document):
        return _of_policy(stacks, stacks.stack(on), policy, parameters)
    wanted = [on] if isinstance(on, Resource) else list(on)
    found: list[Assessment] = []
    for document in {id(one): one for one in map(stacks.holding, wanted)}.values():
        addresses = {one.address for one in wanted if stacks.holding(one) is document}
        found += [one for one in _of_policy(stacks, document, policy, parameters) if one.address in addresses]
        missing = sorted(addresses - {one.address for one in found if one.stack == document.stack})
        if missing:
            raise InputError(f"{policy_id} does not judge {', '.join(missing)}")
    return found


def _of_policy(stacks: Stacks, document: Document, policy: Policy, parameters: dict[str, Any]) -> list[Assessment]:
    if not parameters:
        return [one for one in stacks.judged(document).assessments if one.policy == policy.id]
    from policies import engine, specifications
    from policies.model import Asked

    written = {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.items()}
    asked = Asked(specifications.parameters(policy, written), ("the test",))
    return list(engine.assess(document.graph, document.stack, [policy], requirements.by_policy(), {policy.id: asked}))


# --- Words --------------------------------------------------------------------------------------------------------


def _told(assessment: Assessment) -> str:
    """The finding as the gate shows it."""
    from policies.registry import catalogue
    from policies.text_format import finding_text

    return finding_text(assessment, {policy.id: policy for policy in catalogue()}.get(assessment.policy))


def _waived(assessment: Assessment) -> str:
    waiver = assessment.waiver
    assert waiver is not None
    return visible(f"waived until {waiver.expires} by {waiver.owner} ({waiver.ticket}): {waiver.reason}")


@contextlib.contextmanager
def _usage_errors() -> Generator[None, None, None]:
    """Input that cannot be judged ends the run with pytest's exit code for wrong usage, and one line."""
    try:
        yield
    except InputError as error:
        raise pytest.UsageError(visible(str(error))) from None


@contextlib.contextmanager
def _failures() -> Generator[None, None, None]:
    """Within a test, such input fails that test."""
    __tracebackhide__ = True
    try:
        yield
    except InputError as error:
        message = visible(str(error))
    else:
        return
    _fail(message)


def _fail(message: str) -> NoReturn:
    __tracebackhide__ = True
    pytest.fail(message)
