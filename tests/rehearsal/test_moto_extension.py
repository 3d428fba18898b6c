"""Every patch and setting of moto, through boto3 against the server of the rehearsal."""

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from rehearsal.emulator import Emulator

STATEMENT = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
UNLESS_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def bucket_with_policy(server: Emulator, name: str, statement: dict[str, object]) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=name)
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


def test_a_trail_is_deleted_by_its_arn(server: Emulator) -> None:
    server.client("s3").create_bucket(Bucket="trail-bucket")
    cloudtrail = server.client("cloudtrail")
    arn = cloudtrail.create_trail(Name="audit", S3BucketName="trail-bucket")["TrailARN"]
    cloudtrail.delete_trail(Name=arn)
    assert cloudtrail.describe_trails()["trailList"] == []


def test_deleting_a_trail_that_does_not_exist_is_an_error(server: Emulator) -> None:
    cloudtrail = server.client("cloudtrail")
    with pytest.raises(cloudtrail.exceptions.TrailNotFoundException):
        cloudtrail.delete_trail(Name="never-made")


def test_a_denial_whose_condition_does_not_hold_denies_nothing(server: Emulator) -> None:
    bucket_with_policy(server, "denies-without-tls", {**STATEMENT, "Condition": UNLESS_TLS})
    server.client("s3").put_object(Bucket="denies-without-tls", Key="object", Body=b"content")


def test_a_denial_without_condition_still_denies(server: Emulator) -> None:
    bucket_with_policy(server, "denies-all", STATEMENT)
    with pytest.raises(ClientError, match="403"):
        server.client("s3").put_object(Bucket="denies-all", Key="object", Body=b"content")
    server.client("s3").delete_bucket_policy(Bucket="denies-all")


