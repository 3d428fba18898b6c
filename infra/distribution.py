"""A CloudFront distribution before an origin of ours: TLS 1.2 and newer on both sides, a firewall, nothing cached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cdktf_cdktf_provider_aws.cloudfront_distribution import (
    CloudfrontDistribution,
    CloudfrontDistributionOrderedCacheBehavior,
    CloudfrontDistributionOrigin,
    CloudfrontDistributionOriginCustomOriginConfig,
)
from cdktf_cdktf_provider_aws.cloudfront_response_headers_policy import (
    CloudfrontResponseHeadersPolicy,
    CloudfrontResponseHeadersPolicyCustomHeadersConfigItems,
)
from cdktf_cdktf_provider_aws.data_aws_cloudfront_cache_policy import DataAwsCloudfrontCachePolicy
from cdktf_cdktf_provider_aws.data_aws_cloudfront_origin_request_policy import DataAwsCloudfrontOriginRequestPolicy
from constructs import Construct

from infra.deployment import Deployment
from infra.dns import HostedZone
from infra.groups import HTTP_PORT, HTTPS_PORT
from infra.origin_header import OriginHeader

STRICT_TRANSPORT_SECONDS = 2 * 365 * 24 * 3600
OLDEST_VIEWER_TLS = "TLSv1.2_2021"
OLDEST_ORIGIN_TLS = "TLSv1.2"


@dataclass(frozen=True)
class ResponseHeaders:
    """What viewers are told besides the answer; `others` are headers by name."""

    comment: str
    content_security_policy: str
    referrer_policy: str
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fronted:
    """What stands behind a distribution: the system's part of its names, and what becomes of requests without TLS."""

    resource: str
    plain_http: str  # redirect-to-https or https-only, as CloudFront calls them


class Distribution(Construct):
    """The only way in to the origin `origin.<domain>`, which knows it by the secret header.

    `distribute` makes it, once its subclass has made what else it needs; every path that no other behaviour serves goes
    to the origin, with everything that the viewer sent, and its answers are never kept.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        zone: HostedZone,
        fronted: Fronted,
        headers: ResponseHeaders,
    ) -> None:
        super().__init__(scope, id_)
        self._names = deployment.names
        self._zone = zone
        self._fronted = fronted
        self._certificate_arn = zone.certificate(
            self, "certificate", name=zone.viewer_name, tags=self._names.tag("viewer-certificate")
        )
        self._headers = self._response_headers(headers)
        self._no_cache = DataAwsCloudfrontCachePolicy(self, "no_cache", name="Managed-CachingDisabled")
        # Without the viewer's Host header: the origin's certificate has the origin's name.
        self._whole_request = DataAwsCloudfrontOriginRequestPolicy(
            self, "whole_request", name="Managed-AllViewerExceptHostHeader"
        )

    def distribute(
        self,
        *,
        origin_header: OriginHeader,
        web_acl_arn: str,
        other_origins: Sequence[CloudfrontDistributionOrigin] = (),
        other_behaviours: Sequence[CloudfrontDistributionOrderedCacheBehavior] = (),
    ) -> CloudfrontDistribution:
        """Create the distribution and the DNS names that lead to it."""
        distribution = CloudfrontDistribution(
            self,
            "distribution",
            enabled=True,
            comment=self._names(self._fronted.resource),
            aliases=[self._zone.viewer_name],
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class="PriceClass_100",
            web_acl_id=web_acl_arn,
            origin=[self._origin(origin_header), *other_origins],
            default_cache_behavior={
                "target_origin_id": self._fronted.resource,
                "viewer_protocol_policy": self._fronted.plain_http,
                "allowed_methods": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
                "cached_methods": ["GET", "HEAD"],
                "compress": True,
                "cache_policy_id": self._no_cache.id,
                "origin_request_policy_id": self._whole_request.id,
                "response_headers_policy_id": self._headers.id,
            },
            ordered_cache_behavior=list(other_behaviours) or None,
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={
                "acm_certificate_arn": self._certificate_arn,
                "ssl_support_method": "sni-only",
                "minimum_protocol_version": OLDEST_VIEWER_TLS,
            },
            tags=self._names.tag(self._fronted.resource),
        )
        self.id: str = distribution.id
        self.arn: str = distribution.arn
        self.domain_name: str = distribution.domain_name
        for type_ in ("A", "AAAA"):
            self._zone.alias(
                self,
                f"viewer_{type_.lower()}",
                name=self._zone.viewer_name,
                type_=type_,
                target=distribution.domain_name,
                target_zone_id=distribution.hosted_zone_id,
            )
        return distribution

    def _origin(self, origin_header: OriginHeader) -> CloudfrontDistributionOrigin:
        return CloudfrontDistributionOrigin(
            origin_id=self._fronted.resource,
            domain_name=self._zone.origin_name,
            custom_origin_config=CloudfrontDistributionOriginCustomOriginConfig(
                http_port=HTTP_PORT,
                https_port=HTTPS_PORT,
                origin_protocol_policy="https-only",
                origin_ssl_protocols=[OLDEST_ORIGIN_TLS],
            ),
            custom_header=[origin_header.sent()],
        )

    def _response_headers(self, headers: ResponseHeaders) -> CloudfrontResponseHeadersPolicy:
        others = [
            CloudfrontResponseHeadersPolicyCustomHeadersConfigItems(header=name, value=value, override=True)
            for name, value in headers.others.items()
        ]
        return CloudfrontResponseHeadersPolicy(
            self,
            "headers",
            name=self._names(self._fronted.resource),
            comment=headers.comment,
            custom_headers_config={"items": others} if others else None,
            security_headers_config={
                "strict_transport_security": {
                    "access_control_max_age_sec": STRICT_TRANSPORT_SECONDS,
                    "include_subdomains": True,
                    "preload": True,
                    "override": True,
                },
                "content_security_policy": {
                    "content_security_policy": headers.content_security_policy,
                    "override": True,
                },
                "content_type_options": {"override": True},
                "frame_options": {"frame_option": "DENY", "override": True},
                "referrer_policy": {"referrer_policy": headers.referrer_policy, "override": True},
            },
        )
