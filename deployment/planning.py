"""From a synthesized stack to a plan that the gate has judged and attested. Changes nothing."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deployment import gate
from deployment.errors import NotDeployedError
from deployment.progress import step
from deployment.stack import Deployment, copy

_VERBS = {
    "create": "to add",
    "update": "to change",
    "delete": "to destroy",
    "replace": "to replace",
    "forget": "to forget",
}
_NAMED = ("delete", "replace", "forget")
_OVERRIDDEN = "Provider development overrides are in effect"


def plan(deployment: Deployment) -> None:
    """Judge the stack, plan, judge the plan together with the stack, and leave all with an attestation.

    Raises GateError when a verdict is no pass, TerraformError when there is no plan, and NotDeployedError.
    """
    files = deployment.files
    options = deployment.backend_options()
    deployment.check_environment()
    _prepare(deployment)
    with step("judge stack") as current:
        current.remark = gate.judge(deployment, "stack", files.stack)
    with step("init"):
        initialize(deployment, files.stack, *options)
    with step("plan") as current:
        terraform = deployment.terraform(files.stack)
        terraform.run("plan", *plan_options(deployment), f"-out={files.plan}")
        terraform.write(files.plan_json, "show", "-json", str(files.plan))
        changes = changes_in(files.plan_json)
        current.remark = summary(changes)
    with step("judge plan") as current:
        # Together: what only apply will make known is settled by the configuration that the plan was made from.
        current.remark = gate.judge(
            deployment,
            "plan",
            files.plan_json,
            f"--configuration={files.stack}",
            f"--subject={files.plan}",
            f"--attestation={files.attestation}",
        )
    for line in named(changes):
        print(f"    {line}", flush=True)


def initialize(deployment: Deployment, folder: Path, *options: str, locked: bool = True) -> None:
    """`terraform init`, by the lock of the providers that the gate left there, if `locked`.

    Raises TerraformError, and NotDeployedError where Terraform's settings set the lock aside.
    """
    lock = ("-lockfile=readonly",) if locked else ()
    arguments = ("-no-color", "-input=false", *lock, "-reconfigure", *options)
    run = deployment.terraform(folder, installing=True).run("init", "init", *arguments)
    if _OVERRIDDEN in run.log.read_text("utf-8", "replace"):
        raise NotDeployedError(
            f"{deployment.stack}: with dev_overrides in its settings, Terraform takes a provider that no lock speaks of"
        )


def plan_options(deployment: Deployment) -> tuple[str, ...]:
    """The arguments that every `terraform plan` gets."""
    return ("plan", "-no-color", "-input=false", f"-parallelism={deployment.parallelism}")


def changes_in(plan_json: Path) -> list[tuple[str, str]]:
    """What a plan is going to do: action (a key of _VERBS) and resource address."""
    return [(action, str(change["address"])) for action, change in _changes(plan_json)]


def types_in(plan_json: Path) -> Counter[str]:
    """How many resources of which type a plan changes."""
    return Counter(str(change["type"]) for _, change in _changes(plan_json))


def summary(changes: list[tuple[str, str]]) -> str:
    """For people: how many resources are going to meet which fate."""
    counts = Counter(action for action, _ in changes)
    return ", ".join(f"{counts[action]} {verb}" for action, verb in _VERBS.items() if counts[action]) or "no changes"


def named(changes: list[tuple[str, str]]) -> list[str]:
    """For people: each resource that goes, or that stays where nobody judges it any more."""
    return [f"{_VERBS[action]}: {address}" for action, address in sorted(changes) if action in _NAMED]


def _changes(plan_json: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        plan = json.loads(plan_json.read_bytes())
    except (OSError, ValueError) as error:
        raise NotDeployedError(f"{plan_json}: cannot be read ({error})") from error
    for change in plan.get("resource_changes", ()):
        actions = change["change"]["actions"]
        if actions not in (["no-op"], ["read"]):
            yield ("replace" if len(actions) > 1 else str(actions[0])), change


def _prepare(deployment: Deployment) -> None:
    """A fresh folder: nothing of an earlier plan, its attestation least of all, except installed providers."""
    for path in deployment.folder.iterdir():
        if path.name not in ("data", "lock"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    copy(deployment.source, deployment.files.stack)
