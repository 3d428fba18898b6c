"""Diagrams of the ways data takes in a stack: between viewers, applications and stores (PCI DSS 1.2.4), and of logs."""

from collections.abc import Callable, Iterator

from compliance.landscape.diagram import Arrow, Diagram, Node
from compliance.landscape.naming import heading, identifier, kind_of, sentence, words
from policies.documents import Document
from policies.graph import ResourceGraph
from policies.network.security_group_rules import GROUPS, admissions
from policies.network.wearers import wearers
from policies.resources import Attribute, Resource, Undetermined

REQUIREMENT = "1.2.4"
VIEWERS = Node("viewers", "Viewers and callers", "any network", "outside")

_BALANCERS = ("aws_lb", "aws_alb")
_BACKENDS = (
    ("aws_lb_target_group_attachment", "target_group_arn", "target_id", ("aws_lambda_function", "aws_instance")),
)
_STORES = ("aws_dynamodb_table", "aws_s3_bucket", "aws_secretsmanager_secret", "aws_sqs_queue")

Flow = tuple[Resource | Node, Resource | Node, str]


def data_flow(document: Document) -> Diagram | None:
    """From who calls, through what serves, to what stores; None for a stack in which nothing flows."""
    notes = [
        "That account data flows along an arrow is not shown by configuration: the entity says which of these ways it "
        "takes. Ways between stacks are not drawn."
    ]
    steps = (_from_viewers, _through_distributions, _through_apis, _through_balancers, _by_groups, _by_names, _copies)
    return _drawn("data-flow", document, f"{document.stack}: ways of data", steps, notes)


def log_flow(document: Document) -> Diagram | None:
    """From what writes logs, to where they are kept; None for a stack without logs."""
    return _drawn("log-flow", document, f"{document.stack}: ways of logs", (_logs, _delivered), [], "10.3.3")


def _drawn(
    what: str,
    document: Document,
    title: str,
    steps: tuple[Callable[[ResourceGraph], Iterator[Flow]], ...],
    notes: list[str],
    requirement: str = REQUIREMENT,
) -> Diagram | None:
    nodes: set[Node] = set()
    arrows: set[Arrow] = set()
    for step in steps:
        try:
            for source, target, label in step(document.graph):
                ends = (_node(source), _node(target))
                if ends[0] != ends[1]:
                    nodes.update(ends)
                    arrows.add(Arrow(ends[0].id, ends[1].id, label))
        except Undetermined as unknown:
            notes.append(f"Some arrows are missing: {sentence(unknown)}")
    if not arrows:
        return None
    id_ = f"{what}-{identifier(document.stack)}"
    return Diagram(id_, requirement, title, tuple(sorted(nodes)), tuple(sorted(arrows)), tuple(notes), what)


def _node(end: Resource | Node) -> Node:
    if isinstance(end, Node):
        return end
    return Node(end.address, heading(end), end.type.removeprefix("aws_"), kind_of(end.type))


def _from_viewers(graph: ResourceGraph) -> Iterator[Flow]:
    for distribution in graph.of_type("aws_cloudfront_distribution"):
        yield VIEWERS, distribution, "HTTPS"
    for balancer in graph.of_type(*_BALANCERS):
        if not balancer.attribute("internal").is_true and not _is_behind_distribution(balancer, graph):
            yield VIEWERS, balancer, "HTTPS"
    for api in graph.of_type("aws_apigatewayv2_api", "aws_api_gateway_rest_api"):
        if not api.attribute("disable_execute_api_endpoint").is_true:
            yield VIEWERS, api, "HTTPS"


def _is_behind_distribution(balancer: Resource, graph: ResourceGraph) -> bool:
    return any(target is balancer for _, target, _ in _through_distributions(graph))


def _through_distributions(graph: ResourceGraph) -> Iterator[Flow]:
    kinds = ("aws_s3_bucket", *_BALANCERS, "aws_apigatewayv2_api", "aws_lambda_function_url")
    for distribution in graph.of_type("aws_cloudfront_distribution"):
        for origin in distribution.blocks("origin"):
            name = origin.attribute("domain_name")
            for target in graph.targets(name, *kinds) or _behind_name(name, graph):
                yield distribution, target, "HTTPS"


