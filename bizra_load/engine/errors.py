"""What can go wrong between us and the target, below the content of a response.

EngineError
├── TransportError     refused, reset, closed before the response was complete
├── GeneratorError     this machine had no descriptor, port, buffer or address for it: the target was not asked
├── ResponseTimeout    no complete response in time
└── ProtocolError      a response that is not HTTP/1.1
"""


class EngineError(Exception):
    """One line without secrets. `error`: the system's own that it was made of, None of none."""

    error: OSError | None = None


class TransportError(EngineError):
    pass


class GeneratorError(EngineError):
    pass


class ResponseTimeout(EngineError):
    pass


class ProtocolError(EngineError):
    pass
