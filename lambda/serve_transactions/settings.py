"""What the function's environment decides; the docstring of `handler` is its reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CERTIFICATES = Path(__file__).parent.parent / "certificates"
CACHE_AUTHORITIES = Path(__file__).parent / "amazon-trust-services.pem"


class SettingsError(Exception):
    """A setting cannot be used; the message is one line that says which and why."""


@dataclass(frozen=True)
class Settings:
    """Where database, cache and files are, and which authorities the first two are verified against."""

    region: str
    database_secret_arn: str
    database_authorities: Path
    cache_host: str
    cache_port: int
    cache_name: str
    cache_user: str
    cache_authorities: Path
    files: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings; raises SettingsError for one that is missing or cannot be used."""
        region = _required(environment, "AWS_REGION")
        return cls(
            region=region,
            database_secret_arn=_required(environment, "DATABASE_SECRET_ARN"),
            database_authorities=_file(environment.get("CA_BUNDLE") or CERTIFICATES / f"{region}.pem"),
            cache_host=_required(environment, "CACHE_HOST"),
            cache_port=_port(environment, "CACHE_PORT"),
            cache_name=_required(environment, "CACHE_NAME"),
            cache_user=_required(environment, "CACHE_USER"),
            cache_authorities=_file(environment.get("CACHE_CA_BUNDLE") or CACHE_AUTHORITIES),
            files=Path(_required(environment, "FILES_PATH")),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _port(environment: Mapping[str, str], name: str) -> int:
    text = _required(environment, name)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SettingsError(f"{name} is {text!r}: a port number is expected")
    return int(text)


def _file(path: str | Path) -> Path:
    if not Path(path).is_file():
        raise SettingsError(f"there are no certificate authorities in {Path(path).name}")
    return Path(path)
