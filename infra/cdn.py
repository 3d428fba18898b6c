"""The only way in: a CloudFront distribution before the load balancer and the static assets."""

from cdktf_cdktf_provider_aws.cloudfront_cache_policy import CloudfrontCachePolicy
from cdktf_cdktf_provider_aws.cloudfront_distribution import (
    CloudfrontDistribution,
    CloudfrontDistributionOrderedCacheBehavior,
    CloudfrontDistributionOrigin,
    CloudfrontDistributionOriginCustomHeader,
    CloudfrontDistributionOriginCustomOriginConfig,
)
from cdktf_cdktf_provider_aws.cloudfront_origin_access_control import CloudfrontOriginAccessControl
from cdktf_cdktf_provider_aws.cloudfront_response_headers_policy import CloudfrontResponseHeadersPolicy
from cdktf_cdktf_provider_aws.data_aws_cloudfront_cache_policy import DataAwsCloudfrontCachePolicy
from cdktf_cdktf_provider_aws.data_aws_cloudfront_origin_request_policy import DataAwsCloudfrontOriginRequestPolicy
from constructs import Construct

from infra.bucket import PrivateBucket
from infra.deployment import Deployment
from infra.dns import HostedZone
from infra.groups import HTTP_PORT, HTTPS_PORT
from infra.iam import allow, service
from infra.origin_header import OriginHeader

STATIC_PATH = "/static/*"
STATIC_DEFAULT_SECONDS = 24 * 3600
STATIC_MAXIMUM_SECONDS = 365 * 24 * 3600
STRICT_TRANSPORT_SECONDS = 2 * 365 * 24 * 3600
OLDEST_VIEWER_TLS = "TLSv1.2_2021"
OLDEST_ORIGIN_TLS = "TLSv1.2"
CONTENT_SECURITY_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"

PORTAL_ORIGIN = "portal"
STATIC_ORIGIN = "static"


class Cdn(Construct):
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
        super().__init__(scope, id_)
        self._names = deployment.names
        certificate = zone.certificate(
            self, "certificate", name=zone.viewer_name, tags=self._names.tag("viewer-certificate")
        )
        headers = self._response_headers()
        self._no_cache = DataAwsCloudfrontCachePolicy(self, "no_cache", name="Managed-CachingDisabled")
        # Without the viewer's Host header: the load balancer's certificate has the origin's name.
        self._whole_request = DataAwsCloudfrontOriginRequestPolicy(
            self, "whole_request", name="Managed-AllViewerExceptHostHeader"
        )
        distribution = CloudfrontDistribution(
            self,
            "distribution",
            enabled=True,
            comment=self._names("portal"),
            aliases=[zone.viewer_name],
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class="PriceClass_100",
            web_acl_id=web_acl_arn,
            origin=[_portal_origin(zone.origin_name, origin_header), self._static_origin(static_assets)],
            default_cache_behavior={
                "target_origin_id": PORTAL_ORIGIN,
                "viewer_protocol_policy": "redirect-to-https",
                "allowed_methods": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
                "cached_methods": ["GET", "HEAD"],
                "compress": True,
                "cache_policy_id": self._no_cache.id,
                "origin_request_policy_id": self._whole_request.id,
                "response_headers_policy_id": headers.id,
            },
            ordered_cache_behavior=[
                CloudfrontDistributionOrderedCacheBehavior(
                    path_pattern=STATIC_PATH,
                    target_origin_id=STATIC_ORIGIN,
                    viewer_protocol_policy="redirect-to-https",
                    allowed_methods=["GET", "HEAD"],
                    cached_methods=["GET", "HEAD"],
                    compress=True,
                    cache_policy_id=self._static_cache().id,
                    response_headers_policy_id=headers.id,
                )
            ],
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={
                "acm_certificate_arn": certificate,
                "ssl_support_method": "sni-only",
                "minimum_protocol_version": OLDEST_VIEWER_TLS,
            },
            tags=self._names.tag("portal"),
        )
        self.id: str = distribution.id
        self.arn: str = distribution.arn
        self.domain_name: str = distribution.domain_name
        for type_ in ("A", "AAAA"):
            zone.alias(
                self,
                f"viewer_{type_.lower()}",
                name=zone.viewer_name,
                type_=type_,
                target=distribution.domain_name,
                target_zone_id=distribution.hosted_zone_id,
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

    def _response_headers(self) -> CloudfrontResponseHeadersPolicy:
        return CloudfrontResponseHeadersPolicy(
            self,
            "headers",
            name=self._names("portal"),
            comment="What browsers may do with the portal's pages",
            security_headers_config={
                "strict_transport_security": {
                    "access_control_max_age_sec": STRICT_TRANSPORT_SECONDS,
                    "include_subdomains": True,
                    "preload": True,
                    "override": True,
                },
                "content_security_policy": {"content_security_policy": CONTENT_SECURITY_POLICY, "override": True},
                "content_type_options": {"override": True},
                "frame_options": {"frame_option": "DENY", "override": True},
                "referrer_policy": {"referrer_policy": "strict-origin-when-cross-origin", "override": True},
            },
        )


def _portal_origin(domain_name: str, origin_header: OriginHeader) -> CloudfrontDistributionOrigin:
    return CloudfrontDistributionOrigin(
        origin_id=PORTAL_ORIGIN,
        domain_name=domain_name,
        custom_origin_config=CloudfrontDistributionOriginCustomOriginConfig(
            http_port=HTTP_PORT,
            https_port=HTTPS_PORT,
            origin_protocol_policy="https-only",
            origin_ssl_protocols=[OLDEST_ORIGIN_TLS],
        ),
        custom_header=[CloudfrontDistributionOriginCustomHeader(name=origin_header.name, value=origin_header.value)],
    )
