"""What the function's environment decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rotate_database_secret.errors import RotationError

PASSWORD_LENGTH_MIN = 16
PASSWORD_LENGTH_MAX = 128

# Characters that end or escape a text in a shell, in SQL, in JSON or in a connection URL.
EXCLUDE_CHARACTERS = "\"'`/@\\"

CERTIFICATES = Path(__file__).parent.parent / "certificates"


@dataclass(frozen=True)
class Settings:
    """How passwords are made, who changes them, and which authorities the database is verified against."""

    region: str
    ca_bundle: Path
    strategy: str = "alternating-users"
    password_length: int = 32
    exclude_characters: str = EXCLUDE_CHARACTERS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read AWS_REGION (set by Lambda), ROTATION_STRATEGY (see strategies), PASSWORD_LENGTH, EXCLUDE_CHARACTERS
        and CA_BUNDLE (a file of PEM certificates instead of the packaged ones).

        Raises RotationError for a value that cannot be used.
        """
        region = environment.get("AWS_REGION", "")
        if not region:
            raise RotationError("AWS_REGION is not set")
        ca_bundle = Path(environment.get("CA_BUNDLE") or CERTIFICATES / f"{region}.pem")
        if not ca_bundle.is_file():
            raise RotationError(f"no certificate authorities for {region}: {ca_bundle.name} is missing")
        return cls(
            region=region,
            ca_bundle=ca_bundle,
            strategy=environment.get("ROTATION_STRATEGY") or cls.strategy,
            password_length=_password_length(environment.get("PASSWORD_LENGTH", str(cls.password_length))),
            exclude_characters=environment.get("EXCLUDE_CHARACTERS", cls.exclude_characters),
        )


def _password_length(text: str) -> int:
    if not text.isdecimal() or not PASSWORD_LENGTH_MIN <= int(text) <= PASSWORD_LENGTH_MAX:
        raise RotationError(
            f"PASSWORD_LENGTH is {text!r}: expected is a whole number"
            f" from {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX}"
        )
    return int(text)
