"""EchoUser for locustfiles: one operation over HTTP."""

from __future__ import annotations

from bizra_load import OpenModelUser


class EchoUser(OpenModelUser):
    """Sends a text; the same must come back."""

    abstract = True

    def __init__(self, environment):
        super().__init__(environment)
        self._request = self.connection.prepare("POST", "/echo", {"Content-Type": "text/plain"})
        self._echoed = self.operation("echo")

    def echo(self, text: bytes) -> bool:
        return bool(self.perform(self._echoed, self._request, text, lambda content: content == text))
