/* floor: the least that starting N processes can cost. posix_spawn all of them,
 * wait for all of them, nothing else.
 *
 *   floor N COMMAND [ARG...]
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv) {
	int n = argc > 2 ? atoi(argv[1]) : 0;
	if (n < 1) {
		fprintf(stderr, "usage: floor N COMMAND [ARG...]\n");
		return 2;
	}
	for (int i = 0; i < n; i++) {
		pid_t pid;
		int err = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
		if (err != 0) {
			fprintf(stderr, "floor: starting %s: %s\n", argv[2], strerror(err));
			return 125;
		}
	}
	int worst = 0, status;
	for (int i = 0; i < n; i++) {
		while (wait(&status) < 0)
			if (errno != EINTR)
				return 125;
		if (status != 0)
			worst = 1;
	}
	return worst;
}
