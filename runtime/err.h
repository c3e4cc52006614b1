/* One rule for errors: a function that fails returns -1 and has filled `struct err` with the errno and one line
 * that says what failed on what. Processes forked here end by _exit, never by returning to the serving loop. */
#ifndef BERTH_ERR_H
#define BERTH_ERR_H
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct err {
	int code; /* errno; 0 while nothing failed */
	char text[1024];
};

__attribute__((format(printf, 3, 4)))
static inline int fail_with(struct err *e, int code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int used = vsnprintf(e->text, sizeof e->text, format, args);
	va_end(args);
	e->code = code ? code : EIO;
	if (used >= 0 && (size_t)used < sizeof e->text)
		snprintf(e->text + used, sizeof e->text - (size_t)used, ": %s", strerror(e->code));
	return -1;
}
#define fail(e, ...) fail_with(e, errno, __VA_ARGS__)

/* Descriptors close themselves at the end of their scope. */
static inline void close_at_end(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		close(*fd);
		errno = saved;
	}
}
#define CLEANUP_FD __attribute__((cleanup(close_at_end)))
#endif
