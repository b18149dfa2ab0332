"""A free port on this machine, for whatever is started next; whether a certain one is free."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Free on 127.0.0.1 at this moment; somebody else may take it before it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listening_refused(address: tuple[str, int]) -> str:
    """Why nobody could listen on (address, port) at this moment; "" when one could."""
    try:
        socket.create_server(address).close()
    except OSError as error:
        return error.strerror or str(error)
    except UnicodeError:
        return "no name of a host"
    return ""
