"""A response's content as a stream, as geventhttpclient's responses read it, and without its coding."""

from __future__ import annotations

import io

from geventhttpclient.useragent import CompatResponse

from bizra_load.runtime.lean.heads import HeadFacts


class Stream(io.BytesIO):
    """It is all there, and its connection is in other hands already."""

    message_complete = True

    def __init__(self, facts: HeadFacts, content: bytes) -> None:
        super().__init__(content)
        self._status, self._headers_index = facts.status, facts.headers
        length = facts.headers.get("content-length")
        self.length = int(length) if isinstance(length, str) and length.isdecimal() else len(content)  # what was announced

    def get_code(self) -> int:
        return self._status

    def release(self) -> None:
        """Nothing to give back."""


def decoded(facts: HeadFacts, content: bytes) -> bytes:
    """The content without its Content-Encoding. Raises ValueError for one that is unknown, and what the decoder raises."""
    if not content or "content-encoding" not in facts.headers:
        return content
    return CompatResponse(Stream(facts, content)).content  # type: ignore[arg-type]  # which reads it, and asks for its headers
