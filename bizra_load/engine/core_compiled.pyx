# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, infer_types=False, auto_pickle=False
"""core_pure.py, line by line, in C where it can be: system calls on plain sockets, clocks, comparing heads, appending times.

The GIL is held all the time: nothing here blocks, and releasing it costs a tenth of a request. Buffers that are shared are
filled and emptied without a switch of greenlets or threads between. Few and small variables in C: greenlets copy the stack.
"""

from array import array

from cpython cimport array as carray
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_SetFromErrno
from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.errno cimport EINTR, errno
from libc.stdint cimport int64_t, uint32_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcmp, memcpy

import greenlet  # whose C interface is looked up

from ssl import SSLEOFError, SSLWantReadError, SSLZeroReturnError

from gevent import Timeout

from bizra_load.engine.core_pure import HOLD_NS
from bizra_load.engine.errors import EngineError, ResponseTimeout
from bizra_load.engine.exhaustion import trouble
from bizra_load.engine.http_parser import Head
from bizra_load.engine.outcomes import SUSPECT, Unsent, Unsettled

cdef extern from *:
    """
    #include <sys/epoll.h>
    #include <sys/socket.h>
    #include <time.h>
    /* greenlet's C interface by its numbers (greenlet.h), so that its header is not needed to build this */
    static void** greenlet_c;
    static int import_greenlet(void) { return (greenlet_c = PyCapsule_Import("greenlet._C_API", 0)) ? 0 : -1; }
    #define this_greenlet() (((PyObject* (*)(void))greenlet_c[4])())
    #define switch_to(greenlet, arguments) \
        (((PyObject* (*)(PyObject*, PyObject*, PyObject*))greenlet_c[6])((greenlet), (arguments), NULL))
    static inline int64_t clock_ns(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);  /* what time.perf_counter_ns() reads */
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    }
    """
    int import_greenlet() except -1
    object this_greenlet()
    object switch_to(object waiter, object arguments)
    int64_t clock_ns()
    ctypedef union epoll_data_t:
        int fd
    cdef struct epoll_event:
        uint32_t events
        epoll_data_t data
    int epoll_wait(int epoll, epoll_event* events, int size, int timeout_ms)
    ssize_t send_bytes "send"(int fd, const void* data, size_t size, int flags)
    ssize_t receive_bytes "recv"(int fd, void* data, size_t size, int flags)
    enum: EPOLLRDHUP, EPOLLHUP, EPOLLERR, MSG_NOSIGNAL

import_greenlet()
INTERFACE = 2

cdef enum:
    READ_BYTES = 65536
    EVENTS = 256
    DIGITS = 20
    TURN_NS = 200000
    MIN_GAP_NS = 50000
    WORTH_PARTING_NS = 50000
    IDLE_NS = 100000000
    CLOSED = EPOLLRDHUP | EPOLLHUP | EPOLLERR

cdef char received[READ_BYTES]


cdef class Appender:
    """array.append() without a Python integer for each."""

    cdef carray.array _times

    def __init__(self, times):
        self._times = times

    cdef inline int append(self, int64_t time_ns) except -1:
        cdef Py_ssize_t size = len(self._times)
        carray.resize_smart(self._times, size + 1)
        self._times.data.as_longlongs[size] = time_ns
        return 0

    def __call__(self, int64_t time_ns):
        self.append(time_ns)


cdef class RowsAppender:
    cdef Appender _first, _second, _third

    def __init__(self, first, second, third):
        self._first, self._second, self._third = Appender(first), Appender(second), Appender(third)

    cdef inline int append(self, int64_t first_ns, int64_t second_ns, int64_t third_ns) except -1:
        self._first.append(first_ns)
        self._second.append(second_ns)
        self._third.append(third_ns)
        return 0

    def __call__(self, int64_t first_ns, int64_t second_ns, int64_t third_ns):
        self.append(first_ns, second_ns, third_ns)


appender, rows_appender = Appender, RowsAppender

include "core_waking.pxi"


cdef class BaseConnection


