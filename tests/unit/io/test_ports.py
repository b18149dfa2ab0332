"""A port that is kept for whoever was told of it."""

import socket

from bizra_load.io.ports import free_port, listening_refused


def test_a_free_port_is_given_to_nobody_else_who_asks_for_any():
    kept = {free_port() for _ in range(20)}
    assert len(kept) == 20
    with_and_without_reuse = []
    for reuse in (0, 1) * 2000:
        asking = socket.socket()
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
        asking.bind(("127.0.0.1", 0))
        with_and_without_reuse.append(asking)
        if len(with_and_without_reuse) == 200:  # else their own would run out
            given = {s.getsockname()[1] for s in with_and_without_reuse}
            while with_and_without_reuse:
                with_and_without_reuse.pop().close()
            assert not kept & given


def test_who_knows_it_can_listen_on_it_and_so_can_the_next_one():
    port = free_port()
    for _ in range(2):
        assert listening_refused(("127.0.0.1", port)) == ""
        with socket.create_server(("127.0.0.1", port)) as server:
            assert listening_refused(("127.0.0.1", port)).startswith("Address already in use")
            with socket.create_connection(server.getsockname()):
                server.accept()[0].close()
