"""What our stacks need of AWS and moto 5.2 lacks: one module per service, each patch with its reason.

Only the process that runs moto's server installs these.
"""

from rehearsal.moto_extension import (
    apigatewayv2,
    autoscaling,
    awslambda,
    bucket_policies,
    cloudfront,
    cloudtrail,
    dynamodb,
    efs,
    elasticache,
    rds,
    replication,
    route53,
)


def install() -> None:
    """Extend moto in this process, before its server is made."""
    apigatewayv2.install()
    autoscaling.install()
    awslambda.install()
    bucket_policies.install()
    cloudfront.install()
    cloudtrail.install()
    dynamodb.install()
    efs.install()
    elasticache.install()
    rds.install()
    replication.install()
    route53.install()
