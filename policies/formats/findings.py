"""What the formats share: which assessments are told, in which order, and where in the repository they stand."""

import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from policies import documents
from policies.formats.json_lines import resource_lines
from policies.model import Assessment, Severity, Source
from policies.resources import without_keys
from policies.result import GateResult
from policies.visible import visible

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
CLIPPED_CHARACTERS = 1000


def worst_first(assessments: Iterable[Assessment]) -> list[Assessment]:
    """What failed or is undetermined: the most severe first, of one severity what failed."""
    told = [one for one in assessments if one.outcome in ("fail", "undetermined")]
    return sorted(told, key=lambda one: (SEVERITIES.index(one.severity), one.outcome != "fail"))


def by_stack(result: GateResult) -> dict[str, list[Assessment]]:
    """The assessments of each stack, in the order of the inputs; a waiver may name a stack that is none of them."""
    stacks: dict[str, list[Assessment]] = {document.stack: [] for document in result.documents}
    for assessment in result.assessments:
        stacks.setdefault(assessment.stack, []).append(assessment)
    return stacks


def shown(text: str) -> str:
    """A foreign string on one line, every character visible, cut where it is too long for an annotation."""
    if len(text) <= CLIPPED_CHARACTERS:
        return visible(text)
    return f"{visible(text[:CLIPPED_CHARACTERS])}... ({len(text)} characters, whole in --format json)"


def said(assessment: Assessment) -> str:
    """What was found, with the outcome where it is not a plain failure: no format may let them look alike."""
    words = {"undetermined": "Undetermined: ", "waived": "Waived: "}
    return words.get(assessment.outcome, "") + assessment.message


def in_a_line(assessment: Assessment) -> str:
    """What was found and on what, visible; each cut by itself, so that a long finding does not hide its place."""
    return f"{shown(said(assessment))} ({shown(f'{assessment.stack}: {assessment.place}')})"


class Places:
    """Where findings stand: the line of the program, and the line of the JSON that was judged."""

    def __init__(self, result: GateResult) -> None:
        self._documents = {document.stack: document for document in reversed(result.documents)}
        self._configuration = result.configuration
        self._lines = cache(resource_lines)
        self._sources = cache(documents.sources)

    def program(self, assessment: Assessment) -> Source | None:
        """The line that made the resource, or the stack where no resource is meant; a waiver's own line."""
        made = assessment.source
        if made is None and not assessment.address:
            made = self._constructs(assessment.stack).get(assessment.stack)
        return located(made) if made else None

    def makers(self, assessment: Assessment) -> list[tuple[str, Source]]:
        """The constructs that the resource is part of, and their lines, the innermost first.

        A resource of a class that is used in many places has one line for all of them; these tell which one it is.
        """
        known = self._constructs(assessment.stack)
        parts = (assessment.construct_path or "").split("/")
        paths = ["/".join(parts[:length]) for length in range(len(parts) - 1, 1, -1)]
        return [(path, located(known[path])) for path in paths if path in known]

    def _constructs(self, stack: str) -> Mapping[str, Source]:
        """Construct path -> line, which the synthesis leaves beside a stack."""
        document = self._configuration or self._documents.get(stack)
        if document is None or document.kind != "synth":
            return {}
        return self._sources(document.files[0].parent)

    def judged(self, assessment: Assessment) -> Source | None:
        """The file that was judged and the resource's line in it: 1 where it has none, None for a waiver."""
        document = self._documents.get(assessment.stack)
        if document is None:
            return None
        if document.kind == "synth":
            for file in document.files:
                line = self._lines(file).get(without_keys(assessment.address))
                if line:
                    return located(Source(str(file), line))
        return located(Source(str(document.files[0]), 1))

    def best(self, assessment: Assessment) -> Source | None:
        """The line of the program where it is known, else of the JSON."""
        return self.program(assessment) or self.judged(assessment)


def located(source: Source) -> Source:
    """A place as every reader takes it: a path from the repository's root, where the gate runs, and a line from 1."""
    return Source(relative(source.file), max(source.line, 1))


def relative(path: str) -> str:
    """A POSIX path relative to the folder that the gate runs in; absolute where it lies elsewhere."""
    absolute = Path(os.path.abspath(path))
    here = Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else absolute.as_posix()
