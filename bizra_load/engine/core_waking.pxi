# waking_pure.py, line by line, in C: a part of core_compiled.pyx.

cdef extern from *:
    """
    #include <sys/timerfd.h>
    static inline int64_t cpu_clock_ns(void) {
        struct timespec now;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);  /* what time.thread_time_ns() reads */
        return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    }
    static inline int set_timer(int fd, int64_t at_ns) {
        struct itimerspec at = {{0, 0}, {at_ns / 1000000000, at_ns % 1000000000}};
        return timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL);
    }
    """
    int64_t cpu_clock_ns()
    int set_timer(int fd, int64_t at_ns)

cdef struct Entry:
    int64_t due_ns
    int64_t number
    PyObject* waiter


cdef class BaseLags:
    cdef readonly object woken_ns, lag_ns, own_ns
    cdef RowsAppender _add
    cdef int64_t _returned_ns, _polled_ns, _before_ns, _returned_cpu_ns, _before_cpu_ns

    def __init__(self):
        self.woken_ns, self.lag_ns, self.own_ns = array("q"), array("q"), array("q")
        self._add = RowsAppender(self.woken_ns, self.lag_ns, self.own_ns)
        self._returned_ns = self._polled_ns = self._before_ns = clock_ns()
        self._returned_cpu_ns = self._before_cpu_ns = cpu_clock_ns()

    cpdef returned(self, int64_t now_ns, int64_t cpu_ns):
        self._before_ns, self._before_cpu_ns = self._returned_ns, self._returned_cpu_ns
        self._returned_ns, self._returned_cpu_ns = now_ns, cpu_ns

    cpdef polled(self, int64_t now_ns):
        self._polled_ns = now_ns

    cpdef add(self, int64_t due_ns, int64_t woken_ns):
        cdef int64_t own_ns = 0
        if woken_ns - due_ns >= WORTH_PARTING_NS:
            own_ns = self.own_part(due_ns, woken_ns, cpu_clock_ns())
        self._add.append(woken_ns, woken_ns - due_ns, own_ns)

    cpdef int64_t own_part(self, int64_t due_ns, int64_t now_ns, int64_t cpu_ns):
        cdef int64_t this_turn = cpu_ns - self._returned_cpu_ns, used, turn_ns, turn_cpu_ns
        if due_ns >= self._returned_ns:
            used = <int64_t>(<double>this_turn * (now_ns - due_ns) / max(now_ns - self._returned_ns, 1))
        elif due_ns >= self._polled_ns:
            used = this_turn
        else:
            turn_ns = max(self._polled_ns - self._before_ns, 1)
            turn_cpu_ns = self._returned_cpu_ns - self._before_cpu_ns
            used = this_turn + <int64_t>(<double>turn_cpu_ns * (self._polled_ns - max(due_ns, self._before_ns)) / turn_ns)
        return min(used, now_ns - due_ns)

    @property
    def turn_ns(self):
        return self._polled_ns - self._before_ns

    def _on_check(self):
        self.returned(clock_ns(), cpu_clock_ns())

    def _on_prepare(self):
        self._polled_ns = clock_ns()


cdef class BasePacer:
    cdef object _hub, _timer
    cdef BaseLags _lags
    cdef int _timer_fd
    cdef int64_t _count, _armed_ns, _woken_ns
    cdef Entry* _heap
    cdef Py_ssize_t _size, _room

    def __init__(self, hub, lags, timer):
        self._hub, self._lags, self._timer = hub, lags, timer
        self._timer_fd = -1 if timer is None else timer.fd

    def __dealloc__(self):
        cdef Py_ssize_t i
        for i in range(self._size):
            Py_DECREF(<object>self._heap[i].waiter)
        free(self._heap)

    def sleep_until(self, int64_t due_ns):
        cdef int64_t number = self._count
        self._count += 1
        self._push(due_ns, number, this_greenlet())
        try:
            if self._heap[0].number == number:
                self._arm()
            return switch_to(self._hub, ())
        except BaseException:
            self._remove(number)
            raise

    @property
    def next_due_ns(self):
        return self._heap[0].due_ns if self._size else None

    cdef int _arm(self) except -1:
        cdef int64_t at = max(self._heap[0].due_ns, self._woken_ns + MIN_GAP_NS)
        if at == self._armed_ns:
            return 0
        if self._timer_fd < 0:
            self.arm_at(at)
        elif set_timer(self._timer_fd, at) < 0:
            PyErr_SetFromErrno(OSError)
        self._armed_ns = at
        return 0

    def _fire(self):
        cdef int64_t now = clock_ns(), due_ns
        self._armed_ns, self._woken_ns = 0, now
        while self._size and self._heap[0].due_ns <= now:
            due_ns = self._heap[0].due_ns
            waiter = self._taken(0)
            self._lags.add(due_ns, now)
            switch_to(waiter, (now,))
            now = clock_ns()
        if self._size:
            self._arm()
        elif self._timer is not None:
            self._armed_ns = 0
            self._timer.disarm()

    cdef int _push(self, int64_t due_ns, int64_t number, waiter) except -1:
        cdef Entry* heap
        if self._size == self._room:
            heap = <Entry*>realloc(self._heap, (2 * self._room + 64) * sizeof(Entry))
            if heap == NULL:
                raise MemoryError
            self._heap, self._room = heap, 2 * self._room + 64
        Py_INCREF(waiter)
        self._heap[self._size].due_ns, self._heap[self._size].number = due_ns, number
        self._heap[self._size].waiter = <PyObject*>waiter
        self._size += 1
        self._rise(self._size - 1)
        return 0

    cdef object _taken(self, Py_ssize_t at):
        """The waiter of an entry, which is taken out."""
        waiter = <object>self._heap[at].waiter
        Py_DECREF(waiter)
        self._size -= 1
        if at < self._size:
            self._heap[at] = self._heap[self._size]
            self._sink(at)
            self._rise(at)
        return waiter

    cdef void _remove(self, int64_t number):
        cdef Py_ssize_t i
        for i in range(self._size):
            if self._heap[i].number == number:
                self._taken(i)
                return

    cdef bint _before(self, Py_ssize_t one, Py_ssize_t other) noexcept:
        if self._heap[one].due_ns != self._heap[other].due_ns:
            return self._heap[one].due_ns < self._heap[other].due_ns
        return self._heap[one].number < self._heap[other].number

    cdef void _swap(self, Py_ssize_t one, Py_ssize_t other) noexcept:
        cdef Entry entry = self._heap[one]
        self._heap[one] = self._heap[other]
        self._heap[other] = entry

    cdef void _rise(self, Py_ssize_t at) noexcept:
        while at and self._before(at, (at - 1) // 2):
            self._swap(at, (at - 1) // 2)
            at = (at - 1) // 2

    cdef void _sink(self, Py_ssize_t at) noexcept:
        cdef Py_ssize_t first
        while 2 * at + 1 < self._size:
            first = 2 * at + 1
            if first + 1 < self._size and self._before(first + 1, first):
                first += 1
            if not self._before(first, at):
                return
            self._swap(at, first)
            at = first
