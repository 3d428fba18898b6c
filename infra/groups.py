"""Security groups, every rule of which names its peer."""

from cdktf_cdktf_provider_aws.security_group import SecurityGroup
from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct, IDependable

from infra.deployment import Deployment

HTTPS_PORT = 443
HTTP_PORT = 80


class GroupsOfNetwork(Construct):
    """The groups of one network, and the rules made so far (`rules`).

    DNS, time and instance metadata need no rule: AWS serves them on the link itself.
    """

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment, vpc_id: str) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        self._vpc_id = vpc_id
        self.rules: list[IDependable] = []

    def group(self, tier: str, description: str) -> SecurityGroup:
        """Return a group that admits nobody and reaches nothing yet."""
        name = self._deployment.names(tier)
        # Terraform removes the open egress rule that AWS gives a new group.
        return SecurityGroup(self, tier, name=name, description=description, vpc_id=self._vpc_id, tags={"Name": name})

    def admit(
        self,
        peer: str,
        group: SecurityGroup,
        port: int,
        *,
        description: str,
        prefix_list_id: str | None = None,
        address_range: str | None = None,
    ) -> None:
        """Let `peer`, which is a prefix list or an address range, reach `group` on `port`."""
        path = f"{peer}_to_{group.node.id}"
        VpcSecurityGroupIngressRule(
            self,
            path,
            security_group_id=group.id,
            description=description,
            prefix_list_id=prefix_list_id,
            cidr_ipv4=address_range,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=self._deployment.names.tag(path.replace("_", "-")),
        )

    def reach(self, group: SecurityGroup, service: str, prefix_list_id: str, *, description: str) -> None:
        """Let `group` reach an AWS service over HTTPS, through its gateway endpoint and nowhere else."""
        path = f"{group.node.id}_to_{service}"
        rule = VpcSecurityGroupEgressRule(
            self,
            path,
            security_group_id=group.id,
            description=description,
            prefix_list_id=prefix_list_id,
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            tags=self._deployment.names.tag(path.replace("_", "-")),
        )
        self.rules.append(rule)

    def connect(self, client: SecurityGroup, server: SecurityGroup, port: int) -> None:
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
