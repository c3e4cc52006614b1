/* Tells which of the daemon's connections have nobody at the other end any more.
 *
 * A client that has closed its direction and one that is gone look alike to Node, which stops to poll a socket whose
 * end it has read. poll(2) tells them apart: POLLHUP. The descriptors are the daemon's, our parent's. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "context.h"

/* Request: { u32s descriptors }. Answers with a text for each that is hung up: its number. */
void hangup_check(struct context *c, struct reader request)
{
	struct u32s list;
	CLEANUP_FD int daemon = (int)syscall(SYS_pidfd_open, getppid(), 0);
	if (read_u32s(&request, &list) || daemon < 0) {
		fail(&c->err, "look at the daemon's connections");
		return;
	}
	for (uint32_t i = 0; i < list.count; i++) {
		uint32_t number;
		char text[16];
		memcpy(&number, list.at + (size_t)i * 4, 4);
		CLEANUP_FD int fd = (int)syscall(SYS_pidfd_getfd, daemon, number, 0);
		struct pollfd at = { .fd = fd };
		if (fd < 0 || poll(&at, 1, 0) != 1 || !(at.revents & (POLLHUP | POLLERR)))
			continue;
		snprintf(text, sizeof text, "%u", number);
		warn(c, text);
	}
}
