"""What breaks the portal's instances, its database and its secrets."""

from collections.abc import Callable
from typing import Any

from tests.compliance.breaking import Break, Stack

GROUP = "aws_autoscaling_group"
TEMPLATE = "aws_launch_template"
SCHEDULE = "aws_autoscaling_schedule"
POLICY = "aws_autoscaling_policy"
ALARM = "aws_cloudwatch_metric_alarm"
CLUSTER = "aws_rds_cluster"
INSTANCE = "aws_rds_cluster_instance"
SECRET = "aws_secretsmanager_secret"
VERSION = "aws_secretsmanager_secret_version"
ROTATION = "aws_secretsmanager_secret_rotation"
FUNCTION = "aws_lambda_function"
PERMISSION = "aws_lambda_permission"

Change = Callable[[Stack], object]

# Stands for a password in the breaks; nothing that anybody could log in with.
PASSWORD = "not-a-real-one"


def set_in(type_: str, resource: str | None = None, /, **values: Any) -> Change:
    """A change that sets arguments of one resource."""
    return lambda stack: stack.block(type_, resource).update(values)


def take_from(type_: str, name: str | None, argument: str) -> Change:
    """A change that takes one argument of a resource away."""
    return lambda stack: stack.block(type_, name).pop(argument)


def without(type_: str, name: str | None = None) -> Change:
    """A change that takes a resource away, or all of its type."""
    return lambda stack: stack.remove(type_, name)


def launch_configuration(stack: Stack) -> None:
    stack.add("aws_launch_configuration", "older", {"image_id": "ami-0", "instance_type": "t3.large"})
    group = stack.block(GROUP)
    del group["launch_template"]
    group["launch_configuration"] = "${aws_launch_configuration.older.name}"


def mixed_instances(stack: Stack) -> None:
    group = stack.block(GROUP)
    template = group.pop("launch_template")
    specification = {"launch_template_id": template["id"], "version": template["version"]}
    overrides = [{"instance_type": "t3.large"}, {"instance_type": "t3.small"}]
    launch = {"launch_template_specification": specification, "override": overrides}
    group["mixed_instances_policy"] = {"launch_template": launch}


def older_family(stack: Stack) -> None:
    parameter = stack.block("data.aws_ssm_parameter")
    parameter["name"] = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"


def instance_beside_the_group(stack: Stack) -> None:
    stack.add("aws_instance", "jump", {"ami": "ami-0"})


def image_of_anybody(stack: Stack) -> None:
    names = {"name": "name", "values": ["al2023-ami-2023*"]}
    stack.document["data"]["aws_ami"] = {"linux": {"most_recent": True, "filter": [names]}}
    stack.block(TEMPLATE)["image_id"] = "${data.aws_ami.linux.id}"


def second_template(stack: Stack) -> None:
    stack.add(TEMPLATE, "batch", {**stack.block(TEMPLATE), "instance_type": "t3.nano", "metadata_options": {}})


def in_script(before: str, after: str) -> Change:
    """A change of the script that instances run."""

    def change(stack: Stack) -> None:
        block = stack.block(TEMPLATE)
        assert before in block["user_data"]
        block["user_data"] = block["user_data"].replace(before, after)

    return change


def target_tracking(stack: Stack) -> None:
    predefined = {"predefined_metric_type": "ASGAverageCPUUtilization"}
    tracking = {"target_value": 70, "predefined_metric_specification": predefined}
    body = {"name": "track", "policy_type": "TargetTrackingScaling", "target_tracking_configuration": tracking}
    stack.add(POLICY, "track", {**body, "autoscaling_group_name": "${aws_autoscaling_group.compute_group.name}"})


def steps_of_out(stack: Stack) -> None:
    stack.block(POLICY, "scaling_out")["step_adjustment"] = [
        {"metric_interval_lower_bound": "15", "scaling_adjustment": 2}
    ]


def lunch_break(stack: Stack) -> None:
    action = {
        **stack.block(SCHEDULE, "scaling_closing"),
        "recurrence": "0 12 * * FRI",
        "scheduled_action_name": "lunch",
    }
    stack.add(SCHEDULE, "lunch", action)


def public_subnet_for_instances(stack: Stack) -> None:
    stack.block(GROUP)["vpc_zone_identifier"][2] = "${aws_subnet.network_public_c.id}"