cdef class Channel:
    cdef public object sock, recv, send, waiter, fd
    cdef public int64_t deadline_ns, read_ns
    cdef int _number
    cdef bint _plain
    cdef object _arrived, _started
    cdef bytes _asked
    cdef BaseConnection _connection

    keeps = False
    cut = False
    session = None

    def __init__(self, sock):
        sock.setblocking(False)
        self.sock, self.fd = sock, sock.fileno()
        self.recv, self.send = sock.recv, sock.send
        self._number, self._plain = self.fd, type(self) is Channel

    def close(self):
        self.sock.close()

    cdef ssize_t receive_some(self) except -1:
        """How many bytes have arrived in `received`, 0 at the end; raises BlockingIOError where there are none yet."""
        cdef ssize_t size = receive_bytes(self._number, received, READ_BYTES, 0)
        while size < 0 and errno == EINTR:
            size = receive_bytes(self._number, received, READ_BYTES, 0)
        if size < 0:
            PyErr_SetFromErrno(OSError)
        return size

    cdef object receive(self):
        """The next bytes, b"" at the end, or the OSError; None where there are none yet."""
        try:
            if not self._plain:  # TLS', or another's
                return self.recv(READ_BYTES)
            return PyBytes_FromStringAndSize(received, self.receive_some())
        except BlockingIOError:
            return None
        except OSError as error:
            return error

    cdef ssize_t send_some(self, const char* data, ssize_t size) except -1:
        """How many bytes of them could be sent; raises BlockingIOError where none could."""
        cdef ssize_t sent = send_bytes(self._number, data, size, MSG_NOSIGNAL)
        while sent < 0 and errno == EINTR:
            sent = send_bytes(self._number, data, size, MSG_NOSIGNAL)
        if sent < 0:
            PyErr_SetFromErrno(OSError)
        return sent


cdef class TlsChannel(Channel):
    cdef object _tls, _read, _write, _incoming, _outgoing
    cdef bytes _unsent
    cdef Py_ssize_t _sent
    cdef bint _taken
    cdef readonly bint cut

    keeps = True

    def __init__(self, sock, tls, incoming, outgoing):
        Channel.__init__(self, sock)
        self._tls, self._incoming, self._outgoing = tls, incoming, outgoing
        inside = getattr(tls, "_sslobj", tls)
        self._read, self._write = inside.read, inside.write
        self._unsent = b""
        self.recv, self.send = self._recv, self._send

    @property
    def session(self):
        return self._tls.session

    cpdef bytes _recv(self, size):
        cdef ssize_t arrived
        if self._incoming.pending and (plain := self._decrypted(size)) is not None:
            return plain
        while True:
            arrived = self.receive_some()
            if arrived:
                self._incoming.write(PyBytes_FromStringAndSize(received, arrived))
            else:
                self._incoming.write_eof()
            if (plain := self._decrypted(size)) is not None:
                return plain
            if 0 < arrived < READ_BYTES:
                raise BlockingIOError

    cdef bytes _decrypted(self, size):
        try:
            plain = self._read(size)
        except SSLWantReadError:
            plain = None
        except SSLZeroReturnError:
            plain = b""
        except SSLEOFError:
            self.cut = True
            plain = b""
        if self._outgoing.pending:
            try:
                self._flush()
            except OSError:
                pass
        return plain

    cpdef Py_ssize_t _send(self, data) except -1:
        if not self._taken:
            self._write(data)
            self._taken = True
        self._flush()
        self._taken = False
        return len(data)

    cdef int _flush(self) except -1:
        if self._outgoing.pending:
            encrypted = self._outgoing.read()
            self._unsent = self._unsent[self._sent :] + encrypted if self._unsent else encrypted
            self._sent = 0
        while self._sent < PyBytes_GET_SIZE(self._unsent):
            self._sent += self.send_some(PyBytes_AS_STRING(self._unsent) + self._sent, PyBytes_GET_SIZE(self._unsent) - self._sent)
        self._unsent, self._sent = b"", 0
        return 0


