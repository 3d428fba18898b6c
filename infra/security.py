"""Who may talk to whom: the security groups, every rule of which names its peer.

    CloudFront -> balancer -> application -> database <- rotation
                              application -> endpoints <- rotation

No rule admits or reaches an address range.
"""

from cdktf_cdktf_provider_aws.data_aws_ec2_managed_prefix_list import DataAwsEc2ManagedPrefixList
from constructs import Construct

from infra.deployment import Deployment
from infra.groups import HTTP_PORT, HTTPS_PORT, GroupsOfNetwork

APPLICATION_PORT = 8443
DATABASE_PORT = 3306


class SecurityGroups(GroupsOfNetwork):
    """One group per tier, and the rules between them."""

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment, vpc_id: str) -> None:
        super().__init__(scope, id_, deployment=deployment, vpc_id=vpc_id)
        self.balancer = self.group("balancer", "Load balancer: HTTPS from CloudFront, to the application")
        self.redirect = self.group("redirect", "Load balancer: HTTP from CloudFront, which is only redirected")
        self.application = self.group("application", "Instances of the portal")
        self.database = self.group("database", "Aurora cluster")
        self.rotation = self.group("rotation", "Function that rotates the database's secret")
        self.endpoints = self.group("endpoints", "VPC endpoints of AWS services")

        cloudfront = DataAwsEc2ManagedPrefixList(
            self, "cloudfront", name="com.amazonaws.global.cloudfront.origin-facing"
        )
        # The list weighs about 55 of the 60 rules a group may have, so that each port takes a group of its own.
        for group, port in ((self.balancer, HTTPS_PORT), (self.redirect, HTTP_PORT)):
            description = f"Port {port} from CloudFront"
            self.admit("cloudfront", group, port, description=description, prefix_list_id=cloudfront.id)
        self.connect(self.balancer, self.application, APPLICATION_PORT)
        self.connect(self.application, self.database, DATABASE_PORT)
        self.connect(self.application, self.endpoints, HTTPS_PORT)
        self.connect(self.rotation, self.database, DATABASE_PORT)
        self.connect(self.rotation, self.endpoints, HTTPS_PORT)

    def reach_s3(self, prefix_list_id: str) -> None:
        """Let the instances reach S3, through the gateway endpoint and nowhere else."""
        description = "Packages of Amazon Linux and the application's files, from S3"
        self.reach(self.application, "s3", prefix_list_id, description=description)
