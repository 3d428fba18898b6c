"""`terraform validate`: the only judge of argument names, types, lengths and enumerations is the provider itself.

A verdict is kept under build/cache by the digest of the stack and the version of Terraform, as it depends on nothing
else (the provider's version is pinned inside the stack). Only a pass is kept.
"""

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from policies import kept
from policies.documents import Document, is_configuration
from policies.errors import InputError
from policies.result import Validation

CACHE = kept.CACHE / "terraform-validate"
TIMEOUT_SECONDS = 600


def validate(document: Document, *, required: bool = False, cache: Path | None = CACHE) -> Validation:
    """What Terraform says of a synthesized stack; "not-run", with the reason, when it cannot be asked.

    With `required`, raises InputError instead of "not-run". Without `cache` Terraform is asked whatever is kept.
    """
    validation = _validate(document, cache)
    if required and validation.outcome == "not-run":
        raise InputError(f"{document.path}: terraform validate was not run: {validation.message}")
    return validation


def _validate(document: Document, cache: Path | None) -> Validation:
    if document.kind != "synth":
        return Validation(document.stack, "not-run", None, f"a {document.kind} was made by Terraform itself")
    folder = document.files[0].parent
    if set(document.files) != {path for path in folder.iterdir() if is_configuration(path)}:
        return Validation(document.stack, "not-run", None, f"{document.path} is not a whole module to Terraform")
    program = shutil.which("terraform")
    if program is None:
        return Validation(document.stack, "not-run", None, "no terraform on PATH")
    version = _version(program)
    if cache and kept.read(cache, _key(folder, version)):
        return Validation(document.stack, "pass", version, "valid (kept from an earlier run)")
    data = kept.CACHE / "terraform-data" / hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    initialized = _run(program, folder, data, "init", "-backend=false", "-input=false", "-no-color")
    if initialized.returncode != 0:
        reason = _first_error(initialized.stderr) or _first_error(initialized.stdout) or "terraform init failed"
        return Validation(document.stack, "not-run", version, reason)
    validated = _run(program, folder, data, "validate", "-json", "-no-color")
    try:
        answer = json.loads(validated.stdout)
        valid, diagnostics = bool(answer["valid"]), answer["diagnostics"]
    except (ValueError, KeyError, TypeError):
        return Validation(document.stack, "not-run", version, _first_error(validated.stderr) or "no answer")
    if not valid:
        errors = [_message(one) for one in diagnostics if one.get("severity") == "error"]
        return Validation(document.stack, "fail", version, "; ".join(errors))
    # under the digest of what lies there now: the first run has added Terraform's lock of the providers
    if cache:
        held = {"stack": document.stack, "sha256": document.sha256, "terraform": version}
        kept.write(cache, _key(folder, version), held)
    return Validation(document.stack, "pass", version, "valid")


def _key(folder: Path, version: str | None) -> str:
    return kept.key("valid", _digest(folder), str(version))


def _digest(folder: Path) -> str:
    """Over every file of the module, as expressions may read any of them; what Terraform leaves there is left out.

    So is `sources.json` where no expression can read it: it changes with every line that moves in the program.
    """
    digest = hashlib.sha256()
    configuration = b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if is_configuration(path))
    is_read = re.search(rb"sources\.[^ \"]|fileset|\\u", configuration) is not None
    for path in sorted(folder.rglob("*")):
        if path == folder / "sources.json" and not is_read:
            continue
        if path.is_file() and ".terraform" not in path.relative_to(folder).parts:
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _run(program: str, folder: Path, data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Terraform on `folder`, with its working data kept out of it."""
    data.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "TF_DATA_DIR": str(data.resolve()), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    command: Sequence[str] = [program, f"-chdir={folder}", *arguments]
    try:
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"Error: no answer within {TIMEOUT_SECONDS} s")


@functools.cache  # a run asks for every stack
def _version(program: str) -> str | None:
    answer = _run(program, Path(), kept.CACHE / "terraform-data", "version", "-json")
    try:
        return str(json.loads(answer.stdout)["terraform_version"])
    except (ValueError, KeyError):
        return None


def _first_error(output: str) -> str:
    """The sentence behind the first "Error:" of Terraform's output, on one line."""
    _, _, rest = output.partition("Error: ")
    lines = [line.strip(" │╷╵") for line in rest.splitlines()]
    return " ".join(line for line in lines[:4] if line)


def _message(diagnostic: dict[str, object]) -> str:
    place = diagnostic.get("address") or ""
    snippet = diagnostic.get("snippet")
    if not place and isinstance(snippet, dict):
        place = snippet.get("context") or ""
    detail = " ".join(str(diagnostic.get("detail") or "").split())
    return f"{place}: {diagnostic.get('summary')}: {detail}".removeprefix(": ")
