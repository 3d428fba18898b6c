"""One stack on its way: which it is, where its files are, and how Terraform is run on them."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deployment.errors import NotDeployedError
from deployment.terraform import Terraform
from policies import attestation, disk, documents
from policies.attestation import TERRAFORMS_OWN
from policies.errors import InputError
from policies.state_backend import StateBackend, state_backend
from policies.tagging import environments

FOLDER = Path("build") / "deployment"


@dataclass(frozen=True)
class Files:
    """What a plan leaves and an apply takes, below one folder."""

    folder: Path

    @property
    def stack(self) -> Path:
        """The stack as it was synthesized: a copy, so that what is judged is what is planned."""
        return self.folder / "stack"

    @property
    def plan(self) -> Path:
        """The plan that Terraform applies."""
        return self.folder / "plan.bin"

    @property
    def plan_json(self) -> Path:
        """The same plan as the gate reads it. It holds sensitive values in plain text."""
        return self.folder / "plan.json"

    @property
    def attestation(self) -> Path:
        """The gate's verdict on all of these."""
        return self.folder / "attestation.json"


@dataclass(frozen=True)
class Deployment:
    """A stack, its synthesized folder `source`, and the folder that its deployment works in.

    `environment` is what the stack is for (development, staging, production). Terraform sees `installing` of its
    surroundings while it installs providers, `running` while it calls AWS; `parallelism` and `patient` are Terraform's.
    """

    stack: str
    source: Path
    folder: Path
    environment: str
    installing: Mapping[str, str]
    running: Mapping[str, str]
    parallelism: int = 10
    patient: bool = True

    @property
    def in_production(self) -> bool:
        """Whether the environment is production, or one of which nobody knows that it is not."""
        return environments.may_be_production(self.environment)

    @property
    def files(self) -> Files:
        """What the plan leaves."""
        return Files(self.folder.resolve())

    def terraform(self, folder: Path, *, installing: bool = False) -> Terraform:
        """Terraform at work in `folder`."""
        environment = self.installing if installing else self.running
        work = self.folder.resolve()
        return Terraform(folder, work / "data", work, environment, self.patient)

    def backend(self, folder: Path) -> StateBackend:
        """Where the stack in `folder` keeps its state. Raises NotDeployedError when it does not say, or may not."""
        try:
            backend = state_backend(path for path in folder.iterdir() if documents.is_configuration(path))
        except (InputError, OSError) as error:
            raise NotDeployedError(str(error)) from error
        if backend is None:
            raise NotDeployedError(f"{self.stack}: it names no backend, so that nothing says where its state is kept")
        if self.in_production and backend.type == "local":
            raise NotDeployedError(
                f"{self.stack}: the state of {self.environment} does not belong in a local file, where one person has "
                "it and nobody locks it: set TF_STATE_BUCKET (infra/settings.py lists what goes with it)"
            )
        return backend

    def backend_options(self) -> list[str]:
        """For `terraform init` in a copy of the stack: a local state stays where it is, beside the original.

        Raises NotDeployedError as `backend` does.
        """
        backend = self.backend(self.source)
        if backend.type != "local":
            return []
        places = {"path": "terraform.tfstate", "workspace_dir": "terraform.tfstate.d"}
        named = {name: str(backend.arguments.get(name) or default) for name, default in places.items()}
        return [f"-backend-config={name}={(self.source / place).resolve()}" for name, place in named.items()]

    def check_environment(self) -> None:
        """Refuse a stack that says it was synthesized for another environment. Raises NotDeployedError."""
        try:
            (document,) = documents.read([self.source], self.stack)
        except InputError as error:
            raise NotDeployedError(str(error)) from error
        for provider in document.graph.providers:
            tags = provider.default_tags
            said = tags.get("Environment") if isinstance(tags, Mapping) else None
            if isinstance(said, str) and said != self.environment:
                raise NotDeployedError(
                    f"{self.stack}: it was synthesized for {said!r}, and ENVIRONMENT says {self.environment!r}"
                )

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """For the time of the block nobody else deploys this stack from here, nor may read what is written.

        Plans and states hold secrets in plain text. Raises NotDeployedError.
        """
        before = os.umask(0o077)
        try:
            with self._locked():
                yield
        finally:
            os.umask(before)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            disk.refuse_place(self.folder, folder=True)
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)  # it may be of an earlier day
            disk.refuse_place(self.folder / "lock")
            lock = (self.folder / "lock").open("w")
        except InputError as error:
            raise NotDeployedError(str(error)) from error
        except OSError as error:
            raise NotDeployedError(f"{error.filename}: cannot be written ({error.strerror})") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise NotDeployedError(f"{self.stack}: another deployment of it is under way here") from None
            yield


def copy(source: Path, target: Path) -> None:
    """Copy a stack's folder, without what Terraform keeps in it. Raises NotDeployedError.

    So it does for a link that leads out of the folder, whose content would be in the copy.
    """
    try:
        attestation.module_files(source)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*TERRAFORMS_OWN))
    except InputError as error:
        raise NotDeployedError(str(error)) from error
    except (OSError, shutil.Error) as error:
        raise NotDeployedError(f"{source}: cannot be copied to {target} ({error})") from error
