"""What breaks the portal's delivery: its distribution, its firewall, its buckets, and the logs of all three."""

from typing import Any

from tests.compliance.breaking import Body, Break, Stack

DISTRIBUTION = "aws_cloudfront_distribution"
PORTAL, STATIC = 0, 1  # the distribution's origins
CACHE_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"  # managed cache policies
CACHE_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
READERS = {"Principal": "*", "Action": "s3:GetObject", "Effect": "Allow"}

# The policies that hold the requirements.
FRONTS = "cloudfront-fronts-load-balancer"
ORIGINS = "origins-use-modern-tls"
VIEWERS = "viewers-use-modern-tls"
STATIC_CACHED = "static-content-is-cached"
DYNAMIC = "dynamic-content-is-not-cached"
ONLY_CLOUDFRONT = "alb-only-through-cloudfront"
HEADER = "alb-requires-origin-header"
HAS_ACL = "cloudfront-has-web-acl"
BLOCKS = "web-acl-blocks"
RATE = "web-acl-limits-rate"
SIGNED = "s3-origins-use-access-control"
OWN_READER = "origin-bucket-only-through-cloudfront"
BLOCKED = "bucket-public-access-blocked"
REACHES = "log-group-reaches-bucket"
ENCRYPTED = "encrypted-with-kms"
KEPT_90 = "logs-kept-90-days"
KEPT_YEAR = "audit-logs-kept"
APART = "audit-logs-kept-apart"
VERSIONED = "bucket-versioned"
TLS = "bucket-requires-tls"
LOGGED = "bucket-access-logged"
CDN_LOGS = "cloudfront-logs-requests"
WAF_LOGS = "web-acl-logs-requests"


def origin(stack: Stack, index: int) -> Body:
    return stack.block(DISTRIBUTION)["origin"][index]  # type: ignore[no-any-return]


def default_behavior(stack: Stack) -> Body:
    return stack.block(DISTRIBUTION)["default_cache_behavior"]  # type: ignore[no-any-return]


def static_behavior(stack: Stack) -> Body:
    [behavior] = stack.block(DISTRIBUTION)["ordered_cache_behavior"]
    return behavior  # type: ignore[no-any-return]


def rules(stack: Stack) -> list[Body]:
    return stack.block("aws_wafv2_web_acl")["rule"]  # type: ignore[no-any-return]


def rate_limit(stack: Stack) -> Body:
    return rules(stack)[0]["statement"]["rate_based_statement"]  # type: ignore[no-any-return]


def of_bucket(stack: Stack, kind: str, bucket: str) -> Body:
    """The `aws_s3_bucket_<kind>` of one bucket: `static`, `application_logs`, `access_logs`, `files`, `archive`."""
    [block] = [body for name, body in stack.blocks(f"aws_s3_bucket_{kind}").items() if f"_{bucket}_" in f"_{name}"]
    return block


def add_statement(stack: Stack, bucket: str, **statement: Any) -> None:
    block = of_bucket(stack, "policy", bucket)
    stack.edit_policy(block, "policy", lambda content: content["Statement"].append(statement))


def drop_statement(stack: Stack, bucket: str, sid: str) -> None:
    def change(content: Body) -> None:
        content["Statement"] = [one for one in content["Statement"] if one.get("Sid") != sid]

    stack.edit_policy(of_bucket(stack, "policy", bucket), "policy", change)


def edit_statement(stack: Stack, bucket: str, sid: str, **values: Any) -> None:
    def change(content: Body) -> None:
        [statement] = [one for one in content["Statement"] if one.get("Sid") == sid]
        statement.update(values)

    stack.edit_policy(of_bucket(stack, "policy", bucket), "policy", change)


def expire(stack: Stack, bucket: str, days: int) -> None:
    of_bucket(stack, "lifecycle_configuration", bucket)["rule"][0]["expiration"] = [{"days": days}]


def allow_first(stack: Stack) -> None:
    """A rule that lets a whole country in before any other rule is asked."""
    rules(stack).insert(
        0,
        {
            "name": "home",
            "priority": -1,
            "action": {"allow": {}},
            "statement": {"geo_match_statement": {"country_codes": ["US"]}},
        },
    )


def second_distribution(stack: Stack, **values: Any) -> None:
    stack.add(DISTRIBUTION, "more", {**stack.block(DISTRIBUTION), **values})


def lead_elsewhere(stack: Stack) -> None:
    origin(stack, PORTAL).update(domain_name="www.example.com")


