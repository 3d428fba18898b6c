"""The table of formats a result can be written in.

Each is a module of its own, imported when it is asked for: the fast path to text on a terminal pays for no other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policies.result import GateResult


@dataclass(frozen=True)
class Presentation:
    """How a result is shown: `exit_code` is what the run ends with, `colour` whether a terminal reads it."""

    exit_code: int
    colour: bool = False


@dataclass(frozen=True)
class Format:
    """One way to write a result; `purpose` says in a line whom it is for."""

    purpose: str
    write: Callable[[GateResult, Presentation], str]


def _text(result: GateResult, presentation: Presentation) -> str:
    from policies.registry import catalogue
    from policies.text_format import to_text

    return to_text(result, {one.id: one for one in catalogue()}, colour=presentation.colour)


def _json(result: GateResult, _presentation: Presentation) -> str:
    from policies.result import to_json

    return to_json(result)


def _sarif(result: GateResult, presentation: Presentation) -> str:
    from policies.formats.sarif import to_sarif
    from policies.registry import catalogue

    return to_sarif(result, {one.id: one for one in catalogue()}, presentation.exit_code)


def _junit(result: GateResult, _presentation: Presentation) -> str:
    from policies.formats.junit import to_junit

    return to_junit(result)


def _github(result: GateResult, _presentation: Presentation) -> str:
    from policies.formats.github import to_github

    return to_github(result)


def _gitlab(result: GateResult, _presentation: Presentation) -> str:
    from policies.formats.gitlab import to_gitlab

    return to_gitlab(result)


def _markdown(result: GateResult, presentation: Presentation) -> str:
    from policies.formats.markdown import to_markdown

    return to_markdown(result, presentation.exit_code)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "text": Format("for people, on a terminal: what failed, where, why, how to fix it", _text),
        "json": Format("for machines: every assessment, schema gate-result/1", _json),
        "sarif": Format("SARIF 2.1.0, for code scanning and editors: findings on their Python lines", _sarif),
        "junit": Format("JUnit XML, for test views: one suite a stack, one case a policy and resource", _junit),
        "github": Format("workflow commands: annotations of a GitHub Actions run", _github),
        "gitlab": Format("Code Quality report, for GitLab's merge requests", _gitlab),
        "markdown": Format("a page for a job's summary: verdict, counts, findings, waivers that end soon", _markdown),
    }
)
