"""The process that plays AWS: moto's server with our extension, on a loopback port of the kernel's choice.

It prints its port as one line, then serves until its standard input ends: when the rehearsal that started it goes,
however it goes, the server goes as well. Two additions to moto's own interface:

- `GET /rehearsal/held` answers with everything that moto holds and no fresh account would: JSON, a list of texts.
- Anything meant for another host is refused. The rehearsal names this server as the proxy of everything else, so a
  request that would leave the machine ends here.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

HOST = "127.0.0.1"
HELD = "/rehearsal/held"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


def serve() -> None:
    """Serve until standard input ends."""
    # Imported here: the rehearsal reads the names above without loading moto.
    from moto.core.config import default_user_config
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    from rehearsal import moto_extension

    moto_extension.install()
    # A function that is called answers without being run, so that no image is fetched to run it in.
    default_user_config["lambda"]["use_docker"] = False
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = at_home_only(with_inventory(DomainDispatcherApplication(create_backend_app)))
    server = make_server(HOST, 0, application, threaded=True, request_handler=MotoRequestHandler)
    os.environ["MOTO_PORT"] = str(server.port)
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    print(server.port, flush=True)
    server.serve_forever()


def at_home_only(application: Application) -> Application:
    """Refuse what a proxy would pass on to another host."""

    def guarded(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "CONNECT" or not environ.get("HTTP_HOST", "").startswith(f"{HOST}:"):
            return _answer(start_response, "403 Forbidden", f"the rehearsal reaches {HOST} only\n", "text/plain")
        return application(environ, start_response)

    return guarded


def with_inventory(application: Application) -> Application:
    """Answer HELD; leave the rest to moto."""

    def inventoried(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != HELD:
            return application(environ, start_response)
        from rehearsal.inventory import held

        return _answer(start_response, "200 OK", json.dumps(held()), "application/json")

    return inventoried


def _answer(start_response: StartResponse, status: str, text: str, kind: str) -> list[bytes]:
    body = text.encode()
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def _end_with_standard_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    serve()
