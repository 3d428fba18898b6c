"""The lists that PCI DSS asks an entity to keep, as far as configuration knows them. One row a resource.

An empty cell is what the configuration does not say; an expression is shown as it is written.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from compliance.landscape.naming import given_name, kind_of, words
from policies.documents import Document
from policies.graph import EVERY_TYPE
from policies.known_secrets import known_secrets
from policies.masking import masked, without
from policies.resources import Attribute, Resource, Unresolved

Row = tuple[str, ...]

LONGEST = 200  # rows that a page shows; a longer inventory is for a spreadsheet


@dataclass(frozen=True)
class Inventory:
    """A list that `requirement` asks for; `note` says what the entity has to add."""

    id: str
    requirement: str
    title: str
    note: str
    columns: Row
    rows: tuple[Row, ...]

    def tally(self, column: int) -> dict[tuple[str, str], int]:
        """How many rows there are by system and what stands in `column`."""
        return dict(sorted(Counter((row[0], row[column]) for row in self.rows).items()))


def inventories(documents: Sequence[Document]) -> tuple[Inventory, ...]:
    """The four inventories over all stacks, in the order of the standard."""
    return (
        _inventory(
            "keys",
            "4.2.1.1",
            "Keys and certificates",
            "Keys and certificates made elsewhere are not listed, nor is who holds them.",
            ("system", "resource", "kind", "for", "algorithm", "changes", "validity"),
            documents,
            _keys,
        ),
        _inventory(
            "protocols",
            "12.3.3",
            "Protocols and cipher suites in use",
            "What the documented strategy says of each, and its yearly review, are the entity's.",
            ("system", "resource", "connection", "protocols", "where it is set"),
            documents,
            _protocols,
        ),
        _inventory(
            "technologies",
            "12.3.4",
            "Engines and runtimes",
            "Until when each is supported, and the plan for its end, are the entity's yearly review.",
            ("system", "resource", "technology", "version", "updates itself"),
            documents,
            _technologies,
        ),
        _inventory(
            "components",
            "12.5.1",
            "System components",
            "Which of them are in scope, and the function of each, the entity confirms.",
            ("system", "resource", "type", "kind", "name", "region", "description", "made at"),
            documents,
            _components,
        ),
    )


def _inventory(
    id_: str,
    requirement: str,
    title: str,
    note: str,
    columns: Row,
    documents: Iterable[Document],
    rows_of: Callable[[Document], Iterator[Row]],
) -> Inventory:
    rows: list[Row] = []
    for document in documents:
        known = known_secrets(document.graph)
        rows += [(document.stack, *(masked(without(cell, known)) for cell in row)) for row in rows_of(document)]
    return Inventory(id_, requirement, title, note, columns, tuple(sorted(rows)))


def _components(document: Document) -> Iterator[Row]:
    for one in document.graph.of_type(EVERY_TYPE):
        source = f"{one.source.file}:{one.source.line}" if one.source else ""
        description = next((text for path in _DESCRIPTIONS if (text := words(one.attribute(path)))), "")
        yield one.address, one.type, kind_of(one.type), given_name(one), _region(one), description, source


_DESCRIPTIONS = ("description", "comment", "alarm_description")


def _region(resource: Resource) -> str:
    region = resource.provider.region if resource.provider else None
    return region.text if isinstance(region, Unresolved) else str(region or "")


def _keys(document: Document) -> Iterator[Row]:
    graph = document.graph
    for key in graph.of_type("aws_kms_key", "aws_kms_replica_key", "aws_kms_external_key"):
        days = words(key.attribute("rotation_period_in_days")) or "365"
        rotates = f"every {days} days" if key.attribute("enable_key_rotation").raw_value is True else "not by AWS"
        spec = words(key.attribute("customer_master_key_spec")) or "SYMMETRIC_DEFAULT"
        window = words(key.attribute("deletion_window_in_days")) or "30"
        yield key.address, "KMS key", words(key.attribute("description")), spec, rotates, f"gone {window} days after it"
    for certificate in graph.of_type("aws_acm_certificate"):
        named = [certificate.attribute("domain_name"), *_items(certificate.attribute("subject_alternative_names"))]
        names = ", ".join(dict.fromkeys(words(one) for one in named))
        method = words(certificate.attribute("validation_method"))
        renewed = "renewed by AWS" if method == "DNS" else "by hand"
        algorithm = words(certificate.attribute("key_algorithm")) or "RSA_2048"
        yield certificate.address, "certificate", names, algorithm, renewed, method
    for key in graph.of_type("aws_cloudfront_public_key", "aws_iam_server_certificate", "aws_acmpca_certificate"):
        yield key.address, "certificate", words(key.attribute("name")), "", "by hand", ""


def _protocols(document: Document) -> Iterator[Row]:
    graph = document.graph
    for listener in graph.of_type("aws_lb_listener", "aws_alb_listener"):
        protocol = words(listener.attribute("protocol"))
        secure = protocol in ("HTTPS", "TLS")
        policy = words(listener.attribute("ssl_policy")) or "ELBSecurityPolicy-2016-08" if secure else "no TLS"
        port = words(listener.attribute("port"))
        yield listener.address, f"{protocol} on port {port}", policy, "ssl_policy"
    for distribution in graph.of_type("aws_cloudfront_distribution"):
        minimum = words(distribution.attribute("viewer_certificate.minimum_protocol_version")) or "TLSv1"
        yield distribution.address, "viewers", f"{minimum} or newer", "viewer_certificate.minimum_protocol_version"
        for origin in distribution.blocks("origin"):
            path = "custom_origin_config.origin_ssl_protocols"
            versions = ", ".join(words(one) for one in _items(origin.attribute(path)))
            if versions:
                yield distribution.address, f"origin {words(origin.attribute('origin_id'))}", versions, path
    for domain in graph.of_type("aws_apigatewayv2_domain_name"):
        path = "domain_name_configuration.security_policy"
        yield domain.address, "callers", words(domain.attribute(path)), path
    for group in graph.of_type("aws_rds_cluster_parameter_group", "aws_db_parameter_group"):
        for parameter in group.blocks("parameter"):
            name = words(parameter.attribute("name"))
            if name in _TLS_PARAMETERS:
                yield group.address, "database clients", f"{name} = {words(parameter.attribute('value'))}", "parameter"
    for cache in graph.of_type("aws_elasticache_replication_group"):
        mode = words(cache.attribute("transit_encryption_mode")) or "preferred"
        on = cache.attribute("transit_encryption_enabled").raw_value is True
        yield cache.address, "cache clients", f"TLS {mode}" if on else "no TLS", "transit_encryption_mode"


_TLS_PARAMETERS = ("require_secure_transport", "tls_version", "rds.force_ssl", "ssl_min_protocol_version")


def _technologies(document: Document) -> Iterator[Row]:
    graph = document.graph
    engines = ("aws_rds_cluster", "aws_db_instance", "aws_elasticache_replication_group", "aws_elasticache_cluster")
    for one in graph.of_type(*engines):
        updates = _updates(one.attribute("auto_minor_version_upgrade"))
        for instance in graph.referrers(one, "aws_rds_cluster_instance", "cluster_identifier"):
            updates = _updates(instance.attribute("auto_minor_version_upgrade"))
        engine = words(one.attribute("engine"))
        yield one.address, engine, words(one.attribute("engine_version")), updates
    for function in graph.of_type("aws_lambda_function"):
        yield function.address, words(function.attribute("runtime")), "", "patches of the runtime, by AWS"
    for template in graph.of_type("aws_launch_template", "aws_instance", "aws_launch_configuration"):
        image = template.attribute("image_id") if template.type != "aws_instance" else template.attribute("ami")
        parameters = graph.targets(image, "data.aws_ssm_parameter", "data.aws_ami")
        name = words(parameters[0].attribute("name")) if parameters else words(image)
        yield template.address, "machine image", name, "with the next launch" if parameters else "no"


def _updates(attribute: Attribute) -> str:
    """RDS and ElastiCache take minor versions by themselves unless told otherwise."""
    return "no" if attribute.raw_value in (False, "false") else "minor versions"


def _items(attribute: Attribute) -> tuple[Attribute, ...]:
    return () if attribute.is_unresolved else attribute.items()
