"""Which arguments the AWS provider requires: a mutant without one never comes to a policy, Terraform refuses it.

`python -m tests.mutants.required SCHEMA.json [CDKTF.OUT]` reads the output of `terraform providers schema -json` and
writes `required.json` for the resource types of the synthesized stacks. Of a type that is not in it nothing is known,
and every one of its arguments is dropped in turn.
"""

import functools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from policies.provider_schema import attributes, load_schema

FILE = Path(__file__).with_name("required.json")


@functools.cache
def required() -> dict[str, frozenset[str]]:
    """Resource type -> the paths, without positions, of the arguments and blocks it cannot be without."""
    return {type_: frozenset(paths) for type_, paths in json.loads(FILE.read_text()).items()}


def main(schema_file: Path, out: Path) -> None:
    """Writes the file anew: of what the provider requires, the part that the stacks use."""
    schema = load_schema(schema_file.read_text(), str(schema_file))
    written: dict[str, set[str]] = {}
    for path in sorted(out.glob("stacks/*/cdk.tf.json")):
        for type_, named in json.loads(path.read_text())["resource"].items():
            written.setdefault(type_, set()).update(one for body in named.values() for one in _paths(body))
    found = {
        type_: sorted(
            name
            for name, one in ((".".join(path), one) for path, one in attributes(schema[type_]["block"]))
            if name in paths and (one.get("required") or one.get("min_items"))
        )
        for type_, paths in sorted(written.items())
        if type_ in schema
    }
    FILE.write_text(json.dumps(found, indent=1) + "\n")


def _paths(value: Any, at: str = "") -> Iterator[str]:
    """Every attribute path of a body, without positions."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            for key, inner in one.items():
                path = f"{at}.{key}" if at else key
                yield path
                yield from _paths(inner, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "cdktf.out"))
