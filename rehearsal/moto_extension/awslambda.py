"""Lambda: where a function leaves dead letters, what it mounts, and how it logs."""

from typing import Any

from moto.awslambda.models import LambdaFunction

_KEPT = ("DeadLetterConfig", "FileSystemConfigs", "LoggingConfig")


def install() -> None:
    """Keep these settings, which moto takes and drops, when a function is made and when it is changed."""
    make, update = LambdaFunction.__init__, LambdaFunction.update_configuration
    describe = LambdaFunction.get_configuration

    def __init__(self: LambdaFunction, account_id: str, spec: dict[str, Any], *more: Any, **named: Any) -> None:  # noqa: N807
        make(self, account_id, spec, *more, **named)
        _keep(self, spec)

    def update_configuration(self: LambdaFunction, config_updates: dict[str, Any]) -> dict[str, Any]:
        _keep(self, config_updates)
        return update(self, config_updates)

    def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
        return {**describe(self, on_create), **vars(self).get("kept", {})}

    LambdaFunction.__init__ = __init__  # type: ignore[method-assign]
    LambdaFunction.update_configuration = update_configuration  # type: ignore[method-assign]
    LambdaFunction.get_configuration = get_configuration  # type: ignore[method-assign]


def _keep(function: LambdaFunction, settings: dict[str, Any]) -> None:
    kept = vars(function).setdefault("kept", {})
    kept.update({name: settings[name] for name in _KEPT if name in settings})
