/* A small program for editors to open. */
#include <stdio.h>
#include <string.h>

#define GREETING "hello, world\n"

struct point {
	int x, y;
	const char *name; /* owned by the caller */
};

static int length(const struct point *p)
{
	return p->x * p->x + p->y * p->y;
}

int main(int argc, char **argv)
{
	struct point p = { .x = 3, .y = 4, .name = "p" };

	if (argc > 1 && strcmp(argv[1], "-v") == 0)
		printf("%s has the length %d, which is the root of a whole number; this line is long on purpose\n", p.name, length(&p));
	fputs(GREETING, stdout);
	return 0;
}
