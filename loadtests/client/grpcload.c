/*
 * grpcload: unary gRPC calls over HTTP/2, as fast as one thread can make them.
 *
 *     grpcload HOST PORT PATH BODIES CONNECTIONS STREAMS WARM_UP_MS MEASURE_MS
 *
 * BODIES is a file of messages in gRPC's framing (one byte 0, four bytes of length, the message), one
 * after the other. Every call takes the next of them, so no two calls in flight ask the same, unlike
 * h2load, which sends one body for ever. With MEASURE_MS 0 each body is sent once, and the program ends
 * after the last answer. Each of CONNECTIONS connections keeps STREAMS calls in flight (a closed loop).
 *
 * Prints an empty line when the measurement begins, and one JSON object when it has ended: calls, seconds,
 * calls by grpc-status, answers without a message, latencies in microseconds (exact up to 2 s) and the
 * processor time of this program since the empty line. Ends with 1 where a connection is lost, or does not
 * answer for 5 s.
 *
 * Built by `cc -O2 grpcload.c -lnghttp2`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LATENCY_US_MAX 2000000 /* what takes longer is counted as this */
#define STATUSES 18            /* those of gRPC, and one for answers without any */
#define CONNECTIONS_MAX 4096
#define SILENCE_MS_MAX 5000
#define WINDOW_BYTES (4 << 20) /* of flow control: never what is measured */

struct body {
  const uint8_t *bytes;
  size_t size;
};

struct connection {
  int socket;
  int writable_wanted;
  nghttp2_session *session;
  const uint8_t *unsent;
  size_t unsent_size;
};

struct call {
  struct connection *connection;
  struct body body;
  uint64_t start_us;
  size_t answer_bytes;
  int status;
};

static struct body *bodies;
static size_t body_count, next_body;
static const char *authority, *path;
static uint64_t measure_from_us, measure_until_us, last_answer_us; /* until 0: each body once */
static uint32_t latencies[LATENCY_US_MAX + 1];
static uint64_t statuses[STATUSES], without_message, in_flight;
static int poller, measuring;
static double cpu_before_s;

static void fail(const char *problem) {
  fprintf(stderr, "grpcload: %s\n", problem);
  exit(1);
}

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double cpu_s(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void begin(void) {
  measuring = 1;
  cpu_before_s = cpu_s();
  puts("");
  fflush(stdout);
}

static ssize_t read_body(nghttp2_session *session, int32_t stream, uint8_t *to, size_t room,
                         uint32_t *flags, nghttp2_data_source *source, void *context) {
  struct call *call = source->ptr;
  size_t size = call->body.size < room ? call->body.size : room;
  (void)session, (void)stream, (void)context;
  memcpy(to, call->body.bytes, size);
  call->body.bytes += size;
  call->body.size -= size;
  if (call->body.size == 0)
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  return (ssize_t)size;
}

#define HEADER(name, value)                                                                        \
  { (uint8_t *)(name), (uint8_t *)(value), strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE }

static void start_call(struct connection *connection, struct call *call) {
  nghttp2_nv headers[] = {
      HEADER(":method", "POST"),       HEADER(":scheme", "http"),
      HEADER(":path", path),           HEADER(":authority", authority),
      HEADER("te", "trailers"),        HEADER("content-type", "application/grpc"),
      HEADER("user-agent", "grpcload"),
  };
  nghttp2_data_provider provider = {.source.ptr = call, .read_callback = read_body};
  uint64_t now = now_us();
  if (measure_until_us ? now >= measure_until_us : next_body >= body_count) {
    free(call);
    return;
  }
  *call = (struct call){connection, bodies[next_body % body_count], now, 0, -1};
  next_body++;
  if (nghttp2_submit_request(connection->session, NULL, headers, sizeof headers / sizeof *headers,
                             &provider, call) < 0)
    fail("a call could not be sent");
  in_flight++;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *context) {
  struct call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  (void)flags, (void)context;
  if (call && name_size == 11 && memcmp(name, "grpc-status", 11) == 0) {
    call->status = 0;
    for (size_t at = 0; at < value_size; at++)
      call->status = call->status * 10 + (value[at] - '0');
  }
  return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
                   size_t size, void *context) {
  struct call *call = nghttp2_session_get_stream_user_data(session, stream);
  (void)flags, (void)bytes, (void)context;
  if (call)
    call->answer_bytes += size;
  return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *context) {
  struct call *call = nghttp2_session_get_stream_user_data(session, stream);
  uint64_t now = now_us(), took;
  (void)code;
  if (!call)
    return 0;
  in_flight--;
  took = now - call->start_us;
  if (now >= measure_from_us && (!measure_until_us || now < measure_until_us)) {
    int known = call->status >= 0 && call->status < STATUSES - 1;
    latencies[took < LATENCY_US_MAX ? took : LATENCY_US_MAX]++;
    statuses[known ? call->status : STATUSES - 1]++;
    without_message += call->answer_bytes <= 5 && call->status == 0;
    last_answer_us = now;
  }
  start_call(context, call);
  return 0;
}

static void flush(struct connection *connection) {
  for (;;) {
    if (connection->unsent_size == 0) {
      ssize_t size = nghttp2_session_mem_send(connection->session, &connection->unsent);
      if (size < 0)
        fail("the protocol broke while sending");
      if (size == 0)
        break;
      connection->unsent_size = (size_t)size;
    }
    ssize_t sent = send(connection->socket, connection->unsent, connection->unsent_size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
      fail("a connection was lost while sending");
    if (sent < 0)
      break;
    connection->unsent += sent;
    connection->unsent_size -= (size_t)sent;
  }
  int wanted = connection->unsent_size > 0;
  if (wanted != connection->writable_wanted) {
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = connection};
    connection->writable_wanted = wanted;
    epoll_ctl(poller, EPOLL_CTL_MOD, connection->socket, &event);
  }
}

static void receive(struct connection *connection) {
  static uint8_t buffer[1 << 18];
  ssize_t size = recv(connection->socket, buffer, sizeof buffer, 0);
  if (size == 0 || (size < 0 && errno != EAGAIN))
    fail("a connection was lost");
  if (size > 0 && nghttp2_session_mem_recv(connection->session, buffer, (size_t)size) < 0)
    fail("the protocol broke while receiving");
}

static void join_up(struct connection *connection, struct addrinfo *address, int streams,
                    nghttp2_session_callbacks *callbacks) {
  nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  };
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  int one = 1;
  connection->socket = socket(address->ai_family, SOCK_STREAM, 0);
  if (connect(connection->socket, address->ai_addr, address->ai_addrlen) < 0)
    fail("nobody answers at this address");
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(connection->socket, F_SETFL, O_NONBLOCK);
  nghttp2_session_client_new(&connection->session, callbacks, connection);
  nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, 2);
  nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, 64 * WINDOW_BYTES);
  epoll_ctl(poller, EPOLL_CTL_ADD, connection->socket, &event);
  for (int stream = 0; stream < streams; stream++)
    start_call(connection, calloc(1, sizeof(struct call)));
  flush(connection);
}

