"""Runs our program, as it stands, on CDK Terrain: what it imports as cdktf is cdktn, with cdktn's bindings for AWS.

    build/succession/environment/bin/python -m tests.succession.successor --output DIR

takes and writes what `python -m infra.main` does. It needs nothing but what requirements-succession.txt installs.
"""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

SUCCESSORS = {"cdktf": "cdktn", "cdktf_cdktf_provider_aws": "cdktn_provider_aws"}


class Alias(MetaPathFinder, Loader):
    """Finds a package and its submodules under another name: both names are the same modules, imported once."""

    def __init__(self, successors: dict[str, str]) -> None:
        self._successors = successors
        self._own_specs: dict[str, ModuleSpec | None] = {}  # by alias: what the module knows of itself

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Claim the names that have a successor, and all below them."""
        return importlib.util.spec_from_loader(name, self) if name.partition(".")[0] in self._successors else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Import the successor's module. Raises ModuleNotFoundError, with its own name, when it has none."""
        package, dot, below = spec.name.partition(".")
        module = importlib.import_module(f"{self._successors[package]}{dot}{below}")
        self._own_specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """The module ran when its own name was imported; here it only gets back the spec that goes with that name."""
        alias = module.__spec__
        assert alias is not None, "the import system sets it"
        module.__spec__ = self._own_specs.pop(alias.name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize all stacks with the successor; return the exit code of `infra.main`."""
    sys.meta_path.insert(0, Alias(SUCCESSORS))
    from infra import lazy_bindings  # which finds no bindings under their old name

    lazy_bindings.install(SUCCESSORS[lazy_bindings.PROVIDER_PACKAGE])
    from infra import main as program

    return program.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
