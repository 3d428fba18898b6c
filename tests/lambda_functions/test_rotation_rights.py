"""What the application's user may do in each database, and how it may connect."""

import pg8000.native
import pymysql
import pytest
from rotate_database_secret.errors import RotationError
from rotate_database_secret.tls import verifying_context

from tests.lambda_functions.postgresql_server import PostgreSqlServer
from tests.lambda_functions.rotating_secret import NewSecret, RotatingSecret
from tests.lambda_functions.servers import DATABASE, MASTER, Authority, DatabaseServer

INSUFFICIENT_PRIVILEGE = "42501"


@pytest.fixture(params=[1, 2], ids=["first user", "second user"])
def rotations(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def mysql_connection(secret: RotatingSecret, **changes: object) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    login = secret.document()
    arguments = {"database": DATABASE, "ssl": verifying_context(secret.authority.bundle), **changes}
    return pymysql.connect(
        host="localhost", port=login["port"], user=login["username"], password=login["password"], **arguments
    )


def postgresql_connection(secret: RotatingSecret) -> pg8000.native.Connection:
    login = secret.document()
    assert isinstance(secret.server, PostgreSqlServer)
    return secret.server.connect(login["username"], login["password"], verifying_context(secret.authority.bundle))


def test_a_mysql_user_may_use_its_own_database_and_no_other(secret: RotatingSecret, rotations: int) -> None:
    for _ in range(rotations):
        secret.rotate()
    username = secret.document()["username"]
    [usage, *grants] = [row[0] for row in secret.server.execute(f"SHOW GRANTS FOR {username}@'%'")]
    assert usage.startswith("GRANT USAGE ON *.*")
    assert "REQUIRE SSL" in usage
    assert [grant.split(" TO ")[0] for grant in grants] == [
        r"GRANT SELECT, INSERT, UPDATE, DELETE ON `financial\_db`.*"
    ]
    with mysql_connection(secret) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO accounts VALUES (1)")
        cursor.execute("DELETE FROM accounts")
        with pytest.raises(pymysql.OperationalError, match="DROP command denied"):
            cursor.execute("DROP TABLE accounts")
    with pytest.raises(pymysql.OperationalError, match="Access denied"):
        mysql_connection(secret, database="financialxdb")  # an underscore that is not escaped would match


def test_a_mysql_user_cannot_log_in_without_tls_even_if_the_server_would_let_it(secret: RotatingSecret) -> None:
    secret.rotate()
    secret.server.execute("SET GLOBAL require_secure_transport = OFF")
    try:
        with pytest.raises(pymysql.OperationalError, match="Access denied"):
            mysql_connection(secret, ssl=None, ssl_disabled=True)
    finally:
        secret.server.execute("SET GLOBAL require_secure_transport = ON")


def test_the_mysql_server_of_these_tests_refuses_connections_without_tls(
    database: DatabaseServer, authority: Authority
) -> None:
    assert database.logs_in(MASTER, database.master_password, verifying_context(authority.bundle))
    with pytest.raises(pymysql.OperationalError, match="Access denied"):
        pymysql.connect(
            host="localhost", port=database.port, user=MASTER, password=database.master_password, ssl_disabled=True
        )


def test_a_mysql_database_name_is_not_taken_for_a_pattern_or_a_statement(
    new_secret: NewSecret, database: DatabaseServer
) -> None:
    name = "x`.* TO y; --"
    database.execute("CREATE DATABASE `x``.* TO y; --`")
    with pytest.raises(RotationError, match="the database name has to be"):
        new_secret(database, dbname=name).rotate()


def test_the_postgresql_server_of_these_tests_refuses_connections_without_tls(
    new_secret: NewSecret, postgresql_database: PostgreSqlServer
) -> None:
    secret = new_secret(postgresql_database).rotated_once()
    login = secret.document()
    with pytest.raises(pg8000.native.DatabaseError, match="no encryption"):
        postgresql_database.connect(login["username"], login["password"], tls=False)


def test_a_postgresql_user_may_use_the_masters_tables_of_any_age(
    new_secret: NewSecret, postgresql_database: PostgreSqlServer, rotations: int
) -> None:
    secret = new_secret(postgresql_database)
    for _ in range(rotations):
        secret.rotate()
    newer = f"newer_{secret.username}"
    postgresql_database.execute(f"CREATE TABLE {newer} (id SERIAL PRIMARY KEY)", user=MASTER)
    with postgresql_connection(secret) as connection:
        for table in ("accounts", newer):
            connection.run(f"INSERT INTO {table} DEFAULT VALUES")
            assert connection.run(f"SELECT count(*) FROM {table}") == [[1]]
            connection.run(f"DELETE FROM {table}")
            for statement in (f"DROP TABLE {table}", "CREATE TABLE mine (id INT)", f"TRUNCATE {table}"):
                with pytest.raises(pg8000.native.DatabaseError, match=INSUFFICIENT_PRIVILEGE):
                    connection.run(statement)


def test_what_another_owner_grants_to_the_rights_both_users_have(
    new_secret: NewSecret, postgresql_database: PostgreSqlServer
) -> None:
    secret = new_secret(postgresql_database).rotated_once()
    table = f"others_{secret.username}"
    postgresql_database.execute(f"CREATE TABLE {table} (id INT)")
    postgresql_database.execute(f"GRANT SELECT ON {table} TO {secret.username}_rights")
    for _ in range(2):
        with postgresql_connection(secret) as connection:
            assert connection.run(f"SELECT count(*) FROM {table}") == [[0]]
        secret.rotate()


def test_what_one_user_makes_for_the_rights_in_their_own_schema_the_other_user_has_too(
    new_secret: NewSecret, postgresql_database: PostgreSqlServer
) -> None:
    secret = new_secret(postgresql_database).rotated_once()
    rights = f"{secret.username}_rights"
    with postgresql_connection(secret) as connection:
        for statement in ("BEGIN", f"SET LOCAL ROLE {rights}", f"CREATE TABLE {rights}.things (id INT)", "COMMIT"):
            connection.run(statement)
    for count in range(3):
        with postgresql_connection(secret) as connection:
            connection.run(f"INSERT INTO {rights}.things VALUES (1)")
            assert connection.run(f"SELECT count(*) FROM {rights}.things") == [[count + 1]]
        secret.rotate()


def test_no_application_gets_into_the_schema_of_another(
    new_secret: NewSecret, postgresql_database: PostgreSqlServer
) -> None:
    secret, other = (new_secret(postgresql_database).rotated_once() for _ in range(2))
    with (
        postgresql_connection(secret) as connection,
        pytest.raises(pg8000.native.DatabaseError, match=INSUFFICIENT_PRIVILEGE),
    ):
        connection.run(f"CREATE TABLE {other.username}_rights.things (id INT)")


def test_no_postgresql_user_has_rights_beyond_its_role(
    new_secret: NewSecret, postgresql_database: PostgreSqlServer
) -> None:
    secret = new_secret(postgresql_database).rotated_once()
    secret.rotate()
    roles = postgresql_database.execute(
        "SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls"
        f" FROM pg_roles WHERE rolname LIKE '{secret.username}%' ORDER BY rolname"
    )
    assert roles == [
        [secret.username, True, False],
        [f"{secret.username}_clone", True, False],
        [f"{secret.username}_rights", False, False],
    ]
