/* Counts the real-time signals that it gets, in handlers that are not to be entered
 * twice, while it computes and sleeps. It ends with its stdin. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t got;
static void handler(int sig) { (void)sig; got++; }

int main(void) {
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};
	sigfillset(&sa.sa_mask);
	sigaction(SIGRTMIN + 1, &sa, NULL);
	sigaction(SIGRTMIN + 2, &sa, NULL);
	printf("ready\n");
	fflush(stdout);
	char c;
	for (volatile long i = 0;; i++) {
		struct pollfd p = {0, POLLIN, 0};
		if (i % 1000 == 0 && poll(&p, 1, 1) == 1 && read(0, &c, 1) <= 0) break;
	}
	printf("%d\n", (int)got);
	return 0;
}
