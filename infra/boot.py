"""The script an instance runs when it starts: boot.sh, with the names it needs in front."""

from collections.abc import Mapping
from pathlib import Path

from cdktf import Token

SCRIPT = Path(__file__).with_name("boot.sh")


def user_data(variables: Mapping[str, str]) -> str:
    """Return a launch template's user data: boot.sh after the given shell variables, as base64.

    The values may refer to other resources, so Terraform does the encoding; the script stays readable in the
    synthesized JSON.
    """
    script = _quoted("#!/bin/bash\n")
    for name, value in variables.items():
        script += _quoted(f"readonly {name}='") + _interpolated(value) + _quoted("'\n")
    script += _quoted(_literal(SCRIPT.read_text(encoding="utf-8")))
    return '${base64encode("' + script + '")}'


def _interpolated(value: str) -> str:
    """Return `value` for use inside a quoted string; CDKTF writes a reference inside an expression without braces."""
    return "${" + value + "}" if Token.is_unresolved(value) else _quoted(value)


def _literal(text: str) -> str:
    """Escape what Terraform would take for a reference or a directive."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _quoted(text: str) -> str:
    """Escape `text` for a quoted string of Terraform's language."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
