"""The portal's database: Aurora MySQL, two instances in two zones."""

from infra.database import DatabasePlan, InstancePlan
from infra.logs import application_log_group, audit_log_group
from infra.security import DATABASE_PORT

DATABASE = DatabasePlan(
    system="the portal",
    engine="aurora-mysql",
    login_engine="mysql",
    parameter_family="aurora-mysql8.0",
    port=DATABASE_PORT,
    name="financialdb",
    # The general log stays off: it would write down every statement, cardholder data included.
    parameters={
        "require_secure_transport": "ON",
        "tls_version": "TLSv1.2,TLSv1.3",
        "server_audit_logging": "1",
        "server_audit_events": "CONNECT,QUERY_DCL,QUERY_DDL",
        "slow_query_log": "1",
        "log_output": "FILE",
    },
    static_parameters={"tls_version"},
    # Only the audit log is audit material.
    log_groups={"audit": audit_log_group, "error": application_log_group, "slowquery": application_log_group},
    instances=(InstancePlan("a"), InstancePlan("b")),
    instance_class="db.r6g.large",
    backup_days=7,
)
