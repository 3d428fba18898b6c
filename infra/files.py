"""The files an instance fetches when it starts, uploaded to a bucket of ours."""

from pathlib import Path

from cdktf import AssetType, TerraformAsset
from cdktf_cdktf_provider_aws.s3_object import S3Object
from constructs import Construct

from infra.bucket import PrivateBucket
from infra.deployment import Deployment


class ApplicationFiles(Construct):
    """The portal application, and the certificate authorities by which it verifies the database.

    An object's key holds a digest of its content: a new application is a new key, hence a new launch template, hence
    new instances.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        bucket: PrivateBucket,
        kms_key_arn: str,
        application: Path,
        ca_bundle: Path,
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        self._bucket = bucket
        self._kms_key_arn = kms_key_arn
        self.bucket_name = bucket.name
        self.bucket_arn = bucket.arn
        self.application = self._upload("application", application)
        self.ca_bundle = self._upload("ca_bundle", ca_bundle)

    def _upload(self, id_: str, file: Path) -> S3Object:
        asset = TerraformAsset(self, f"{id_}_asset", path=str(file), type=AssetType.FILE)
        return S3Object(
            self,
            id_,
            bucket=self._bucket.name,
            key=f"{id_.replace('_', '-')}/{asset.asset_hash}/{asset.file_name}",
            source=asset.path,
            source_hash=asset.asset_hash,
            server_side_encryption="aws:kms",
            kms_key_id=self._kms_key_arn,
            force_destroy=self._deployment.profile.force_destroy,
            tags=self._deployment.names.tag(id_.replace("_", "-")),
        )
