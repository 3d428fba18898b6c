"""From an attested plan to resources: exactly that plan, from files that nobody else can change."""

import datetime
import shutil
import tempfile
from pathlib import Path

from deployment import planning, verification
from deployment.errors import NotDeployedError
from deployment.progress import step
from deployment.stack import Deployment, Files, copy


def apply(deployment: Deployment) -> None:
    """Verify what the plan left, and apply it.

    Raises NotDeployedError when anything differs from what was judged, and TerraformError.
    """
    with tempfile.TemporaryDirectory(prefix="apply-", dir=deployment.folder.resolve()) as folder:
        # A copy for us alone (0700): what is verified is what is applied, whatever is changed outside meanwhile.
        files = _copied(deployment, Files(Path(folder)))
        with step("verify"):
            verification.verify(deployment, files, datetime.datetime.now(datetime.UTC))
            verification.verify_source(deployment, files)
            deployment.backend(files.stack)
        with step("init again"):
            planning.initialize(deployment, files.stack, "-backend=false")  # the plan names its backend
        changes = planning.changes_in(files.plan_json)
        with step("apply", len(changes)) as current:
            arguments = ("-no-color", "-input=false", f"-parallelism={deployment.parallelism}", str(files.plan))
            deployment.terraform(files.stack).run("apply", "apply", *arguments, on_finished=current.count)
            current.remark = f"done: {planning.summary(changes)}"


def _copied(deployment: Deployment, target: Files) -> Files:
    original = deployment.files
    if not original.stack.is_dir():
        raise NotDeployedError(f"{deployment.stack}: no plan in {deployment.folder}: plan it first")
    copy(original.stack, target.stack)
    for path in (original.plan, original.plan_json, original.attestation):
        try:
            shutil.copyfile(path, target.folder / path.name)
        except FileNotFoundError:
            raise NotDeployedError(
                f"{deployment.stack}: no {path.name} in {deployment.folder}: plan it first"
            ) from None
        except OSError as error:
            raise NotDeployedError(f"{path}: cannot be copied ({error.strerror})") from error
    return target
