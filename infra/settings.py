"""What whoever deploys an environment says of it, read from environment variables once, in `main`.

What compliance fixes (encryption, retention, privacy, TLS) is a literal in the construct concerned; nobody can
configure it away. An empty variable counts as unset.

| variable                    | meaning                                           | default                           |
| --------------------------- | ------------------------------------------------- | --------------------------------- |
| ENVIRONMENT_SUFFIX          | last part of every name: 1 to 20 of `a-z0-9-`     | none: required                    |
| ENVIRONMENT                 | development, staging or production; also a tag    | development                       |
| COST_CENTER                 | tag                                               | engineering                       |
| PORTAL_DOMAIN               | DNS name of the portal                            | `{suffix}.financial-portal.test`  |
| HOSTED_ZONE_ID              | Route 53 zone that holds PORTAL_DOMAIN            | the zone of the domain's name     |
| RECOVERY_DOMAIN             | DNS name of the disaster recovery system          | see below                         |
| RECOVERY_HOSTED_ZONE_ID     | Route 53 zone that holds RECOVERY_DOMAIN          | the zone of the domain's name     |
| TRANSACTIONS_DOMAIN         | DNS name of the transaction API                   | see below                         |
| TRANSACTIONS_HOSTED_ZONE_ID | Route 53 zone that holds TRANSACTIONS_DOMAIN      | the zone of the domain's name     |
| TRANSACTIONS_JWT_ISSUER     | `iss` of the tokens that its callers bring        | `https://issuer.` + the name      |
| TRANSACTIONS_JWT_AUDIENCE   | `aud` of those tokens                             | transactions                      |
| TRANSACTIONS_CORS_ORIGINS   | origins whose pages may call it, by commas        | the portal's                      |
| TRANSACTIONS_ENGINE_VERSION | version of Aurora PostgreSQL 16; follow upgrades  | `16.11`                           |
| ALERT_EMAIL                 | address subscribed to the alerts topics           | nobody is subscribed              |
| ORGANIZATION_TRAIL_ARN      | CloudTrail trail that covers this account already | the portal's stack creates one    |
| AURORA_ENGINE_VERSION       | version of Aurora MySQL 8.0; follow upgrades      | `8.0.mysql_aurora.3.10.3`         |
| AMI_PARAMETER               | public parameter with the Amazon Linux 2023 image | the latest x86_64 one             |
| TF_STATE_BUCKET             | S3 bucket for Terraform's state                   | a local file                      |
| TF_STATE_REGION             | region of that bucket, no recovery region         | us-east-1                         |
| TF_STATE_KMS_KEY_ID         | KMS key that encrypts the state there             | the bucket's default key          |
| TF_STATE_LOCK_TABLE         | DynamoDB table that locks the state               | no lock                           |

What ENVIRONMENT decides is data: infra/profiles.toml. Production demands PORTAL_DOMAIN and HOSTED_ZONE_ID,
TRANSACTIONS_JWT_ISSUER and TRANSACTIONS_JWT_AUDIENCE, and keeps its data; every other profile can be destroyed without
a trace.

A trail of the organization is not part of the stack, so nothing here can show what it records: the policies about
trails fail until whoever answers for it waives them, each by an entry in waivers.yaml with `addresses: [""]` (the
empty address: what the stack does not have).

RECOVERY_DOMAIN is `recovery.` before PORTAL_DOMAIN where HOSTED_ZONE_ID is set, or else
`{suffix}.financial-recovery.test`; TRANSACTIONS_DOMAIN likewise, with `transactions`. The default domains end in
`.test`, which no one can register: they synthesize TLS from the viewer to the database, but have no zone to deploy
into. The zones have to exist: they are looked up, never made. So has the issuer: API Gateway asks it for its keys.

Terraform's state holds the secret origin headers (the databases' passwords never enter it): the state of production
belongs in an encrypted bucket. A local state is one file per stack and suffix beside the output folder; give each
environment an output folder of its own (`--output`), or run `terraform init -reconfigure` when changing from one to the
other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from infra.errors import InputError
from infra.naming import Naming
from infra.profiles import ENVIRONMENTS, Environment, Profile, profiles

AMAZON_LINUX_2023 = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
RECOVERY_REGIONS = ("us-east-2", "us-west-2")  # primary, secondary
CERTIFICATE_NAME_LIMIT = 64  # characters of the first name on an ACM certificate
# The longest that a system puts before its domain to have a certificate for.
CERTIFIED_LABELS = {"portal": "origin.", "recovery": "", "transactions": "service."}

_HOST = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN = rf"https://{_HOST}(:\d{{1,5}})?"
_DOMAIN = re.compile(r"(?=.{1,253}$)" + _HOST)
_ZONE = (re.compile(r"Z[A-Z0-9]{1,31}"), "a zone id such as Z0123456789ABCDEFGHIJ")
_FORMS: dict[str, tuple[re.Pattern[str], str]] = {
    "COST_CENTER": (
        re.compile(r"[\w .:/=+@-]{1,256}", re.ASCII),
        "1 to 256 letters, digits, spaces or . : / = + @ - _",
    ),
    "PORTAL_DOMAIN": (_DOMAIN, "a lower-case DNS name such as portal.example.com"),
    "HOSTED_ZONE_ID": _ZONE,
    "RECOVERY_DOMAIN": (_DOMAIN, "a lower-case DNS name such as recovery.example.com"),
    "RECOVERY_HOSTED_ZONE_ID": _ZONE,
    "TRANSACTIONS_DOMAIN": (_DOMAIN, "a lower-case DNS name such as transactions.example.com"),
    "TRANSACTIONS_HOSTED_ZONE_ID": _ZONE,
    "TRANSACTIONS_JWT_ISSUER": (
        re.compile(rf"https://{_HOST}(/[\w.~/-]*)?", re.ASCII),
        "an https URL such as https://issuer.example.com/tenant",
    ),
    "TRANSACTIONS_JWT_AUDIENCE": (re.compile(r"[\w.:/-]{1,256}", re.ASCII), "1 to 256 letters, digits or . : / - _"),
    "TRANSACTIONS_CORS_ORIGINS": (
        re.compile(rf"{_ORIGIN}(,{_ORIGIN})*"),
        "https origins such as https://portal.example.com, separated by commas; `*` is none",
    ),
    "TRANSACTIONS_ENGINE_VERSION": (re.compile(r"16\.\d+"), "like 16.11"),
    "ALERT_EMAIL": (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII), "one e-mail address"),
    "ORGANIZATION_TRAIL_ARN": (
        re.compile(r"arn:aws:cloudtrail:[a-z0-9-]+:\d{12}:trail/[\w.-]+", re.ASCII),
        "a trail's ARN",
    ),
    "AURORA_ENGINE_VERSION": (re.compile(r"8\.0\.mysql_aurora\.3\.\d+\.\d+"), "like 8.0.mysql_aurora.3.10.3"),
    "AMI_PARAMETER": (
        re.compile(r"/aws/service/ami-amazon-linux-latest/al2023-ami-[a-z0-9.-]+-x86_64"),
        f"an Amazon Linux 2023 image for x86_64 such as {AMAZON_LINUX_2023}",
    ),
    "TF_STATE_BUCKET": (re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"), "a bucket's name"),
    "TF_STATE_REGION": (re.compile(r"[a-z]{2}(-[a-z]+)+-\d"), "a region such as us-east-1"),
    "TF_STATE_KMS_KEY_ID": (re.compile(r"[\w:/-]{1,256}", re.ASCII), "a KMS key's id, alias or ARN"),
    "TF_STATE_LOCK_TABLE": (re.compile(r"[\w.-]{3,255}", re.ASCII), "a DynamoDB table's name"),
}


@dataclass(frozen=True)
class Domain:
    """A system's DNS name, and the zone that holds it (None: the one of the same name)."""

    name: str
    hosted_zone_id: str | None


