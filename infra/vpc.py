"""The network: some zones, each with a public subnet, a private subnet and, where asked, a NAT gateway of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from cdktf import Token
from cdktf_cdktf_provider_aws.data_aws_availability_zones import DataAwsAvailabilityZones
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

EVERYWHERE = "0.0.0.0/0"
SUBNET_PREFIX = 24
FIRST_PRIVATE_SUBNET = 10


@dataclass(frozen=True)
class AddressPlan:
    """The range of a network (a /16), and its zones by letter.

    The first zone has the subnets .0.0/24 (public) and .10.0/24 (private) of the range, the next .1.0 and .11.0, ...
    With `zones_looked_up` the letters are only our names for the first zones that the account finds in the region;
    without, they are AWS's. With `way_out` each private subnet has a route to the internet, through NAT.
    """

    network: str
    zones: str
    zones_looked_up: bool = False
    way_out: bool = True

    def subnets(self) -> Iterator[tuple[str, str, str]]:
        """Yield each zone with its public and its private range."""
        ranges = [str(subnet) for subnet in IPv4Network(self.network).subnets(new_prefix=SUBNET_PREFIX)]
        for position, zone in enumerate(self.zones):
            yield zone, ranges[position], ranges[FIRST_PRIVATE_SUBNET + position]


class Network(Construct):
    """VPC, subnets and routes. Only load balancer and NAT gateways live in the public subnets.

    Where the private subnets have a route out, the security groups still let nothing use it. `zones` are the names of
    the zones, in the order of the plan.
    """

    def __init__(self, scope: Construct, id_: str, *, deployment: Deployment, plan: AddressPlan) -> None:
        super().__init__(scope, id_)
        self._names = deployment.names
        vpc = Vpc(
            self,
            "vpc",
            cidr_block=plan.network,
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
        self.zones = self._zones(deployment.region, plan)
        for name, (zone, public_block, private_block) in zip(self.zones, plan.subnets(), strict=True):
            public = self._subnet(f"public_{zone}", name, public_block)
            RouteTableAssociation(self, f"public_{zone}_routes", subnet_id=public.id, route_table_id=public_routes.id)
            private = self._subnet(f"private_{zone}", name, private_block)
            routes = self._private_routes(zone, private)
            if plan.way_out:
                self._way_out(zone, gateway, public, routes)
            self.public_subnet_ids.append(public.id)
            self.private_subnet_ids.append(private.id)

    def _zones(self, region: str, plan: AddressPlan) -> list[str]:
        if not plan.zones_looked_up:
            return [f"{region}{zone}" for zone in plan.zones]
        # Those every account has: no local zones, in which half of the services are missing.
        found = DataAwsAvailabilityZones(
            self,
            "zones",
            state="available",
            filter=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
        )
        # By index, which fails where there are too few, and not by element(), which would begin anew.
        return [
            Token.as_string(found.interpolation_for_attribute(f"names[{position}]"))
            for position in range(len(plan.zones))
        ]

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

    def _private_routes(self, zone: str, private: Subnet) -> RouteTable:
        table = RouteTable(self, f"private_{zone}_table", vpc_id=self.vpc_id, tags=self._names.tag(f"private-{zone}"))
        RouteTableAssociation(self, f"private_{zone}_routes", subnet_id=private.id, route_table_id=table.id)
        self.private_route_table_ids.append(table.id)
        return table

    def _way_out(self, zone: str, gateway: InternetGateway, public: Subnet, private_routes: RouteTable) -> None:
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
        Route(
            self,
            f"private_{zone}_default",
            route_table_id=private_routes.id,
            destination_cidr_block=EVERYWHERE,
            nat_gateway_id=nat.id,
        )
