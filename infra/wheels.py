"""What the zips take from wheels: the files of distributions as they are installed here, which is as they are locked.

Every wheel that goes into a zip is pure Python, so that the files are the same for every machine and every Lambda
architecture. A distribution of another version than Pipfile.lock pins, and a file that was changed since it was
installed, are refused.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from pathlib import Path

from infra.errors import InputError

LOCK = Path(__file__).parents[1] / "Pipfile.lock"

_CODE_AND_DATA = (".py", ".json", ".gz", ".pem")


@dataclass(frozen=True)
class Wheel:
    """A distribution, and which of its files are packed: all but those below `without`, unless they are below `with_`.

    Both are beginnings of paths in the wheel.
    """

    name: str
    without: tuple[str, ...] = ()
    with_: tuple[str, ...] = ()

    def contents(self) -> dict[str, bytes]:
        """Path in the wheel to bytes: code, data, licences and metadata.

        The metadata is how vulnerability scanners recognise it inside the zip. Raises InputError when what is
        installed is not what is locked.
        """
        package = _installed_as_locked(self.name)
        return {file.as_posix(): _unchanged(file) for file in self._wanted(package)}

    def _wanted(self, package: Distribution) -> Iterator[PackagePath]:
        for file in package.files or ():
            path = file.as_posix()
            if ".dist-info/" in path:
                wanted = file.name == "METADATA" or file.name.startswith(("LICEN", "NOTICE")) or "/licenses/" in path
            else:
                wanted = file.suffix in _CODE_AND_DATA and (
                    not path.startswith(self.without) or path.startswith(self.with_)
                )
            if wanted and not path.startswith(".."):
                yield file


def _installed_as_locked(name: str) -> Distribution:
    locked = _locked_versions().get(name)
    try:
        package = distribution(name)
    except PackageNotFoundError:
        raise InputError(f"{name} is not installed: run `make .venv/run`") from None
    if f"=={package.version}" != locked:
        raise InputError(f"{name} {package.version} is installed, {LOCK.name} has {locked}: run `make .venv/run`")
    return package


@cache
def _locked_versions() -> dict[str, str]:
    packages = json.loads(LOCK.read_bytes())["default"]
    return {name: str(entry.get("version")) for name, entry in packages.items()}


def _unchanged(file: PackagePath) -> bytes:
    """The bytes of `file`, which have the digest that its wheel recorded."""
    content = Path(str(file.locate())).read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    if file.hash is None or (file.hash.mode, file.hash.value) != ("sha256", digest):
        raise InputError(f"{file} is not as its wheel has it: remove .venv, and let make set it up again")
    return content