cdef class BaseReactor:
    cdef public dict waiting, writing
    cdef public set hints
    cdef public object turns, switch
    cdef public int64_t sweep_ns, hold_ns
    cdef Appender _add_turn
    cdef object _hub
    cdef int _epoll
    cdef epoll_event _events[EVENTS]
    cdef bint _holding
    cdef list _held

    def __init__(self, epoll, hub):
        self._epoll, self._hub = epoll.fileno(), hub
        self.waiting, self.writing, self.hints = {}, {}, set()
        self.turns = array("q")
        self._add_turn = Appender(self.turns)
        self.sweep_ns = 1 << 62
        self.switch = hub.switch
        self._held, self.hold_ns = [], HOLD_NS

    def ready(self):
        cdef int size, i
        cdef int64_t now_ns = clock_ns(), begun_ns, end_ns, until_ns
        cdef Channel channel
        cdef list ready
        end_ns = now_ns + TURN_NS
        while True:
            size = epoll_wait(self._epoll, self._events, EVENTS, 0)
            if size <= 0:  # interrupted, too: the hub's own wait tells again of what is ready
                break
            begun_ns, ready = now_ns, []
            for i in range(size):
                fd = self._events[i].data.fd
                channel = self.waiting.pop(fd, None)
                if channel is None or self._events[i].events & CLOSED:
                    self.hints.add(fd)
                    if channel is None:
                        if fd in self.writing:
                            channel = self.writing.pop(fd)
                            ready.append(channel)
                        continue
                arrived = channel.receive()
                if arrived is None:
                    self.waiting[fd] = channel
                    continue
                channel._arrived = arrived
                channel.read_ns = now_ns = clock_ns()
                ready.append(channel)
            self._add_turn.append(now_ns - begun_ns if len(ready) > 1 else 0)
            self._holding, until_ns = len(ready) > 1, now_ns + self.hold_ns
            try:
                for channel in ready:
                    arrived, channel._arrived = channel._arrived, None
                    switch_to(channel.waiter, (arrived,))
                    if self._held and clock_ns() > until_ns:
                        self._send_held()
                        until_ns = clock_ns() + self.hold_ns
            finally:
                self._holding = False
                self._send_held()
            now_ns = clock_ns()
            if not self.waiting or now_ns >= end_ns:
                break

    cdef int _hold(self, Channel channel, BaseConnection connection, bytes asked, started) except -1:
        channel._connection, channel._asked, channel._started = connection, asked, started
        self._held.append(channel)
        return 0

    cdef int _send_held(self) except -1:
        cdef Channel channel
        cdef BaseConnection connection
        cdef list held = self._held
        cdef Py_ssize_t sent, at = 0
        cdef int64_t since_ns
        if not held:
            return 0
        self._held = []
        try:
            while at < len(held):
                channel = held[at]
                at += 1
                connection, asked, started = channel._connection, channel._asked, channel._started
                channel._connection = channel._asked = channel._started = None
                if self.waiting.get(channel.fd) is not channel:
                    continue
                since_ns, sent, error = connection.last_sent_ns, 0, None
                try:
                    sent = connection.send_now(channel, asked, started)
                except BlockingIOError:
                    pass
                except Exception as trouble:
                    error = trouble
                connection.last_held_ns = connection.last_sent_ns - since_ns
                if sent != len(asked):
                    self.waiting.pop(channel.fd, None)
                    switch_to(channel.waiter, (Unsent(sent, error),))
        finally:
            self._held[:0] = held[at:]
        return 0


cdef class BaseRequest:
    cdef public bytes head, alone, before, after
    cdef public Py_ssize_t in_all
    cdef public object method, known, latest

    def __init__(self, method, head, alone):
        self.method, self.head, self.alone = method, head, alone
        self.known = {}
        self.before = self.after = b""
        self.in_all = -1
        self.latest = Head(0, None, False, False)

    cdef object content(self, bytes data):
        """The body of a response that is as long as the one before and begins and ends as that did; else None."""
        cdef const char* text = PyBytes_AS_STRING(data)
        cdef Py_ssize_t begin = PyBytes_GET_SIZE(self.before), end = self.in_all - PyBytes_GET_SIZE(self.after)
        if (
            PyBytes_GET_SIZE(data) != self.in_all
            or memcmp(text, PyBytes_AS_STRING(self.before), begin)
            or memcmp(text + end, PyBytes_AS_STRING(self.after), self.in_all - end)
        ):
            return None
        return PyBytes_FromStringAndSize(text + begin, end - begin)

    cdef bytes text(self, bytes body):
        """The whole request."""
        cdef Py_ssize_t at = PyBytes_GET_SIZE(self.head), length = PyBytes_GET_SIZE(body), left = length
        cdef int digits = 0
        cdef char reversed_digits[DIGITS]
        cdef bytes whole
        cdef char* text
        if not length:
            return self.alone
        while left:
            reversed_digits[digits] = <char>(48 + left % 10)
            left //= 10
            digits += 1
        whole = PyBytes_FromStringAndSize(NULL, at + digits + 4 + length)
        text = PyBytes_AS_STRING(whole)
        memcpy(text, PyBytes_AS_STRING(self.head), at)
        while digits:
            digits -= 1
            text[at] = reversed_digits[digits]
            at += 1
        memcpy(text + at, b"\r\n\r\n", 4)
        memcpy(text + at + 4, PyBytes_AS_STRING(body), length)
        return whole


