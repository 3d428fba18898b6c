"""What looks like a credential in a text: a literal that is one, or a reference to the value of one.

Nothing here repeats the credential itself: what is found is told by its name or its shape.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from policies.expressions import Reference, references
from policies.masking import CHECKSUM_NAME, SHAPES, is_credential_name, is_random
from policies.resources import Attribute, Undetermined, Unresolved

# `name = value`, `name: value`, `"name": "value"`; a value that is followed by `=` is a name itself.
_ASSIGNMENT = re.compile(
    r"""(?<![\w.$])(?<!\w-)(?P<name>[A-Za-z_]\w*+(?:[.-]\w++)*+)\\?["']?[ \t]*[:=]>?[ \t]*\\?"""
    r"""(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s"',;}\]=]++(?!=))"""
)
_INTERPOLATION = re.compile(r"\$\{\s*[\w-]+[.(\[]|[a-z][\w-]*\.[\w.\[\]\"-]+$")
# A call or a subscript of a program: it fetches what it assigns. Terraform's own expressions hold it as they are.
_FETCHED = re.compile(r"(?:await|new)$|[A-Za-z_][\w.]*+[(\[]")
_EXPRESSION = re.compile(r"(?<!\$)\$\{")
_QUOTED = re.compile(r'"([^"\\$\s]{32,4096})"')
_REACH_OF_EXPRESSION = 2000
_KEY_OF_INSTANCE = re.compile(r"""\[\\?["'][^"'\]]*["']\]""")  # of `for_each`: says nothing here, and has quotes
_HARMLESS = re.compile(
    r"(?:[$`<({/%\\;\s]|arn:|resolve:|https?://|s3://|(?:null|none|true|false|yes|no)$)", re.IGNORECASE
)
_IDENTIFYING = re.compile(r"(?:arn|id|ids|name|names|prefix|path|version|alias|endpoint|region|length)$", re.IGNORECASE)
# Attributes that are the value of a secret, beside those whose name says so.
_VALUES = {
    *("secret_string", "secret_binary", "plaintext", "bcrypt_hash", "random_password", "ses_smtp_password_v4"),
    *("private_key_pem", "private_key_openssh", "private_key_pem_pkcs8"),
}


def text_of(attribute: Attribute, value: Any, followed: frozenset[str] = frozenset()) -> str:
    """A value as text to be searched: expressions as they are written, and the locals they name, each once on the way.

    Raises Undetermined when not even the expression is part of the input.
    """
    if isinstance(value, Unresolved):
        if "${" not in value.text:
            raise Undetermined(attribute.undetermined(f"the value is not known here: {value.text}"))
        scope = attribute.resource.scope
        names = dict.fromkeys(one.subject for one in references(value.text) if one.subject.startswith("local."))
        behind = {name: scope.resolve(f"${{{name}}}", None, []) for name in names if name not in followed}
        return " ".join([value.text, *(text_of(attribute, one, followed | {name}) for name, one in behind.items())])
    if isinstance(value, dict | list):
        known = json.dumps(value, default=lambda inner: text_of(attribute, inner, followed))
        return known.replace('\\"', '"')
    return str(value)


def secret_references(attribute: Attribute) -> Iterator[str]:
    """The references to values of secrets in what the configuration says itself, before they are followed."""
    value: Any = attribute.resource.written
    for step in re.findall(r"[^.\[\]]+", attribute.path):
        if isinstance(value, list):
            value = value[int(step) if step.isdigit() else 0]
        if isinstance(value, dict):
            value = value.get(step)
    for text in value.values() if isinstance(value, dict) else (value,):
        if isinstance(text, str):
            yield from _secret_values(text)


def credentials_in(text: str) -> Iterator[str]:
    """What in a script or document is a credential, or is given the value of one."""
    yield from _plain_to_see(text)
    searched = _KEY_OF_INSTANCE.sub("", text) if _EXPRESSION.search(text) else text
    for found in _ASSIGNMENT.finditer(searched):
        if _is_credential(found["name"], found["value"].strip("\"'\\")) and not _is_fetched(searched, found):
            yield f"a value for {found['name']}"


def _is_fetched(text: str, assignment: re.Match[str]) -> bool:
    """Whether a program of a script fetches the value when it runs, rather than having it."""
    before = text[max(0, assignment.start() - _REACH_OF_EXPRESSION) : assignment.start()]
    return bool(_FETCHED.match(assignment["value"])) and not _EXPRESSION.search(before)


def credentials_under(name: str, text: str) -> Iterator[str]:
    """What in the value of one variable, a document perhaps, is a credential, or is given the value of one."""
    yield from credentials_in(text)
    written = _QUOTED.findall(text) if _EXPRESSION.match(text) else ()  # what a function is given
    if _is_credential(name, text) or any(_is_random(name, one) for one in written):
        yield f"a value for {name}"


def _plain_to_see(text: str) -> Iterator[str]:
    for shape, pattern in SHAPES.items():
        if pattern.search(text):
            yield shape
    yield from _secret_values(text)


def _secret_values(text: str) -> Iterator[str]:
    for reference in references(text):
        if is_secret_value(reference):
            yield f"the value of {reference}"


def is_secret_value(reference: Reference) -> bool:
    """Whether a reference leads to a credential itself, and not to what names it."""
    subject, names = reference.subject, [part for part in reference.path if isinstance(part, str) and part != "*"]
    last = names[-1] if names else subject.rpartition(".")[2]
    if subject.startswith(("random_password.", "ephemeral.random_password.")):
        return last == "result" or last in _VALUES
    if subject.startswith(("aws_ssm_parameter.", "data.aws_ssm_parameter.")):
        return last == "value"  # for what is no secret there is insecure_value
    if subject.startswith("data.aws_kms_secrets."):
        return "plaintext" in names
    if names or subject.startswith(("var.", "local.")):
        return last in _VALUES or is_credential_name(last)
    return False


def _is_credential(name: str, value: str) -> bool:
    if _INTERPOLATION.match(value):
        return is_credential_name(name) and not any(_names_only(reference) for reference in _references(value))
    if not value or _HARMLESS.match(value):
        return False
    return is_credential_name(name) or _is_random(name, value)


def _references(value: str) -> tuple[Reference, ...]:
    return references(value if "${" in value else f"${{{value}}}")


def _names_only(reference: Reference) -> bool:
    last = str(reference.path[-1]) if reference.path else reference.subject
    return bool(_IDENTIFYING.search(last))


def _is_random(name: str, value: str) -> bool:
    return is_random(value) and not CHECKSUM_NAME.search(name)
