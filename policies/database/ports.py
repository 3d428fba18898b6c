"""On which port a database listens."""

from policies.resources import Resource, Undetermined

# Ports that AWS gives an engine unless another one is set (Amazon RDS user guide, CreateDBInstance).
_OF_ENGINE = {"aurora-mysql": 3306, "mysql": 3306, "mariadb": 3306, "aurora-postgresql": 5432, "postgres": 5432}


def port_of(database: Resource) -> int:
    """The port of a cluster or an instance. Raises Undetermined when neither it nor the engine's own is known."""
    given, engine = database.attribute("port").number, database.attribute("engine")
    if given is None and engine.text not in _OF_ENGINE:
        raise Undetermined(engine.undetermined(f"which port {engine.text or 'an unnamed engine'} uses is not known"))
    return _OF_ENGINE[engine.text] if given is None else int(given)