def private_subnet_becomes_public(stack: Stack) -> None:
    association = stack.block("aws_route_table_association", "network_private_a_routes")
    association["route_table_id"] = "${aws_route_table.network_public.id}"


def master_password(stack: Stack) -> None:
    cluster = stack.block(CLUSTER)
    del cluster["manage_master_user_password"]
    stack.add("random_password", "master", {"length": 32})
    cluster["master_password"] = "${random_password.master.result}"


def password_in_secret(stack: Stack) -> None:
    stack.edit_policy(stack.block(VERSION), "secret_string", lambda content: content.update(password=PASSWORD))


def secret_read_back(stack: Stack) -> None:
    look_up = {"login": {"secret_id": "${aws_secretsmanager_secret.secrets_secret.id}"}}
    stack.document["data"]["aws_secretsmanager_secret_version"] = look_up


def secret_without_rotation(stack: Stack) -> None:
    stack.add(SECRET, "reports", {"name": "financial-reports-dev"})


def in_environment(**variables: str) -> Change:
    """A change that gives the function more variables."""
    return lambda stack: stack.block(FUNCTION)["environment"]["variables"].update(variables)


def another_caller(stack: Stack) -> None:
    stack.add(PERMISSION, "events", {**stack.block(PERMISSION), "principal": "events.amazonaws.com"})


def for_every_account(stack: Stack) -> None:
    permission = stack.block(PERMISSION)
    del permission["source_arn"], permission["source_account"]


def tls_optional(stack: Stack) -> None:
    stack.block("aws_rds_cluster_parameter_group")["parameter"] = [{"name": "require_secure_transport", "value": "OFF"}]


def in_public_subnet(stack: Stack) -> None:
    stack.block(FUNCTION)["vpc_config"]["subnet_ids"] = ["${aws_subnet.network_public_a.id}"]


LAUNCH = "instances-come-from-launch-template"
IMAGE = "instance-image-is"
TYPE = "instance-type-is"
INSTALLS = "user-data-installs"
IMDS = "imdsv2-required"
CPU = "scales-on-cpu"
HOURS = "business-hours-scheduled"
MINIMUM = "minimum-in-business-hours"
ZONES = "group-spans-private-zones"
ENGINE = "aurora-engine-is"
MEMBERS = "aurora-instances-span-zones"
CLASS = "database-instance-class-is"
KMS = "encrypted-with-kms"
BACKUPS = "backups-kept"
INSIGHTS = "performance-insights-on"
TLS = "aurora-requires-tls"
STATE = "secret-values-stay-out-of-state"
MANAGED = "database-password-is-managed"
SCRIPT = "no-secrets-in-user-data"
ENVIRONMENT = "functions-hold-no-secrets"
ROTATES = "secrets-rotate"
CALLERS = "rotation-function-serves-secrets-manager-only"
REACH = "rotation-function-reaches-database"
MANAGER = "rotation-function-reaches-secrets-manager"
SEEN = "rotation-failures-are-seen"

READER = "database_instance_b"
BUSY, IDLE = "scaling_cpu_high", "scaling_cpu_low"
OPENING, CLOSING = "scaling_opening", "scaling_closing"
ERRORS = "monitoring_rotation_errors"
VALUE_OF_SECRET = "aws_secretsmanager_secret_version.secrets_connection.secret_string"

