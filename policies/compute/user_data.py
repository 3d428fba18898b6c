"""The script that instances run when they start, as far as it is written in the input."""

import base64
import binascii
import re
import zlib

from policies.expressions import references
from policies.graph import ResourceGraph
from policies.resources import Attribute, Resource, Undetermined, Unresolved

MAX_SCRIPT_BYTES = 1_000_000
_RENDERED = ("data.cloudinit_config", "data.template_cloudinit_config", "data.template_file")
_FILE_FUNCTIONS = re.compile(r"\b(?:file|filebase64|templatefile)\s*\(")
_HAS_TEXT = re.compile(r'"|<<')  # a string or a here-document: something is written, and not only handed on
_ENCODED = re.compile(r'"([A-Za-z0-9+/]{16,}={0,2})"')  # a script that a function is given as it is to be handed over
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_HASH = re.compile(r"[0-9a-f]{40}")  # what the provider keeps in the state instead of the script


def attributes(resource: Resource) -> tuple[Attribute, ...]:
    """The attributes in which the resource has a script, of the two or one that its type has."""
    found = [resource.attribute(path) for path in ("user_data", "user_data_base64")]
    return tuple(one for one in found if one.is_unresolved or one.text)


def script(attribute: Attribute, graph: ResourceGraph, followed: frozenset[str] = frozenset()) -> str:
    """The script, decoded; an expression gives its own text, with that of the locals and templates it names.

    `followed` are the locals that led here: one that is not defined, or leads back to itself, adds nothing.
    In the text `${...}` is Terraform's and `$${...}` the shell's, as in Terraform's own strings.

    Raises Undetermined when a part of it is not in the input: a file, a value known after apply, a hash in a state.
    """
    value = attribute.raw_value
    if not isinstance(value, Unresolved):
        return _decoded(attribute).replace("${", "$${")
    return "\n".join(_written(attribute, value, graph, followed))


def _decoded(attribute: Attribute) -> str:
    text = attribute.text
    if _HASH.fullmatch(text) and not attribute.resource.scope.has_configuration:
        raise Undetermined(attribute.undetermined("the state keeps a hash of the script only"))
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text  # instances and launch configurations take it in plain, too
    if content.startswith(b"\x1f\x8b"):
        content = zlib.decompressobj(wbits=31).decompress(content, MAX_SCRIPT_BYTES)
    return content.decode("utf-8", "replace")


def _plain(text: str) -> str:
    """What a string that may be base64 says; empty for another one."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _written(attribute: Attribute, value: Unresolved, graph: ResourceGraph, followed: frozenset[str]) -> list[str]:
    if "${" not in value.text or _FILE_FUNCTIONS.search(value.text):
        raise Undetermined(attribute.undetermined(f"the script is not part of this input: {value.text[:80]}"))
    texts = [_ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), value.text)]
    texts += [text for found in _ENCODED.finditer(value.text) if (text := _plain(found[1]))]
    for name in dict.fromkeys(reference.subject for reference in references(value.text)):
        if name.startswith("local.") and name not in followed:
            known = attribute.resource.scope.resolve(f"${{{name}}}", None, [])
            behind = Attribute(attribute.resource, attribute.path, known, ())
            texts.append(script(behind, graph, followed | {name}))
        for template in (one for one in graph.at(name) if one.type in _RENDERED):
            parts = (*template.attributes("part.content"), template.attribute("template"))
            texts.extend(script(part, graph) for part in parts if part.is_unresolved or part.text)
    if len(texts) == 1 and not value.literal and not _HAS_TEXT.search(value.text):
        raise Undetermined(attribute.undetermined(f"the script is not part of this input: {value.text[:80]}"))
    return texts
