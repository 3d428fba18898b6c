"""One run over a fleet: inputs to parts, by the workers of an engine, and parts to a result."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from policies.errors import InputError
from policies.fleet.folder import WorkingFolder
from policies.fleet.inputs import Inputs
from policies.fleet.merge import Merged
from policies.fleet.part import Facts, Terms, unpack
from policies.fleet.processes import Answers
from policies.fleet.progress import Progress
from policies.fleet.worker import Answer, Task, judge
from policies.result import Conditions, Refused

Engine = Callable[[Iterable[Task], Callable[[Task], Answer]], Answers]


def run(
    inputs: Inputs, terms: Terms, conditions: Conditions, engine: Engine, folder: WorkingFolder, progress: Progress
) -> Merged:
    """Judges what the folder does not know yet, and merges. Raises InputError for what concerns more than one input."""
    facts: dict[str, Facts] = {}
    refused: list[Refused] = list(inputs.refused)
    for task, answer in engine(_tasks(inputs.wanted, terms, folder), judge):
        if answer.status == "foreign":
            raise InputError(f"the worker {answer.worker} has other policies than this machine: install the same ones")
        if answer.status == "judged":
            folder.keep(task.input, answer.part)
            kept = unpack(answer.part)
        else:
            kept = folder.get(task.input) if answer.status == "kept" else None
        if kept is not None:
            facts[task.input] = kept.facts
        else:
            refused.append(Refused(task.input, answer.reason or f"{task.input}: its part was lost: run again"))
        progress.count(answer)
    progress.end()
    unanswered = {*inputs.wanted} - {*facts} - {one.path for one in refused}
    if unanswered:  # whatever an engine does wrong, it must not look like a fleet without these
        raise InputError(f"{len(unanswered)} inputs were not judged, such as {min(unanswered)}: run again")
    judged: Sequence[tuple[str, Facts]] = [(name, facts[name]) for name in inputs.wanted if name in facts]
    return Merged(folder, judged, refused, conditions, with_checkov=terms.with_checkov)


def _tasks(wanted: Iterable[str], terms: Terms, folder: WorkingFolder) -> Iterator[Task]:
    for name in wanted:
        yield Task(name, terms, folder.known(name, terms))