BREAKS = (
    Break("P-CMP-1", LAUNCH, "a launch configuration", launch_configuration),
    Break("P-CMP-1", LAUNCH, "no group", without(GROUP)),
    Break("P-CMP-1", LAUNCH, "no template named", take_from(GROUP, None, "launch_template")),
    Break("P-CMP-2", IMAGE, "Amazon Linux 2", older_family),
    Break("P-CMP-2", IMAGE, "an image of anybody", image_of_anybody),
    Break("P-CMP-2", TYPE, "a smaller type", set_in(TEMPLATE, instance_type="t3.medium")),
    Break("P-CMP-2", TYPE, "an override", mixed_instances),
    Break("P-CMP-2", TYPE, "a second template", second_template),
    Break("P-CMP-3", INSTALLS, "no user data", take_from(TEMPLATE, None, "user_data")),
    Break("P-CMP-3", INSTALLS, "a package forgotten", in_script("openssl python3-boto3", "openssl")),
    Break("P-CMP-3", INSTALLS, "an installation commented out", in_script("\\ndnf install", "\\n# dnf install")),
    Break("P-CMP-4", IMDS, "tokens optional", set_in(TEMPLATE, metadata_options={"http_tokens": "optional"})),
    Break("P-CMP-4", IMDS, "not said", take_from(TEMPLATE, None, "metadata_options")),
    Break("P-CMP-4", IMDS, "a second template", second_template),
    Break("P-CMP-4", IMDS, "an instance beside the group", instance_beside_the_group),
    Break("P-CMP-5", CPU, "out at 80", set_in(ALARM, BUSY, threshold=80)),
    Break("P-CMP-5", CPU, "in at 40", set_in(ALARM, IDLE, threshold=40)),
    Break(
        "P-CMP-5",
        CPU,
        "an alarm that only tells",
        set_in(ALARM, IDLE, alarm_actions=["${aws_sns_topic.alerts_topic.arn}"]),
    ),
    Break("P-CMP-5", CPU, "no alarm", without(ALARM, BUSY)),
    Break("P-CMP-5", CPU, "no policy", without(POLICY, "scaling_in")),
    Break("P-CMP-5", CPU, "target tracking beside", target_tracking),
    Break("P-CMP-5", CPU, "steps from 85 on", steps_of_out),
    Break("P-CMP-5", CPU, "the load of one instance", set_in(ALARM, BUSY, statistic="Maximum")),
    Break("P-CMP-6", HOURS, "in UTC", set_in(SCHEDULE, OPENING, time_zone="UTC")),
    Break("P-CMP-6", HOURS, "no zone", take_from(SCHEDULE, OPENING, "time_zone")),
    Break("P-CMP-6", HOURS, "a fixed offset", set_in(SCHEDULE, CLOSING, time_zone="Etc/GMT+5")),
    Break("P-CMP-6", HOURS, "no opening", without(SCHEDULE, OPENING)),
    Break("P-CMP-6", HOURS, "no closing", without(SCHEDULE, CLOSING)),
    Break("P-CMP-6", HOURS, "not on Mondays", set_in(SCHEDULE, OPENING, recurrence="45 7 * * TUE-FRI")),
    Break("P-CMP-7", MINIMUM, "two by day", set_in(SCHEDULE, OPENING, min_size=2)),
    Break("P-CMP-7", MINIMUM, "two at first", set_in(GROUP, min_size=2)),
    Break("P-CMP-7", MINIMUM, "closing at five", set_in(SCHEDULE, CLOSING, recurrence="0 17 * * MON-FRI")),
    Break("P-CMP-7", MINIMUM, "opening at nine", set_in(SCHEDULE, OPENING, recurrence="0 9 * * MON-FRI")),
    Break("P-CMP-7", MINIMUM, "a lunch break", lunch_break),
    Break("P-CMP-7", MINIMUM, "nothing opens again", without(SCHEDULE, OPENING)),
    Break("P-CMP-8", ZONES, "two zones", lambda stack: stack.block(GROUP)["vpc_zone_identifier"].pop()),
    Break(
        "P-CMP-8",
        ZONES,
        "two subnets in one zone",
        set_in("aws_subnet", "network_private_c", availability_zone="us-east-1a"),
    ),
    Break("P-CMP-8", ZONES, "a public subnet", public_subnet_for_instances),
    Break("P-CMP-8", ZONES, "a route to the internet gateway", private_subnet_becomes_public),
    Break("P-DB-1", ENGINE, "PostgreSQL", set_in(CLUSTER, engine="aurora-postgresql", engine_version="16.4")),
    Break("P-DB-1", ENGINE, "an older version", set_in(CLUSTER, engine_version="5.7.mysql_aurora.2.12.1")),
    Break("P-DB-1", ENGINE, "any version", take_from(CLUSTER, None, "engine_version")),
    Break("P-DB-1", MEMBERS, "one zone", set_in(INSTANCE, READER, availability_zone="us-east-1a")),
    Break("P-DB-2", MEMBERS, "one instance", without(INSTANCE, READER)),
    Break("P-DB-2", MEMBERS, "any zone", take_from(INSTANCE, READER, "availability_zone")),
    Break("P-DB-2", CLASS, "a smaller reader", set_in(INSTANCE, READER, instance_class="db.t4g.medium")),
    Break("P-DB-3", KMS, "not encrypted", set_in(CLUSTER, storage_encrypted=False)),
    Break("P-DB-3", KMS, "the key of AWS", take_from(CLUSTER, None, "kms_key_id")),
    Break("P-DB-4", BACKUPS, "one day by default", take_from(CLUSTER, None, "backup_retention_period")),
    Break("P-DB-4", BACKUPS, "six days", set_in(CLUSTER, backup_retention_period=6)),
    Break("P-DB-5", BACKUPS, "three days", set_in(CLUSTER, backup_retention_period=3)),
    Break("P-DB-6", INSIGHTS, "off on the reader", set_in(INSTANCE, READER, performance_insights_enabled=False)),
    Break("P-DB-6", INSIGHTS, "not said", take_from(INSTANCE, "database_instance_a", "performance_insights_enabled")),
    Break("P-DB-7", TLS, "the default parameters", take_from(CLUSTER, None, "db_cluster_parameter_group_name")),
    Break(
        "P-DB-7",
        TLS,
        "TLS optional",
        set_in("aws_rds_cluster_parameter_group", parameter=[{"name": "require_secure_transport", "value": "OFF"}]),
    ),
    Break("P-SEC-1", MANAGED, "a generated password", master_password),
    Break("P-SEC-1", STATE, "a password in the configuration", password_in_secret),
    Break("P-SEC-2", ROTATES, "no rotation", without(ROTATION)),
    Break("P-SEC-2", ROTATES, "every quarter", set_in(ROTATION, rotation_rules={"automatically_after_days": 90})),
    Break("P-SEC-2", ROTATES, "no function", take_from(ROTATION, None, "rotation_lambda_arn")),
    Break("P-SEC-2", ROTATES, "a second secret that does not rotate", secret_without_rotation),
    Break("P-SEC-2", CALLERS, "no permission", without(PERMISSION)),
    Break("P-SEC-2", CALLERS, "a second caller", another_caller),
    Break("P-SEC-2", CALLERS, "on behalf of every account", for_every_account),
    Break("P-SEC-2", REACH, "outside the network", take_from(FUNCTION, None, "vpc_config")),
    Break("P-SEC-2", REACH, "in a public subnet", in_public_subnet),
    Break(
        "P-SEC-2",
        REACH,
        "not admitted",
        without("aws_vpc_security_group_ingress_rule", "security_database_from_rotation"),
    ),
    Break(
        "P-SEC-2", REACH, "not let out", without("aws_vpc_security_group_egress_rule", "security_rotation_to_database")
    ),
    Break("P-SEC-2", MANAGER, "no endpoint", without("aws_vpc_endpoint", "endpoints_secretsmanager")),
    Break(
        "P-SEC-2",
        MANAGER,
        "an endpoint that does not answer to the name",
        set_in("aws_vpc_endpoint", "endpoints_secretsmanager", private_dns_enabled=False),
    ),
    Break(
        "P-SEC-2",
        MANAGER,
        "not let out",
        without("aws_vpc_security_group_egress_rule", "security_rotation_to_endpoints"),
    ),
    Break("P-SEC-3", SCRIPT, "a password", in_script("set -euo pipefail", f"export DB_PASSWORD={PASSWORD}")),
    Break(
        "P-SEC-3",
        SCRIPT,
        "the value of the secret",
        in_script("aws_secretsmanager_secret.secrets_secret.arn", VALUE_OF_SECRET),
    ),
    Break("P-SEC-3", ENVIRONMENT, "a password", in_environment(DB_PASSWORD=PASSWORD)),
    Break("P-SEC-3", ENVIRONMENT, "the value of the secret", in_environment(LOGIN=f"${{{VALUE_OF_SECRET}}}")),
    Break("P-SEC-3", STATE, "a password in the secret", password_in_secret),
    Break("P-SEC-3", STATE, "the secret read back", secret_read_back),
    Break("P-SEC-3", MANAGED, "a password that Terraform knows", master_password),
    Break("P-SEC-4", SEEN, "no alarm", without(ALARM, ERRORS)),
    Break("P-SEC-4", SEEN, "an alarm without an action", set_in(ALARM, ERRORS, alarm_actions=[])),
    Break("P-SEC-4", SEEN, "only many errors", set_in(ALARM, ERRORS, threshold=10)),
)
