"""From resources to nothing: a plan that destroys, shown, confirmed, and applied."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from deployment import planning
from deployment.errors import NotDeployedError
from deployment.progress import step
from deployment.stack import PRODUCTION, Deployment, Files, copy

Confirm = Callable[[str], bool]


def destroy(deployment: Deployment, confirmed: Confirm) -> list[str]:
    """Plan to destroy the stack, ask `confirmed` with what goes, destroy; return the addresses that are left.

    Whether the stack passes the gate is not asked: what should not stand must be able to go. Raises NotDeployedError,
    for production too, and TerraformError.
    """
    if deployment.environment == PRODUCTION:
        raise NotDeployedError(
            f"{deployment.stack}: ENVIRONMENT is production, which this command does not destroy: first deploy it "
            "without its deletion protection, then destroy with Terraform itself"
        )
    options = deployment.backend_options()
    deployment.check_environment()
    with tempfile.TemporaryDirectory(prefix="destroy-", dir=deployment.folder.resolve()) as folder:
        files = Files(Path(folder))
        copy(deployment.source, files.stack)
        with step("init"):
            planning.initialize(deployment, files.stack, *options, locked=False)
        terraform = deployment.terraform(files.stack)
        with step("plan") as current:
            terraform.run("plan-destroy", *planning.plan_options(deployment), "-destroy", f"-out={files.plan}")
            terraform.write(files.plan_json, "show", "-json", str(files.plan))
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
        terraform.write(Path(folder) / "state.json", "show", "-json")
        return list(_addresses((Path(folder) / "state.json").read_text("utf-8")))


def _addresses(state: str) -> Iterator[str]:
    """Of every resource in what `terraform show -json` prints of a state."""
    modules = [json.loads(state).get("values", {}).get("root_module", {})]
    while modules:
        module = modules.pop()
        yield from (str(resource["address"]) for resource in module.get("resources", ()))
        modules += module.get("child_modules", ())
