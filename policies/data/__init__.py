"""Facts about the AWS provider that policies read; generated or checked by `python -m policies.provider_schema`."""

import functools
import json
import tomllib
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@functools.cache
def taggable_types() -> tuple[str, ...]:
    """Every resource type that takes tags, in a map or in blocks, from the provider's schema."""
    taggable = json.loads((_FOLDER / "aws_taggable.json").read_text("utf-8"))
    return (*taggable["types"], *taggable["tag_blocks"])


@functools.cache
def sensitive_attributes() -> dict[str, frozenset[str]]:
    """Resource type -> dotted paths of the attributes that the provider's schema calls sensitive."""
    found: dict[str, set[str]] = {}
    for attribute in json.loads((_FOLDER / "aws_sensitive.json").read_text("utf-8"))["attributes"]:
        type_, _, path = attribute.partition(".")
        found.setdefault(type_, set()).add(path)
    return {type_: frozenset(paths) for type_, paths in found.items()}


@functools.cache
def encryption_at_rest() -> dict[str, dict[str, Any]]:
    """Resource type -> how its data at rest takes a KMS key; README.md explains the words."""
    return tomllib.loads((_FOLDER / "encryption_at_rest.toml").read_text("utf-8"))


@functools.cache
def iam_actions() -> dict[str, dict[str, str]]:
    """Service prefix -> names of its actions by kind; `python -m policies.iam_actions` says which kinds."""
    services: dict[str, dict[str, str]] = json.loads((_FOLDER / "iam_actions.json").read_text("utf-8"))["services"]
    return services
