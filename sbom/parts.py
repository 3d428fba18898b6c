"""What there is: packages that the lock pins, zips that are shipped, providers that the stacks ask for."""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sbom.licences import NOT_SAID, licence_of

Use = Literal["run", "test", "node"]
_CATEGORIES: Mapping[Use, str] = {"run": "default", "test": "develop", "node": "node"}
_DIST_INFO = re.compile(r"^([^/]+)-([^/-]+)\.dist-info/METADATA$")


class SbomError(Exception):
    """What the list is made from cannot be read; the message is one line for the user."""


@dataclass(frozen=True)
class Package:
    """One package of the lock.

    `use` is what for: `run` (the gate, and what is shipped), `test`, or `node` (only where no Node.js is found).
    `digests` are SHA-256, one for each distribution that the lock admits; `needs` the names of packages of the lock.
    """

    name: str
    version: str
    use: Use
    digests: tuple[str, ...]
    licence: str
    needs: tuple[str, ...]

    @property
    def purl(self) -> str:
        """The package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


@dataclass(frozen=True)
class Zip:
    """One zip that runs in AWS: its digest, and name and version of each package in it."""

    name: str
    digest: str
    packages: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Provider:
    """A Terraform provider, as the stacks pin it: `hashicorp/aws`, 5.100.0."""

    source: str
    version: str


def packages(lock: Path) -> list[Package]:
    """Every package of the lock, once: what the run needs is not listed again for the tests. Raises SbomError."""
    locked = _locked(lock)
    installed: dict[str, Distribution] = {canonicalize_name(one.metadata["Name"]): one for one in distributions()}
    uses: dict[str, tuple[Use, Mapping[str, Any]]] = {}
    for use, category in _CATEGORIES.items():
        for name, entry in locked.get(category, {}).items():
            uses.setdefault(canonicalize_name(name), (use, entry))
    found = []
    for name, (use, entry) in sorted(uses.items()):
        package = installed.get(canonicalize_name(name))
        version = str(entry.get("version", "")).removeprefix("==")
        if package is not None and package.version != version:
            raise SbomError(f"{name} {package.version} is installed, {lock.name} has {version}: run make .venv/run")
        digests = tuple(sorted(str(one).removeprefix("sha256:") for one in entry.get("hashes", ())))
        licence = licence_of(package) if package else NOT_SAID
        needs = tuple(sorted(_needed(package, installed) & set(uses))) if package else ()
        found.append(Package(name, version, use, digests, licence, needs))
    return found


def _locked(lock: Path) -> dict[str, dict[str, Mapping[str, Any]]]:
    try:
        content = json.loads(lock.read_bytes())
        return {category: content[category] for category in _CATEGORIES.values() if category in content}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SbomError(f"{lock}: not a lock of pipenv ({error})") from None


def _needed(package: Distribution, installed: Mapping[str, Distribution]) -> set[str]:
    """What the package asks for here; an extra that it asks for counts as its own requirement."""
    found: set[str] = set()
    waiting = [(package, frozenset({""}))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        one, extras = waiting.pop()
        if (one.metadata["Name"], extras) in seen:
            continue
        seen.add((one.metadata["Name"], extras))
        for line in one.requires or ():
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is not None and not any(marker.evaluate({"extra": extra}) for extra in extras):
                continue
            name = canonicalize_name(requirement.name)
            found.add(name)
            if requirement.extras and name in installed:
                waiting.append((installed[name], frozenset(requirement.extras)))
    return found - {canonicalize_name(package.metadata["Name"])}


def zips(folder: Path) -> list[Zip]:
    """Every zip in the folder; what is in it is told by the metadata that is packed along. Raises SbomError."""
    found = []
    for path in sorted(folder.glob("*.zip")):
        try:
            with zipfile.ZipFile(path) as archive:
                inside = [match for name in archive.namelist() if (match := _DIST_INFO.match(name))]
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except (OSError, zipfile.BadZipFile) as error:
            raise SbomError(f"{path}: not a zip ({error})") from None
        found.append(Zip(path.stem, digest, tuple(sorted((canonicalize_name(m[1]), m[2]) for m in inside))))
    if not found:
        raise SbomError(f"{folder}: no zip in it: run make lambda first")
    return found


def providers(out: Path) -> list[Provider]:
    """What the synthesized stacks require. Raises SbomError."""
    found = {provider for path in sorted(out.glob("stacks/*/cdk.tf.json")) for provider in _required(path)}
    if not found:
        raise SbomError(f"{out}: no synthesized stack that names a provider: run make synth first")
    return sorted(found, key=lambda one: (one.source, one.version))


def _required(path: Path) -> Iterator[Provider]:
    try:
        required = json.loads(path.read_bytes())["terraform"]["required_providers"]
        for one in required.values():
            source = str(one["source"])  # without a namespace Terraform takes its maker's own
            yield Provider(source if "/" in source else f"hashicorp/{source}", str(one["version"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SbomError(f"{path}: requires no providers ({type(error).__name__}: {error})") from None
