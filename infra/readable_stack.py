"""A stack whose resource addresses say where in the code a resource comes from."""

from cdktf import TerraformElement, TerraformStack
from constructs import Construct, Node

from infra.provenance import construct_path


class ReadableStack(TerraformStack):
    """Names every element after its construct path: `compute/template` becomes `aws_launch_template.compute_template`.

    CDKTF would append a hash to keep `a_b/c` and `a/b_c` apart; here the second of such a pair is refused.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        self._paths: dict[str, str] = {}  # logical id to the construct path it stands for
        super().__init__(scope, id_)

    def _allocate_logical_id(self, tf_element: Node | TerraformElement) -> str:
        path = construct_path(tf_element)
        logical_id = path.partition("/")[2].replace("/", "_")
        taken_by = self._paths.setdefault(logical_id, path)
        if taken_by != path:
            raise ValueError(f"constructs {taken_by} and {path} would share the address {logical_id}: rename one")
        return logical_id
