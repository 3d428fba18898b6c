"""Whether a value that Terraform writes into a secret is, or holds, the secret itself."""

import json
import re
from typing import Any

from policies.model import Finding
from policies.resources import Attribute
from policies.secrets.credentials import credentials_in, credentials_under, secret_references, text_of

_ENCODED = "${jsonencode("
_INTERPOLATION = re.compile(r"\$\{[^{}]*\}")


def judge_written(value: Attribute, *, is_whole_secret: bool) -> Finding:
    """A document of settings around the secret (host, user) may be written; a secret by itself may not."""
    text = text_of(value, value.raw_value)
    found = [*secret_references(value), *credentials_in(text)]
    if found:
        return Finding("fail", value.path, None, f"Terraform writes {', '.join(dict.fromkeys(found))}")
    if text.startswith(_ENCODED) and "{" not in text.removeprefix(_ENCODED):
        return Finding("undetermined", value.path, text, "what is in the object is not known here")
    if is_whole_secret or value.path == "secret_binary" or not _is_document(text):
        return Finding("fail", value.path, None, "Terraform writes the secret itself")
    return Finding("pass", value.path, None, "what Terraform writes has no credential in it")


def judge_plain(name: Attribute, value: Attribute) -> Finding:
    """A parameter that is not secure must not hold a credential; one that does not is none of our concern."""
    called = "" if name.is_unresolved else name.text.rpartition("/")[2]
    found = [*secret_references(value), *credentials_under(called, text_of(value, value.raw_value))]
    if found:
        return Finding("fail", value.path, None, f"the parameter is not secure, and holds {', '.join(found)}")
    return value.resource.not_applicable("the parameter is no secret")


def _is_document(text: str) -> bool:
    """An object of settings: JSON, or an expression that makes JSON."""
    if text.startswith(_ENCODED):
        return True
    try:
        content: Any = json.loads(_INTERPOLATION.sub("0", text))
    except ValueError:
        return False
    return isinstance(content, dict)
