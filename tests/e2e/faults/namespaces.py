"""Network namespaces joined by veth links, made and removed by a test (as root, Debian's iproute2)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

HERE, THERE = "10.213.77.1", "10.213.77.2"


@dataclass(frozen=True)
class Link:
    """A namespace whose only way to us is a veth link: HERE is our end, THERE the namespace's."""

    name: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Before a command that is to run inside."""
        return ("ip", "netns", "exec", self.name)

    def down(self) -> None:
        ip("link", "set", f"{self.name}h", "down")

    def up(self) -> None:
        ip("link", "set", f"{self.name}h", "up")


def ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr.strip()}"


@contextmanager
def linked_namespace() -> Iterator[Link]:
    assert os.geteuid() == 0, "not root: cutting a network link needs root (network namespaces): run make test as root"
    assert shutil.which("ip"), "iproute2 is missing: apt-get install -y --no-install-recommends iproute2"
    link = Link(f"bl{os.getpid()}")
    ip("netns", "add", link.name)
    try:
        ip("link", "add", f"{link.name}h", "type", "veth", "peer", "name", f"{link.name}n", "netns", link.name)
        ip("addr", "add", f"{HERE}/30", "dev", f"{link.name}h")
        ip("-n", link.name, "addr", "add", f"{THERE}/30", "dev", f"{link.name}n")
        ip("link", "set", f"{link.name}h", "up")
        ip("-n", link.name, "link", "set", f"{link.name}n", "up")
        ip("-n", link.name, "link", "set", "lo", "up")
        yield link
    finally:
        subprocess.run(["ip", "link", "del", f"{link.name}h"], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", link.name], capture_output=True, check=False)
