"""One stack, from synthesized JSON to nothing left: the steps and what each has to show."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployment import applying, destroying, planning, synthesis
from deployment.errors import GateError, TerraformError
from deployment.progress import step
from deployment.stack import Deployment, copy
from rehearsal import emulator, gaps, loopback, verdicts
from rehearsal.emulator import Emulator
from rehearsal.errors import NotRehearsedError
from rehearsal.gaps import Gap

STATE = "terraform.tfstate"
PARALLELISM = 50  # calls are waits, mostly: for moto, and for the provider's own pauses
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


def rehearse(source: Path, folder: Path, environment: str, surroundings: Mapping[str, str] = os.environ) -> Report:
    """Rehearse the synthesized stack in `source`, which is for `environment`; what is written goes into `folder`.

    Raises NotRehearsedError, or NotDeployedError, when it cannot even begin.
    """
    stack = source.name
    document = _read(source / synthesis.DOCUMENT)
    loopback.check_stack(stack, document)
    loopback.check_folder(source)
    synthesized = folder / "synthesized" / stack
    _lay_out(source, folder, synthesized, document)
    blocks = {type_: len(bodies) for type_, bodies in document.get("resource", {}).items()}
    report = Report(stack, set(blocks), sum(blocks.values()))
    with emulator.running(folder / "moto.log") as server:
        print(f"{stack}: {report.resources} resources, moto {emulator.moto_version()} on {server.address}", flush=True)
        running = loopback.rehearsal_environment(surroundings, server.port)
        loopback.check_environment(running, server.port)
        deployment = Deployment(
            stack=stack,
            source=synthesized,
            folder=folder / "deployment",
            environment=environment,
            installing=loopback.installation_environment(surroundings),
            running=running,
            parallelism=PARALLELISM,
            patient=False,
        )
        with deployment.alone(), _inputs(server, document, report):
            _deploy_and_destroy(deployment, source, report)
        with step("left over"):
            report.failures += [f"left in moto: {line}" for line in server.held()]
    return report


def _deploy_and_destroy(deployment: Deployment, source: Path, report: Report) -> None:
    """As `python -m deployment` does it, with a look at everything in between."""
    judged = {"synth": verdicts.judge(source, report.stack)}
    with _failures_to(report):
        planning.plan(deployment)
    if report.failures:
        return
    judged["plan"] = verdicts.judge(deployment.files.plan_json, report.stack)
    with _failures_to(report):
        applying.apply(deployment)
        _judge_deployed(deployment, judged, report)
    with _failures_to(report):  # what was half applied has to go as well
        left = destroying.destroy(deployment, lambda _: True)
        report.failures += [f"left in the state: {address}" for address in left]


def _judge_deployed(deployment: Deployment, judged: dict[str, verdicts.Verdicts], report: Report) -> None:
    folder = deployment.folder
    terraform = deployment.terraform(deployment.files.stack)
    with step("judge state") as current:
        terraform.write(folder / "state.json", "show", "-json")
        judged["state"] = verdicts.judge(folder / "state.json", report.stack)
        current.remark = verdicts.counts(judged["state"])
    with step("plan again") as current:
        again = folder / "plan-again.bin"
        terraform.run("plan-again", *planning.plan_options(deployment), f"-out={again}")
        terraform.write(folder / "plan-again.json", "show", "-json", str(again))
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


@contextmanager
def _failures_to(report: Report) -> Iterator[None]:
    """What stops a deployment is what a rehearsal is there to find; that it cannot even be tried is not."""
    try:
        yield
    except TerraformError as error:
        if error.command == "init":
            raise
        report.failures += [f"{error.command}: {line} ({error.log})" for line in error.errors]
    except GateError as error:
        report.failures.append(str(error).removeprefix(f"{report.stack}: "))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise NotRehearsedError(f"{path}: cannot be read ({error})") from error


def _lay_out(source: Path, folder: Path, synthesized: Path, document: Mapping[str, Any]) -> None:
    """Put a copy of the stack, with the override beside it, into a fresh `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    copy(source, synthesized)
    try:
        (synthesized / OVERRIDE).write_text(json.dumps(_override(document)), encoding="utf-8")
    except OSError as error:
        raise NotRehearsedError(f"{error.filename}: cannot be written ({error.strerror})") from error


def _override(document: Mapping[str, Any]) -> dict[str, Any]:
    """Few retries for every provider configuration, and a state of the rehearsal's own."""
    configurations = document.get("provider", {}).get("aws", [])
    aliases = [one.get("alias") for one in (configurations if isinstance(configurations, list) else [configurations])]
    providers = [{"max_retries": MAX_RETRIES, **({"alias": alias} if alias else {})} for alias in aliases]
    return {"provider": {"aws": providers}, "terraform": {"backend": {"local": {"path": STATE}}}}


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
