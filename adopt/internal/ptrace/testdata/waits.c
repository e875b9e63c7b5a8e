/* A process whose threads wait in every way that a stop may interrupt. It ends when its
 * stdin does, and says then what a thread has seen that it would not have seen had
 * nobody stopped it. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static atomic_int bad, over, word, handled, rounds;
static int lonely; /* a futex that nobody wakes */
static int gate[2], big[2], pairs[2], listener;

static void wrong(const char *what, long got) {
	fprintf(stderr, "%s: %ld, %s\n", what, got, strerror(errno));
	atomic_fetch_add(&bad, 1);
}

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static long futex(void *at, int op, int val, struct timespec *limit) {
	return syscall(SYS_futex, at, op | FUTEX_PRIVATE_FLAG, val, limit, NULL, 0);
}

/* The waits without a limit: the gate opens at the end. */
static void *in_read(void *a) {
	char c;
	long n = read(gate[0], &c, 1);
	if (n != 0) wrong("read", n);
	return a;
}
static void *in_poll(void *a) {
	struct pollfd p = {gate[0], POLLIN, 0};
	long n = poll(&p, 1, -1);
	if (n != 1) wrong("poll", n);
	return a;
}
static void *in_epoll(void *a) {
	int e = epoll_create1(0);
	struct epoll_event v = {.events = EPOLLIN};
	epoll_ctl(e, EPOLL_CTL_ADD, gate[0], &v);
	long n = epoll_wait(e, &v, 1, -1);
	if (n != 1) wrong("epoll_wait", n);
	return a;
}
static void *in_select(void *a) {
	fd_set s;
	FD_ZERO(&s);
	FD_SET(gate[0], &s);
	long n = select(gate[0] + 1, &s, NULL, NULL, NULL);
	if (n != 1) wrong("select", n);
	return a;
}
static void *in_futex(void *a) {
	while (!over) {
		long n = futex(&word, FUTEX_WAIT, 0, NULL);
		if (n != 0 && errno != EAGAIN) wrong("futex", n);
	}
	return a;
}
static void *in_accept(void *a) {
	long n = accept(listener, NULL, NULL);
	if (n < 0) wrong("accept", n);
	return a;
}
static void *in_recv(void *a) { /* with a limit, it is not repeated by the kernel */
	struct timeval limit = {600, 0};
	char c;
	setsockopt(pairs[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	long n = recv(pairs[0], &c, 1, 0);
	if (n != 1) wrong("recv", n);
	return a;
}
static void *in_wait(void *a) {
	pid_t child = fork();
	if (child == 0) {
		char c;
		close(gate[1]);
		read(gate[0], &c, 1);
		_exit(7);
	}
	int status;
	long n = wait4(child, &status, 0, NULL);
	if (n != child || WEXITSTATUS(status) != 7) wrong("wait4", n);
	return a;
}
static void handler(int sig) { (void)sig; atomic_fetch_add(&handled, 1); }
static void *in_pause(void *a) {
	long n = pause();
	if (n != -1 || errno != EINTR || handled != 1) wrong("pause", n);
	return a;
}
static void *in_sigwait(void *a) {
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	long n = sigwaitinfo(&s, NULL);
	if (n != SIGUSR1) wrong("sigwaitinfo", n);
	return a;
}

/* Those with one: none may end before it. */
#define AGAIN(name, seconds, call, good)                                    \
	static void *name(void *a) {                                        \
		while (!over) {                                             \
			double t = now();                                   \
			long n = (call);                                    \
			if (!(good)) wrong(#name, n);                       \
			if (now() - t < (seconds)) wrong(#name " early", n); \
			atomic_fetch_add(&rounds, 1);                       \
		}                                                           \
		return a;                                                   \
	}
static struct timespec ms20 = {0, 20000000};
static long brief_select(void) {
	struct timeval t = {0, 20000};
	return select(0, NULL, NULL, NULL, &t);
}
static long brief_epoll(void) {
	static int e;
	struct epoll_event v;
	if (!e) e = epoll_create1(0);
	return epoll_wait(e, &v, 1, 20);
}
AGAIN(brief_nanosleep, 0.02, nanosleep(&ms20, NULL), n == 0)
AGAIN(brief_clock, 0.02, clock_nanosleep(CLOCK_MONOTONIC, 0, &ms20, NULL), n == 0)
AGAIN(brief_poll, 0.02, poll(NULL, 0, 20), n == 0)
AGAIN(brief_futex, 0.02, futex(&lonely, FUTEX_WAIT, 0, &ms20), n == -1 && errno == ETIMEDOUT)
AGAIN(in_brief_select, 0.02, brief_select(), n == 0)
AGAIN(in_brief_epoll, 0.02, brief_epoll(), n == 0)

/* A write that does not fit into the pipe is one write all the same. */
enum { SIZE = 1 << 20 };
static void *writer(void *a) {
	unsigned char *buf = malloc(SIZE), next = 0;
	while (!over) {
		for (int i = 0; i < SIZE; i++) buf[i] = next++ % 251;
		next = 0;
		long n = write(big[1], buf, SIZE);
		if (n != SIZE) wrong("write", n);
	}
	close(big[1]);
	return a;
}
static void *reader(void *a) {
	static unsigned char buf[16384];
	long at = 0, n;
	while ((n = read(big[0], buf, sizeof buf)) > 0) {
		for (long i = 0; i < n; i++, at++)
			if (buf[i] != (unsigned char)(at % SIZE) % 251) {
				wrong("what was read", at);
				_exit(1);
			}
		usleep(500);
	}
	if (n != 0 || at % SIZE != 0) wrong("reader", n);
	return a;
}
static void *spin(void *a) {
	volatile double x = 1;
	while (!over) {
		for (int i = 0; i < 1000; i++) x = x * 1.0000001;
		struct timespec t = {0, 1000000};
		nanosleep(&t, NULL);
	}
	return a;
}
static void *nothing(void *a) { return a; }
static void *spawner(void *a) { /* threads that begin and end */
	while (!over) {
		pthread_t t;
		if (pthread_create(&t, NULL, nothing, NULL) == 0) pthread_join(t, NULL);
		usleep(1000);
	}
	return a;
}

int main(void) {
	if (pipe(gate) || pipe(big) || socketpair(AF_UNIX, SOCK_STREAM, 0, pairs)) return 2;
	struct sockaddr_un any = {.sun_family = AF_UNIX};
	socklen_t len = sizeof any;
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (void *)&any, sizeof any.sun_family) || listen(listener, 1) || getsockname(listener, (void *)&any, &len)) return 2;
	struct sigaction sa = {.sa_handler = handler};
	sigaction(SIGUSR2, &sa, NULL); /* without SA_RESTART */
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	sigprocmask(SIG_BLOCK, &s, NULL);

	void *(*all[])(void *) = {in_read, in_poll, in_epoll, in_select, in_futex, in_accept, in_recv, in_wait,
		brief_nanosleep, brief_clock, brief_poll, brief_futex, in_brief_select, in_brief_epoll,
		writer, reader, spin, spawner, in_sigwait, in_pause};
	enum { N = sizeof all / sizeof *all };
	pthread_t t[N];
	for (int i = 0; i < N; i++) pthread_create(&t[i], NULL, all[i], NULL);
	printf("ready\n");
	fflush(stdout);

	char c;
	long n = read(0, &c, 1);
	if (n != 0) wrong("main", n);
	over = word = 1;
	pthread_kill(t[N - 1], SIGUSR2);
	pthread_kill(t[N - 2], SIGUSR1);
	futex(&word, FUTEX_WAKE, 100, NULL);
	close(gate[1]);
	int to = socket(AF_UNIX, SOCK_STREAM, 0);
	connect(to, (void *)&any, len);
	write(pairs[1], "x", 1);
	for (int i = 0; i < N; i++) pthread_join(t[i], NULL);
	if (rounds == 0) wrong("rounds", 0);
	printf("end %d\n", bad);
	return bad != 0;
}
