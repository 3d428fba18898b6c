"""The catalogue of policies: every file in the policy folders registers itself, and ids are unique."""

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator

import policies
from policies.model import Finding, Policy, Severity

Judge = Callable[..., Iterator[Finding]]

_registered: dict[str, Policy] = {}
# Imported one by one, when asked for.
_WITHOUT_POLICIES = frozenset({"policies.commands", "policies.fleet", "policies.formats"})


def policy(
    *, id: str, title: str, remediation: str, severity: Severity, applies_to: tuple[str, ...]
) -> Callable[[Judge], Judge]:
    """Registers the decorated function as a policy; its docstring is the rationale.

    The id is a claim in kebab-case; the file has the same name in snake_case, so that an id leads to its file. The
    judge takes a resource and the graph, and its parameters as keyword-only arguments; see Policy.
    """

    def register(judge: Judge) -> Judge:
        file = judge.__module__.rpartition(".")[2]
        if file != id.replace("-", "_"):
            raise ValueError(f"policy {id} stands in {file}.py, expected {id.replace('-', '_')}.py")
        if id in _registered:
            raise ValueError(f"policy {id} is registered twice")
        if not judge.__doc__ or not remediation.endswith("."):
            raise ValueError(f"policy {id} needs a rationale (docstring) and a remediation that ends with a period")
        _registered[id] = Policy(id, title, remediation, severity, applies_to, judge)
        return judge

    return register


@functools.cache
def catalogue() -> tuple[Policy, ...]:
    """Every policy of the package, sorted by id."""
    for folder in pkgutil.iter_modules(policies.__path__, "policies."):
        if folder.ispkg and folder.name not in _WITHOUT_POLICIES:
            package = importlib.import_module(folder.name)
            for module in pkgutil.iter_modules(package.__path__, f"{folder.name}."):
                importlib.import_module(module.name)
    return tuple(_registered[id_] for id_ in sorted(_registered))
