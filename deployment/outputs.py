"""What a deployed stack gives out, as flat JSON: a name and a value a line, for scripts and for people."""

import json
import sys
import tempfile
from pathlib import Path

from deployment import planning
from deployment.errors import NotDeployedError
from deployment.progress import step
from deployment.stack import Deployment, Files, copy


def outputs(deployment: Deployment) -> str:
    """Return the outputs in the stack's state as one JSON object: name to value, sorted by name.

    Sensitive ones are left out. Raises NotDeployedError when the state has none, and TerraformError.
    """
    options = deployment.backend_options()
    with tempfile.TemporaryDirectory(prefix="outputs-", dir=deployment.folder.resolve()) as folder:
        files = Files(Path(folder))
        copy(deployment.source, files.stack)
        with step("init", output=sys.stderr):
            planning.initialize(deployment, files.stack, *options, locked=False)
        kept = Path(folder) / "outputs.json"
        deployment.terraform(files.stack).write(kept, "output", "-json")
        given = json.loads(kept.read_bytes())
    if not given:
        raise NotDeployedError(f"{deployment.stack}: its state gives nothing out: is it deployed?")
    shown = {name: one["value"] for name, one in given.items() if not one["sensitive"]}
    return json.dumps(shown, indent=2, sort_keys=True)
