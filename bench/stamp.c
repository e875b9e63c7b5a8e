/* stamp: the first thing it does is to look at the clock. It appends the time of
 * CLOCK_MONOTONIC, in nanoseconds, as a line to FILE and exits with STATUS.
 *
 *   stamp FILE [STATUS]
 *
 * As a gang that is to start again: rank 0 of the first life waits until the
 * seven others have come, stamps and fails; they wait to be ended. In the next
 * life each rank stamps.
 *
 *   stamp FILE gang SIZE
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void append(const char *path, const char *text) {
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(125);
	close(fd);
}

int main(int argc, char **argv) {
	struct timespec now;
	char line[32], here[4096];
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (argc < 2)
		return 2;
	snprintf(line, sizeof line, "%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
	if (argc < 4 || strcmp(argv[2], "gang") != 0) {
		append(argv[1], line);
		return argc > 2 ? atoi(argv[2]) : 0;
	}
	const char *count = getenv("TORCHELASTIC_RESTART_COUNT"), *rank = getenv("RANK");
	if (count == NULL || rank == NULL)
		return 2;
	if (strcmp(count, "0") != 0) {
		append(argv[1], line);
		return 0;
	}
	snprintf(here, sizeof here, "%s.here", argv[1]);
	append(here, ".");
	if (strcmp(rank, "0") != 0) {
		pause();
		return 0;
	}
	struct stat st;
	while (stat(here, &st) != 0 || st.st_size < atoi(argv[3]))
		usleep(1000);
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(line, sizeof line, "%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
	append(argv[1], line);
	return 1;
}
