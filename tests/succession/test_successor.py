"""One module under two names: imported once, and itself under both."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.succession.successor import Alias


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`old_library` is `new_library`, which has a submodule that imports from its parent."""
    package = tmp_path / "new_library"
    package.mkdir()
    (package / "__init__.py").write_text("RUNS = []\nclass Stack: ...\n")
    (package / "vpc.py").write_text("from . import RUNS, Stack\nRUNS.append(__name__)\nclass Vpc(Stack): ...\n")
    (package / "broken.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [Alias({"old_library": "new_library"}), *sys.meta_path])
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in ("old_library", "new_library")]:
        del sys.modules[name]


def test_the_old_name_gives_the_new_library() -> None:
    assert importlib.import_module("old_library") is importlib.import_module("new_library")


def test_a_submodule_runs_once_and_shares_its_classes() -> None:
    old, new = importlib.import_module("old_library.vpc"), importlib.import_module("new_library.vpc")
    assert old is new
    assert old.RUNS == ["new_library.vpc"]
    assert issubclass(old.Vpc, importlib.import_module("old_library").Stack)


def test_the_module_keeps_what_it_knows_of_itself() -> None:
    module = importlib.import_module("old_library.vpc")
    assert module.__name__ == "new_library.vpc"
    assert module.__spec__ is not None
    assert module.__spec__.name == "new_library.vpc"
    assert importlib.reload(module) is module


def test_what_the_successor_does_not_have_is_missing_by_its_own_name() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"new_library\.no_such_binding"):
        importlib.import_module("old_library.no_such_binding")


def test_an_error_inside_the_successor_is_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        importlib.import_module("old_library.broken")


def test_other_packages_are_left_alone() -> None:
    (alias, *_) = sys.meta_path
    assert isinstance(alias, Alias)
    assert alias.find_spec("old_library_of_others") is None
    assert alias.find_spec("new_library") is None
