"""What the parameter group of a database says."""

from policies.resources import Attribute, Resource

# Where a database names its parameter group, and the type of that.
GROUPS = {
    "aws_rds_cluster": ("db_cluster_parameter_group_name", "aws_rds_cluster_parameter_group"),
    "aws_db_instance": ("parameter_group_name", "aws_db_parameter_group"),
}


def parameters(group: Resource) -> dict[str, Attribute]:
    """The values by the parameters' names, in lower case."""
    return {block.attribute("name").text.lower(): block.attribute("value") for block in group.blocks("parameter")}
