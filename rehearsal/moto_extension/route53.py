"""Route 53: the log of a zone's queries."""

from moto.route53.models import QueryLoggingConfig, Route53Backend

EVERY_STREAM = ":*"


def install() -> None:
    """Take a log group's ARN without `:*` at its end, as the AWS provider sends it: moto finds no group by that."""
    create = Route53Backend.create_query_logging_config

    def create_for_group(backend: Route53Backend, hosted_zone_id: str, log_group_arn: str) -> QueryLoggingConfig:
        config = create(backend, hosted_zone_id, log_group_arn.removesuffix(EVERY_STREAM) + EVERY_STREAM)
        config.cloud_watch_logs_log_group_arn = log_group_arn
        return config

    Route53Backend.create_query_logging_config = create_for_group  # type: ignore[assignment,method-assign]
