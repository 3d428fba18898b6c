"""EFS: whether a file system is backed up, and the end of its policy."""

import json

from moto.efs.models import EFSBackend, FileSystem
from moto.efs.responses import TYPE_RESPONSE, EFSResponse

_JSON: dict[str, str | int] = {"Content-Type": "application/json"}
_SETTLED = {"ENABLING": "ENABLED", "DISABLING": "DISABLED"}


def install() -> None:
    """Add the two calls that moto lacks; and remember that backups were switched off, which moto takes for never on."""
    EFSResponse.put_backup_policy = _put_backup_policy  # type: ignore[attr-defined]
    EFSResponse.delete_file_system_policy = _delete_file_system_policy  # type: ignore[attr-defined]
    described = EFSBackend.describe_backup_policy

    def describe_backup_policy(backend: EFSBackend, file_system_id: str) -> dict[str, str]:
        file_system = backend.file_systems_by_id[file_system_id]
        put: dict[str, str] | None = vars(file_system).get("put_backup_policy")
        return put or described(backend, file_system_id)

    EFSBackend.describe_backup_policy = describe_backup_policy  # type: ignore[assignment,method-assign]


def _put_backup_policy(response: EFSResponse) -> TYPE_RESPONSE:
    status = response._get_param("BackupPolicy")["Status"]
    policy = {"Status": _SETTLED.get(status, status)}
    vars(_file_system(response))["put_backup_policy"] = policy
    return json.dumps({"BackupPolicy": policy}), _JSON


def _delete_file_system_policy(response: EFSResponse) -> TYPE_RESPONSE:
    _file_system(response).file_system_policy = None
    return "{}", _JSON


def _file_system(response: EFSResponse) -> FileSystem:
    id_ = response._get_param("FileSystemId")
    _, (found,) = response.efs_backend.describe_file_systems(file_system_id=id_)
    return found
