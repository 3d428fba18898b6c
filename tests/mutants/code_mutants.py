"""Mutants of a policy's own code, each judged by the policy's fixtures: what no fixture notices, no fixture shows.

On request only (`python -m tests.mutants --code POLICY`): survivors are read by whoever works on the policy, and some
of them say the same in other words. Changes comparisons, boolean words, constants and the outcomes that are yielded.
"""

import ast
import copy
import inspect
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from policies import documents, engine, specifications
from policies.errors import InputError
from policies.model import Asked, Policy
from policies.registry import catalogue

_FIXTURES = Path(__file__).parents[1] / "policies"
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_OUTCOMES = {"passes": "fails", "fails": "passes", "undetermined": "passes", "not_applicable": "passes"}
_WORDS = {"any": "all", "all": "any", "is_true": "is_false", "is_false": "is_true"}


def main(policy_id: str) -> int:
    """Prints each mutant that the fixtures do not notice, and the score. 1 when there is one."""
    policy = next((one for one in catalogue() if one.id == policy_id), None)
    if policy is None:
        raise InputError(f"{policy_id}: no such policy")
    path = Path(inspect.getfile(policy.judge))
    tree = ast.parse(path.read_text())
    survivors, total = [], 0
    for line, what, mutated in mutated_trees(tree):
        total += 1
        if not notices(policy, mutated, path):
            survivors.append(f"{path.name}:{line}: {what}")
    print("\n".join([*survivors, f"{total - len(survivors)} of {total} mutants of {policy_id} killed by its fixtures"]))
    return 1 if survivors else 0


def mutated_trees(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Every mutant of the functions of a module: the line, what is changed, and the changed module."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for node in (inner for function in functions for part in function.body for inner in ast.walk(part)):
        for what, field, value in _changes(node):
            before = getattr(node, field)
            setattr(node, field, value)
            yield getattr(node, "lineno", 0), what, copy.deepcopy(tree)
            setattr(node, field, before)


def _changes(node: ast.AST) -> Iterator[tuple[str, str, Any]]:
    match node:
        case ast.Compare(ops=[op, *rest]) if type(op) in _COMPARISONS:
            yield f"{type(op).__name__} -> {_COMPARISONS[type(op)].__name__}", "ops", [_COMPARISONS[type(op)](), *rest]
        case ast.BoolOp(op=ast.And()):
            yield "and -> or", "op", ast.Or()
        case ast.BoolOp(op=ast.Or()):
            yield "or -> and", "op", ast.And()
        case ast.Attribute(attr=name) if name in (_OUTCOMES | _WORDS):
            yield f"{name} -> {(_OUTCOMES | _WORDS)[name]}", "attr", (_OUTCOMES | _WORDS)[name]
        case ast.Name(id=name) if name in _WORDS:
            yield f"{name} -> {_WORDS[name]}", "id", _WORDS[name]
        case ast.Constant(value=bool(known)):
            yield f"{known} -> {not known}", "value", not known
        case ast.Constant(value=int(known)):
            yield f"{known} -> {known + 1}", "value", known + 1
        case ast.If(test=test) | ast.IfExp(test=test):
            yield "if -> if not", "test", ast.copy_location(ast.UnaryOp(ast.Not(), test), test)


def notices(policy: Policy, tree: ast.Module, path: Path) -> bool:
    """Whether the changed module judges a fixture of the policy otherwise; one that cannot be loaded is noticed."""
    found: list[Any] = []
    namespace: dict[str, Any] = {"__name__": policy.judge.__module__, "__file__": str(path)}
    try:
        exec(compile(ast.fix_missing_locations(_undecorated(tree)), str(path), "exec"), namespace)
        changed = replace(policy, judge=namespace[policy.judge.__name__])
        found = [_differs(changed, fixture) for fixture in sorted(_FIXTURES.glob(f"*/{path.stem}/*.tf.json"))]
    except Exception:  # whatever a broken module does, it is not what the fixture expects
        return True
    return any(found)


def _undecorated(tree: ast.Module) -> ast.Module:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = [
                one for one in node.decorator_list if getattr(getattr(one, "func", one), "id", "") != "policy"
            ]
    return tree


def _differs(policy: Policy, fixture: Path) -> bool:
    [document] = documents.read([fixture])
    about = json.loads(fixture.read_text())["//"]
    asked = {policy.id: Asked(specifications.parameters(policy, about["asked"]))} if "asked" in about else {}
    judged = engine.assess(document.graph, document.stack, [policy], asked=asked)
    return bool({one.address: [one.outcome, one.attribute] for one in judged} != about["expected"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
