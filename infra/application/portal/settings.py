"""What the environment of the service decides."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PORT = 8443


class SettingsError(Exception):
    """A setting cannot be used; the message is one line that says which and why."""


@dataclass(frozen=True)
class Settings:
    """Where the service listens, and where it finds its database."""

    secret_arn: str
    region: str
    tls_certificate: str
    tls_key: str
    certificate_authorities: str
    """PEM text; the database's certificate has to come from one of these."""
    port: int
    log_file: str | None
    """None means standard output."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings; raises SettingsError for one that is missing or cannot be used."""
        region = _required(environment, "AWS_REGION")
        return cls(
            secret_arn=_required(environment, "PORTAL_SECRET_ARN"),
            region=region,
            tls_certificate=_required(environment, "PORTAL_TLS_CERTIFICATE"),
            tls_key=_required(environment, "PORTAL_TLS_KEY"),
            certificate_authorities=_certificate_authorities(environment.get("PORTAL_CA_BUNDLE"), region),
            port=_port(environment.get("PORTAL_PORT") or str(PORT)),
            log_file=environment.get("PORTAL_LOG_FILE") or None,
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SettingsError(f"PORTAL_PORT is {text!r}: a port number is expected")
    return int(text)


def _certificate_authorities(file: str | None, region: str) -> str:
    """The text of `file`, or the authorities of RDS in `region` that are packaged with this code."""
    try:
        if file:
            return Path(file).read_text(encoding="ascii")
        packaged = pkgutil.get_data(__package__, f"certificates/{region}.pem")
    except (OSError, ValueError) as error:
        source = f"PORTAL_CA_BUNDLE {file}" if file else f"region {region}"
        raise SettingsError(f"no certificate authorities from {source}: {error}") from error
    assert packaged is not None, "this package was loaded by a loader that cannot read data"
    return packaged.decode("ascii")
