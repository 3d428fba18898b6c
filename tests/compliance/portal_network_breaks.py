"""What breaks the portal's network."""

from tests.compliance.breaking import Break

BREAKS = (
    Break(
        "P-NET-1",
        "vpc-has-planned-range",
        "another range",
        lambda stack: stack.block("aws_vpc").update(cidr_block="10.9.0.0/16"),
    ),
    Break("P-NET-1", "vpc-has-planned-range", "no VPC", lambda stack: stack.remove("aws_vpc")),
)
