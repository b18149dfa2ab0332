"""LeanHttpUser for locustfiles: FastHttpUser on our client."""

from __future__ import annotations

from typing import Any

from locust.contrib.fasthttp import FastHttpUser

from bizra_load.runtime.lean.session import LeanHttpSession


class LeanHttpUser(FastHttpUser):
    """A drop-in for FastHttpUser, several times as fast. What differs: docs/locustfiles.md.

    network_timeout      s, of a whole response, 60 by default; it is a failed request after that
    connection_timeout   s, until it is connected
    insecure             True by default, as there: certificates are not verified
    """

    abstract = True

    def __init__(self, environment: Any) -> None:
        """Raises StopTest without a host."""
        super().__init__(environment)
        self.client: LeanHttpSession = LeanHttpSession(
            base_url=str(self.host),
            request_event=self.environment.events.request,
            user=self,
            insecure=self.insecure,
            client_pool=self.client_pool,
            ssl_context_factory=self.ssl_context_factory,
            network_timeout=self.network_timeout,
            connection_timeout=self.connection_timeout,
            max_redirects=self.max_redirects,
            max_retries=self.max_retries,
            concurrency=self.concurrency,
            headers=self.default_headers,
            proxy_host=self.proxy_host,
            proxy_port=self.proxy_port,
        )

    def start(self, group: Any) -> Any:
        """As Locust's; its connections are closed when it has ended."""
        greenlet = super().start(group)
        greenlet.rawlink(lambda _: self.client.close())
        return greenlet
