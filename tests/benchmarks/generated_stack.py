"""A stack of any size with the shapes that make judging costly: references, separate rule resources, nested blocks."""

from typing import Any

UNIT_SIZE = 10


def generated_stack(size: int) -> dict[str, Any]:
    """Terraform JSON of about `size` resources, every one compliant, in units of a balancer, its bucket and its key."""
    resources: dict[str, dict[str, Any]] = {"aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}}}
    for index in range(size // UNIT_SIZE):
        for type_, body in _unit(index).items():
            comment = {"metadata": {"path": f"generated/unit{index}/{type_}", "uniqueId": f"{type_}_{index}"}}
            resources.setdefault(type_, {})[f"x{index}"] = {"//": comment, **body}
    tags = {"Environment": "bench", "Application": "bench", "CostCenter": "bench"}
    return {
        "provider": {"aws": [{"region": "us-east-1", "default_tags": [{"tags": tags}]}]},
        "data": {
            "aws_caller_identity": {"me": {}},
            "aws_ec2_managed_prefix_list": {"cf": {"name": "com.amazonaws.global.cloudfront.origin-facing"}},
        },
        "resource": resources,
    }


def _unit(index: int) -> dict[str, dict[str, Any]]:
    key, bucket = f"${{aws_kms_key.x{index}.arn}}", f"${{aws_s3_bucket.x{index}.id}}"
    group = f"${{aws_security_group.x{index}.id}}"
    encryption = {"sse_algorithm": "aws:kms", "kms_master_key_id": key}
    forbidden = {"status_code": "403", "content_type": "text/plain"}
    volume = {"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "kms_key_id": key}}
    return {
        "aws_kms_key": {"enable_key_rotation": True},
        "aws_s3_bucket": {"bucket": f"logs-{index}-${{data.aws_caller_identity.me.account_id}}"},
        "aws_s3_bucket_server_side_encryption_configuration": {
            "bucket": bucket,
            "rule": [{"apply_server_side_encryption_by_default": encryption}],
        },
        "aws_s3_bucket_lifecycle_configuration": {
            "bucket": bucket,
            "rule": [{"id": "all", "status": "Enabled", "filter": [{"prefix": ""}], "expiration": [{"days": 90}]}],
        },
        "aws_security_group": {"name": f"g{index}", "vpc_id": "${aws_vpc.main.id}"},
        "aws_vpc_security_group_ingress_rule": {
            "security_group_id": group,
            "prefix_list_id": "${data.aws_ec2_managed_prefix_list.cf.id}",
            "ip_protocol": "tcp",
        },
        "aws_lb": {"name": f"b{index}", "security_groups": [group], "access_logs": {"bucket": bucket, "enabled": True}},
        "aws_lb_listener": {
            "load_balancer_arn": f"${{aws_lb.x{index}.arn}}",
            "default_action": [{"type": "fixed-response", "fixed_response": forbidden}],
        },
        "aws_launch_template": {
            "metadata_options": {"http_tokens": "required"},
            "block_device_mappings": [volume],
        },
        "aws_cloudwatch_log_group": {"name": f"l{index}", "retention_in_days": 90, "kms_key_id": key},
    }
