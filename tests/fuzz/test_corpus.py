"""What the fuzzer found stays found: every kept case, replayed; and the fuzzer finds what is put there to be found."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies.errors import InputError
from tests.fuzz import engines, shapes, verdicts
from tests.fuzz.__main__ import RUNS, main
from tests.fuzz.limits import limits
from tests.fuzz.readers import READERS, Reader
from tests.fuzz.verdicts import OPEN, Case

CORPUS = Path(__file__).parent / "corpus"
INPUTS = sorted(CORPUS.glob("*/*.input"))
VERDICTS = sorted((CORPUS / "verdicts").glob("*.json"))


@pytest.mark.parametrize("case", INPUTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_reader_stands_what_once_broke_it(case: Path) -> None:
    READERS[case.parent.name](case.read_bytes())
    assert len(case.with_suffix(".md").read_text().split()) > 10


@pytest.mark.parametrize("path", VERDICTS, ids=lambda path: path.stem)
def test_what_once_passed_wrongly_does_not(path: Path) -> None:
    kept = json.loads(path.read_text())
    case = Case(path.stem, kept["policy"], kept["asked"], {}, kept["expected"])
    found = case.judged(kept["files"])
    for address, expected in case.expected.items():
        assert found.get(address) in (OPEN if expected in OPEN else (expected,)), kept["found"]


def test_every_case_is_of_a_target() -> None:
    folders = {path.name for path in CORPUS.iterdir() if path.is_dir()}
    assert folders <= {*READERS, "verdicts"}
    assert INPUTS
    assert VERDICTS


@pytest.mark.parametrize("name", READERS)
def test_seeds_of_a_reader_are_what_it_reads(name: str) -> None:
    """Mutation of what is refused anyway reaches nothing; a seed may be refused for what it says, not all of them."""
    reader, refused = READERS[name], []
    seeds = reader.seeds()
    for seed in seeds[:20]:
        try:
            reader.read(seed)
        except InputError as error:
            refused.append(str(error))
    assert len(refused) < len(seeds[:20]), refused[0]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", [*shapes.EXACT, *shapes.HIDING])
def test_shape_changes_something_and_is_the_same_for_the_same_seed(name: str, seed: int) -> None:
    chosen = verdicts.cases()[:: max(1, len(verdicts.cases()) // 150)]
    made = [shapes.changed(case.content, [name], seed).content for case in chosen]
    assert made == [shapes.changed(case.content, [name], seed).content for case in chosen]
    assert any(json.dumps(content) != json.dumps(case.content) for content, case in zip(made, chosen, strict=True))


def test_shape_leaves_the_fixture_as_it_was() -> None:
    [case] = [one for one in verdicts.cases() if one.name == "imdsv2_required/fail-optional"] or verdicts.cases()[:1]
    before = json.dumps(case.content)
    for name in (*shapes.EXACT, *shapes.HIDING):
        shapes.changed(case.content, [name], 1)
    assert json.dumps(case.content) == before


def planted(outcome: str) -> Case:
    """A case that expects of a good bucket something that no policy says."""
    block = {"bucket": "${aws_s3_bucket.b.id}", **dict.fromkeys(("block_public_acls", "block_public_policy"), True)}
    block |= dict.fromkeys(("ignore_public_acls", "restrict_public_buckets"), True)
    content = {"resource": {"aws_s3_bucket": {"b": {"bucket": "x"}}, "aws_s3_bucket_public_access_block": {"p": block}}}
    return Case("planted/case", "bucket-public-access-blocked", None, content, {"aws_s3_bucket.b": outcome})


@pytest.mark.parametrize("names", [["comments"], ["other_names", "counted"], ["dynamic_blocks", "through_locals"]])
def test_wrong_pass_is_noticed_whatever_the_shape(names: list[str]) -> None:
    assert verdicts.wrong(planted("pass"), names, 3) == []
    [found] = verdicts.wrong(planted("fail"), names, 3)
    assert found.startswith("WRONG PASS: aws_s3_bucket.b: fail became pass")


def test_wrong_pass_of_a_hidden_value_is_noticed() -> None:
    found = [verdicts.hidden(planted("undetermined"), 0, kind, set()) for kind in verdicts.UNKNOWN]
    assert any(one and "undetermined became pass" in one for one in found)


def test_found_case_is_kept_in_a_form_that_is_replayed(tmp_path: Path) -> None:
    case = planted("fail")
    verdicts.keep(tmp_path, case, {"main.tf.json": json.dumps(case.content)}, lambda address: address, "a trial")
    kept = json.loads((tmp_path / "planted-case.json").read_text())
    again = Case("again", kept["policy"], kept["asked"], {}, kept["expected"])
    assert again.judged(kept["files"]) == {"aws_s3_bucket.b": "pass"}


@pytest.mark.parametrize("engine", [engines.mutated, pytest.param(engines.guided, id="atheris")])
def test_crash_of_a_reader_is_found(engine: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    if engine is engines.guided:
        pytest.importorskip("atheris", reason="atheris has no wheel here")
        monkeypatch.chdir(Path(__file__).parents[2])
        assert engine("sources", 200, 1).found == ""
        return

    def brittle(content: bytes) -> None:
        assert content.startswith(b"{"), "a crash"

    monkeypatch.setitem(READERS, "brittle", Reader(brittle, lambda: [b"{}"]))
    assert "a crash" in engine("brittle", 500, 1).found
    assert not (tmp_path / "build" / "fuzz" / "brittle" / "found").read_bytes().startswith(b"{")


def test_small_budget_finds_nothing_and_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--runs", "60", "shapes", "unknown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["shapes", "60"], ["unknown", "60"]]


def test_target_that_is_none_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 3
    assert capsys.readouterr().err.startswith("fuzz: nothing: no such target")


def test_budget_covers_every_reader() -> None:
    assert set(READERS) | {"shapes", "unknown"} == set(RUNS)


def test_limits_are_of_policies_that_there_are_and_have_reasons() -> None:
    assert {one.policy for one in limits()} <= set(verdicts.policies())
    assert {kind for one in limits() for kind in one.kinds} <= set(verdicts.UNKNOWN)
    assert all(len(one.reason) > 60 and one.attributes for one in limits())
