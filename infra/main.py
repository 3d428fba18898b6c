"""Synthesizes the stacks: settings in, Terraform JSON out.

    ENVIRONMENT_SUFFIX=dev .venv/bin/python -m infra.main [--output DIR]

writes `DIR/stacks/<stack>/cdk.tf.json`, and beside it `sources.json`: construct path to the line that made the
construct. DIR is `cdktf.out` unless given here or, as `cdktf synth` does, in CDKTF_OUTDIR. The variables that describe
an environment are listed in `infra/settings.py`. Bad input ends with one line on standard error and exit code 3.

cdktf.json names `.venv/bin/python`, so that `cdktf synth` works without an activated environment.
"""

import argparse
import gc
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from infra import node
from infra.errors import InputError
from infra.settings import Settings

BAD_INPUT = 3
DEFAULT_OUTPUT = "cdktf.out"


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize all stacks; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.main", description="Synthesize the stacks.")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(os.environ.get("CDKTF_OUTDIR") or DEFAULT_OUTPUT),
        help="folder to write to (default: CDKTF_OUTDIR, or cdktf.out)",
    )
    output = parser.parse_args(arguments).output
    try:
        settings = Settings.from_environment(os.environ)
        node.require_node()
        synthesize(settings, output)
    except InputError as error:
        print(f"infra: {error}", file=sys.stderr)
        return BAD_INPUT
    return 0


def synthesize(settings: Settings, output: Path) -> None:
    """Write all stacks below `output`, whole or not at all. Raises InputError when `output` cannot be written."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".synthesis-", dir=output) as scratch:
            _synthesize_into(settings, Path(scratch))
            _publish(Path(scratch), output)
    except OSError as error:
        raise InputError(f"cannot write {error.filename or output}: {error.strerror or error}") from error


def _synthesize_into(settings: Settings, folder: Path) -> None:
    # Imported here because importing cdktf starts Node.js, which has to be found first.
    from cdktf import App

    from infra import packages, portal, provenance
    from infra.recovery import REGIONS
    from infra.recovery_global import GlobalStack
    from infra.recovery_region import RegionPackages, RegionStack
    from infra.transactions import TransactionPackages, Transactions

    with provenance.recorded() as sources:
        app = App(outdir=str(folder))
        rotation = packages.rotation_function()
        portal.Portal(
            app,
            portal.STACK,
            settings=settings,
            packages=portal.Packages(
                application=packages.portal_application(),
                ca_bundle=packages.rds_ca_bundle(),
                rotation=rotation,
            ),
        )
        region_packages = RegionPackages(monitor=packages.health_function(), answers=packages.answer_function())
        across_regions = GlobalStack(app, settings=settings)
        for region in REGIONS:
            stack = RegionStack(app, settings=settings, region=region, packages=region_packages)
            # Route 53 takes an alias to a name of the same zone only once that name is there.
            across_regions.add_dependency(stack)
        transaction_packages = TransactionPackages(
            rotation=rotation,
            service=packages.service_function(),
        )
        Transactions(app, settings=settings, packages=transaction_packages)
    app.synth()
    for stack_folder in (folder / "stacks").iterdir():
        provenance.write(sources, stack_folder)


def _publish(scratch: Path, output: Path) -> None:
    """Move what was synthesized into `output`, file by file: each is the old one or the new one, never half.

    Terraform keeps its plugins, and who knows what, in the same folders: those stay.
    """
    fresh = {file.relative_to(scratch) for file in scratch.rglob("*") if file.is_file()}
    # Assets first: a document must not name one that is not there yet.
    for file in sorted(fresh, key=lambda file: ("assets" not in file.parts, file)):
        (output / file).parent.mkdir(parents=True, exist_ok=True)
        (scratch / file).replace(output / file)
    for asset in sorted(output.glob("stacks/*/assets/**/*")):
        if asset.is_file() and asset.relative_to(output) not in fresh:
            asset.unlink()
            if not any(asset.parent.iterdir()):
                asset.parent.rmdir()


if __name__ == "__main__":
    gc.disable()  # one short run: looking for garbage among all that it imports only takes time
    sys.exit(main())
