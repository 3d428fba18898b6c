"""RDS: Performance Insights of an instance."""

from typing import Any

from moto.rds.models import DBInstance, RDSBackend


def install() -> None:
    """Keep the settings that an instance is made with, which moto drops."""
    make = DBInstance.__init__

    def __init__(self: DBInstance, backend: RDSBackend, *arguments: Any, **settings: Any) -> None:  # noqa: N807
        make(self, backend, *arguments, **settings)
        vars(self).update(
            performance_insights_enabled=settings.get("enable_performance_insights", False),
            performance_insights_kms_key_id=settings.get("performance_insights_kms_key_id"),
            performance_insights_retention_period=settings.get("performance_insights_retention_period"),
        )

    DBInstance.__init__ = __init__  # type: ignore[method-assign]