@dataclass(frozen=True)
class TransactionCallers:
    """Who may call the transaction API: the issuer and audience of their tokens, and the origins of pages that do."""

    issuer: str
    audience: str
    origins: tuple[str, ...]


@dataclass(frozen=True)
class RemoteState:
    """Where Terraform keeps its state: an S3 bucket."""

    bucket: str
    region: str
    kms_key_id: str | None
    lock_table: str | None


@dataclass(frozen=True)
class Settings:
    """The inputs of one environment, validated."""

    names: Naming
    environment: Environment
    cost_center: str
    domain: Domain
    recovery_domain: Domain
    transactions_domain: Domain
    transaction_callers: TransactionCallers
    alert_email: str | None
    organization_trail_arn: str | None
    aurora_engine_version: str
    transactions_engine_version: str
    ami_parameter: str
    remote_state: RemoteState | None

    @property
    def profile(self) -> Profile:
        """What distinguishes this kind of environment."""
        return profiles()[self.environment]

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> "Settings":
        """Read the table above. Raises InputError, naming the first variable that cannot be used."""
        if not variables.get("ENVIRONMENT_SUFFIX"):
            raise InputError("ENVIRONMENT_SUFFIX is not set: give the environment a short name, for example `dev`")
        names = Naming(variables["ENVIRONMENT_SUFFIX"])
        environment = _environment(variables)
        domain = _domain(variables, environment, names.suffix)
        transactions = _domain_of(variables, "transactions", domain, names.suffix)
        return cls(
            names=names,
            environment=environment,
            cost_center=_read(variables, "COST_CENTER") or "engineering",
            domain=domain,
            recovery_domain=_domain_of(variables, "recovery", domain, names.suffix),
            transactions_domain=transactions,
            transaction_callers=_transaction_callers(variables, environment, domain, transactions),
            alert_email=_read(variables, "ALERT_EMAIL"),
            organization_trail_arn=_read(variables, "ORGANIZATION_TRAIL_ARN"),
            aurora_engine_version=_read(variables, "AURORA_ENGINE_VERSION") or "8.0.mysql_aurora.3.10.3",
            transactions_engine_version=_read(variables, "TRANSACTIONS_ENGINE_VERSION") or "16.11",
            ami_parameter=_read(variables, "AMI_PARAMETER") or AMAZON_LINUX_2023,
            remote_state=_remote_state(variables),
        )