def _behind_name(name: Attribute, graph: ResourceGraph) -> Iterator[Resource]:
    """What a DNS name of this stack leads to: balancers, and APIs by their own domain names."""
    for record in graph.of_type("aws_route53_record"):
        if words(record.attribute("name")) == words(name):
            for alias in record.blocks("alias"):
                yield from graph.targets(alias.attribute("name"), *_BALANCERS)
    for domain in graph.of_type("aws_apigatewayv2_domain_name"):
        if words(domain.attribute("domain_name")) == words(name):
            for mapping in graph.referrers(domain, "aws_apigatewayv2_api_mapping", "domain_name"):
                yield from graph.targets(mapping.attribute("api_id"), "aws_apigatewayv2_api")


def _through_apis(graph: ResourceGraph) -> Iterator[Flow]:
    for integration in graph.of_type("aws_apigatewayv2_integration"):
        apis = graph.targets(integration.attribute("api_id"), "aws_apigatewayv2_api")
        uri = integration.attribute("integration_uri")
        functions = graph.targets(uri, "aws_lambda_function")
        listeners = graph.targets(uri, "aws_lb_listener", "aws_alb_listener")
        balancers = [one for listener in listeners for one in _balancers_of(listener, graph)]
        is_private = bool(words(integration.attribute("connection_id")))
        for api in apis:
            for target in (*functions, *balancers):
                yield api, target, "VPC link" if is_private else "invokes"


def _balancers_of(listener: Resource, graph: ResourceGraph) -> tuple[Resource, ...]:
    return graph.targets(listener.attribute("load_balancer_arn"), *_BALANCERS)


def _through_balancers(graph: ResourceGraph) -> Iterator[Flow]:
    forwards = [
        (listener, action.attribute("target_group_arn"))
        for listener in graph.of_type("aws_lb_listener", "aws_alb_listener")
        for action in listener.blocks("default_action")
    ]
    for rule in graph.of_type("aws_lb_listener_rule", "aws_alb_listener_rule"):
        for listener in graph.targets(rule.attribute("listener_arn"), "aws_lb_listener", "aws_alb_listener"):
            forwards += [(listener, action.attribute("target_group_arn")) for action in rule.blocks("action")]
    for listener, named in forwards:
        for group in graph.targets(named, "aws_lb_target_group", "aws_alb_target_group"):
            for balancer in _balancers_of(listener, graph):
                for target in _in_group(group, graph):
                    yield balancer, target, words(group.attribute("protocol")) or "invokes"


def _in_group(group: Resource, graph: ResourceGraph) -> Iterator[Resource]:
    yield from graph.referrers(group, "aws_autoscaling_group", "target_group_arns")
    yield from graph.referrers(group, "aws_ecs_service", "load_balancer.target_group_arn")
    for type_, of_group, of_target, kinds in _BACKENDS:
        for attachment in graph.referrers(group, type_, of_group):
            yield from graph.targets(attachment.attribute(of_target), *kinds)


def _by_groups(graph: ResourceGraph) -> Iterator[Flow]:
    """Connections to stores and to AWS services that security groups allow to what runs our code."""
    for server in graph.of_type(*GROUPS):
        worn = [_standing_for(one, graph) for one in wearers(server, graph)]
        targets: list[Resource | Node] = [one for one in worn if kind_of(one.type) == "store"]
        if services := sorted(words(one.attribute("service_name")) for one in worn if one.type == "aws_vpc_endpoint"):
            names = ", ".join(name.rpartition(".")[2] for name in services)
            targets.append(Node(f"endpoints {server.address}", "AWS services by endpoints", names, "edge"))
        for peer in admissions(server, graph) if targets else ():
            for client in graph.targets(peer.source, *GROUPS):
                for source in wearers(client, graph):
                    for target in targets:
                        yield _standing_for(source, graph), target, f"port {peer.ports[0]}"


def _standing_for(resource: Resource, graph: ResourceGraph) -> Resource:
    """Itself, but for a launch template its group, and for a mount target its file system."""
    for group in graph.of_type("aws_autoscaling_group"):
        if resource.type == "aws_launch_template" and resource in graph.targets(
            group.attribute("launch_template.id"), "aws_launch_template"
        ):
            return group
    if resource.type == "aws_efs_mount_target":
        return next(iter(graph.targets(resource.attribute("file_system_id"), "aws_efs_file_system")), resource)
    return resource


