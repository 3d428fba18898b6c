"""The parts as a CycloneDX 1.6 document in JSON, and the licences as a table.

The same parts give the same bytes: there is no time in it, and its serial number is made from its content.
"""

import csv
import io
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from sbom.licences import NOT_SAID, is_expression, is_shippable
from sbom.parts import Package, Provider, Zip

NAME = "compliance-first-infrastructure"
_SCOPES = {"run": ComponentScope.REQUIRED, "test": ComponentScope.EXCLUDED, "node": ComponentScope.OPTIONAL}
_PROVIDER_LICENCE = {"hashicorp/aws": "MPL-2.0"}


def render(packages: Sequence[Package], zips: Sequence[Zip], providers: Sequence[Provider]) -> str:
    """The document, with a final newline."""
    root = Component(name=NAME, type=ComponentType.APPLICATION, bom_ref=NAME)
    bom = Bom()
    bom.metadata.component = root
    listed = {one.name: _package(one) for one in packages}
    for component in listed.values():
        bom.components.add(component)
    for one in packages:
        bom.register_dependency(listed[one.name], [listed[name] for name in one.needs if name in listed])
    shipped = []
    for archive in zips:
        component = _zip(archive)
        bom.components.add(component)
        bom.register_dependency(component, [listed[name] for name, _ in archive.packages])
        shipped.append(component)
    for provider in providers:
        component = _provider(provider)
        bom.components.add(component)
        shipped.append(component)
    needed = {name for one in packages for name in one.needs}
    bom.register_dependency(root, [*shipped, *(listed[one.name] for one in packages if one.name not in needed)])
    return _without_time(json.loads(JsonV1Dot6(bom).output_as_string()))


def _without_time(document: dict[str, Any]) -> str:
    """The same bytes for the same content: no time, and a serial number that the content determines."""
    document["metadata"].pop("timestamp", None)
    document.pop("serialNumber", None)
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, content).urn
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _package(one: Package) -> Component:
    url = PackageURL("pypi", None, one.name, one.version)
    digests = [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in one.digests]
    distributions = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(one.purl),
        comment="one digest for each distribution that the lock admits",
        hashes=digests,
    )
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        bom_ref=one.purl,
        purl=url,
        scope=_SCOPES[one.use],
        licenses=_licences(one.licence),
        external_references=[distributions],
        properties=[Property(name="use", value=one.use)],
    )


def _zip(archive: Zip) -> Component:
    return Component(
        name=archive.name,
        version=archive.digest[:12],
        type=ComponentType.APPLICATION,
        bom_ref=f"zip:{archive.name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=archive.digest)],
        properties=[Property(name="use", value="aws")],
    )


def _provider(provider: Provider) -> Component:
    namespace, _, name = provider.source.rpartition("/")
    url = PackageURL("terraform", namespace, name, provider.version)
    return Component(
        group=namespace,
        name=f"terraform-provider-{name}",
        version=provider.version,
        type=ComponentType.APPLICATION,
        bom_ref=url.to_string(),
        purl=url,
        scope=ComponentScope.REQUIRED,
        licenses=_licences(_PROVIDER_LICENCE.get(provider.source, NOT_SAID)),
        properties=[Property(name="use", value="deploy")],
    )


def _licences(text: str) -> list[Any]:
    if text == NOT_SAID:
        return []
    return [LicenseExpression(text) if is_expression(text) else DisjunctiveLicense(name=text)]


def licences(packages: Iterable[Package], zips: Iterable[Zip]) -> str:
    """Package, version, use, licence and the zips that it is shipped in, as CSV."""
    inside: dict[str, list[str]] = {}
    for archive in zips:
        for name, _ in archive.packages:
            inside.setdefault(name, []).append(archive.name)
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("package", "version", "use", "licence", "shipped in"))
    for one in packages:
        rows.writerow((one.name, one.version, one.use, one.licence, " ".join(inside.get(one.name, ()))))
    return table.getvalue()


def unfit(packages: Sequence[Package], zips: Iterable[Zip]) -> Iterator[str]:
    """What is in a zip and may not be: of a licence that is not on the list, or of another version than is locked."""
    known = {one.name: one for one in packages}
    for archive in zips:
        for name, version in archive.packages:
            one = known.get(name)
            if one is None or one.version != version:
                yield f"{archive.name}: {name} {version} is not what the lock has"
            elif not is_shippable(one.licence):
                yield f"{archive.name}: {name} is under {one.licence}, which may not be shipped"
