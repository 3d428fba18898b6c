"""Where a stack keeps Terraform's state, as its configuration says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies import strict_json
from policies.documents import is_override

# What tells one state from another and is no secret; a backend's other arguments may hold credentials.
_TELLING = ("bucket", "key", "region", "path", "hostname", "organization", "workspaces")


@dataclass(frozen=True)
class StateBackend:
    """A backend's type, such as `s3` or `local`, and its arguments as they are written."""

    type: str
    arguments: Mapping[str, Any]

    @property
    def place(self) -> dict[str, Any]:
        """The type and those arguments that say where the state is, without anything that could be a secret."""
        return {"backend": self.type, **{key: self.arguments[key] for key in _TELLING if self.arguments.get(key)}}


def state_backend(files: Iterable[Path]) -> StateBackend | None:
    """The backend that the files of one module name, None when none does. Raises InputError for what is not JSON."""
    backends = [
        StateBackend(type_, arguments)
        for path in sorted(files, key=lambda file: (is_override(file), file.name))  # an override replaces the backend
        for block in _blocks(strict_json.read(path, within=path.parent)[1])
        for terraform in _blocks(block.get("terraform"))
        for backend in _backends(terraform)
        for type_, body in backend.items()
        for arguments in _blocks(body)
        if type_ != "//"
    ]
    return backends[-1] if backends else None


def _backends(terraform: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _blocks(terraform.get("backend"))
    if terraform.get("cloud"):
        yield {"cloud": terraform["cloud"]}


def _blocks(value: Any) -> list[dict[str, Any]]:
    return [block for block in (value if isinstance(value, list) else [value]) if isinstance(block, dict)]
