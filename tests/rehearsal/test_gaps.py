"""How a second plan is judged."""

from typing import Any

from rehearsal import gaps
from rehearsal.gaps import Gap

GAP = Gap("aws_thing", "settings.size", "the emulator does not keep it")
OTHER = Gap("aws_other", "colour", "the emulator answers grey")


def plan(
    *actions: str, before: Any = None, after: Any = None, unknown: Any = None, type_: str = "aws_thing"
) -> dict[str, Any]:
    change = {"actions": list(actions), "before": before, "after": after, "after_unknown": unknown or {}}
    return {"resource_changes": [{"address": f"{type_}.one", "type": type_, "change": change}]}


def test_a_plan_without_changes_is_in_order() -> None:
    assert gaps.judge(plan("no-op", before={"a": 1}, after={"a": 1}), [GAP]) == ([], set())
    assert gaps.judge({}, [GAP]) == ([], set())


def test_a_creation_fails() -> None:
    failures, met = gaps.judge(plan("create", before=None, after={"settings": [{"size": 1}]}), [GAP])
    assert failures == ["aws_thing.one: the second plan wants to create it"]
    assert met == set()


def test_a_replacement_fails_even_where_a_gap_is_listed() -> None:
    replaced = plan("delete", "create", before={"settings": [{"size": 0}]}, after={"settings": [{"size": 1}]})
    assert gaps.judge(replaced, [GAP])[0] == ["aws_thing.one: the second plan wants to delete and create it"]


def test_a_deletion_fails() -> None:
    assert gaps.judge(plan("delete", before={"a": 1}), [GAP])[0] == [
        "aws_thing.one: the second plan wants to delete it"
    ]


def test_a_change_at_a_listed_attribute_is_explained() -> None:
    changed = plan("update", before={"settings": [{"size": 0}]}, after={"settings": [{"size": 1}]})
    assert gaps.judge(changed, [GAP, OTHER]) == ([], {GAP})


def test_a_change_beside_a_listed_attribute_fails() -> None:
    before, after = {"settings": [{"size": 0, "open": False}]}, {"settings": [{"size": 1, "open": True}]}
    failures, met = gaps.judge(plan("update", before=before, after=after), [GAP])
    assert failures == ["aws_thing.one: the second plan wants to change settings.open"]
    assert met == {GAP}


def test_a_change_at_the_same_attribute_of_another_type_fails() -> None:
    changed = plan("update", before={"colour": "grey"}, after={"colour": "red"})
    assert gaps.judge(changed, [OTHER])[0] == ["aws_thing.one: the second plan wants to change colour"]


def test_a_block_that_appears_or_goes_is_a_change_of_the_whole() -> None:
    changed = plan("update", before={"settings": []}, after={"settings": [{"size": 1}]})
    assert gaps.judge(changed, [GAP])[0] == ["aws_thing.one: the second plan wants to change settings"]


def test_a_value_that_is_not_known_yet_is_a_change() -> None:
    changed = plan("update", before={"version": "1"}, after={}, unknown={"version": True})
    assert gaps.judge(changed, [GAP])[0] == ["aws_thing.one: the second plan wants to change version"]


def test_a_gap_that_no_second_plan_ran_into_is_stale() -> None:
    assert gaps.stale({"aws_thing"}, {GAP}, [GAP]) == []
    assert gaps.stale({"aws_thing"}, set(), [GAP, OTHER]) == [
        "stale gap: aws_thing settings.size: moto gives it back by now, or nothing sets it",
        "stale gap: aws_other colour: no stack has this type",
    ]


def test_no_gap_is_listed_twice() -> None:
    listed = [(gap.type, gap.attribute) for gap in gaps.GAPS]
    assert len(listed) == len(set(listed))
