"""The transaction API's database: Aurora PostgreSQL, Serverless v2, a writer and a reader in two zones.

Parameters and their values: "Amazon Aurora PostgreSQL parameters" and "Reference for the pgAudit extension" in AWS's
user guide for Aurora, and what `aws rds describe-db-cluster-parameters` says of a family's default group.
"""

from infra.database import Capacity, DatabasePlan, InstancePlan
from infra.logs import archived_log_group

DATABASE_PORT = 5432

_TLS = {"rds.force_ssl": "1", "ssl_min_protocol_version": "TLSv1.2"}
_LIBRARIES = {"shared_preload_libraries": "pg_stat_statements,pgaudit"}
# Who connected, and who changed schema or rights. Reading and writing of rows is recorded where single people and
# systems can be told apart, in the API's own logs: here all of it is one user, ten thousand times a second.
_AUDIT = {
    "log_connections": "1",
    "log_disconnections": "1",
    "log_statement": "ddl",
    "pgaudit.log": "ddl,role",
    "pgaudit.log_catalog": "0",
}
_SLOW = {"log_min_duration_statement": "1000"}  # milliseconds
# A slow or failed statement would be written down with the values bound to it, an error with the row it is about:
# cardholder data must not be readable anywhere it is kept, logs included (PCI DSS 3.5.1).
_NO_VALUES = {
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "pgaudit.log_parameter": "0",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

DATABASE = DatabasePlan(
    system="the transaction API",
    engine="aurora-postgresql",
    login_engine="postgres",
    parameter_family="aurora-postgresql16",
    port=DATABASE_PORT,
    name="transactions",
    parameters={**_TLS, **_LIBRARIES, **_AUDIT, **_SLOW, **_NO_VALUES},
    static_parameters=set(_LIBRARIES),
    log_groups={"postgresql": archived_log_group},
    # Readers of the tiers 0 and 1 keep the writer's capacity, so that a failover finds a reader as large as the writer.
    instances=(InstancePlan("a", promotion_tier=0), InstancePlan("b", promotion_tier=1)),
    instance_class="db.serverless",
    # As T-DB-1 says. AWS advises a minimum of 2 for Performance Insights, and for a database that must never be slow.
    capacity=Capacity(minimum=0.5, maximum=16),
    backup_days=30,
)