def _read(variables: Mapping[str, str], name: str) -> str | None:
    """Return the variable, None when unset or empty. Raises InputError when it has not the form of `name`."""
    value = variables.get(name)
    if not value:
        return None
    pattern, form = _FORMS[name]
    if not pattern.fullmatch(value):
        raise InputError(f"{name} is {value!r}: it must be {form}")
    return value


def _environment(variables: Mapping[str, str]) -> Environment:
    wanted = variables.get("ENVIRONMENT") or "development"
    for environment in ENVIRONMENTS:
        if environment == wanted:
            return environment
    raise InputError(f"ENVIRONMENT is {wanted!r}: it must be one of {', '.join(ENVIRONMENTS)}")


def _domain(variables: Mapping[str, str], environment: Environment, suffix: str) -> Domain:
    name = _read(variables, "PORTAL_DOMAIN")
    zone = _read(variables, "HOSTED_ZONE_ID")
    if not profiles()[environment].placeholders and not (name and zone):
        raise InputError(
            f"ENVIRONMENT={environment} needs PORTAL_DOMAIN and HOSTED_ZONE_ID: the default domain is a placeholder"
        )
    if zone and not name:
        raise InputError("HOSTED_ZONE_ID is set without PORTAL_DOMAIN: say which name in that zone the portal gets")
    if name:
        _require_certifiable("portal", name)
    return Domain(name=name or f"{suffix}.financial-portal.test", hosted_zone_id=zone)


def _domain_of(variables: Mapping[str, str], system: str, portal: Domain, suffix: str) -> Domain:
    """Return the domain of a system beside the portal: its own, one below the portal's, or a placeholder."""
    domain, zone_id = f"{system.upper()}_DOMAIN", f"{system.upper()}_HOSTED_ZONE_ID"
    name = _read(variables, domain)
    zone = _read(variables, zone_id)
    if zone and not name:
        raise InputError(f"{zone_id} is set without {domain}: say which name in that zone is meant")
    if name is None and portal.hosted_zone_id:
        name, zone = f"{system}.{portal.name}", portal.hosted_zone_id
    if name:
        _require_certifiable(system, name)
    return Domain(name=name or f"{suffix}.financial-{system}.test", hosted_zone_id=zone)


def _transaction_callers(
    variables: Mapping[str, str], environment: Environment, portal: Domain, api: Domain
) -> TransactionCallers:
    issuer = _read(variables, "TRANSACTIONS_JWT_ISSUER")
    audience = _read(variables, "TRANSACTIONS_JWT_AUDIENCE")
    if not profiles()[environment].placeholders and not (issuer and audience):
        raise InputError(
            f"ENVIRONMENT={environment} needs TRANSACTIONS_JWT_ISSUER and TRANSACTIONS_JWT_AUDIENCE: "
            "the default issuer is a placeholder"
        )
    origins = _read(variables, "TRANSACTIONS_CORS_ORIGINS") or f"https://{portal.name}"
    return TransactionCallers(
        issuer=issuer or f"https://issuer.{api.name}",
        audience=audience or "transactions",
        origins=tuple(origins.split(",")),
    )


def _require_certifiable(system: str, name: str) -> None:
    label = CERTIFIED_LABELS[system]
    limit = CERTIFICATE_NAME_LIMIT - len(label)
    if len(name) > limit:
        why = f" with `{label}` before it" if label else ""
        raise InputError(
            f"{system.upper()}_DOMAIN has {len(name)} characters ({name}): a certificate takes at most {limit}{why}"
        )


def _remote_state(variables: Mapping[str, str]) -> RemoteState | None:
    bucket = _read(variables, "TF_STATE_BUCKET")
    if bucket is None:
        return None
    region = _read(variables, "TF_STATE_REGION") or "us-east-1"
    if region in RECOVERY_REGIONS:
        raise InputError(
            f"TF_STATE_REGION is {region}, which the disaster recovery system must be able to lose: "
            f"keep the state outside {' and '.join(RECOVERY_REGIONS)}"
        )
    return RemoteState(
        bucket=bucket,
        region=region,
        kms_key_id=_read(variables, "TF_STATE_KMS_KEY_ID"),
        lock_table=_read(variables, "TF_STATE_LOCK_TABLE"),
    )
