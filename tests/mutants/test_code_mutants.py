"""Mutants of policy code: made from the code, and noticed by fixtures only when they judge otherwise."""

import ast
import inspect
from pathlib import Path

from policies.registry import catalogue
from tests.mutants.code_mutants import mutated_trees, notices

CODE = """
def judge(one):
    if one.count > 3 and one.is_true:
        yield one.passes("enough")
"""


def test_comparison_word_constant_condition_and_outcome_are_changed_one_at_a_time() -> None:
    tree = ast.parse(CODE)
    made = {what: ast.unparse(changed) for _, what, changed in mutated_trees(tree)}
    assert {"Gt -> GtE", "3 -> 4", "and -> or", "is_true -> is_false", "if -> if not", "passes -> fails"} == set(made)
    assert "one.count >= 3" in made["Gt -> GtE"]
    assert ast.unparse(tree) == ast.unparse(ast.parse(CODE))


def test_fixtures_notice_a_turned_outcome_and_nothing_where_nothing_changed() -> None:
    policy = next(one for one in catalogue() if one.id == "imdsv2-required")
    path = Path(inspect.getfile(policy.judge))
    tree = ast.parse(path.read_text())
    assert not notices(policy, tree, path)
    turned = next(changed for _, what, changed in mutated_trees(tree) if what == "passes -> fails")
    assert notices(policy, turned, path)
