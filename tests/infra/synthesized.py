"""Runs the app as its user does, and reads what it wrote."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jsonpath_ng import JSONPath
from jsonpath_ng.ext import parse

ROOT = Path(__file__).parents[2]
PORTAL = "portal"

# Whatever the developer has set must not decide a test.
OUR_VARIABLES = (
    "ENVIRONMENT",
    "ENVIRONMENT_SUFFIX",
    "COST_CENTER",
    "PORTAL_DOMAIN",
    "HOSTED_ZONE_ID",
    "RECOVERY_DOMAIN",
    "RECOVERY_HOSTED_ZONE_ID",
    "TRANSACTIONS_DOMAIN",
    "TRANSACTIONS_HOSTED_ZONE_ID",
    "TRANSACTIONS_JWT_ISSUER",
    "TRANSACTIONS_JWT_AUDIENCE",
    "TRANSACTIONS_CORS_ORIGINS",
    "TRANSACTIONS_ENGINE_VERSION",
    "ALERT_EMAIL",
    "ORGANIZATION_TRAIL_ARN",
    "AURORA_ENGINE_VERSION",
    "AMI_PARAMETER",
    "TF_STATE_BUCKET",
    "TF_STATE_REGION",
    "TF_STATE_KMS_KEY_ID",
    "TF_STATE_LOCK_TABLE",
    "CDKTF_OUTDIR",
    "CDKTF_CONTEXT_JSON",
    "INFRA_EAGER_BINDINGS",
    "NODE_OPTIONS",
)


@dataclass(frozen=True)
class Resource:
    """One resource block."""

    type: str
    name: str
    body: Mapping[str, Any]

    @property
    def address(self) -> str:
        return f"{self.type}.{self.name}"

    @property
    def construct_path(self) -> str:
        path: str = self.body["//"]["metadata"]["path"]
        return path


@dataclass(frozen=True)
class Synthesis:
    """What one run of the app left, seen from one of its stacks."""

    suffix: str
    output: Path
    stack: str = PORTAL

    def of(self, stack: str) -> "Synthesis":
        """The same run, seen from another stack."""
        return replace(self, stack=stack)

    @property
    def folder(self) -> Path:
        return self.output / "stacks" / self.stack

    @cached_property
    def text(self) -> str:
        return (self.folder / "cdk.tf.json").read_text()

    @cached_property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.text)
        return document

    @cached_property
    def sources(self) -> dict[str, dict[str, Any]]:
        sources: dict[str, dict[str, Any]] = json.loads((self.folder / "sources.json").read_text())
        return sources

    def resources(self, type_: str | None = None) -> Iterator[Resource]:
        for found, blocks in self.document["resource"].items():
            for name, body in blocks.items() if type_ in (None, found) else ():
                yield Resource(found, name, body)

    def resource(self, address: str) -> Mapping[str, Any]:
        type_, name = address.split(".")
        body: Mapping[str, Any] = self.document["resource"][type_][name]
        return body

    def find(self, path: str) -> list[Any]:
        return [match.value for match in _compiled(path).find(self.document)]


@cache
def _compiled(path: str) -> JSONPath:
    return parse(path)


def run_app(output: Path | None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m infra.main [--output OUTPUT]` with no variable of ours set but `variables`."""
    environment = {name: value for name, value in os.environ.items() if name not in OUR_VARIABLES}
    return subprocess.run(
        [sys.executable, "-m", "infra.main", *(["--output", str(output)] if output else [])],
        cwd=ROOT,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def synthesize(output: Path, suffix: str, **variables: str) -> Synthesis:
    """Synthesize all stacks into `output`; what comes back is seen from the portal."""
    run = run_app(output, ENVIRONMENT_SUFFIX=suffix, **variables)
    assert run.returncode == 0, run.stderr
    return Synthesis(suffix, output)