def _by_names(graph: ResourceGraph) -> Iterator[Flow]:
    """Stores whose names functions are told."""
    for function in graph.of_type("aws_lambda_function"):
        variables = function.attribute("environment.variables").raw_value
        for name in sorted(variables) if isinstance(variables, dict) else ():
            for store in graph.targets(function.attribute(f"environment.variables.{name}"), *_STORES):
                yield function, store, "HTTPS"


def _copies(graph: ResourceGraph) -> Iterator[Flow]:
    for rules in graph.of_type("aws_s3_bucket_replication_configuration"):
        for source in graph.targets(rules.attribute("bucket"), "aws_s3_bucket"):
            for destination in rules.attributes("rule.destination.bucket"):
                for target in graph.targets(destination, "aws_s3_bucket"):
                    yield source, target, "replication"
    for table in graph.of_type("aws_dynamodb_table"):
        for replica in table.blocks("replica"):
            region = words(replica.attribute("region_name"))
            yield (
                table,
                Node(f"{table.address} {region}", heading(table), f"replica in {region}", "store"),
                "replication",
            )
    for replica in graph.of_type("aws_dynamodb_table_replica"):
        for table in graph.targets(replica.attribute("global_table_arn"), "aws_dynamodb_table"):
            yield table, replica, "replication"


def _logs(graph: ResourceGraph) -> Iterator[Flow]:
    for type_, owner, owners, kept in _LOG_ROUTES:
        for route in graph.of_type(type_):
            for destination in route.attributes(kept):
                for target in graph.targets(destination, "aws_cloudwatch_log_group", "aws_s3_bucket", *_STREAMS):
                    sources = graph.targets(route.attribute(owner), *owners) if owner else (route,)
                    for source in sources:
                        yield source, target, ""
    for group in graph.of_type("aws_cloudwatch_log_group"):
        name = words(group.attribute("name"))
        for cluster in graph.of_type("aws_rds_cluster", "aws_db_instance"):
            id_ = words(cluster.attribute("cluster_identifier")) or words(cluster.attribute("identifier"))
            if id_ and f"/{id_}/" in name:
                yield cluster, group, ""


def _delivered(graph: ResourceGraph) -> Iterator[Flow]:
    """Logs that AWS delivers by a source, a destination, and a delivery between them."""
    for delivery in graph.of_type("aws_cloudwatch_log_delivery"):
        sources = graph.targets(delivery.attribute("delivery_source_name"), "aws_cloudwatch_log_delivery_source")
        destinations = graph.targets(
            delivery.attribute("delivery_destination_arn"), "aws_cloudwatch_log_delivery_destination"
        )
        path = "delivery_destination_configuration.destination_resource_arn"
        for writer in (one for source in sources for one in graph.targets(source.attribute("resource_arn"), *_WRITERS)):
            for destination in destinations:
                for named in destination.attributes(path):
                    for target in graph.targets(named, "aws_cloudwatch_log_group", "aws_s3_bucket", *_STREAMS):
                        yield writer, target, ""


_WRITERS = ("aws_cloudfront_distribution",)
_STREAMS = ("aws_kinesis_firehose_delivery_stream",)
# Type that says where logs go, its attribute that names what writes them ("" for itself), and that for where they go.
_LOG_ROUTES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("aws_flow_log", "vpc_id", ("aws_vpc",), "log_destination"),
    ("aws_cloudtrail", "", (), "cloud_watch_logs_group_arn"),
    ("aws_cloudtrail", "", (), "s3_bucket_name"),
    ("aws_lb", "", (), "access_logs.bucket"),
    ("aws_lambda_function", "", (), "logging_config.log_group"),
    ("aws_s3_bucket_logging", "bucket", ("aws_s3_bucket",), "target_bucket"),
    ("aws_wafv2_web_acl_logging_configuration", "resource_arn", ("aws_wafv2_web_acl",), "log_destination_configs"),
    ("aws_apigatewayv2_stage", "api_id", ("aws_apigatewayv2_api",), "access_log_settings.destination_arn"),
    (
        "aws_elasticache_replication_group",
        "",
        (),
        "log_delivery_configuration.destination",
    ),
    ("aws_route53_query_log", "", (), "cloudwatch_log_group_arn"),
    ("aws_cloudwatch_log_subscription_filter", "log_group_name", ("aws_cloudwatch_log_group",), "destination_arn"),
    ("aws_kinesis_firehose_delivery_stream", "", (), "extended_s3_configuration.bucket_arn"),
)
