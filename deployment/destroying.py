"""From resources to nothing: a plan that destroys, shown, confirmed, and applied."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from deployment import planning
from deployment.errors import NotDeployedError
from deployment.progress import step
from deployment.stack import Deployment, Files, copy
from policies import documents
from policies.errors import InputError
from policies.graph import EVERY_TYPE
from policies.resources import Resource, Undetermined
from policies.teardown.guards import refusing

Confirm = Callable[[str], bool]
STATE = "state.json"
SHOWN = 3


def destroy(deployment: Deployment, confirmed: Confirm) -> list[str]:
    """Plan to destroy the stack, ask `confirmed` with what goes, destroy; return the addresses that are left.

    Whether the stack passes the gate is not asked: what should not stand must be able to go. Production has to have
    been let go before, by a deployment that passed the gate. Raises NotDeployedError and TerraformError.
    """
    options = deployment.backend_options()
    deployment.check_environment()
    with tempfile.TemporaryDirectory(prefix="destroy-", dir=deployment.folder.resolve()) as folder:
        files = Files(Path(folder))
        copy(deployment.source, files.stack)
        with step("init"):
            planning.initialize(deployment, files.stack, *options, locked=False)
        terraform = deployment.terraform(files.stack)
        if deployment.in_production:
            with step("protection"):
                terraform.write(files.folder / STATE, "show", "-json")
                _check_nothing_protects(deployment, files)
        with step("plan") as current:
            terraform.run("plan-destroy", *planning.plan_options(deployment), "-destroy", f"-out={files.plan}")
            terraform.write(files.plan_json, "show", "-json", str(files.plan))
            planning.check_standing(deployment, files.plan_json)
            changes = planning.changes_in(files.plan_json)
            current.remark = planning.summary(changes)
        goes = "\n".join(
            f"    {count:4} {type_}" for type_, count in sorted(planning.types_in(files.plan_json).items())
        )
        if changes and not confirmed(goes):
            raise NotDeployedError(f"{deployment.stack}: not confirmed: nothing was destroyed")
        with step("destroy", len(changes)) as current:
            arguments = ("-no-color", "-input=false", f"-parallelism={deployment.parallelism}", str(files.plan))
            terraform.run("destroy", "apply", *arguments, on_finished=current.count)
        terraform.write(files.folder / STATE, "show", "-json")
        return list(_addresses((files.folder / STATE).read_text("utf-8")))


def _check_nothing_protects(deployment: Deployment, files: Files) -> None:
    """Refuse what Terraform or AWS would refuse, before half of it is gone. Raises NotDeployedError.

    Terraform goes by the configuration, AWS by what was deployed.
    """
    state = files.folder / STATE
    try:
        protected = [*_prevented(_resources(deployment, files.stack))]
        if next(_addresses(state.read_text("utf-8")), None):
            protected += _refused(_resources(deployment, state))
    except InputError as error:
        raise NotDeployedError(str(error)) from error
    if protected:
        more = f" and {len(protected) - SHOWN} more" if len(protected) > SHOWN else ""
        raise NotDeployedError(
            f"{deployment.stack}: {deployment.environment} is protected by {', '.join(protected[:SHOWN])}{more}: "
            "deploy it without that first (docs/runbook-teardown.md)"
        )


def _resources(deployment: Deployment, path: Path) -> tuple[Resource, ...]:
    (document,) = documents.read([path], deployment.stack)
    return document.graph.of_type(EVERY_TYPE)


def _prevented(resources: Iterable[Resource]) -> Iterator[str]:
    for resource in resources:
        prevents = resource.attribute("lifecycle.prevent_destroy")
        if prevents.is_unresolved or prevents.is_true:
            yield f"{resource.address} (lifecycle.prevent_destroy)"


def _refused(resources: Iterable[Resource]) -> Iterator[str]:
    for resource in resources:
        try:
            yield from (f"{resource.address} ({attribute.path})" for attribute in refusing(resource))
        except Undetermined as unknown:
            yield f"{resource.address} ({unknown.finding.attribute})"


def _addresses(state: str) -> Iterator[str]:
    """Of every resource in what `terraform show -json` prints of a state."""
    modules = [json.loads(state).get("values", {}).get("root_module", {})]
    while modules:
        module = modules.pop()
        yield from (str(resource["address"]) for resource in module.get("resources", ()))
        modules += module.get("child_modules", ())