_DELIVERY = (
    Break("P-CDN-1", FRONTS, "no distribution", lambda stack: stack.remove(DISTRIBUTION)),
    Break("P-CDN-1", FRONTS, "switched off", lambda stack: stack.block(DISTRIBUTION).update(enabled=False)),
    Break("P-CDN-1", FRONTS, "origin is another server", lead_elsewhere),
    Break(
        "P-CDN-1",
        FRONTS,
        "everything comes from the bucket",
        lambda stack: default_behavior(stack).update(target_origin_id="static"),
    ),
    Break(
        "P-CDN-1",
        FRONTS,
        "the origin's name leads elsewhere",
        lambda stack: stack.block("aws_route53_record", "alb_origin")["alias"].update(name="elsewhere.example.com"),
    ),
    Break(
        "P-CDN-1",
        ORIGINS,
        "plain HTTP to the load balancer",
        lambda stack: origin(stack, PORTAL)["custom_origin_config"].update(origin_protocol_policy="http-only"),
    ),
    Break(
        "P-CDN-1",
        ORIGINS,
        "TLS 1.0 to the load balancer",
        lambda stack: origin(stack, PORTAL)["custom_origin_config"]["origin_ssl_protocols"].append("TLSv1"),
    ),
    Break(
        "P-CDN-1",
        VIEWERS,
        "plain HTTP on static paths",
        lambda stack: static_behavior(stack).update(viewer_protocol_policy="allow-all"),
    ),
    Break(
        "P-CDN-1",
        VIEWERS,
        "no minimum version",
        lambda stack: stack.block(DISTRIBUTION)["viewer_certificate"].pop("minimum_protocol_version"),
    ),
    Break(
        "P-CDN-1",
        VIEWERS,
        "certificate of CloudFront",
        lambda stack: stack.block(DISTRIBUTION).update(viewer_certificate={"cloudfront_default_certificate": True}),
    ),
    Break(
        "P-CDN-2",
        STATIC_CACHED,
        "static content not cached",
        lambda stack: static_behavior(stack).update(cache_policy_id=CACHE_DISABLED),
    ),
    Break(
        "P-CDN-2",
        STATIC_CACHED,
        "no time to live",
        lambda stack: stack.block("aws_cloudfront_cache_policy").update(min_ttl=0, default_ttl=0),
    ),
    Break(
        "P-CDN-2",
        STATIC_CACHED,
        "no static path",
        lambda stack: stack.block(DISTRIBUTION).pop("ordered_cache_behavior"),
    ),
    Break(
        "P-CDN-2",
        DYNAMIC,
        "the application is cached by a managed policy",
        lambda stack: default_behavior(stack).update(cache_policy_id=CACHE_OPTIMIZED),
    ),
    Break(
        "P-CDN-2",
        DYNAMIC,
        "the look-up finds another managed policy",
        lambda stack: stack.block("data.aws_cloudfront_cache_policy").update(name="Managed-CachingOptimized"),
    ),
    Break(
        "P-CDN-2",
        DYNAMIC,
        "one policy for both",
        lambda stack: default_behavior(stack).update(
            cache_policy_id="${aws_cloudfront_cache_policy.cdn_static_cache.id}"
        ),
    ),
    Break(
        "P-CDN-3",
        ONLY_CLOUDFRONT,
        "the whole Internet",
        lambda stack: stack.add(
            "aws_vpc_security_group_ingress_rule",
            "open",
            {
                "security_group_id": "${aws_security_group.security_balancer.id}",
                "cidr_ipv4": "0.0.0.0/0",
                "ip_protocol": "tcp",
                "from_port": 443,
                "to_port": 443,
            },
        ),
    ),
    Break(
        "P-CDN-3",
        ONLY_CLOUDFRONT,
        "another prefix list",
        lambda stack: stack.block("data.aws_ec2_managed_prefix_list").update(name="com.amazonaws.us-east-1.s3"),
    ),
    Break("P-CDN-3", ONLY_CLOUDFRONT, "no load balancer", lambda stack: stack.remove("aws_lb")),
    Break(
        "P-CDN-3",
        HEADER,
        "no secret header asked for",
        lambda stack: stack.block("aws_lb_listener_rule").update(condition=[{"path_pattern": {"values": ["/*"]}}]),
    ),
    Break(
        "P-CDN-3",
        HEADER,
        "a header that is written down",
        lambda stack: stack.block("aws_lb_listener_rule").update(
            condition=[{"http_header": {"http_header_name": "X-Origin-Verify", "values": ["yes"]}}]
        ),
    ),
    Break("P-CDN-4", HAS_ACL, "no web ACL", lambda stack: stack.block(DISTRIBUTION).pop("web_acl_id")),
    Break(
        "P-CDN-4", HAS_ACL, "a second distribution without", lambda stack: second_distribution(stack, web_acl_id=None)
    ),
    Break(
        "P-CDN-4",
        HAS_ACL,
        "a regional web ACL",
        lambda stack: stack.block("aws_wafv2_web_acl").update(scope="REGIONAL"),
    ),
    Break(
        "P-CDN-4",
        BLOCKS,
        "one group only counts",
        lambda stack: rules(stack)[3].update(override_action={"count": {}}),
    ),
    Break("P-CDN-4", BLOCKS, "nothing but the rate limit", lambda stack: rules(stack).__delitem__(slice(1, None))),
    Break("P-CDN-4", BLOCKS, "a rule that allows comes first", allow_first),
    Break("P-CDN-5", RATE, "no rate limit", lambda stack: rules(stack).pop(0)),
    Break("P-CDN-5", RATE, "a higher limit", lambda stack: rate_limit(stack).update(limit=20000)),
    Break("P-CDN-5", RATE, "a shorter window", lambda stack: rate_limit(stack).update(evaluation_window_sec=60)),
    Break("P-CDN-5", RATE, "only counted", lambda stack: rules(stack)[0].update(action={"count": {}})),
    Break("P-CDN-5", RATE, "by a header", lambda stack: rate_limit(stack).update(aggregate_key_type="FORWARDED_IP")),
    Break(
        "P-CDN-5",
        RATE,
        "for one country",
        lambda stack: rate_limit(stack).update(scope_down_statement={"geo_match_statement": {"country_codes": ["US"]}}),
    ),
    Break("P-CDN-5", RATE, "a rule that allows comes first", allow_first),
    Break("P-CDN-6", SIGNED, "no bucket", lambda stack: stack.block(DISTRIBUTION)["origin"].pop(STATIC)),
    Break("P-CDN-6", SIGNED, "not signed", lambda stack: origin(stack, STATIC).pop("origin_access_control_id")),
    Break(
        "P-CDN-6",
        SIGNED,
        "signed unless viewers sign",
        lambda stack: stack.block("aws_cloudfront_origin_access_control").update(signing_behavior="no-override"),
    ),
    Break(
        "P-CDN-6",
        OWN_READER,
        "everybody reads",
        lambda stack: add_statement(
            stack, "static", **READERS, Resource="${aws_s3_bucket.storage_static_bucket.arn}/*"
        ),
    ),
    Break(
        "P-CDN-6",
        OWN_READER,
        "distributions of strangers",
        lambda stack: edit_statement(stack, "static", "ThisDistribution", Condition={}),
    ),
    Break(
        "P-CDN-6",
        OWN_READER,
        "a website",
        lambda stack: stack.add(
            "aws_s3_bucket_website_configuration",
            "static",
            {"bucket": "${aws_s3_bucket.storage_static_bucket.id}", "index_document": {"suffix": "index.html"}},
        ),
    ),
)

