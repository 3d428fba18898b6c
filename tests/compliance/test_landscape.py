"""Diagrams and inventories show what the judged documents say, and nothing when those have changed."""

import json
import xml.etree.ElementTree as ET  # our own output
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.landscape import ARTEFACTS, landscape
from compliance.landscape.data_flow import data_flow, log_flow
from compliance.landscape.diagram import Arrow, Diagram, Node
from compliance.landscape.documents import read
from compliance.landscape.inventories import inventories
from compliance.landscape.network import connections, subnets
from policies import documents
from policies.documents import Document
from policies.recorded_result import Input, read_gate_result
from tests.compliance import gate_results as make
from tests.policies.conftest import write

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</title></svg><script>alert(1)</script>"]]|x| --> end\n\u202eright to left' + "A" * 10_000

NETWORK = {
    "aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}},
    "aws_internet_gateway": {"out": {"vpc_id": "${aws_vpc.main.id}"}},
    "aws_subnet": {
        "public": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.0.0/24", "availability_zone": "us-east-1a"},
        "private": {"vpc_id": "${aws_vpc.main.id}", "cidr_block": "10.0.10.0/24"},
    },
    "aws_route_table": {
        "public": {"vpc_id": "${aws_vpc.main.id}"},
        "private": {"vpc_id": "${aws_vpc.main.id}"},
    },
    "aws_route_table_association": {
        "public": {"subnet_id": "${aws_subnet.public.id}", "route_table_id": "${aws_route_table.public.id}"},
        "private": {"subnet_id": "${aws_subnet.private.id}", "route_table_id": "${aws_route_table.private.id}"},
    },
    "aws_route": {
        "public": {
            "route_table_id": "${aws_route_table.public.id}",
            "destination_cidr_block": "0.0.0.0/0",
            "gateway_id": "${aws_internet_gateway.out.id}",
        },
        "private": {
            "route_table_id": "${aws_route_table.private.id}",
            "destination_cidr_block": "0.0.0.0/0",
            "nat_gateway_id": "${aws_nat_gateway.nat.id}",
        },
    },
    "aws_nat_gateway": {"nat": {"subnet_id": "${aws_subnet.public.id}", "allocation_id": "eipalloc-1"}},
}


def document(folder: Path, resources: dict[str, Any]) -> Document:
    [one] = documents.read([write(folder / "stack.tf.json", {"resource": resources})])
    return one


def arrows(diagram: Diagram | None) -> set[tuple[str, str, str]]:
    assert diagram is not None
    return {(one.source, one.target, one.label) for one in diagram.arrows}


def kinds(diagram: Diagram | None) -> dict[str, str]:
    assert diagram is not None
    return {node.id: node.kind for node in diagram.nodes}


def test_subnets_are_drawn_with_the_ways_that_their_routes_lead(tmp_path: Path) -> None:
    drawn = subnets(document(tmp_path, NETWORK))
    assert arrows(drawn) == {
        ("aws_subnet.public", "aws_internet_gateway.out", ""),
        ("aws_subnet.private", "aws_nat_gateway.nat", ""),
        ("aws_nat_gateway.nat", "aws_subnet.public", "stands in"),
        ("aws_internet_gateway.out", "internet", ""),
    }
    assert kinds(drawn)["aws_subnet.public"] == "edge"
    assert kinds(drawn)["aws_subnet.private"] == "compute"


