"""The portal's only way in: a CloudFront distribution before the load balancer and the static assets."""

from cdktf_cdktf_provider_aws.cloudfront_cache_policy import CloudfrontCachePolicy
from cdktf_cdktf_provider_aws.cloudfront_distribution import (
    CloudfrontDistributionOrderedCacheBehavior,
    CloudfrontDistributionOrigin,
)
from cdktf_cdktf_provider_aws.cloudfront_origin_access_control import CloudfrontOriginAccessControl
from constructs import Construct

from infra.bucket import PrivateBucket
from infra.deployment import Deployment
from infra.distribution import Distribution, Fronted, ResponseHeaders
from infra.dns import HostedZone
from infra.iam import allow, service
from infra.origin_header import OriginHeader

STATIC_PATH = "/static/*"
STATIC_DEFAULT_SECONDS = 24 * 3600
STATIC_MAXIMUM_SECONDS = 365 * 24 * 3600
HEADERS = ResponseHeaders(
    comment="What browsers may do with the portal's pages",
    content_security_policy="default-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
    referrer_policy="strict-origin-when-cross-origin",
)
# Who types the portal's name gets there.
PORTAL = Fronted("portal", plain_http="redirect-to-https")
STATIC_ORIGIN = "static"


class Cdn(Distribution):
    """Static paths come from the bucket and are cached; everything else comes from the portal and never is."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        zone: HostedZone,
        origin_header: OriginHeader,
        static_assets: PrivateBucket,
        web_acl_arn: str,
    ) -> None:
        super().__init__(scope, id_, deployment=deployment, zone=zone, fronted=PORTAL, headers=HEADERS)
        distribution = self.distribute(
            origin_header=origin_header,
            web_acl_arn=web_acl_arn,
            other_origins=[self._static_origin(static_assets)],
            other_behaviours=[self._static_behaviour()],
        )
        static_assets.attach_policy(
            allow(
                "s3:GetObject",
                on=f"{static_assets.arn}/*",
                to=service("cloudfront"),
                where={"StringEquals": {"aws:SourceArn": distribution.arn}},
                sid="ThisDistribution",
            )
        )

    def _static_origin(self, bucket: PrivateBucket) -> CloudfrontDistributionOrigin:
        access = CloudfrontOriginAccessControl(
            self,
            "access",
            name=self._names("static"),
            description="Static assets of the customer portal",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
        )
        return CloudfrontDistributionOrigin(
            origin_id=STATIC_ORIGIN, domain_name=bucket.regional_domain_name, origin_access_control_id=access.id
        )

    def _static_behaviour(self) -> CloudfrontDistributionOrderedCacheBehavior:
        return CloudfrontDistributionOrderedCacheBehavior(
            path_pattern=STATIC_PATH,
            target_origin_id=STATIC_ORIGIN,
            viewer_protocol_policy="redirect-to-https",
            allowed_methods=["GET", "HEAD"],
            cached_methods=["GET", "HEAD"],
            compress=True,
            cache_policy_id=self._static_cache().id,
            response_headers_policy_id=self._headers.id,
        )

    def _static_cache(self) -> CloudfrontCachePolicy:
        return CloudfrontCachePolicy(
            self,
            "static_cache",
            name=self._names("static"),
            comment="Static assets: a day, or as long as the object says",
            min_ttl=1,
            default_ttl=STATIC_DEFAULT_SECONDS,
            max_ttl=STATIC_MAXIMUM_SECONDS,
            parameters_in_cache_key_and_forwarded_to_origin={
                "enable_accept_encoding_brotli": True,
                "enable_accept_encoding_gzip": True,
                "cookies_config": {"cookie_behavior": "none"},
                "headers_config": {"header_behavior": "none"},
                "query_strings_config": {"query_string_behavior": "none"},
            },
        )