_STORAGE = (
    Break(
        "P-S3-1",
        BLOCKED,
        "one switch off",
        lambda stack: of_bucket(stack, "public_access_block", "static").update(block_public_policy=False),
    ),
    Break(
        "P-S3-1",
        BLOCKED,
        "public list",
        lambda stack: stack.add(
            "aws_s3_bucket_acl", "static", {"bucket": "${aws_s3_bucket.storage_static_bucket.id}", "acl": "public-read"}
        ),
    ),
    Break(
        "P-S3-1",
        OWN_READER,
        "static assets not read through CloudFront",
        lambda stack: drop_statement(stack, "static", "ThisDistribution"),
    ),
    Break("P-S3-1", OWN_READER, "no bucket", lambda stack: stack.block(DISTRIBUTION)["origin"].pop(STATIC)),
    Break("P-S3-2", REACHES, "not copied", lambda stack: stack.remove("aws_cloudwatch_log_subscription_filter")),
    Break(
        "P-S3-2",
        REACHES,
        "errors only",
        lambda stack: stack.block("aws_cloudwatch_log_subscription_filter").update(filter_pattern="ERROR"),
    ),
    Break(
        "P-S3-2",
        BLOCKED,
        "nothing blocks",
        lambda stack: stack.remove("aws_s3_bucket_public_access_block", "storage_application_logs_privacy"),
    ),
    Break(
        "P-S3-2",
        ENCRYPTED,
        "no encryption",
        lambda stack: stack.remove(
            "aws_s3_bucket_server_side_encryption_configuration", "storage_application_logs_encryption"
        ),
    ),
    Break("P-S3-3", KEPT_90, "a month only", lambda stack: expire(stack, "application_logs", 30)),
    Break(
        "P-S3-3",
        KEPT_90,
        "for ever",
        lambda stack: of_bucket(stack, "lifecycle_configuration", "application_logs")["rule"][0].pop("expiration"),
    ),
    Break("P-S3-3", KEPT_YEAR, "trail archived for 90 days", lambda stack: expire(stack, "archive", 90)),
    Break("P-S3-3", KEPT_YEAR, "access logs for 90 days", lambda stack: expire(stack, "access_logs", 90)),
    *(
        Break(
            "P-S3-3",
            KEPT_YEAR,
            f"{group} for half a year",
            lambda stack, group=group: stack.block("aws_cloudwatch_log_group", group).update(retention_in_days=180),
        )
        for group in ("waf_log", "flow_logs_group", "database_audit_log")
    ),
    Break(
        "P-S3-3",
        APART,
        "application logs beside audit logs",
        lambda stack: stack.block("aws_kinesis_firehose_delivery_stream")["extended_s3_configuration"].update(
            bucket_arn="${aws_s3_bucket.storage_access_logs_bucket.arn}"
        ),
    ),
    Break(
        "P-S3-4",
        ENCRYPTED,
        "keys of S3 for static assets",
        lambda stack: of_bucket(stack, "server_side_encryption_configuration", "static").update(
            rule=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}]
        ),
    ),
    Break(
        "P-S3-4",
        ENCRYPTED,
        "key of AWS for the audit trail",
        lambda stack: of_bucket(stack, "server_side_encryption_configuration", "archive")["rule"][0][
            "apply_server_side_encryption_by_default"
        ].pop("kms_master_key_id"),
    ),
    Break(
        "P-S3-5",
        VERSIONED,
        "static assets suspended",
        lambda stack: of_bucket(stack, "versioning", "static").update(versioning_configuration={"status": "Suspended"}),
    ),
    Break(
        "P-S3-5",
        VERSIONED,
        "application logs without",
        lambda stack: stack.remove("aws_s3_bucket_versioning", "storage_application_logs_versioning"),
    ),
)

