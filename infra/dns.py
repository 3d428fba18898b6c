"""DNS names in a hosted zone that somebody else made, and certificates that AWS issues for them."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.acm_certificate import AcmCertificate
from cdktf_cdktf_provider_aws.acm_certificate_validation import AcmCertificateValidation
from cdktf_cdktf_provider_aws.data_aws_route53_zone import DataAwsRoute53Zone
from cdktf_cdktf_provider_aws.route53_record import Route53Record, Route53RecordAlias
from constructs import Construct

from infra.settings import Domain

VALIDATION_TTL_SECONDS = 60


class HostedZone(Construct):
    """The zone that holds a system's domain: the given one, or the one of the same name.

    It is never made here: a zone that nobody delegates to serves no name, one that somebody does outlives the system.
    """

    def __init__(self, scope: Construct, id_: str, *, domain: Domain) -> None:
        super().__init__(scope, id_)
        self.viewer_name = domain.name
        self.origin_name = f"origin.{domain.name}"
        self.id: str = domain.hosted_zone_id or DataAwsRoute53Zone(self, "zone", name=domain.name).zone_id

    def certificate(
        self, scope: Construct, id_: str, *, name: str, others: Sequence[str] = (), tags: dict[str, str]
    ) -> str:
        """Return the ARN of a certificate for `name` and `others` that AWS has validated through this zone."""
        certificate = AcmCertificate(
            scope,
            id_,
            domain_name=name,
            subject_alternative_names=list(others) or None,
            validation_method="DNS",
            key_algorithm="RSA_2048",
            options={"certificate_transparency_logging_preference": "ENABLED"},
            # A listener keeps using the old one until it has the new one.
            lifecycle={"create_before_destroy": True},
            tags=tags,
        )
        proofs = [
            self._proof(scope, f"{id_}_proof" if position == 0 else f"{id_}_proof_{position}", certificate, position)
            for position in range(1 + len(others))
        ]
        validated = AcmCertificateValidation(
            scope,
            f"{id_}_validation",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[proof.fqdn for proof in proofs],
        )
        arn: str = validated.certificate_arn
        return arn

    def _proof(self, scope: Construct, id_: str, certificate: AcmCertificate, position: int) -> Route53Record:
        """Return the record by which AWS sees that one of the certificate's names is ours."""
        proof = certificate.domain_validation_options.get(position)
        return Route53Record(
            scope,
            id_,
            zone_id=self.id,
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            records=[proof.resource_record_value],
            ttl=VALIDATION_TTL_SECONDS,
            # Certificates for the same name, in another region for one, are proved by the same record.
            allow_overwrite=True,
        )

    def alias(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        type_: str,
        target: str,
        target_zone_id: str,
        follow_health: bool = False,
    ) -> Route53Record:
        """Return the record (`type_` A or AAAA) that makes `name` stand for an AWS resource.

        With `follow_health` the record counts as unhealthy while its target does.
        """
        return Route53Record(
            scope,
            id_,
            zone_id=self.id,
            name=name,
            type=type_,
            alias=Route53RecordAlias(name=target, zone_id=target_zone_id, evaluate_target_health=follow_health),
        )
