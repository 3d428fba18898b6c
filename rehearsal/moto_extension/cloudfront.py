"""CloudFront: cache, origin request and response headers policies, and the origin access control of an origin."""

from dataclasses import dataclass
from typing import Any

from moto.cloudfront import urls
from moto.cloudfront.exceptions import CloudFrontException
from moto.cloudfront.models import CloudFrontBackend, Origin
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.common_models import BaseModel
from moto.core.responses import ActionResult, EmptyResult
from moto.moto_api._internal import mock_random

ETAG = "E1"
LAST_MODIFIED = "2024-01-01T00:00:00Z"


@dataclass(frozen=True)
class Kind:
    """One of the three kinds of policy, which CloudFront serves in the same way.

    `shape` is the API's name of the policy (`CachePolicy`) and `list_shape` of a list of them, `path` its part of the
    URL; `managed` are the policies that AWS provides and our stacks look up, id by name.
    """

    shape: str
    list_shape: str
    path: str
    managed: dict[str, str]

    @property
    def snake(self) -> str:
        """The name in moto's methods: `cache_policy`."""
        return self.path.replace("-", "_")


# Source of names and ids: "Use managed cache policies" and "Use managed origin request policies" in AWS's guide.
KINDS = (
    Kind(
        "CachePolicy",
        "CachePolicyList",
        "cache-policy",
        {"Managed-CachingDisabled": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"},
    ),
    Kind(
        "OriginRequestPolicy",
        "OriginRequestPolicyList",
        "origin-request-policy",
        {"Managed-AllViewerExceptHostHeader": "b689b0a8-53d0-40ab-baf2-68738e2966ac"},
    ),
    Kind("ResponseHeadersPolicy", "ResponseHeadersPolicyList", "response-headers-policy", {}),
)


class CloudFrontPolicy(BaseModel):
    """A policy of any kind, as it was put."""

    def __init__(self, id_: str, config: dict[str, Any], managed: bool = False) -> None:
        self.id = id_
        self.config = config
        self.managed = managed


class NoSuchPolicyError(CloudFrontException):
    """The answer for an id that no policy has."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(f"NoSuch{kind.shape}", f"The {kind.shape} does not exist.")


# Moto looks the error's shape up in the API that this module belongs to.
NoSuchPolicyError.__module__ = CloudFrontException.__module__


def install() -> None:
    """Add the policies, which moto answers with 404, and give back the access control that moto drops on reading."""
    for kind in KINDS:
        for path in ("$", "/(?P<policy_id>[^/]+)$", "/(?P<policy_id>[^/]+)/config$"):
            urls.url_paths[f"{{0}}/2020-05-31/{kind.path}{path}"] = CloudFrontResponse.dispatch
        _serve(kind)
    _keep_origin_access_control()


def _serve(kind: Kind) -> None:
    """Add the five calls that Terraform makes for one kind of policy."""

    def held(response: CloudFrontResponse) -> dict[str, CloudFrontPolicy]:
        return _policies(response.backend, kind)

    def found(response: CloudFrontResponse) -> CloudFrontPolicy:
        policy = held(response).get(response._get_param("Id"))
        if policy is None:
            raise NoSuchPolicyError(kind)
        return policy

    def described(policy: CloudFrontPolicy) -> dict[str, Any]:
        return {"Id": policy.id, "LastModifiedTime": LAST_MODIFIED, f"{kind.shape}Config": policy.config}

    def answer(policy: CloudFrontPolicy) -> ActionResult:
        return ActionResult({kind.shape: described(policy), "ETag": ETAG})

    def create(response: CloudFrontResponse) -> ActionResult:
        policy = CloudFrontPolicy(str(mock_random.uuid4()), response._get_param(f"{kind.shape}Config"))
        held(response)[policy.id] = policy
        return answer(policy)

    def get(response: CloudFrontResponse) -> ActionResult:
        return answer(found(response))

    def update(response: CloudFrontResponse) -> ActionResult:
        policy = found(response)
        policy.config = response._get_param(f"{kind.shape}Config")
        return answer(policy)

    def delete(response: CloudFrontResponse) -> EmptyResult:
        del held(response)[found(response).id]
        return EmptyResult()

    def list_(response: CloudFrontResponse) -> ActionResult:
        type_ = response._get_param("Type")
        items = [
            {"Type": "managed" if policy.managed else "custom", kind.shape: described(policy)}
            for policy in held(response).values()
            if type_ is None or (type_ == "managed") == policy.managed
        ]
        return ActionResult({kind.list_shape: {"MaxItems": 100, "Quantity": len(items), "Items": items}})

    for verb, method in (("create", create), ("get", get), ("update", update), ("delete", delete)):
        setattr(CloudFrontResponse, f"{verb}_{kind.snake}", method)
    setattr(CloudFrontResponse, f"list_{kind.snake.removesuffix('y')}ies", list_)


def _policies(backend: CloudFrontBackend, kind: Kind) -> dict[str, CloudFrontPolicy]:
    name = f"{kind.snake}_by_id"
    if not hasattr(backend, name):
        managed = {id_: CloudFrontPolicy(id_, {"Name": label}, managed=True) for label, id_ in kind.managed.items()}
        setattr(backend, name, managed)
    policies: dict[str, CloudFrontPolicy] = getattr(backend, name)
    return policies


def _keep_origin_access_control() -> None:
    made = Origin.__init__

    def make(origin: Origin, config: dict[str, Any]) -> None:
        made(origin, config)
        origin.__dict__["origin_access_control_id"] = config.get("OriginAccessControlId") or ""

    Origin.__init__ = make  # type: ignore[assignment,method-assign]