static void load_bodies(const char *file) {
  struct stat status;
  int opened = open(file, O_RDONLY);
  if (opened < 0 || fstat(opened, &status) < 0 || status.st_size < 5)
    fail("the file of bodies cannot be read");
  size_t size = (size_t)status.st_size, room = 0;
  const uint8_t *all = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, opened, 0);
  for (size_t at = 0; at + 5 <= size;) {
    uint32_t length;
    memcpy(&length, all + at + 1, 4);
    size_t framed = 5 + (size_t)ntohl(length);
    if (at + framed > size)
      fail("the file of bodies ends within a message");
    if (body_count == room)
      bodies = realloc(bodies, (room = room ? 2 * room : 1024) * sizeof *bodies);
    bodies[body_count++] = (struct body){all + at, framed};
    at += framed;
  }
}

static uint64_t percentile(uint64_t calls, double share) {
  uint64_t seen = 0, wanted = (uint64_t)(share * (double)calls);
  for (uint32_t at = 0; at <= LATENCY_US_MAX; at++)
    if ((seen += latencies[at]) > wanted)
      return at;
  return LATENCY_US_MAX;
}

static void report(void) {
  uint64_t calls = 0, until = measure_until_us ? measure_until_us : last_answer_us;
  for (int status = 0; status < STATUSES; status++)
    calls += statuses[status];
  printf("{\"calls\": %llu, \"seconds\": %.6f, \"statuses\": {", (unsigned long long)calls,
         (double)(until - measure_from_us) / 1e6);
  const char *comma = "";
  for (int status = 0; status < STATUSES; status++)
    if (statuses[status]) {
      printf("%s\"%d\": %llu", comma, status, (unsigned long long)statuses[status]);
      comma = ", ";
    }
  printf("}, \"without_message\": %llu, \"p50_us\": %llu, \"p99_us\": %llu, \"p999_us\": %llu, "
         "\"client_cpu_s\": %.3f}\n",
         (unsigned long long)without_message, (unsigned long long)percentile(calls, 0.5),
         (unsigned long long)percentile(calls, 0.99), (unsigned long long)percentile(calls, 0.999),
         cpu_s() - cpu_before_s);
}

int main(int count, char **arguments) {
  static struct connection connections[CONNECTIONS_MAX];
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *address;
  struct epoll_event events[256];
  nghttp2_session_callbacks *callbacks;
  char joined[256];
  if (count != 9)
    fail("HOST PORT PATH BODIES CONNECTIONS STREAMS WARM_UP_MS MEASURE_MS");
  int connection_count = atoi(arguments[5]), streams = atoi(arguments[6]);
  if (connection_count < 1 || connection_count > CONNECTIONS_MAX || streams < 1)
    fail("CONNECTIONS is 1 to 4096, STREAMS at least 1");
  if (getaddrinfo(arguments[1], arguments[2], &hints, &address) != 0)
    fail("the address is not known");
  snprintf(joined, sizeof joined, "%s:%s", arguments[1], arguments[2]);
  authority = joined;
  path = arguments[3];
  load_bodies(arguments[4]);
  poller = epoll_create1(0);
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  measure_from_us = now_us() + 1000 * (uint64_t)atoll(arguments[7]);
  if (atoll(arguments[8]) > 0)
    measure_until_us = measure_from_us + 1000 * (uint64_t)atoll(arguments[8]);
  for (int at = 0; at < connection_count; at++)
    join_up(&connections[at], address, streams, callbacks);
  while (in_flight > 0) {
    int ready = epoll_wait(poller, events, 256, SILENCE_MS_MAX);
    if (!measuring && now_us() >= measure_from_us)
      begin();
    if (ready == 0)
      fail("no answer for 5 s");
    for (int at = 0; at < ready; at++) {
      if (events[at].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        receive(events[at].data.ptr);
      flush(events[at].data.ptr);
    }
  }
  report();
  return 0;
}
