"""Judges thousands of stacks, plans or states at once, by many processes or machines, to one result."""

import argparse
import contextlib
import functools
import gc
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from policies.commands import judging, output
from policies.errors import InputError
from policies.fleet import dask_cluster, inputs, outputs, processes, storage, worker
from policies.fleet.folder import WorkingFolder
from policies.fleet.merge import Merged
from policies.fleet.part import Terms
from policies.fleet.progress import Progress
from policies.fleet.run import Engine
from policies.fleet.run import run as run_fleet

EXAMPLES = f"""\
A PATH is what `check` takes, a pattern of such paths (quote it: `**` crosses folders), {storage.SCHEME}BUCKET/KEY, or a
pattern of these. The service and the credentials are those of the AWS_... variables of the environment.

Inputs that cannot be judged are listed and do not stop the others. The result is that of `check`, and has their reasons
under "refused". Two inputs of one stack's name are both refused: --names path calls stacks by their paths instead.

exit codes:
  0  every assessment passes, is waived, or is an old finding of the --baseline
  1  at least one failed
  2  none failed, some are undetermined (see --undetermined)
  3  an input could not be judged, or there is none; the others are judged and told all the same

formats:
  text      what most stacks lack, which lack most, what was not judged
  json      every assessment, schema gate-result/1; a FILE whose name ends with .gz is compressed
  sarif, junit, github, gitlab, markdown
            as `check` writes them, up to {outputs.MAX_HELD:,} assessments

examples:
  python -m policies fleet 'estate/**/cdk.tf.json' --format text --format json=build/fleet.json
  python -m policies fleet 'plans/*/*.json' --names path --resume build/fleet --workers 8
  python -m policies fleet 's3://plans/*/plan.json' --resume build/fleet --exclude 's3://plans/sandbox-*'
  python -m policies fleet 'estate/*' --engine dask --workers 4
  python -m policies fleet 's3://plans/**/plan.json' --engine dask --scheduler tls://scheduler:8786 --resume fleet

Sizing, Dask clusters and storage: docs/fleet.md
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what to judge, by whom, and what to do with the result."""
    parser.add_argument("inputs", nargs="+", metavar="PATH", help="what to judge: paths, patterns or URLs")
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="leave out the inputs that match; repeatable"
    )
    parser.add_argument(
        "--names",
        choices=("document", "path"),
        default="document",
        help="what stacks are called: as their documents say, as in `check` (the default), or by their paths",
    )
    parser.add_argument("--engine", choices=("local", "dask"), default="local", help="who judges (default: local)")
    parser.add_argument(
        "--workers", type=_count, metavar="N", help="processes on this machine (default: one for each processor)"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="an existing Dask cluster, for --engine dask")
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FOLDER",
        help="keep what is finished in FOLDER, and go on from there: only what changed is judged again",
    )
    parser.add_argument("--no-progress", action="store_true", help="do not tell on standard error how far it is")
    judging.add_conditions(parser)
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="old findings, which do not fail the run")
    output.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Judges the fleet and writes its result."""
    gc.enable()  # a long run, other than those of the other commands
    before = signal.signal(signal.SIGTERM, _interrupt)
    formats = output.formats(options.format)
    for _, path in formats:
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink()  # what stands there is of an earlier run, and would pass for this one's
    try:
        return _run(options, formats)
    except KeyboardInterrupt:
        left = f"the same command goes on from {options.resume}" if options.resume else "--resume would have kept it"
        raise InputError(f"stopped: {left}") from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(options: argparse.Namespace, formats: Sequence[tuple[str, Path | None]]) -> int:
    conditions = judging.conditions(options)
    version = worker.version(conditions.policies, with_checkov=options.checkov)
    terms = Terms(version, conditions.policies, options.checkov, options.names)
    found = inputs.find(options.inputs, options.exclude)
    progress = Progress(len(found.wanted), shown=not options.no_progress)
    with _folder(options.resume) as folder:
        merged = run_fleet(found, terms, conditions, _engine(options, folder), folder, progress)
        code = merged.exit_code(undetermined_fails=options.undetermined == "fail")
        for one in merged.refused:
            _say(one.reason)
        for stack in merged.unjudged():
            _say(f"{stack}: no resource in it was judged")
        if not merged.judged and not merged.refused:
            raise InputError("nothing to judge")
        failed = [error for name, path in formats if (error := _refusal(merged, name, path, code))]
    if failed:
        raise failed[0]
    return code


def _refusal(merged: Merged, name: str, path: Path | None, code: int) -> InputError | None:
    """Writes one format; why it could not, which is no reason to keep the others back."""
    try:
        outputs.write(merged, name, path, code)
    except InputError as error:
        return error
    return None


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[WorkingFolder]:
    with contextlib.ExitStack() as stack:
        path = given or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleet-")))
        folder = WorkingFolder(path)
        stack.callback(folder.close)
        yield folder


def _engine(options: argparse.Namespace, folder: WorkingFolder) -> Engine:
    workers = options.workers or len(os.sched_getaffinity(0))
    if options.engine == "local":
        if options.scheduler:
            raise InputError("--scheduler: goes with --engine dask")
        return functools.partial(processes.answers, workers=workers)
    if options.scheduler and options.workers:
        raise InputError("--workers: the cluster of --scheduler has its own")
    return functools.partial(
        dask_cluster.answers, workers=workers, scheduler=options.scheduler, scratch=folder.path / "dask"
    )


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes")
    return int(text)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    text = f"policies: {' '.join(line.splitlines())}"
    print(text.encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
