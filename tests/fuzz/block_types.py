"""Which arguments are blocks to Terraform: those may stand as an object or as an array of them, all others may not.

`python -m tests.fuzz.block_types SCHEMA.json [CDKTF.OUT]` reads the output of `terraform providers schema -json` and
writes `block_types.json` for what the policies' fixtures and the synthesized stacks hold.
"""

import functools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("block_types.json")
FIXTURES = Path(__file__).parents[1] / "policies"


@functools.cache
def block_types() -> dict[str, frozenset[str]]:
    """Type (of a data source with `data.` before it) -> the paths, without positions, of its blocks."""
    return {type_: frozenset(paths) for type_, paths in json.loads(FILE.read_text()).items()}


def main(schema_file: Path, out: Path) -> None:
    """Writes the file anew: of what the provider calls blocks, the part that is in use."""
    providers = json.loads(schema_file.read_text())["provider_schemas"]
    provider = next(one for name, one in providers.items() if name.endswith("/hashicorp/aws"))
    schemas = {"": provider["resource_schemas"], "data.": provider["data_source_schemas"]}
    found: dict[str, set[str]] = {}
    for path in (*sorted(FIXTURES.glob("*/*/*.tf.json")), *sorted(out.glob("stacks/*/cdk.tf.json"))):
        for type_, body in _bodies(json.loads(path.read_text())):
            schema = schemas["data." if type_.startswith("data.") else ""].get(type_.removeprefix("data."))
            if schema is not None:
                found.setdefault(type_, set()).update(_paths(body, schema["block"]))
    FILE.write_text(json.dumps({type_: sorted(paths) for type_, paths in sorted(found.items())}, indent=1) + "\n")


def _bodies(content: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, prefix in (("resource", ""), ("data", "data.")):
        for types in content[kind] if isinstance(content.get(kind), list) else [content.get(kind, {})]:
            for type_, named in types.items():
                for names in named if isinstance(named, list) else [named]:
                    for body in names.values():
                        yield from ((prefix + type_, one) for one in (body if isinstance(body, list) else [body]))


def _paths(value: Any, schema: dict[str, Any], at: str = "") -> Iterator[str]:
    """The path of every block that stands in a body."""
    for name, nested in schema.get("block_types", {}).items():
        inner = value.get(name)
        if isinstance(inner, dict | list):
            yield f"{at}{name}"
            for one in inner if isinstance(inner, list) else [inner]:
                if isinstance(one, dict):
                    yield from _paths(one, nested["block"], f"{at}{name}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "cdktf.out"))