def test_connections_are_those_that_rules_of_either_side_allow(tmp_path: Path) -> None:
    admits = {"ip_protocol": "tcp", "from_port": 5432, "to_port": 5432}
    resources = {
        "aws_security_group": {
            "web": {
                "name": "web",
                "ingress": [{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
            },
            "data": {"name": "data"},
        },
        "aws_vpc_security_group_ingress_rule": {
            "data": {
                "security_group_id": "${aws_security_group.data.id}",
                "referenced_security_group_id": "${aws_security_group.web.id}",
                **admits,
            }
        },
        "aws_vpc_security_group_egress_rule": {
            "web": {
                "security_group_id": "${aws_security_group.web.id}",
                "referenced_security_group_id": "${aws_security_group.data.id}",
                **admits,
            }
        },
        "aws_rds_cluster": {"main": {"vpc_security_group_ids": ["${aws_security_group.data.id}"]}},
    }
    drawn = connections(document(tmp_path, resources))
    assert arrows(drawn) == {
        ("internet", "aws_security_group.web", "443"),
        ("aws_security_group.web", "aws_security_group.data", "5432"),
    }
    assert drawn is not None
    [data] = [node for node in drawn.nodes if node.id == "aws_security_group.data"]
    assert (data.kind, data.detail) == ("store", "rds_cluster")


def test_a_rule_that_nobody_can_follow_is_said_and_not_left_out(tmp_path: Path) -> None:
    resources = {
        "aws_security_group": {"web": {"name": "web"}},
        "aws_vpc_security_group_ingress_rule": {
            "any": {
                "security_group_id": '${var.here ? aws_security_group.web.id : "sg-1"}',
                "cidr_ipv4": "0.0.0.0/0",
                "ip_protocol": "-1",
            }
        },
    }
    drawn = connections(document(tmp_path, resources))
    assert drawn is not None
    assert any("cannot all be followed" in note for note in drawn.notes)


def test_the_portal_shows_its_one_way_in(stacks: Path) -> None:
    [portal] = documents.read([stacks / "portal"])
    flows = arrows(data_flow(portal))
    reached = {target for source, target, _ in flows if source == "viewers"}
    assert reached == {"aws_cloudfront_distribution.cdn_distribution"}
    assert ("aws_cloudfront_distribution.cdn_distribution", "aws_lb.alb_balancer", "HTTPS") in flows
    assert ("aws_lb.alb_balancer", "aws_autoscaling_group.compute_group", "HTTPS") in flows
    assert ("aws_autoscaling_group.compute_group", "aws_rds_cluster.database_cluster", "port 3306") in flows


def test_the_logs_of_the_portal_reach_their_archives(stacks: Path) -> None:
    [portal] = documents.read([stacks / "portal"])
    flows = {(source, target) for source, target, _ in arrows(log_flow(portal))}
    assert ("aws_cloudfront_distribution.cdn_distribution", "aws_s3_bucket.storage_access_logs_bucket") in flows
    assert ("aws_rds_cluster.database_cluster", "aws_cloudwatch_log_group.database_audit_log") in flows
    assert ("aws_cloudtrail.trail_trail", "aws_s3_bucket.trail_archive_bucket") in flows


def test_replicas_are_drawn(stacks: Path) -> None:
    [recovery] = documents.read([stacks / "recovery-global"])
    replications = {(source, target) for source, target, label in arrows(data_flow(recovery)) if label == "replication"}
    assert ("aws_s3_bucket.primary_bucket_bucket", "aws_s3_bucket.secondary_bucket_bucket") in replications
    assert "aws_dynamodb_table.primary_table" in {source for source, _ in replications}


def test_inventories_list_every_managed_resource_once(stacks: Path) -> None:
    [portal] = documents.read([stacks / "portal"])
    [components] = [one for one in inventories([portal]) if one.requirement == "12.5.1"]
    written = json.loads((stacks / "portal" / "cdk.tf.json").read_text())["resource"]
    addresses = sorted(f"{type_}.{name}" for type_, bodies in written.items() for name in bodies)
    assert [row[1] for row in components.rows] == addresses


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("4.2.1.1", ("aws_kms_key.keys_logs_key", "KMS key", "every 365 days")),
        ("12.3.3", ("aws_lb_listener.alb_https", "HTTPS on port 443", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06")),
        ("12.3.4", ("aws_rds_cluster.database_cluster", "aurora-mysql", "minor versions")),
    ],
)
def test_inventories_say_what_the_portal_uses(stacks: Path, requirement: str, expected: tuple[str, ...]) -> None:
    [portal] = documents.read([stacks / "portal"])
    [listed] = [one for one in inventories([portal]) if one.requirement == requirement]
    assert any(set(expected) <= set(row) for row in listed.rows)
    assert {len(row) for row in listed.rows} == {len(listed.columns)}


def test_the_stacks_of_this_repository_have_every_artefact_that_an_edge_may_name(stacks: Path) -> None:
    """So no name in ARTEFACTS is one that nothing is ever called."""
    paths = [stacks / name for name in ("portal", "recovery-global")]
    inputs = [Input(str(path), "synth", path.name, documents.read([path])[0].sha256) for path in paths]
    drawn = landscape(replace(read_gate_result(make.SAMPLE), inputs=tuple(inputs)))
    assert drawn.artefacts == set(ARTEFACTS)


def test_a_listener_without_tls_stands_in_the_inventory_as_such(tmp_path: Path) -> None:
    listener = {"protocol": "HTTP", "port": 80}
    [protocols] = [
        one
        for one in inventories([document(tmp_path, {"aws_lb_listener": {"http": listener}})])
        if one.id == "protocols"
    ]
    assert protocols.rows == (("stack", "aws_lb_listener.http", "HTTP on port 80", "no TLS", "ssl_policy"),)


def test_an_input_that_changed_since_is_not_drawn(tmp_path: Path) -> None:
    path = write(tmp_path / "stack.tf.json", {"resource": NETWORK})
    [judged] = documents.read([path])
    given = Input(str(path), "synth", "stack", judged.sha256)
    seen, unseen = read([given])
    assert [one.stack for one in seen] == ["stack"]
    assert unseen == ()
    write(path, {"resource": {"aws_vpc": {"main": {"cidr_block": "10.9.0.0/16"}}}})
    assert read([given])[0] == ()
    assert "changed since it was judged" in read([given])[1][0].reason
    path.unlink()
    assert "cannot be read" in read([given])[1][0].reason


def test_names_can_do_nothing_but_be_shown() -> None:
    nodes = (Node("a", HOSTILE, HOSTILE, "store"), Node("b", "plain", "", "compute"))
    diagram = Diagram("id", "1.2.3", HOSTILE, nodes, (Arrow("a", "b", HOSTILE),))
    root = ET.fromstring(str(diagram.svg))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        *("svg", "title", "defs", "marker", "path", "g", "rect", "text"),
    }
    assert max(len(text.text or "") for text in root.iter(f"{SVG}text")) <= 27
    lines = diagram.mermaid.splitlines()
    assert len(lines) == 1 + len(nodes) + 1
    assert all(line.count('"') == 2 for line in lines[1:])


@settings(max_examples=60, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_any_graph_is_drawn_whole_and_no_box_covers_another(pairs: set[tuple[int, int]]) -> None:
    nodes = tuple(Node(str(number), f"node {number}", "", "compute") for number in range(13))
    edges = tuple(sorted(Arrow(str(one), str(other)) for one, other in pairs if one != other))
    root = ET.fromstring(str(Diagram("id", "1.2.3", "any", nodes, edges).svg))
    corners = [
        tuple(float(box.get(name, "")) for name in ("x", "y", "width", "height")) for box in root.iter(f"{SVG}rect")
    ]
    assert len(corners) == len(nodes)
    for index, (x, y, width, height) in enumerate(corners):
        assert x >= 0
        assert y >= 0
        assert x + width <= float(root.get("width", ""))
        assert y + height <= float(root.get("height", ""))
        for other_x, other_y, _, _ in corners[index + 1 :]:
            assert abs(x - other_x) >= width or abs(y - other_y) >= height
    drawn = [path for path in root.iter(f"{SVG}path") if path.get("class") == "arrow"]
    tips = sum((path.get("marker-end") is not None) + (path.get("marker-start") is not None) for path in drawn)
    assert tips == len(edges)
    assert len(drawn) == len({frozenset((edge.source, edge.target)) for edge in edges})
