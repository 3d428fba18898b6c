"""Shared files: an encrypted file system that one role mounts, over TLS, through one access point."""

from collections.abc import Sequence

from cdktf_cdktf_provider_aws.efs_access_point import EfsAccessPoint
from cdktf_cdktf_provider_aws.efs_backup_policy import EfsBackupPolicy
from cdktf_cdktf_provider_aws.efs_file_system import EfsFileSystem, EfsFileSystemLifecyclePolicy
from cdktf_cdktf_provider_aws.efs_file_system_policy import EfsFileSystemPolicy
from cdktf_cdktf_provider_aws.efs_mount_target import EfsMountTarget
from constructs import Construct, IDependable

from infra.deployment import Deployment
from infra.iam import EVERYONE, allow, deny, policy_document, role_arn

FILES_PORT = 2049
FOLDER = "/transactions"
# Whoever mounts the access point is this user, whatever it says it is.
USER_ID = GROUP_ID = 1000
FOLDER_PERMISSIONS = "0750"
CLIENT_ACTIONS = (
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
)


class SharedFiles(Construct):
    """A file system with an address in every zone, for the WorkloadRole of `used_by`; AWS Backup copies it daily.

    Nobody may mount it before `ready`.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        deployment: Deployment,
        subnet_ids: Sequence[str],
        security_group_id: str,
        kms_key_arn: str,
        used_by: str,
    ) -> None:
        super().__init__(scope, id_)
        self._deployment = deployment
        names = deployment.names
        system = EfsFileSystem(
            self,
            "system",
            creation_token=names("files"),
            encrypted=True,
            kms_key_id=kms_key_arn,
            performance_mode="generalPurpose",
            throughput_mode="elastic",
            # A receipt is written once and hardly ever read.
            lifecycle_policy=[
                EfsFileSystemLifecyclePolicy(transition_to_ia="AFTER_30_DAYS"),
                EfsFileSystemLifecyclePolicy(transition_to_primary_storage_class="AFTER_1_ACCESS"),
            ],
            lifecycle=deployment.profile.lifecycle(),
            tags=names.tag("files"),
        )
        self.file_system_id: str = system.id
        self.file_system_arn: str = system.arn
        point = EfsAccessPoint(
            self,
            "access_point",
            file_system_id=system.id,
            posix_user={"uid": USER_ID, "gid": GROUP_ID},
            root_directory={
                "path": FOLDER,
                "creation_info": {
                    "owner_uid": USER_ID,
                    "owner_gid": GROUP_ID,
                    "permissions": FOLDER_PERMISSIONS,
                },
            },
            tags=names.tag("files"),
        )
        self.access_point_arn: str = point.arn
        targets = [
            EfsMountTarget(
                self,
                f"target_{position}",
                file_system_id=system.id,
                subnet_id=subnet_id,
                security_groups=[security_group_id],
            )
            for position, subnet_id in enumerate(subnet_ids)
        ]
        self.ready: list[IDependable] = [*targets, self._policy(role_arn(deployment, used_by))]
        EfsBackupPolicy(self, "backup", file_system_id=system.id, backup_policy={"status": "ENABLED"})

    def _policy(self, user_arn: str) -> EfsFileSystemPolicy:
        """Return the policy without which every NFS client that reaches the file system might mount it.

        It names the role in a condition. As a principal the role would have to exist first, which needs the file
        system; and one that is made anew under the same name would stay locked out.
        """
        account = {"AWS": f"arn:aws:iam::{self._deployment.account_id}:root"}
        ours = {"aws:PrincipalArn": user_arn, "elasticfilesystem:AccessPointArn": self.access_point_arn}
        system = self.file_system_arn
        return EfsFileSystemPolicy(
            self,
            "policy",
            file_system_id=self.file_system_id,
            policy=policy_document(
                [
                    deny("*", on=system, to=EVERYONE, where={"Bool": {"aws:SecureTransport": "false"}}, sid="TlsOnly"),
                    *(
                        deny(*CLIENT_ACTIONS, on=system, to=EVERYONE, where={"StringNotEquals": {key: value}}, sid=sid)
                        for sid, (key, value) in zip(("OneRoleOnly", "AccessPointOnly"), ours.items(), strict=True)
                    ),
                    allow(*CLIENT_ACTIONS[:2], on=system, to=account, where={"StringEquals": ours}, sid="Use"),
                ]
            ),
        )