@pytest.mark.parametrize(
    ("shape", "list_shape", "method", "config", "changed"),
    [
        (
            "CachePolicy",
            "CachePolicyList",
            "cache_polic",
            {"Name": "ours", "MinTTL": 1, "Comment": "before"},
            {"Name": "ours", "MinTTL": 5, "Comment": "after"},
        ),
        (
            "OriginRequestPolicy",
            "OriginRequestPolicyList",
            "origin_request_polic",
            {
                "Name": "ours",
                "HeadersConfig": {"HeaderBehavior": "none"},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            },
            {
                "Name": "ours",
                "HeadersConfig": {"HeaderBehavior": "allViewer"},
                "CookiesConfig": {"CookieBehavior": "all"},
                "QueryStringsConfig": {"QueryStringBehavior": "all"},
            },
        ),
        (
            "ResponseHeadersPolicy",
            "ResponseHeadersPolicyList",
            "response_headers_polic",
            {"Name": "ours", "Comment": "before"},
            {"Name": "ours", "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}}},
        ),
    ],
)
def test_a_cloudfront_policy_lives_from_creation_to_deletion(
    server: Emulator, shape: str, list_shape: str, method: str, config: dict[str, object], changed: dict[str, object]
) -> None:
    cloudfront = server.client("cloudfront")

    def call(verb: str, end: str = "y", **arguments: object) -> dict[str, object]:
        answer: dict[str, object] = getattr(cloudfront, f"{verb}_{method}{end}")(**arguments)
        return answer

    created = call("create", **{f"{shape}Config": config})[shape]
    assert created[f"{shape}Config"] == config
    call("update", Id=created["Id"], IfMatch="E1", **{f"{shape}Config": changed})
    assert call("get", Id=created["Id"])[shape][f"{shape}Config"] == changed
    assert created["Id"] in [
        item[shape]["Id"] for item in call("list", "ies", Type="custom")[list_shape].get("Items", [])
    ]
    call("delete", Id=created["Id"], IfMatch="E1")
    with pytest.raises(ClientError, match=f"NoSuch{shape}"):
        call("get", Id=created["Id"])
    assert call("list", "ies", Type="custom")[list_shape]["Quantity"] == 0


@pytest.mark.parametrize(
    ("list_method", "list_shape", "shape", "name"),
    [
        ("list_cache_policies", "CachePolicyList", "CachePolicy", "Managed-CachingDisabled"),
        (
            "list_origin_request_policies",
            "OriginRequestPolicyList",
            "OriginRequestPolicy",
            "Managed-AllViewerExceptHostHeader",
        ),
    ],
)
def test_the_managed_policies_that_our_stacks_look_up_are_there(
    server: Emulator, list_method: str, list_shape: str, shape: str, name: str
) -> None:
    listed = getattr(server.client("cloudfront"), list_method)(Type="managed")[list_shape]
    assert [item[shape][f"{shape}Config"]["Name"] for item in listed["Items"]] == [name]


def function(server: Emulator, name: str, **settings: object) -> dict[str, object]:
    """The arguments of a function that is made in the server."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context): raise SystemExit\n")
    role = server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    made: dict[str, object] = server.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="handler.handler",
        Code={"ZipFile": package.getvalue()},
        **settings,
    )
    return made


def test_a_function_is_called_without_a_container(server: Emulator) -> None:
    function(server, "rotate")
    answer = server.client("lambda").invoke(FunctionName="rotate")["Payload"].read()
    assert answer == b"Simple Lambda happy path OK"


def test_a_function_keeps_its_dead_letters_files_and_logging(server: Emulator) -> None:
    functions = server.client("lambda")
    access_point = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0"
    settings = {
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
        "FileSystemConfigs": [{"Arn": access_point, "LocalMountPath": "/mnt/files"}],
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/keeps"},
    }
    made = function(server, "keeps", **settings)
    assert {name: made[name] for name in settings} == settings
    changed = {"LogFormat": "Text", "LogGroup": "/aws/lambda/keeps"}
    functions.update_function_configuration(FunctionName="keeps", LoggingConfig=changed)
    read = functions.get_function_configuration(FunctionName="keeps")
    assert {name: read[name] for name in settings} == {**settings, "LoggingConfig": changed}
    function(server, "has-none")
    assert not settings.keys() & functions.get_function_configuration(FunctionName="has-none").keys()


def test_a_domain_name_of_an_api_is_available_and_points_somewhere(server: Emulator) -> None:
    gateway = server.client("apigatewayv2", "us-west-2")
    certificate = "arn:aws:acm:us-west-2:123456789012:certificate/0"
    asked = {"CertificateArn": certificate, "EndpointType": "REGIONAL", "SecurityPolicy": "TLS_1_2"}
    gateway.create_domain_name(DomainName="origin.api.test", DomainNameConfigurations=[asked])
    read = gateway.get_domain_name(DomainName="origin.api.test")
    (configuration,) = read["DomainNameConfigurations"]
    assert {name: configuration[name] for name in asked} == asked
    assert configuration["DomainNameStatus"] == "AVAILABLE"
    assert configuration["ApiGatewayDomainName"].endswith(".execute-api.us-west-2.amazonaws.com")
    assert configuration["HostedZoneId"]
    assert "MutualTlsAuthentication" not in read
    gateway.delete_domain_name(DomainName="origin.api.test")


def test_an_origin_keeps_its_access_control(server: Emulator) -> None:
    cloudfront = server.client("cloudfront")
    behaviour = {"TargetOriginId": "files", "ViewerProtocolPolicy": "https-only", "CachePolicyId": "any"}
    origin = {
        "Id": "files",
        "DomainName": "files.s3.us-east-1.amazonaws.com",
        "OriginAccessControlId": "E2EXAMPLE",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    config = {
        "CallerReference": "once",
        "Comment": "",
        "Enabled": False,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behaviour,
    }
    made = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    read = cloudfront.get_distribution(Id=made)["Distribution"]["DistributionConfig"]
    assert read["Origins"]["Items"][0]["OriginAccessControlId"] == "E2EXAMPLE"


KEY_SCHEMA = [{"AttributeName": "id", "KeyType": "HASH"}]
ATTRIBUTES = [{"AttributeName": "id", "AttributeType": "S"}]


def test_a_replica_is_a_table_in_its_region_until_it_is_deleted(server: Emulator) -> None:
    here, there = server.client("dynamodb", "us-east-2"), server.client("dynamodb", "us-west-2")
    here.create_table(
        TableName="global", KeySchema=KEY_SCHEMA, AttributeDefinitions=ATTRIBUTES, BillingMode="PAY_PER_REQUEST"
    )
    key = "arn:aws:kms:us-west-2:123456789012:key/replica"
    here.update_table(
        TableName="global", ReplicaUpdates=[{"Create": {"RegionName": "us-west-2", "KMSMasterKeyId": key}}]
    )
    (replica,) = here.describe_table(TableName="global")["Table"]["Replicas"]
    assert replica == {"RegionName": "us-west-2", "ReplicaStatus": "ACTIVE", "KMSMasterKeyId": key}
    described = there.describe_table(TableName="global")["Table"]
    assert described["KeySchema"] == KEY_SCHEMA
    assert described["SSEDescription"]["KMSMasterKeyArn"] == key
    assert [other["RegionName"] for other in described["Replicas"]] == ["us-east-2"]

    gone = [{"Delete": {"RegionName": "us-west-2"}}]
    here.update_table(TableName="global", ReplicaUpdates=gone)
    assert there.list_tables()["TableNames"] == []
    with pytest.raises(ClientError, match="Replica specified in the Replica Update"):
        here.update_table(TableName="global", ReplicaUpdates=gone)
    here.delete_table(TableName="global")


def test_a_replication_rule_reads_as_it_was_put(server: Emulator) -> None:
    s3 = server.client("s3")
    for name in ("copied-from", "copied-to"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule = {
        "ID": "everything",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {"Bucket": "arn:aws:s3:::copied-to"},
    }
    role = "arn:aws:iam::123456789012:role/replication"
    s3.put_bucket_replication(Bucket="copied-from", ReplicationConfiguration={"Role": role, "Rules": [rule]})
    assert s3.get_bucket_replication(Bucket="copied-from")["ReplicationConfiguration"]["Rules"] == [rule]


def test_a_zone_logs_its_queries_to_a_group_that_exists(server: Emulator) -> None:
    route53, logs = server.client("route53"), server.client("logs")
    zone = route53.create_hosted_zone(Name="logged.test", CallerReference="logged")["HostedZone"]["Id"]
    logs.create_log_group(logGroupName="/aws/route53/queries")
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53/queries"
    made = route53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=arn)
    assert made["QueryLoggingConfig"]["CloudWatchLogsLogGroupArn"] == arn
    with pytest.raises(ClientError, match="NoSuchCloudWatchLogsLogGroup"):
        route53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=f"{arn}-missing")
    route53.delete_query_logging_config(Id=made["QueryLoggingConfig"]["Id"])
    route53.delete_hosted_zone(Id=zone)


def test_a_scaling_policy_is_enabled_unless_it_was_put_otherwise(server: Emulator) -> None:
    autoscaling, ec2 = server.client("autoscaling"), server.client("ec2")
    ec2.create_launch_template(LaunchTemplateName="scaled", LaunchTemplateData={"ImageId": "ami-12c6146b"})
    template = {"LaunchTemplateName": "scaled", "Version": "1"}
    zones = ["us-east-1a"]
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="scaled", LaunchTemplate=template, MinSize=0, MaxSize=1, AvailabilityZones=zones
    )
    policy = {"AutoScalingGroupName": "scaled", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
    autoscaling.put_scaling_policy(PolicyName="on", **policy)
    autoscaling.put_scaling_policy(PolicyName="off", Enabled=False, **policy)
    found = autoscaling.describe_policies(AutoScalingGroupName="scaled")["ScalingPolicies"]
    assert {one["PolicyName"]: one["Enabled"] for one in found} == {"on": True, "off": False}


def test_an_instance_keeps_its_performance_insights(server: Emulator) -> None:
    rds = server.client("rds")
    made = {"Engine": "mysql", "DBInstanceClass": "db.r6g.large", "AllocatedStorage": 20}
    login = {"MasterUsername": "somebody", "ManageMasterUserPassword": True}
    insights = {"EnablePerformanceInsights": True, "PerformanceInsightsRetentionPeriod": 7}
    rds.create_db_instance(DBInstanceIdentifier="seen", **made, **login, **insights)
    rds.create_db_instance(DBInstanceIdentifier="unseen", **made, **login)
    found = {one["DBInstanceIdentifier"]: one for one in rds.describe_db_instances()["DBInstances"]}
    assert found["seen"]["PerformanceInsightsEnabled"]
    assert found["seen"]["PerformanceInsightsRetentionPeriod"] == 7
    assert not found["unseen"]["PerformanceInsightsEnabled"]


def private_subnet(server: Emulator) -> str:
    ec2 = server.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet: str = ec2.create_subnet(VpcId=network, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    return subnet


def test_a_cache_parameter_group_keeps_its_parameters_and_tags_until_it_is_deleted(server: Emulator) -> None:
    cache = server.client("elasticache")
    family, tags = "redis7", [{"Key": "Name", "Value": "ours"}]
    made = cache.create_cache_parameter_group(
        CacheParameterGroupName="ours", CacheParameterGroupFamily=family, Description="Ours", Tags=tags
    )["CacheParameterGroup"]
    parameter = {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}
    cache.modify_cache_parameter_group(CacheParameterGroupName="ours", ParameterNameValues=[parameter])
    (group,) = cache.describe_cache_parameter_groups(CacheParameterGroupName="ours")["CacheParameterGroups"]
    assert (group["CacheParameterGroupFamily"], group["Description"]) == (family, "Ours")
    (found,) = cache.describe_cache_parameters(CacheParameterGroupName="ours")["Parameters"]
    assert {name: found[name] for name in parameter} == parameter
    assert cache.list_tags_for_resource(ResourceName=made["ARN"])["TagList"] == tags
    cache.delete_cache_parameter_group(CacheParameterGroupName="ours")
    with pytest.raises(cache.exceptions.CacheParameterGroupNotFoundFault):
        cache.describe_cache_parameter_groups(CacheParameterGroupName="ours")
    with pytest.raises(cache.exceptions.CacheParameterGroupNotFoundFault):
        cache.delete_cache_parameter_group(CacheParameterGroupName="ours")


def test_a_user_group_keeps_its_users_and_tags_until_it_is_deleted(server: Emulator) -> None:
    cache = server.client("elasticache")
    tags = [{"Key": "Name", "Value": "ours"}]
    made = cache.create_user_group(UserGroupId="ours", Engine="redis", UserIds=["default"], Tags=tags)
    (group,) = cache.describe_user_groups(UserGroupId="ours")["UserGroups"]
    assert (group["Status"], group["Engine"], group["UserIds"]) == ("active", "redis", ["default"])
    assert cache.list_tags_for_resource(ResourceName=made["ARN"])["TagList"] == tags
    assert cache.delete_user_group(UserGroupId="ours")["Status"] == "deleting"
    with pytest.raises(cache.exceptions.UserGroupNotFoundFault):
        cache.describe_user_groups(UserGroupId="ours")


def test_a_replication_group_has_the_nodes_that_were_asked_for_and_is_deleted_with_them(server: Emulator) -> None:
    cache = server.client("elasticache")
    subnets = {"CacheSubnetGroupName": "ours", "CacheSubnetGroupDescription": "Ours"}
    cache.create_cache_subnet_group(**subnets, SubnetIds=[private_subnet(server)])
    cache.create_replication_group(
        ReplicationGroupId="ours",
        ReplicationGroupDescription="Ours",
        Engine="redis",
        CacheNodeType="cache.m7g.large",
        NumCacheClusters=3,
        CacheSubnetGroupName="ours",
        SecurityGroupIds=["sg-1"],
        TransitEncryptionEnabled=True,
        TransitEncryptionMode="required",
    )
    (group,) = cache.describe_replication_groups(ReplicationGroupId="ours")["ReplicationGroups"]
    assert group["MemberClusters"] == ["ours-001", "ours-002", "ours-003"]
    for name in group["MemberClusters"]:
        (node,) = cache.describe_cache_clusters(CacheClusterId=name)["CacheClusters"]
        assert [one["SecurityGroupId"] for one in node["SecurityGroups"]] == ["sg-1"]
        assert (node["CacheSubnetGroupName"], node["TransitEncryptionMode"]) == ("ours", "required")
    cache.delete_replication_group(ReplicationGroupId="ours")
    with pytest.raises(cache.exceptions.ReplicationGroupNotFoundFault):
        cache.describe_replication_groups(ReplicationGroupId="ours")
    assert cache.describe_cache_clusters()["CacheClusters"] == []
    cache.delete_cache_subnet_group(CacheSubnetGroupName="ours")
    assert cache.describe_cache_subnet_groups()["CacheSubnetGroups"] == []


def test_what_is_not_there_cannot_be_deleted_from_elasticache(server: Emulator) -> None:
    cache = server.client("elasticache")
    with pytest.raises(cache.exceptions.CacheSubnetGroupNotFoundFault):
        cache.delete_cache_subnet_group(CacheSubnetGroupName="never-made")
    with pytest.raises(cache.exceptions.ReplicationGroupNotFoundFault):
        cache.delete_replication_group(ReplicationGroupId="never-made")
    with pytest.raises(cache.exceptions.UserGroupNotFoundFault):
        cache.delete_user_group(UserGroupId="never-made")


def test_a_file_system_remembers_whether_it_is_backed_up(server: Emulator) -> None:
    efs = server.client("efs")
    system = efs.create_file_system(CreationToken="backed-up")["FileSystemId"]
    with pytest.raises(efs.exceptions.PolicyNotFound):
        efs.describe_backup_policy(FileSystemId=system)
    for status in ("ENABLED", "DISABLED"):
        efs.put_backup_policy(FileSystemId=system, BackupPolicy={"Status": status})
        assert efs.describe_backup_policy(FileSystemId=system)["BackupPolicy"] == {"Status": status}


def test_the_policy_of_a_file_system_can_be_deleted(server: Emulator) -> None:
    efs = server.client("efs")
    system = efs.create_file_system(CreationToken="with-policy")["FileSystemId"]
    efs.put_file_system_policy(FileSystemId=system, Policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
    assert "Statement" in efs.describe_file_system_policy(FileSystemId=system)["Policy"]
    efs.delete_file_system_policy(FileSystemId=system)
    with pytest.raises(efs.exceptions.PolicyNotFound):
        efs.describe_file_system_policy(FileSystemId=system)
