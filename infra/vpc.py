"""The network: three zones, each with a public subnet, a private subnet and a NAT gateway of its own."""

from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.internet_gateway import InternetGateway
from cdktf_cdktf_provider_aws.nat_gateway import NatGateway
from cdktf_cdktf_provider_aws.route import Route
from cdktf_cdktf_provider_aws.route_table import RouteTable
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct

from infra.deployment import Deployment

NETWORK = "10.0.0.0/16"
EVERYWHERE = "0.0.0.0/0"

# zone: (public subnet, private subnet)
ZONES = {
    "a": ("10.0.0.0/24", "10.0.10.0/24"),
    "b": ("10.0.1.0/24", "10.0.11.0/24"),
    "c": ("10.0.2.0/24", "10.0.12.0/24"),
}


class Network(Construct):
    """VPC, subnets and routes. Only load balancer and NAT gateways live in the public subnets.

    The private subnets have a route out, as asked; the security groups still let nothing use it.
    """

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id_)
        self._names = deployment.names
        vpc = Vpc(
            self,
            "vpc",
            cidr_block=NETWORK,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._names.tag("vpc"),
        )
        self.vpc_id: str = vpc.id
        # Adopted and emptied: whatever names no group of its own gets a group that admits nothing.
        DefaultSecurityGroup(self, "default", vpc_id=vpc.id, tags=self._names.tag("default"))

        gateway = InternetGateway(self, "internet", vpc_id=vpc.id, tags=self._names.tag("internet"))
        public_routes = RouteTable(self, "public", vpc_id=vpc.id, tags=self._names.tag("public"))
        Route(
            self,
            "public_default",
            route_table_id=public_routes.id,
            destination_cidr_block=EVERYWHERE,
            gateway_id=gateway.id,
        )

        self.public_subnet_ids: list[str] = []
        self.private_subnet_ids: list[str] = []
        self.private_route_table_ids: list[str] = []
        self.private_routes: list[Route] = []
        for zone, (public_block, private_block) in ZONES.items():
            public = self._subnet(f"public_{zone}", f"{deployment.region}{zone}", public_block)
            RouteTableAssociation(self, f"public_{zone}_routes", subnet_id=public.id, route_table_id=public_routes.id)
            private = self._subnet(f"private_{zone}", f"{deployment.region}{zone}", private_block)
            self._way_out(zone, gateway, public, private)
            self.public_subnet_ids.append(public.id)
            self.private_subnet_ids.append(private.id)

    def _subnet(self, id_: str, zone: str, block: str) -> Subnet:
        return Subnet(
            self,
            id_,
            vpc_id=self.vpc_id,
            cidr_block=block,
            availability_zone=zone,
            # Also in public subnets: load balancer and NAT gateways bring their own addresses.
            map_public_ip_on_launch=False,
            tags=self._names.tag(id_.replace("_", "-")),
        )

    def _way_out(self, zone: str, gateway: InternetGateway, public: Subnet, private: Subnet) -> None:
        """Route the private subnet of a zone through the NAT gateway of the same zone."""
        address = Eip(
            self, f"nat_{zone}_address", domain="vpc", depends_on=[gateway], tags=self._names.tag(f"nat-{zone}")
        )
        nat = NatGateway(
            self,
            f"nat_{zone}",
            allocation_id=address.id,
            subnet_id=public.id,
            depends_on=[gateway],
            tags=self._names.tag(f"nat-{zone}"),
        )
        table = RouteTable(self, f"private_{zone}_table", vpc_id=self.vpc_id, tags=self._names.tag(f"private-{zone}"))
        RouteTableAssociation(self, f"private_{zone}_routes", subnet_id=private.id, route_table_id=table.id)
        route = Route(
            self,
            f"private_{zone}_default",
            route_table_id=table.id,
            destination_cidr_block=EVERYWHERE,
            nat_gateway_id=nat.id,
        )
        self.private_route_table_ids.append(table.id)
        self.private_routes.append(route)
