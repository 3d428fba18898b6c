"""Makes whole reports as a user does: a stack, the gate on it, the report, in one folder; then meddles with them."""

import contextlib
import gc
import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance import manifest
from compliance.__main__ import main as compliance
from policies.__main__ import main as policies

WAIVED_UNTIL = "2026-06-30"
JUDGED_ON = "2026-06-01"  # long before the tests run, so that the waiver has ended since
TIME = "2026-06-01T12:00:00Z"
STACK = {
    "resource": {
        "aws_launch_template": {
            "web": {"metadata_options": {"http_tokens": "required"}},
            "old": {"metadata_options": {"http_tokens": "optional"}},
        },
        "aws_security_group": {"web": {"description": "the door"}},
    }
}
WAIVERS = f"""\
waivers:
  - policy: imdsv2-required
    stack: portal
    addresses: [aws_launch_template.old]
    reason: The old image cannot speak the newer protocol yet.
    owner: platform-team
    ticket: SEC-7
    created: 2026-05-01
    expires: {WAIVED_UNTIL}
"""


@dataclass(frozen=True)
class Ran:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Project:
    """A folder with a stack, waivers, and the report on them."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "report"

    @property
    def result(self) -> Path:
        return self.folder / "gate-result.json"

    @property
    def stack(self) -> Path:
        return self.root / "stacks" / "portal" / "cdk.tf.json"

    def gate(self, *options: str, code: int | None = None) -> None:
        """Judges the stack; the result lies where the report will."""
        with working_in(self.root):
            judged = run(policies, "check", "stacks/portal", "--format", "json=report/gate-result.json", *options)
            gc.enable()  # the command line of the gate turns it off for its one run
        assert judged.code in ((0, 1, 2) if code is None else (code,)), judged.err

    def report(self, *options: str | Path) -> None:
        with working_in(self.root):
            made = run(
                compliance,
                "report",
                "report/gate-result.json",
                "--output",
                "report",
                "--time",
                TIME,
                "--pdf=no",
                *options,
            )
        assert made.code == 0, made.err

    def verify(self, *options: str | Path) -> Ran:
        with working_in(self.root):
            return run(compliance, "verify", "report", *options)

    def edit(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """Changes one file of the report and puts its new digest into the manifest, as a forger would."""
        path = self.folder / name
        path.write_bytes(change(path.read_bytes()))
        statement = json.loads((self.folder / "manifest.json").read_text())
        for subject in statement["subject"]:
            if subject["name"] == name:
                subject["digest"]["sha256"] = manifest.sha256(path.read_bytes())
        (self.folder / "manifest.json").write_text(json.dumps(statement, indent=1) + "\n")

    def forge(self, change: Callable[[Any], None]) -> None:
        """Changes the gate's result, and makes the whole report anew from it, manifest and all."""
        document = json.loads(self.result.read_text())
        change(document)
        rows = document.pop("assessments")
        document["summary"] = {word: sum(row["outcome"] == word for row in rows) for word in document["summary"]}
        lines = ",\n".join("  " + json.dumps(row) for row in rows)
        self.result.write_text(json.dumps(document, indent=1)[:-2] + f',\n "assessments": [\n{lines}\n ]\n}}\n')
        self.report()


def project(root: Path, *options: str, stack: Any = STACK) -> Project:
    """A project whose stack was judged on a day when its waiver held, and reported on."""
    made = Project(root)
    made.stack.parent.mkdir(parents=True)
    made.stack.write_text(json.dumps(stack))
    (root / "waivers.yaml").write_text(WAIVERS)
    (root / "entity.yaml").write_text("entity_type: merchant\n")
    made.gate("--today", JUDGED_ON, *options)
    made.report()
    return made


def keys(folder: Path, name: str = "key") -> tuple[Path, Path]:
    """A new key pair, private and public, as OpenSSL makes it."""
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    for command in (
        ["genpkey", "-algorithm", "ed25519", "-out", private],
        ["pkey", "-in", private, "-pubout", "-out", public],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return private, public


def run(main: Callable[[list[str]], int], *arguments: str | Path) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
