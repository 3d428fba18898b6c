"""One stack, from synthesized JSON to nothing left: the steps and what each has to show."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal import emulator, gaps, loopback, verdicts
from rehearsal.emulator import Emulator
from rehearsal.errors import NotRehearsedError
from rehearsal.gaps import Gap
from rehearsal.progress import step
from rehearsal.terraform import PARALLELISM, Run, Terraform

STATE = "terraform.tfstate"
# Terraform merges what stands in a file of this name over the stack: the stack itself stays as it was synthesized.
OVERRIDE = "rehearsal_override.tf.json"
MAX_RETRIES = 2  # what moto cannot do it answers with 500, which the provider would try again for minutes


@dataclass
class Report:
    """What came of one stack. Passed when `failures` is empty.

    `types` are the resource types it has, `met` the gaps of the emulator that it ran into.
    """

    stack: str
    types: set[str]
    resources: int
    failures: list[str] = field(default_factory=list)
    met: set[Gap] = field(default_factory=set)


def rehearse(source: Path, folder: Path, surroundings: Mapping[str, str] = os.environ) -> Report:
    """Rehearse the synthesized stack in `source`; everything that is written goes into `folder`.

    Raises NotRehearsedError when it cannot even begin.
    """
    stack = source.name
    document = _read(source / loopback.DOCUMENT)
    loopback.check_stack(stack, document)
    loopback.check_folder(source)
    _lay_out(source, folder, document)
    blocks = {type_: len(bodies) for type_, bodies in document.get("resource", {}).items()}
    report = Report(stack, set(blocks), sum(blocks.values()))
    with emulator.running(folder / "moto.log") as server:
        print(f"{stack}: {report.resources} resources, moto {emulator.moto_version()} on {server.address}", flush=True)
        environment = loopback.rehearsal_environment(surroundings, server.port)
        loopback.check_environment(environment, server.port)
        terraform = Terraform(folder / "stack", folder, environment)
        with step("init"):
            _install(terraform, surroundings)
        with _inputs(server, document, report):
            _deploy_and_destroy(terraform, source, report)
        with step("left over"):
            report.failures += [f"left in moto: {line}" for line in server.held()]
    return report


def _deploy_and_destroy(terraform: Terraform, source: Path, report: Report) -> None:
    folder = terraform.folder.parent
    judged = {"synth": verdicts.judge(source, report.stack)}
    with step("plan") as current:
        planned = terraform.run("plan", "plan", "-no-color", "-out=plan.bin", f"-parallelism={PARALLELISM}")
        if not _succeeded(planned, report):
            return
        terraform.write(folder / "plan.json", "show", "-json", "plan.bin")
        judged["plan"] = verdicts.judge(folder / "plan.json", report.stack)
        current.remark = verdicts.counts(judged["plan"])
    with step("apply", report.resources) as current:
        options = ("-no-color", f"-parallelism={PARALLELISM}")
        applied = terraform.run("apply", "apply", *options, "plan.bin", on_finished=current.count)
    if _succeeded(applied, report):
        _judge_deployed(terraform, judged, report)
    _destroy(terraform, report)  # what was half applied has to go as well


def _judge_deployed(terraform: Terraform, judged: dict[str, verdicts.Verdicts], report: Report) -> None:
    folder = terraform.folder.parent
    with step("judge state") as current:
        terraform.write(folder / "state.json", "show", "-json")
        judged["state"] = verdicts.judge(folder / "state.json", report.stack)
        current.remark = verdicts.counts(judged["state"])
    with step("plan again") as current:
        again = terraform.run("plan-again", "plan", "-no-color", "-out=again.bin", f"-parallelism={PARALLELISM}")
        if not _succeeded(again, report):
            return
        terraform.write(folder / "plan-again.json", "show", "-json", "again.bin")
        plan = _read(folder / "plan-again.json")
        failures, report.met = gaps.judge(plan)
        report.failures += failures
        current.remark = f"{len(report.met)} gaps of the emulator, {len(failures)} other changes"
    with step("judge again") as current:
        # What the plan read anew: not what Terraform remembers of its requests, but what became of them.
        (folder / "state-again.json").write_text(json.dumps(plan["prior_state"]), encoding="utf-8")
        judged["state, read anew"] = verdicts.judge(folder / "state-again.json", report.stack)
        differences = verdicts.compare(judged)
        report.failures += [f"verdicts differ: {difference}" for difference in differences]
        current.remark = f"{verdicts.counts(judged['state, read anew'])}; {len(differences)} differences"


def _destroy(terraform: Terraform, report: Report) -> None:
    with step("destroy", report.resources) as current:
        options = ("-no-color", "-auto-approve", f"-parallelism={PARALLELISM}")
        destroyed = terraform.run("destroy", "destroy", *options, on_finished=current.count)
        _succeeded(destroyed, report)
        state = _read(terraform.folder / STATE) if (terraform.folder / STATE).exists() else {}
        for left in state.get("resources", ()):
            report.failures.append(f"left in the state: {left.get('type')}.{left.get('name')}")


def _succeeded(run: Run, report: Report) -> bool:
    if run.exit_code != 0:
        report.failures += [f"{run.command}: {error} ({run.log})" for error in run.errors]
    return run.exit_code == 0


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise NotRehearsedError(f"{path}: cannot be read ({error})") from error


def _lay_out(source: Path, folder: Path, document: Mapping[str, Any]) -> None:
    """Put a copy of the stack, with the override beside it, into a fresh `folder`."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder / "stack", ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        (folder / "stack" / OVERRIDE).write_text(json.dumps(_override(document)), encoding="utf-8")
    except OSError as error:
        raise NotRehearsedError(f"{error.filename or folder}: cannot be written ({error.strerror})") from error


def _override(document: Mapping[str, Any]) -> dict[str, Any]:
    """Few retries for every provider configuration, and a state of the rehearsal's own."""
    configurations = document.get("provider", {}).get("aws", [])
    aliases = [one.get("alias") for one in (configurations if isinstance(configurations, list) else [configurations])]
    providers = [{"max_retries": MAX_RETRIES, **({"alias": alias} if alias else {})} for alias in aliases]
    return {"provider": {"aws": providers}, "terraform": {"backend": {"local": {"path": STATE}}}}


def _install(terraform: Terraform, surroundings: Mapping[str, str]) -> None:
    installer = Terraform(terraform.folder, terraform.logs, loopback.installation_environment(surroundings))
    installed = installer.run("init", "init", "-no-color", "-input=false")
    if installed.exit_code != 0:
        raise NotRehearsedError(f"terraform init: {installed.errors[0]}")


@contextmanager
def _inputs(server: Emulator, document: Mapping[str, Any], report: Report) -> Iterator[None]:
    """What the stack looks up and never makes: the hosted zones. Afterwards they must be empty again."""
    route53 = server.client("route53")
    lookups = document.get("data", {}).get("aws_route53_zone", {}).values()
    names = sorted({lookup["name"] for lookup in lookups if "name" in lookup})
    zones = [route53.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"] for name in names]
    yield
    for name, zone in zip(names, zones, strict=True):
        try:
            route53.delete_hosted_zone(Id=zone)
        except route53.exceptions.HostedZoneNotEmpty:
            report.failures.append(f"left in moto: records in the hosted zone {name}")
