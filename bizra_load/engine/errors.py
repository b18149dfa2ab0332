"""What can go wrong between us and the target, below the content of an answer.

EngineError
├── TransportError     refused, reset, closed before the answer was complete
├── ResponseTimeout    no complete answer in time
└── ProtocolError      an answer that is not HTTP/1.1
"""


class EngineError(Exception):
    """One line without secrets."""


class TransportError(EngineError):
    pass


class ResponseTimeout(EngineError):
    pass


class ProtocolError(EngineError):
    pass
