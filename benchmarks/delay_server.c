/* A target of known constant latency: every request is answered DELAY_NS after it arrived, by one epoll loop with a timer.

   delay_server PORT DELAY_NS ANSWER_FILE. Requests are taken as whole (one read, one request): it serves benchmarks, nobody else. In C,
   because the same loop in Python ends at 40,000 requests/s, under half of what it has to measure. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MOST 65536 /* requests waiting for their answer, a power of two */

static struct { int64_t due_ns; int fd; } waiting[MOST]; /* constant latency: first come, first due */
static uint32_t first, behind;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int must(int result, const char *what) {
  if (result < 0) { perror(what); exit(1); }
  return result;
}

static void watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

int main(int argc, char **argv) {
  static char answer[65536], scratch[65536];
  if (argc != 4) { fprintf(stderr, "usage: delay_server PORT DELAY_NS ANSWER_FILE\n"); return 6; }
  int64_t delay_ns = atoll(argv[2]);
  int file = must(open(argv[3], O_RDONLY), argv[3]);
  int length = must(read(file, answer, sizeof answer), argv[3]);

  int on = 1, server = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  must(bind(server, (struct sockaddr *)&address, sizeof address), "bind");
  must(listen(server, 1024), "listen");
  int timer = must(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), "timerfd_create");
  int epoll = must(epoll_create1(0), "epoll_create1");
  watch(epoll, server);
  watch(epoll, timer);

  int64_t armed_ns = 0;
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == server) {
        int client = must(accept4(server, NULL, NULL, SOCK_NONBLOCK), "accept");
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, client);
      } else if (fd == timer) {
        uint64_t ticks;
        if (read(timer, &ticks, sizeof ticks) > 0) armed_ns = 0;
      } else if (read(fd, scratch, sizeof scratch) > 0) {
        if (behind - first == MOST) { fprintf(stderr, "too many requests at once\n"); return 1; }
        waiting[behind % MOST].due_ns = now_ns() + delay_ns;
        waiting[behind++ % MOST].fd = fd;
      } else {
        close(fd); /* an answer still due goes nowhere, or to a newer client of the same number: clients close at the end */
      }
    }
    while (first != behind && waiting[first % MOST].due_ns <= now_ns()) {
      if (send(waiting[first++ % MOST].fd, answer, length, MSG_NOSIGNAL) < 0) continue;
    }
    if (first != behind && armed_ns != waiting[first % MOST].due_ns) {
      armed_ns = waiting[first % MOST].due_ns;
      struct itimerspec at = {.it_value = {armed_ns / 1000000000, armed_ns % 1000000000}};
      must(timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL), "timerfd_settime");
    }
  }
}