cdef class BaseConnection:
    cdef public BaseReactor _reactor
    cdef public int64_t _timeout_ns, _done_ns, last_sent_ns, last_held_ns, last_done_ns
    cdef public Py_ssize_t last_bytes
    cdef public bint last_started
    cdef public object last_head
    cdef public Channel _channel
    cdef set _hints
    cdef dict _waiting

    def __init__(self, reactor, timeout_ns):
        self._reactor, self._timeout_ns = reactor, timeout_ns
        self._hints, self._waiting = reactor.hints, reactor.waiting
        self.last_head = Head(0, None, False, False)

    cdef Py_ssize_t send_now(self, Channel channel, bytes asked, started) except -1:
        """Say that it starts, and send what goes at once."""
        self.last_sent_ns = clock_ns()
        self.last_started = True
        if type(started) is Appender:
            (<Appender>started).append(self.last_sent_ns)
        else:
            started(self.last_sent_ns)
        if channel._plain:
            return channel.send_some(PyBytes_AS_STRING(asked), PyBytes_GET_SIZE(asked))
        return channel.send(asked)

    cpdef exchange(self, BaseRequest request, bytes body, started):
        cdef int64_t sent_ns, deadline_ns
        cdef Channel channel
        cdef BaseReactor reactor = self._reactor
        cdef Py_ssize_t sent
        cdef bytes asked
        if request is None or body is None:
            raise TypeError("a request and its body are needed")
        self.last_sent_ns = sent_ns = clock_ns()
        deadline_ns = sent_ns + self._timeout_ns
        doing = "sending"
        try:
            channel = self._channel
            self.last_started, self.last_held_ns = False, 0
            if channel is None or sent_ns - self._done_ns > IDLE_NS or (self._hints and channel.fd in self._hints):
                channel = self._opened_channel(sent_ns, deadline_ns)
                self.last_sent_ns = clock_ns()
            asked = request.text(body)
            if reactor._holding:
                reactor._hold(channel, self, asked, started)
            else:
                try:
                    sent = self.send_now(channel, asked, started)
                except BlockingIOError:
                    sent = 0
                except (ConnectionResetError, BrokenPipeError) as error:
                    channel, sent = self._opened_anew(error, deadline_ns), 0
                if sent != PyBytes_GET_SIZE(asked):
                    self._write_rest(channel, asked, sent, deadline_ns)
            doing = "receiving"
            self._waiting[channel.fd] = channel
            channel.waiter, channel.deadline_ns = this_greenlet(), deadline_ns
            if deadline_ns < reactor.sweep_ns:
                reactor.sweep_at(deadline_ns)
            data = switch_to(reactor._hub, ())
            if type(data) is Unsent:
                doing = "sending"
                channel = self._send_rest(channel, asked, data, deadline_ns)
                doing = "receiving"
                data = reactor.receive(channel, deadline_ns)
            if type(data) is not bytes:
                raise data
            if channel.read_ns > deadline_ns:
                raise ResponseTimeout("no complete response in time")
            content = request.content(data)
            if content is not None:
                self.last_head = request.latest
                self._done_ns = self.last_done_ns = channel.read_ns
                return content
            return self._receive_rest(request, asked, data, channel.read_ns, deadline_ns)
        except EngineError:
            self.close()
            raise
        except OSError as error:
            where = " on a kept connection" if self._done_ns else ""
            self.close()
            raise trouble(doing + where, error) from None
        except BaseException:
            self.close()
            raise

    def attempt(self, operation, BaseRequest request, bytes body, check, int64_t intended_ns):
        content = self.exchange(request, body, operation.started)
        self.last_bytes = len(content)
        if not 200 <= <int>self.last_head.status < 300:
            raise Unsettled(content)
        try:
            result = check(content)
        except (Exception, Timeout) as error:
            raise Unsettled(content, None, error) from None
        if result is not True and type(result) in SUSPECT:
            raise Unsettled(content, result)
        succeeded = operation.succeeded
        if type(succeeded) is RowsAppender:
            (<RowsAppender>succeeded).append(intended_ns, self.last_sent_ns, self.last_done_ns)
        else:
            succeeded(intended_ns, self.last_sent_ns, self.last_done_ns)
        return result
