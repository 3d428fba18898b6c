"""Who makes the inputs: atheris for bytes, hypothesis for configurations and where there is no atheris.

Each engine has a budget of runs and a seed, so that the same call does the same; what it found it describes in one
line, and leaves in `build/fuzz/` in the form in which `tests/fuzz/corpus/` keeps it.
"""

import importlib.util
import random
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from tests.fuzz import shapes, verdicts
from tests.fuzz.limits import Limit, limits
from tests.fuzz.readers import READERS

OUT = Path("build/fuzz")
MAX_INPUT_BYTES = 8_192
HANG_SECONDS = 300  # wall time, as libFuzzer counts it: a busy machine is no hang
_DONE = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+)")


@dataclass(frozen=True)
class Outcome:
    """What one target came to; `edges` is 0 where nobody counts them."""

    target: str
    runs: int
    edges: int = 0
    found: str = ""


def has_atheris() -> bool:
    """There are wheels of it for Linux only."""
    return importlib.util.find_spec("atheris") is not None


def guided(name: str, runs: int, seed: int) -> Outcome:
    """A reader by atheris, in a process of its own."""
    reader = READERS[name]
    kept = OUT / name
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        seeds, words = Path(folder, "seeds"), Path(folder, "words")
        seeds.mkdir()
        for index, content in enumerate(reader.seeds()):
            (seeds / str(index)).write_bytes(content)
        words.write_text("".join(f'"{_quoted(word)}"\n' for word in reader.words))
        limits = (f"-max_len={MAX_INPUT_BYTES}", f"-timeout={HANG_SECONDS}", "-rss_limit_mb=2048", "-len_control=0")
        budget = [f"-runs={runs}", f"-seed={seed}", f"-artifact_prefix={kept}/"]
        if reader.words:
            budget.append(f"-dict={words}")
        command = [sys.executable, "-m", "tests.fuzz.guided", name, *limits, *budget, str(seeds)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    last = _DONE.findall(done.stderr)
    if done.returncode == 0 and last:
        return Outcome(name, int(last[-1][0]), int(last[-1][1]))
    return Outcome(name, 0, found=_what(done.stderr) + _where(done.stderr))


def _quoted(word: str) -> str:
    return "".join(c if c.isalnum() else f"\\x{c:02x}" if isinstance(c, int) else f"\\x{ord(c):02x}" for c in word)


def _what(log: str) -> str:
    lines = [
        line for line in log.splitlines() if re.match(r"[\w.]*(Error|Exception|Interrupt|Exit)\b|==\d+==\s*ERROR", line)
    ]
    return lines[0][:300] if lines else (log.splitlines() or ["it ended without a word"])[-1][:300]


def _where(log: str) -> str:
    written = re.search(r"Test unit written to (\S+)", log)
    return f" ({written[1]})" if written else ""


def mutated(name: str, runs: int, seed: int) -> Outcome:
    """A reader by hypothesis: seeds with bytes overwritten, words put in, ends cut off."""
    reader = READERS[name]
    edit = st.tuples(
        st.floats(0, 1), st.one_of(st.binary(max_size=4), st.sampled_from(["", *reader.words]).map(str.encode))
    )

    def read(start: bytes, edits: list[tuple[float, bytes]], end: float) -> None:
        content = bytearray(start)
        for place, new in edits:
            at = int(place * len(content))
            content[at : at + len(new)] = new
        whole = bytes(content[: max(1, int(len(content) * (0.5 + end)))])
        _kept(name, whole, lambda: reader(whole))

    strategies = {"start": st.sampled_from(reader.seeds()), "edits": st.lists(edit, max_size=6), "end": st.floats(0, 1)}
    return _searched(name, read, strategies, runs, seed)


def _kept(name: str, content: bytes, read: Callable[[], None]) -> None:
    try:
        read()
    except Exception:
        (OUT / name).mkdir(parents=True, exist_ok=True)
        (OUT / name / "found").write_bytes(content)  # the last one is the smallest
        raise


def shaped(runs: int, seed: int) -> Outcome:
    """Fixtures of the policies, written otherwise."""

    def check(case: verdicts.Case, names: list[str], layout: int) -> None:
        worse = verdicts.wrong(case, names, layout)
        if worse:
            variant = shapes.changed(case.content, names, layout)
            verdicts.keep(OUT / "verdicts", case, shapes.written(variant.content, layout), variant.where, worse[0])
        assert not worse, f"{case.name}: {', '.join(names)}: {worse[0]}"

    names = st.lists(st.sampled_from([*shapes.EXACT, *shapes.HIDING]), min_size=1, max_size=4)
    strategies = {"case": st.sampled_from(verdicts.cases()), "names": names, "layout": st.integers(0, 2**32 - 1)}
    return _searched("shapes", check, strategies, runs, seed)


def hidden(runs: int, seed: int) -> Outcome:
    """Fixtures of the policies, one value at a time not known; all of them where the budget reaches so far."""
    every = [
        (case, place, kind)
        for case in verdicts.cases()
        for place in range(verdicts.places_in(case))
        for kind in verdicts.UNKNOWN
    ]
    chosen = every if runs >= len(every) else random.Random(seed).sample(every, runs)
    used: set[Limit] = set()
    for count, (case, place, kind) in enumerate(chosen, 1):
        worse = verdicts.hidden(case, place, kind, used)
        if worse:
            return Outcome("unknown", count, found=f"{case.name}: {worse}")
    idle = [f"{one.policy} ({', '.join(one.kinds)})" for one in limits() if one not in used]
    if idle and len(chosen) == len(every):
        return Outcome("unknown", len(chosen), found=f"limits.yaml: these let nothing through: {'; '.join(idle)}")
    return Outcome("unknown", len(chosen))


def _searched(name: str, check: Callable[..., None], strategies: dict[str, Any], runs: int, seed: int) -> Outcome:
    """A search by hypothesis, which makes what it finds as small as it can."""
    count = 0

    def counted(**drawn: Any) -> None:
        nonlocal count
        count += 1
        check(**drawn)

    quiet = hypothesis.settings(
        max_examples=runs,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    try:
        hypothesis.seed(seed)(quiet(given(**strategies)(counted)))()
    except AssertionError as error:
        return Outcome(name, count, found=str(error).splitlines()[0][:400])
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return Outcome(name, count, found=f"{type(error).__name__}: {error} ({place.filename}:{place.lineno})"[:400])
    return Outcome(name, count)
