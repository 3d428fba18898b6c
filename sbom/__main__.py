"""Writes the software bill of materials and the table of licences: `python -m sbom [--output FOLDER]`.

Exit codes: 0 written, 1 written, but something in a zip has a licence that may not be shipped, 3 nothing could be read.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sbom import cyclonedx, parts
from sbom.parts import SbomError

BOM, LICENCES = "bom.cdx.json", "licences.csv"


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes both files and returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sbom", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lock", type=Path, default=Path("Pipfile.lock"), metavar="FILE", help="what is pinned")
    parser.add_argument("--zips", type=Path, default=Path("build/packages"), metavar="FOLDER", help="what is shipped")
    parser.add_argument("--stacks", type=Path, default=Path("cdktf.out"), metavar="FOLDER", help="what is deployed")
    parser.add_argument("--output", type=Path, default=Path("build/sbom"), metavar="FOLDER", help="where to write")
    options = parser.parse_args(arguments)
    try:
        packages, zips = parts.packages(options.lock), parts.zips(options.zips)
        bom = cyclonedx.render(packages, zips, parts.providers(options.stacks))
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / BOM).write_text(bom, encoding="utf-8")
        (options.output / LICENCES).write_text(cyclonedx.licences(packages, zips), encoding="utf-8")
    except (SbomError, OSError) as error:
        print(f"sbom: {error}", file=sys.stderr)
        return 3
    wrong = list(cyclonedx.unfit(packages, zips))
    for line in wrong:
        print(f"sbom: {line}", file=sys.stderr)
    print(f"{options.output}: {len(packages)} packages, {len(zips)} zips")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
