"""Loads only those of the AWS provider's 2,136 bindings that a stack uses, on both sides of jsii.

The provider's Python package imports all its submodules, and its JavaScript package requires all its
files: 18 seconds and a gigabyte for nothing. Here the Python package becomes a namespace whose submodules
are imported when named, and Node.js is given the `lazy-index.js` that the provider ships but does not use.
What is synthesized stays the same, byte by byte (tests/infra/test_lazy_bindings.py).

`INFRA_EAGER_BINDINGS=1` turns all of it off, should a release of jsii or of the bindings break it.
"""

import importlib
import importlib.machinery
import os
import sys
import types
from pathlib import Path

PROVIDER_PACKAGE = "cdktf_cdktf_provider_aws"
EAGER_SWITCH = "INFRA_EAGER_BINDINGS"
NODE_HOOK = Path(__file__).with_name("lazy_bindings.cjs")


def install(package: str = PROVIDER_PACKAGE) -> None:
    """Make the provider's bindings in `package` lazy, unless they are loaded already or the switch forbids it."""
    if os.environ.get(EAGER_SWITCH) == "1" or package in sys.modules:
        return
    specification = importlib.machinery.PathFinder.find_spec(package)
    if specification is None or specification.submodule_search_locations is None:
        return  # not installed: the import that needs it says so better than we could
    sys.modules[package] = _lazy_package(specification)
    _require_in_node(NODE_HOOK)


def _lazy_package(specification: importlib.machinery.ModuleSpec) -> types.ModuleType:
    package = types.ModuleType(specification.name)
    package.__spec__ = specification
    package.__file__ = specification.origin
    package.__path__ = list(specification.submodule_search_locations or ())
    package.__package__ = specification.name

    def import_submodule(name: str) -> types.ModuleType:
        try:
            return importlib.import_module(f"{specification.name}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(f"module {specification.name!r} has no attribute {name!r}") from error

    package.__getattr__ = import_submodule  # type: ignore[method-assign]
    return package


def _require_in_node(hook: Path) -> None:
    """Have the Node.js process that jsii starts run `hook` first."""
    quoted = str(hook).replace("\\", "\\\\").replace('"', '\\"')
    options = os.environ.get("NODE_OPTIONS", "")
    os.environ["NODE_OPTIONS"] = f'{options} --require "{quoted}"'.strip()
