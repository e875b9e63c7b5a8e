/* Waits for the child of a vfork, which ends with their stdin. */
#include <unistd.h>

int main(void) {
	if (vfork() == 0) {
		char c;
		write(1, "ready\n", 6);
		read(0, &c, 1);
		_exit(0);
	}
	return 0;
}
