"""A free port on this machine, for whatever is started next; whether a certain one is free."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Free on 127.0.0.1. For a minute nobody else is given it who asks for any port: a connection to it was closed, which
    leaves it in TIME_WAIT (RFC 9293, 3.6.1). Who asks for this one gets it with SO_REUSEADDR, which servers set.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address: tuple[str, int] = listener.getsockname()
        with socket.create_connection(address):
            listener.accept()[0].close()  # the side that closes first is the one that waits
        return address[1]


def listening_refused(address: tuple[str, int]) -> str:
    """Why nobody could listen on (address, port) at this moment; "" when one could."""
    try:
        socket.create_server(address, family=socket.AF_INET6 if ":" in address[0] else socket.AF_INET).close()
    except OSError as error:
        return error.strerror or str(error)
    except UnicodeError:
        return "no name of a host"
    return ""
