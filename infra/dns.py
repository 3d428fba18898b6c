"""The portal's names, and certificates that AWS issues for them."""

from cdktf_cdktf_provider_aws.acm_certificate import AcmCertificate
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktf_cdktf_provider_aws.data_aws_route53_zone import DataAwsRoute53Zone
from cdktf_cdktf_provider_aws.route53_record import Route53Record, Route53RecordAlias
from constructs import Construct

from infra.settings import Domain

VALIDATION_TTL_SECONDS = 60


class HostedZone(Construct):
    """The zone that holds the portal's domain: the given one, or the one of the same name.

    It is never made here: a zone that nobody delegates to serves no name, one that somebody does outlives the portal.
    """

    def __init__(self, scope: Construct, id_: str, *, domain: Domain) -> None:
        super().__init__(scope, id_)
        self.viewer_name = domain.name
        self.origin_name = f"origin.{domain.name}"
        self.id: str = domain.hosted_zone_id or DataAwsRoute53Zone(self, "zone", name=domain.name).zone_id

    def certificate(self, scope: Construct, id_: str, *, name: str, tags: dict[str, str]) -> str:
        """Return the ARN of a certificate for `name` that AWS has validated through this zone."""
        certificate = AcmCertificate(
            scope,
            id_,
            domain_name=name,
            validation_method="DNS",
            key_algorithm="RSA_2048",
            options={"certificate_transparency_logging_preference": "ENABLED"},
            # A listener keeps using the old one until it has the new one.
            lifecycle={"create_before_destroy": True},
            tags=tags,
        )
        proof = certificate.domain_validation_options.get(0)
        record = Route53Record(
            scope,
            f"{id_}_proof",
            zone_id=self.id,
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            records=[proof.resource_record_value],
            ttl=VALIDATION_TTL_SECONDS,
            allow_overwrite=True,
        )
        validated = AcmCertificateValidation(
            scope, f"{id_}_validation", certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn]
        )
        arn: str = validated.certificate_arn
        return arn

    def alias(
        self, scope: Construct, id_: str, *, name: str, type_: str, target: str, target_zone_id: str
    ) -> Route53Record:
        """Return the record (`type_` A or AAAA) that makes `name` stand for an AWS resource."""
        return Route53Record(
            scope,
            id_,
            zone_id=self.id,
            name=name,
            type=type_,
            alias=Route53RecordAlias(name=target, zone_id=target_zone_id, evaluate_target_health=False),
        )