# Of P-PCI-1, whose entry lists the policies of every area.
COMPLIANCE: tuple[Break, ...] = (
    Break("P-PCI-1", WAF_LOGS, "not logged", lambda stack: stack.remove("aws_wafv2_web_acl_logging_configuration")),
    Break(
        "P-PCI-1",
        WAF_LOGS,
        "blocked requests dropped",
        lambda stack: stack.block("aws_wafv2_web_acl_logging_configuration").update(
            logging_filter={
                "default_behavior": "KEEP",
                "filter": [
                    {
                        "behavior": "DROP",
                        "requirement": "MEETS_ANY",
                        "condition": [{"action_condition": {"action": "BLOCK"}}],
                    }
                ],
            }
        ),
    ),
    Break("P-PCI-1", CDN_LOGS, "not delivered", lambda stack: stack.remove("aws_cloudwatch_log_delivery")),
    Break(
        "P-PCI-1",
        CDN_LOGS,
        "a second distribution without logs",
        lambda stack: second_distribution(stack, comment="more"),
    ),
    Break(
        "P-PCI-1",
        LOGGED,
        "one bucket without",
        lambda stack: stack.remove("aws_s3_bucket_logging", "storage_static_logging"),
    ),
    Break(
        "P-PCI-1",
        LOGGED,
        "into itself",
        lambda stack: of_bucket(stack, "logging", "archive").update(
            target_bucket="${aws_s3_bucket.trail_archive_bucket.id}"
        ),
    ),
    Break("P-PCI-1", TLS, "plain HTTP answered", lambda stack: drop_statement(stack, "application_logs", "TlsOnly")),
    Break(
        "P-PCI-1",
        TLS,
        "objects only",
        lambda stack: edit_statement(
            stack, "static", "TlsOnly", Resource="${aws_s3_bucket.storage_static_bucket.arn}/*"
        ),
    ),
    Break("P-PCI-1", KEPT_YEAR, "trail archived for 90 days", lambda stack: expire(stack, "archive", 90)),
    Break(
        "P-PCI-1",
        KEPT_YEAR,
        "trail removed on a date",
        lambda stack: of_bucket(stack, "lifecycle_configuration", "archive")["rule"][0].update(
            expiration=[{"date": "2027-01-01T00:00:00Z"}]
        ),
    ),
    Break(
        "P-PCI-1",
        APART,
        "application logs beside the trail",
        lambda stack: stack.block("aws_kinesis_firehose_delivery_stream")["extended_s3_configuration"].update(
            bucket_arn="${aws_s3_bucket.trail_archive_bucket.arn}"
        ),
    ),
)

BREAKS: tuple[Break, ...] = (*_DELIVERY, *_STORAGE, *COMPLIANCE)
