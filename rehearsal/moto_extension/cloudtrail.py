"""CloudTrail: the provider names a trail by its ARN."""

from moto.cloudtrail.models import CloudTrailBackend


def install() -> None:
    """Let DeleteTrail take an ARN, as AWS does: moto knows only names there, and silently deletes nothing."""
    CloudTrailBackend.delete_trail = _delete_trail  # type: ignore[assignment,method-assign]


def _delete_trail(backend: CloudTrailBackend, name: str) -> None:
    del backend.trails[backend.get_trail(name).trail_name]
