"""What a server says it holds."""

from pathlib import Path

from rehearsal import emulator


def test_an_account_that_was_only_looked_at_holds_nothing(tmp_path: Path) -> None:
    with emulator.running(tmp_path / "moto.log") as server:
        server.client("ec2").describe_vpcs()
        server.client("iam").list_policies()
        server.client("cloudfront").list_cache_policies()
        server.client("ssm").get_parameter(Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")
        assert server.held() == []


def test_what_was_made_is_held_until_it_is_deleted(tmp_path: Path) -> None:
    with emulator.running(tmp_path / "moto.log") as server:
        sns, ec2, iam = server.client("sns"), server.client("ec2", "eu-west-1"), server.client("iam")
        topic = sns.create_topic(Name="kept")["TopicArn"]
        network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        iam.create_role(RoleName="kept", AssumeRolePolicyDocument="{}")
        held = server.held()
        assert f"sns us-east-1: topics Topic {topic}" in held
        assert f"ec2 eu-west-1: vpcs VPC {network} (or another: a fresh account has 1)" in held
        assert "iam aws: roles Role arn:aws:iam::123456789012:role/kept" in held
        sns.delete_topic(TopicArn=topic)
        ec2.delete_vpc(VpcId=network)
        iam.delete_role(RoleName="kept")
        assert server.held() == []


def test_a_key_is_held_until_its_deletion_is_scheduled(tmp_path: Path) -> None:
    with emulator.running(tmp_path / "moto.log") as server:
        kms = server.client("kms")
        key = kms.create_key()["KeyMetadata"]
        assert server.held() == [f"kms us-east-1: keys Key {key['Arn']}"]
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
        assert server.held() == []


def test_a_key_that_aws_has_for_a_service_is_not_held(tmp_path: Path) -> None:
    with emulator.running(tmp_path / "moto.log") as server:
        server.client("kms").describe_key(KeyId="alias/aws/dynamodb")
        assert server.held() == []
