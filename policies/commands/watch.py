"""Judges again whenever a stack changes, and says what changed since the last time.

Only stacks whose content differs are judged again. The verdict on a stack that cannot be read, because it is being
written or is wrong, is put off until it can. Changed waivers, specifications and policies count, too.
"""

import argparse
import ast
import contextlib
import datetime
import gc
import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from policies import disk, requirements, specifications, waivers
from policies.commands import diff, judging
from policies.comparison import compare
from policies.documents import is_configuration
from policies.errors import InputError
from policies.masking import masked
from policies.model import Assessment
from policies.result import PASSED
from policies.visible import visible

INTERVAL_SECONDS = 0.2
_PROGRAM = (Path("infra"), Path("lambda"))  # what the stacks are made from
_PACKAGE = Path(__file__).parents[1]

EXAMPLES = f"""\
{judging.PATHS}
Ctrl-C ends it, with exit code 0: it shows verdicts, and decides nothing. Bad arguments end it with 3.

examples:
  python -m policies watch
  python -m policies watch --synthesize        # and `python -m infra.main` whenever infra/ changes
  python -m policies watch plan.json --stack portal --policy imdsv2-required
"""

Signature = Mapping[Path, tuple[int, int]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what to watch."""
    parser.add_argument(
        "path", nargs="?", type=Path, default=judging.DEFAULT_PATH, metavar="PATH", help="what to judge (cdktf.out)"
    )
    parser.add_argument(
        "--synthesize",
        action="store_true",
        help="run python -m infra.main first, and whenever infra/ or lambda/ change",
    )
    judging.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Watches until it is interrupted, or nobody reads any more."""
    gc.enable()  # a long run, other than those of the other commands
    if not options.synthesize and not options.path.exists():
        raise InputError(f"{options.path}: no such file or folder: synthesize first, or give --synthesize")
    if options.policy:
        judging.conditions(options)  # a wrong id is a wrong argument, not a stack that is wrong for now
    try:
        _Watch(options).run()
    except KeyboardInterrupt:
        _say("stopped")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PASSED


class _Watch:
    """What is known of each stack, and what has changed since."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._digests: dict[Path, str] = {}
        self._verdicts: dict[Path, Sequence[Assessment]] = {}
        self._refused: set[Path] = set()
        self._code = _signature(_PACKAGE.rglob("*.py"))

    def run(self) -> None:
        """Looks, waits until nothing changes any more, judges; for ever."""
        program: Signature = {}
        seen: Signature = {}
        settled: Signature = {}
        while True:
            if self._options.synthesize and (found := _signature(_sources())) != program:
                program = found
                self._synthesize()
            now = _signature(self._watched())
            if now == seen and now != settled:  # nobody is writing any more
                settled = now
                self._restart_with_new_policies()
                try:
                    self._judge()
                except OSError:
                    settled = {}  # files went while they were read: look again
            seen = now
            time.sleep(INTERVAL_SECONDS)

    def _synthesize(self) -> None:
        began = time.monotonic()
        command = [sys.executable, "-m", "infra.main", "--output", str(self._options.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            _say(f"cannot be synthesized, so the verdicts are of before: {said}")
        else:
            _say(f"synthesized in {time.monotonic() - began:.1f} s")

    def _watched(self) -> Iterable[Path]:
        for stack in self._stacks():
            yield from _files(stack)
        yield from self._shared()
        yield from _PACKAGE.rglob("*.py")

    def _stacks(self) -> list[Path]:
        """The folders or the file that are judged one by one; where there is no stack, what will say so."""
        path: Path = self._options.path
        stacks = path / "stacks"
        return (sorted(one for one in stacks.iterdir() if one.is_dir()) if stacks.is_dir() else []) or [path]

    def _shared(self) -> list[Path]:
        """What every stack's verdict hangs on."""
        return [self._options.waivers or waivers.FILE, requirements.EDGES, *specifications.FOLDER.glob("*.yaml")]

    def _judge(self) -> None:
        """Judges the stacks that differ, and says what that changed."""
        began = time.monotonic()
        before = self._all()
        shared = _digest(self._shared())
        stacks = self._stacks()
        gone = self._digests.keys() - set(stacks)
        for stack in gone:
            self._digests.pop(stack)
            self._verdicts.pop(stack, None)
            self._refused.discard(stack)
        judged = []
        for stack in stacks:
            digest = shared + _digest(_files(stack))
            if self._digests.get(stack) != digest:
                self._digests[stack] = digest
                if self._judge_stack(stack):
                    judged.append(stack.name)
        if judged or gone:
            text = diff.changes_to_text(compare(before, self._all()))
            sys.stdout.write(text.encode("utf-8", "backslashreplace").decode())
            what = [f"{', '.join(judged)} judged in {time.monotonic() - began:.1f} s"] if judged else []
            what += [f"{', '.join(stack.name for stack in sorted(gone))} gone"] if gone else []
            _say(f"{', '.join(what)}: {self._counts()}")

    def _judge_stack(self, stack: Path) -> bool:
        """Whether there is a verdict; where there is none, the last one stands, and every line says so."""
        self._options.paths = [stack]
        self._refused.discard(stack)
        try:
            result = judging.judge(self._options)
            if result.unjudged():
                raise InputError(f"{stack}: no resource in it was judged")
            self._verdicts[stack] = result.assessments
            return True
        except InputError as error:
            self._refused.add(stack)
            _say(f"cannot be judged{', so its verdict is of before' if stack in self._verdicts else ''}: {error}")
            return False

    def _all(self) -> list[Assessment]:
        """The latest verdict on every stack; a mistake in a waiver, which each stack's run tells, once."""
        rows = [one for stack in sorted(self._verdicts) for one in self._verdicts[stack]]
        return list({(one.stack, one.policy, one.address, one.attribute): one for one in rows}.values())

    def _counts(self) -> str:
        counts = Counter(one.outcome for one in self._all())
        words = [f"{counts[outcome]} {outcome}" for outcome in ("fail", "undetermined", "pass", "waived")]
        open_ = f"; cannot be judged: {', '.join(one.name for one in sorted(self._refused))}"
        return ", ".join(words) + (open_ if self._refused else "")

    def _restart_with_new_policies(self) -> None:
        """Begins again as a new process when policies changed: what was imported would judge as before."""
        now = _signature(_PACKAGE.rglob("*.py"))
        changed = [path for path in now.keys() | self._code.keys() if now.get(path) != self._code.get(path)]
        if not changed:
            return
        self._code = now
        for path in changed:
            try:
                ast.parse(path.read_bytes() if path.exists() else b"")
            except (SyntaxError, ValueError) as error:
                _say(f"{path}: not Python, so the policies are of before: {error}")
                return
        _say("policies changed: starting again")
        os.execv(sys.executable, [sys.executable, "-m", "policies", *sys.argv[1:]])  # noqa: S606 (our own command line)


def _files(stack: Path) -> Iterable[Path]:
    """Everything that a stack's verdict is read from."""
    if not stack.exists():
        return [stack]
    beside = list((stack if stack.is_dir() else stack.parent).iterdir())
    found = [one for one in beside if one.name == "sources.json" or ".tfvars" in one.name]
    return [*found, *(one for one in beside if is_configuration(one))] if stack.is_dir() else [*found, stack]


def _sources() -> Iterable[Path]:
    return (path for folder in _PROGRAM for path in folder.rglob("*") if "__pycache__" not in path.parts)


def _signature(paths: Iterable[Path]) -> Signature:
    """When each file was written, and how long it is; nothing for one that is not there."""
    found: dict[Path, tuple[int, int]] = {}
    try:
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                found[path] = (status.st_mtime_ns, status.st_size)
    except OSError:
        found[Path()] = (time.monotonic_ns(), 0)  # a folder went while it was read: differs from all, so look again
    return found


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = _content(path)
        digest.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape") + content)
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    """What the file holds, or why it cannot be read: the one may follow on the other."""
    try:
        return disk.read(path)
    except InputError as error:
        return str(error).encode("utf-8", "backslashreplace")


def _say(text: str) -> None:
    """One line, with the time, at once."""
    now = datetime.datetime.now().strftime("%H:%M:%S")
    print(f"{now}  {visible(masked(text))}", flush=True)
