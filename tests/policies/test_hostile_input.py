"""Mutated, truncated and generated input: never a traceback, never exit code 0 unless something passed."""

import contextlib
import copy
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies import documents, engine, specifications
from policies.__main__ import main
from policies.registry import catalogue
from tests.policies.conftest import ROOT, write

CORPUS = ROOT.parent / "shared" / "corpus"
SEEDS = [
    path.read_bytes()
    for path in sorted((ROOT / "tests" / "policies").glob("*/*/*.tf.json"))[::6] + sorted(CORPUS.glob("*/*.json"))
    if path.stat().st_size < 20_000
]
NAMES = st.sampled_from(
    [
        *("resource", "data", "module", "variable", "locals", "provider", "terraform", "aws", "alias", "default_tags"),
        *("aws_lb", "aws_launch_template", "web", "metadata_options", "http_tokens", "tags", "ingress", "//"),
        *("count", "for_each", "dynamic", "content"),
        *("planned_values", "root_module", "resources", "values", "address", "type", "format_version"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.text(max_size=8),
    st.sampled_from(
        ["required", "${var.x}", "${aws_lb.web.arn}", "${", "%{ if", "$${x}", '${jsonencode({a = "', "[0]"]
    ),
)
VALUES: Any = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(NAMES, st.text(max_size=4)), inner, max_size=4)
    ),
    max_leaves=25,
)
# What may stand where something else is expected: wrong types, wrong shapes, numbers that are none.
REPLACEMENTS = (
    *(None, True, [], {}, "", [[]], [{}], ["a", None], {"x": 1}, 3, -1, 1e308, 10**20, "1e999", "inf", "NaN", "\u0663"),
    *("${var.x}", "${aws_vpc.x.id}", "${", "[0]", "0.0.0.0/0", "99999-01-01T00:00:00Z", "rate(0 days)", "*/0 * * * *"),
)
MUTANTS, EDITS = 20, 120
SPECIFIED = specifications.read_all(catalogue())
PROFILE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def judge(folder: Path, content: bytes) -> None:
    path = folder / "x.tf.json"
    path.write_bytes(content)
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        code = main(["check", str(path), "--no-waivers", "--format", f"json={result}"])
    assert code in (0, 1, 2, 3)
    assert "internal error" not in err.getvalue(), err.getvalue()
    if code == 3:
        assert err.getvalue().count("\n") == 1, err.getvalue()
    else:
        summary = json.loads(result.read_text())["summary"]
        assert code != 0 or summary["pass"] > 0
        assert (summary["fail"] > 0) == (code == 1)


@PROFILE
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3)), max_size=4),
    end=st.floats(0, 1),
)
def test_mutated_and_truncated_documents(
    tmp_path: Path, seed: bytes, edits: list[tuple[float, bytes]], end: float
) -> None:
    content = bytearray(seed)
    for place, replacement in edits:
        at = int(place * len(content))
        content[at : at + len(replacement)] = replacement
    judge(tmp_path, bytes(content[: max(1, int(len(content) * (0.5 + end)))]))


@PROFILE
@given(document=st.dictionaries(NAMES, VALUES, max_size=5))
def test_generated_documents(tmp_path: Path, document: dict[str, Any]) -> None:
    judge(tmp_path, json.dumps(document).encode())


@PROFILE
@given(type_=NAMES, body=st.dictionaries(NAMES, VALUES, max_size=5))
def test_generated_resources(tmp_path: Path, type_: str, body: dict[str, Any]) -> None:
    judge(tmp_path, json.dumps({"resource": {"aws_launch_template": {"web": body}, type_: {"x": body}}}).encode())


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: str(len(seed)))
def test_every_seed_is_judged_as_it_is(tmp_path: Path, seed: bytes) -> None:
    judge(tmp_path, seed)


def test_exponential_locals_end(tmp_path: Path) -> None:
    """Each local doubles the one before: a reader that expands them all never ends."""
    values = {"l0": "x" * 10, **{f"l{i}": f"${{local.l{i - 1}}}${{local.l{i - 1}}}" for i in range(1, 60)}}
    body = {"metadata_options": {"http_tokens": "${local.l59}"}}
    stack = {"locals": values, "resource": {"aws_launch_template": {"web": body}}}
    write(tmp_path / "x.tf.json", stack)
    judge(tmp_path, (tmp_path / "x.tf.json").read_bytes())


@pytest.mark.parametrize("stack", sorted(SPECIFIED))
@pytest.mark.parametrize("seed", range(MUTANTS))
def test_no_policy_breaks_on_a_stack_with_values_of_other_types(
    seed: int, stack: str, stacks: Path, tmp_path: Path
) -> None:
    """Every policy judges, with everything that the stack's specification asks; "the policy failed" is a defect."""
    chance, broken = random.Random(seed), json.loads((stacks / stack / "cdk.tf.json").read_text())
    blocks = [body for kind in ("resource", "data") for many in broken[kind].values() for body in many.values()]
    for _ in range(EDITS):
        holder, key = chance.choice([place for body in blocks for place in places(body)])
        if chance.random() < 0.25:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(chance.choice(REPLACEMENTS))
    [document] = documents.read([write(tmp_path / "cdk.tf.json", broken)], stack)
    assessments = list(engine.assess(document.graph, stack, catalogue(), asked=SPECIFIED[stack].asked(stack)))
    assert [(one.policy, one.message) for one in assessments if "the policy failed" in one.message] == []
    assert assessments


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every object and array within a block, with each of its keys; what CDKTF notes under `//` is left as it is."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        if key != "//":
            yield value, key
            yield from places(value[key])
