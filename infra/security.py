"""Who may talk to whom: the security groups, every rule of which names its peer.

    CloudFront -> balancer -> application -> database <- rotation
                              application -> endpoints <- rotation

No rule admits or reaches an address range. DNS, time and instance metadata need no rule: AWS serves them on the
link itself.
"""

from cdktf_cdktf_provider_aws.data_aws_ec2_managed_prefix_list import DataAwsEc2ManagedPrefixList
from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct, IDependable

from infra.deployment import Deployment

APPLICATION_PORT = 8443
DATABASE_PORT = 3306
HTTPS_PORT = 443
HTTP_PORT = 80


class SecurityGroups(Construct):
    """One group per tier, and the rules between them."""

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment, vpc_id: str) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        self._vpc_id = vpc_id
        self.rules: list[IDependable] = []
        self.balancer = self._group("balancer", "Load balancer: HTTPS from CloudFront, to the application")
        self.redirect = self._group("redirect", "Load balancer: HTTP from CloudFront, which is only redirected")
        self.application = self._group("application", "Instances of the portal")
        self.database = self._group("database", "Aurora cluster")
        self.rotation = self._group("rotation", "Function that rotates the database's secret")
        self.endpoints = self._group("endpoints", "VPC endpoints of AWS services")

        cloudfront = DataAwsEc2ManagedPrefixList(
            self, "cloudfront", name="com.amazonaws.global.cloudfront.origin-facing"
        )
        self._admit(cloudfront, self.balancer, HTTPS_PORT)
        # The list weighs about 55 of the 60 rules a group may have, so that each port takes a group of its own.
        self._admit(cloudfront, self.redirect, HTTP_PORT)
        self._connect(self.balancer, self.application, APPLICATION_PORT)
        self._connect(self.application, self.database, DATABASE_PORT)
        self._connect(self.application, self.endpoints, HTTPS_PORT)
        self._connect(self.rotation, self.database, DATABASE_PORT)
        self._connect(self.rotation, self.endpoints, HTTPS_PORT)

    def reach_s3(self, prefix_list_id: str) -> None:
        """Let the instances reach S3, through the gateway endpoint and nowhere else."""
        rule = VpcSecurityGroupEgressRule(
            self,
            "application_to_s3",
            security_group_id=self.application.id,
            description="Packages of Amazon Linux and the application's files, from S3",
            prefix_list_id=prefix_list_id,
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            tags=self._deployment.names.tag("application-to-s3"),
        )
        self.rules.append(rule)

    def _group(self, tier: str, description: str) -> SecurityGroup:
        name = self._deployment.names(tier)
        # Terraform removes the open egress rule that AWS gives a new group.
        return SecurityGroup(self, tier, name=name, description=description, vpc_id=self._vpc_id, tags={"Name": name})

    def _admit(self, cloudfront: DataAwsEc2ManagedPrefixList, group: SecurityGroup, port: int) -> None:
        VpcSecurityGroupIngressRule(
            self,
            f"cloudfront_to_{group.node.id}",
            security_group_id=group.id,
            description=f"Port {port} from CloudFront",
            prefix_list_id=cloudfront.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=self._deployment.names.tag(f"cloudfront-to-{group.node.id}"),
        )

    def _connect(self, client: SecurityGroup, server: SecurityGroup, port: int) -> None:
        """Let `client` reach `server` on `port`: the way out of the one and the way in of the other."""
        path = f"{client.node.id}_to_{server.node.id}"
        tags = self._deployment.names.tag(path.replace("_", "-"))
        way_out = VpcSecurityGroupEgressRule(
            self,
            path,
            security_group_id=client.id,
            description=f"Port {port} to the {server.node.id}",
            referenced_security_group_id=server.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=tags,
        )
        way_in = VpcSecurityGroupIngressRule(
            self,
            f"{server.node.id}_from_{client.node.id}",
            security_group_id=server.id,
            description=f"Port {port} from the {client.node.id}",
            referenced_security_group_id=client.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=tags,
        )
        self.rules += [way_out, way_in]
