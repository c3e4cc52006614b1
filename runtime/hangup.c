/* Tells when one of the daemon's connections has nobody at the other end any more.
 *
 * A client that has closed its direction and one that is gone look alike to Node, which stops to poll a socket whose
 * end it has read. epoll tells them apart, and without asking again: what is registered is the connection itself, not a
 * number, so our descriptor for it is closed at once, and with the daemon's it leaves the set. */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "context.h"

/* Request: { u32 descriptor of our parent, the daemon }. 0 where the answer is owed: it comes with the hang-up. */
int hangup_watch(struct context *c, int set, uint32_t id, struct reader request)
{
	uint32_t number;
	/* A hang-up is always told; asked for is nothing. Once is enough. */
	struct epoll_event event = { .events = EPOLLONESHOT, .data.u32 = id };
	CLEANUP_FD int daemon = (int)syscall(SYS_pidfd_open, getppid(), 0);
	if (read_u32(&request, &number) || daemon < 0)
		return fail(&c->err, "look at the daemon's connections");
	CLEANUP_FD int fd = (int)syscall(SYS_pidfd_getfd, daemon, number, 0);
	if (fd < 0 || epoll_ctl(set, EPOLL_CTL_ADD, fd, &event))
		return fail(&c->err, "watch connection %u", number);
	return 0;
}

/* The next request whose connection has hung up; false where there is none. */
bool hangup_next(int set, uint32_t *id)
{
	struct epoll_event event;
	if (epoll_wait(set, &event, 1, 0) != 1)
		return false;
	*id = event.data.u32;
	return true;
}
