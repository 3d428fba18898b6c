"""From a synthesized stack to a plan that the gate has judged and attested. Changes nothing."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deployment import gate
from deployment.errors import NotDeployedError
from deployment.progress import step
from deployment.stack import Deployment, copy
from policies import strict_json
from policies.errors import InputError
from policies.masking import masked_name
from policies.tagging.environments import may_be_production
from policies.visible import visible

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
        check_standing(deployment, files.plan_json)
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


def check_standing(deployment: Deployment, plan_json: Path) -> None:
    """Refuse a plan about what stands in another environment: one suffix must not do for two. Raises NotDeployedError.

    Else a plan for development, which lets everything go, would find the state of production.
    """
    standing = {name: address for address, name in _environments_in(plan_json)}
    strangers = [name for name in standing if name != deployment.environment]
    if strangers and (len(strangers) == len(standing) or any(map(may_be_production, strangers))):
        name = min(strangers)
        raise NotDeployedError(
            f"{deployment.stack}: {standing[name]} stands in {name!r}, and ENVIRONMENT says "
            f"{deployment.environment!r}: ENVIRONMENT_SUFFIX, or the state, is that of another environment"
        )


def _environments_in(plan_json: Path) -> Iterator[tuple[str, str]]:
    """Address and environment of everything that stands and has the tag, by what the state says of it."""
    for change in _read(plan_json).get("resource_changes", ()):
        before = change["change"].get("before") or {}
        tags = before.get("tags_all") or before.get("tags")
        named = tags.get("Environment") if isinstance(tags, Mapping) else None
        if isinstance(named, str) and named:
            yield str(change["address"]), named


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
    return [
        f"{_VERBS[action]}: {visible(masked_name(address))}" for action, address in sorted(changes) if action in _NAMED
    ]


def _read(plan_json: Path) -> Mapping[str, Any]:
    try:
        plan: Mapping[str, Any]
        _, plan = strict_json.read(plan_json)
    except InputError as error:
        raise NotDeployedError(str(error)) from error
    return plan


def _changes(plan_json: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for change in _read(plan_json).get("resource_changes", ()):
        actions = change["change"]["actions"]
        if actions not in (["no-op"], ["read"]):
            yield ("replace" if len(actions) > 1 else str(actions[0])), change


def _prepare(deployment: Deployment) -> None:
    """A fresh folder: nothing of an earlier plan, its attestation least of all, except installed providers."""
    for path in deployment.folder.iterdir():
        if path.name not in ("data", "lock"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    copy(deployment.source, deployment.files.stack)
