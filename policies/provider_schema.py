"""What the policies take from the AWS provider's schema, and the command that renews it.

`python -m policies.provider_schema [--check] [SCHEMA.json|-]` reads what `terraform providers schema -json` prints and
writes `data/aws_taggable.json` and `data/aws_sensitive.json`. With `--check` it writes nothing: it compares the schema
with these files, and with what `data/encryption_at_rest.toml` and `data/encryption_not_at_rest.toml` classify by hand,
prints one line for each difference, and ends 1 when there is one. Without SCHEMA it asks Terraform, in a temporary
folder, for the schema of PROVIDER_VERSION. Input that cannot be used: one line on stderr, exit code 3.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

PROVIDER = "hashicorp/aws"
PROVIDER_VERSION = "5.100.0"

DATA = Path(__file__).parent / "data"
TAGGABLE = DATA / "aws_taggable.json"
SENSITIVE = DATA / "aws_sensitive.json"
AT_REST = DATA / "encryption_at_rest.toml"
NOT_AT_REST = DATA / "encryption_not_at_rest.toml"

JsonObject = Mapping[str, Any]
AttributePath = tuple[str, ...]

# The words with which the provider names keys and encryption. A hit too many is harmless: each is classified.
_ENCRYPTION = re.compile(r"(^|_)(kms|cmk|sse|encrypt\w*)(_|$)|(^|_)key_(arn|id|identifier)$|customer_managed_key")


class SchemaError(Exception):
    """The provider schema cannot be had, or is not one; the message is one line for the user."""


def load_schema(text: str, source: str) -> JsonObject:
    """The AWS provider's resource types by name, from the JSON of `terraform providers schema -json`.

    Raises SchemaError, which names `source`, when the text is not such a JSON.
    """
    try:
        providers = json.loads(text)["provider_schemas"]
        address = next(name for name in providers if name.endswith(f"/{PROVIDER}"))
        types = providers[address]["resource_schemas"]
    except ValueError as error:
        raise SchemaError(f"{source}: not JSON: {error}") from None
    except (KeyError, TypeError, StopIteration):
        raise SchemaError(f"{source}: holds no schema of the provider {PROVIDER}") from None
    if not isinstance(types, dict) or not types or any("block" not in found for found in types.values()):
        raise SchemaError(f"{source}: the schema of {PROVIDER} describes no resource types")
    return types


def ask_terraform() -> JsonObject:
    """The schema of PROVIDER_VERSION, which Terraform installs as its CLI configuration says.

    Raises SchemaError when there is no Terraform or it cannot have the provider.
    """
    required = {"aws": {"source": PROVIDER, "version": PROVIDER_VERSION}}
    with tempfile.TemporaryDirectory(prefix="provider-schema-") as folder:
        module = Path(folder, "main.tf.json")
        module.write_text(json.dumps({"terraform": {"required_providers": required}}), encoding="utf-8")
        _terraform(folder, "init", "-backend=false", "-input=false", "-no-color")
        return load_schema(_terraform(folder, "providers", "schema", "-json"), "terraform providers schema")


def _terraform(folder: str, *arguments: str) -> str:
    command = ["terraform", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SchemaError("terraform is not on PATH: install it, or name a schema file") from None
    if done.returncode != 0:
        said = re.search(r"Error: .*", done.stderr) or re.search(r"\S.*", done.stderr)
        reason = said[0] if said else "it gave no reason"
        raise SchemaError(f"terraform {arguments[0]} ended {done.returncode}: {reason}")
    return done.stdout


def attributes(block: JsonObject, at: AttributePath = ()) -> Iterator[tuple[AttributePath, JsonObject]]:
    """Every attribute and nested block below a schema `block`, with its path from there.

    A nested block comes as its schema (it has a `block`), an attribute as its own (it has a `type`); the
    fields of an attribute that holds objects come as attributes that can be set when that attribute can.
    """
    for name, attribute in block.get("attributes", {}).items():
        yield (*at, name), attribute
        yield from _fields(attribute.get("type"), (*at, name), attribute)
        yield from attributes(attribute.get("nested_type", {}), (*at, name))
    for name, nested in block.get("block_types", {}).items():
        yield (*at, name), nested
        yield from attributes(nested["block"], (*at, name))


def _fields(kind: Any, at: AttributePath, holder: JsonObject) -> Iterator[tuple[AttributePath, JsonObject]]:
    match kind:
        case ["list" | "set" | "map", element]:
            yield from _fields(element, at, holder)
        case ["object", fields, *_]:
            for name, field_kind in fields.items():
                yield (*at, name), {**holder, "type": field_kind}
                yield from _fields(field_kind, (*at, name), holder)


def is_settable(attribute: JsonObject) -> bool:
    """Whether a configuration can give this attribute a value."""
    return bool(attribute.get("optional") or attribute.get("required"))


def names_encryption(name: str) -> bool:
    """Whether an attribute of this name may be about a key or about encryption."""
    return bool(_ENCRYPTION.search(name))


def encryption_paths(schema: JsonObject) -> dict[str, list[str]]:
    """The resource types with attributes or blocks that may be about encryption, and their dotted paths."""
    found = {
        name: [".".join(path) for path, _ in attributes(resource["block"]) if names_encryption(path[-1])]
        for name, resource in schema.items()
    }
    return {name: paths for name, paths in found.items() if paths}


def taggable(schema: JsonObject) -> dict[str, Any]:
    """The content of aws_taggable.json.

    `types`: those whose `tags` the provider merges with its `default_tags` (the merge is their `tags_all`).
    `tag_blocks`: those that are tagged by repeated `tag` blocks, which `default_tags` does not reach.
    """
    types, tag_blocks = [], []
    for name, resource in sorted(schema.items()):
        own = resource["block"].get("attributes", {})
        tags = own.get("tags", {})
        if "tags_all" in own and tags.get("type") == ["map", "string"] and is_settable(tags):
            types.append(name)
        tag = resource["block"].get("block_types", {}).get("tag", {})
        # A type with exactly one `tag` block (aws_autoscaling_group_tag) tags another resource, not itself.
        if tag and tag.get("max_items") != 1:
            tag_blocks.append(name)
    return {"provider": PROVIDER_VERSION, "types": types, "tag_blocks": tag_blocks}


def sensitive(schema: JsonObject) -> dict[str, Any]:
    """The content of aws_sensitive.json: `attributes` that the provider calls sensitive, as `type.dotted.path`."""
    found = [
        ".".join((name, *path))
        for name, resource in schema.items()
        for path, one in attributes(resource["block"])
        if one.get("sensitive")
    ]
    return {"provider": PROVIDER_VERSION, "attributes": sorted(found)}


_MADE: Mapping[Path, Callable[[JsonObject], dict[str, Any]]] = {TAGGABLE: taggable, SENSITIVE: sensitive}


def claimed_paths(claim: JsonObject) -> Iterator[str]:
    """The dotted paths, from the resource, of the attributes that a claim of encryption_at_rest.toml reads.

    A claim about a JSON document reads the attribute that holds the document. What a claim reads in another
    resource (`through`, `inherits`, `fallback`) is not among them, nor what it asks first (`when`).
    """
    if "json" in claim:
        yield claim["json"]
    elif "each" in claim or "through" not in claim:
        below = f"{claim['each']}." if "each" in claim else ""
        for path in (claim.get("key"), claim.get("switch"), claim.get("value", {}).get("path")):
            if path is not None:
                yield below + path


def differences(schema: JsonObject) -> list[str]:
    """One line for each way in which the files in `data` do not fit the schema."""
    made = [line for file, make in _MADE.items() for line in _made_differences(file, make(schema))]
    return sorted([*made, *_encryption_differences(schema)])


def _made_differences(file: Path, wanted: JsonObject) -> Iterator[str]:
    kept = _load(file)
    for key in wanted.keys() | kept.keys():
        if wanted.get(key) != kept.get(key):
            yield f"{file.name}: {key}: {_difference(kept.get(key), wanted.get(key))}"


def _difference(kept: Any, wanted: Any) -> str:
    if not (isinstance(kept, list) and isinstance(wanted, list)):
        return f"is {kept}, should be {wanted}"
    said = [
        f"{word} {', '.join(sorted(names))}"
        for word, names in (("lacks", {*wanted} - {*kept}), ("must not have", {*kept} - {*wanted}))
        if names
    ]
    return "; ".join(said) or "has the right types in another order, or twice"


def _encryption_differences(schema: JsonObject) -> Iterator[str]:
    at_rest, not_at_rest = _load(AT_REST), _load(NOT_AT_REST)
    found = encryption_paths(schema)
    for name in at_rest.keys() & not_at_rest.keys():
        yield f"{name}: is in both {AT_REST.name} and {NOT_AT_REST.name}"
    for name in found.keys() - at_rest.keys() - not_at_rest.keys():
        yield f"{name}: has {found[name][0]}, but is in neither {AT_REST.name} nor {NOT_AT_REST.name}"
    for name in not_at_rest.keys() - found.keys():
        yield f"{NOT_AT_REST.name}: {name}: the provider has no such type with an attribute about encryption"
    for name, entry in at_rest.items():
        if name in schema:
            yield from (f"{AT_REST.name}: {name}: {line}" for line in _unread(schema[name], entry))
        else:
            yield f"{AT_REST.name}: {name}: the provider has no such type"


def _unread(resource: JsonObject, entry: JsonObject) -> Iterator[str]:
    """One line for each setting about encryption that the entry neither claims nor ignores, or both."""
    claimed = {path for claim in entry.get("claims", ()) for path in claimed_paths(claim)}
    ignored = set(entry.get("ignores", ()))
    unread = {
        ".".join(path)
        for path, attribute in attributes(resource["block"])
        if names_encryption(path[-1]) and is_settable(attribute) and not _holds_objects(attribute)
    } - claimed
    for path in unread - ignored:
        yield f"{path} is in no claim: claim it, or say in `ignores` why not"
    for path in ignored - unread:
        yield f"ignores {path}, which is claimed, or is no setting about encryption"


def _holds_objects(attribute: JsonObject) -> bool:
    return "nested_type" in attribute or any(_fields(attribute["type"], (), attribute))


def _load(file: Path) -> dict[str, Any]:
    text = file.read_text(encoding="utf-8")
    try:
        content: dict[str, Any] = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise SchemaError(f"{file.name}: {error}") from None
    return content


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m policies.provider_schema")
    parser.add_argument("--check", action="store_true", help="compare and write nothing; a difference ends 1")
    parser.add_argument("schema", nargs="?", metavar="SCHEMA.json", help="- is stdin; default: ask Terraform")
    options = parser.parse_args(arguments)
    try:
        schema = _read_schema(options.schema)
        if options.check:
            lines = differences(schema)
        else:
            lines = []
            for file, make in _MADE.items():
                file.write_text(json.dumps(make(schema), indent=1) + "\n", encoding="utf-8")
    except SchemaError as error:
        print(f"provider_schema: {error}", file=sys.stderr)
        return 3
    except OSError as error:
        print(f"provider_schema: {error.filename}: {error.strerror}", file=sys.stderr)
        return 3
    for line in lines:
        print(line)
    return 1 if lines else 0


def _read_schema(source: str | None) -> JsonObject:
    if source is None:
        return ask_terraform()
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SchemaError(f"{source}: not UTF-8 text") from None
    return load_schema(text, "stdin" if source == "-" else source)


if __name__ == "__main__":
    sys.exit(main())
