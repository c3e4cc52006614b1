/* Opens a container's name server: a UDP and a TCP socket in the container's network namespace, handed to the daemon.
 *
 * Node can't enter a namespace. But it takes over sockets that come on the channel between it and its children
 * (descriptor 4), so the daemon serves them itself, and nothing has to be relayed. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "context.h"

enum { DNS_PORT = 53, ATTEMPTS = 16 };

struct name_server {
	int udp, tcp;
	uint16_t port; /* of both */
};

static void close_sockets(struct name_server *s)
{
	if (s->udp >= 0)
		close(s->udp);
	if (s->tcp >= 0)
		close(s->tcp);
	s->udp = s->tcp = -1;
}

static int open_at(struct name_server *s, struct in_addr address, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = address, .sin_port = htons(port) };
	socklen_t size = sizeof at;
	int on = 1;
	s->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	s->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->udp < 0 || s->tcp < 0 || bind(s->udp, (struct sockaddr *)&at, size) ||
	    getsockname(s->udp, (struct sockaddr *)&at, &size))
		return -1;
	s->port = ntohs(at.sin_port);
	/* Connections of an earlier engine may linger on the same port. */
	setsockopt(s->tcp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	return bind(s->tcp, (struct sockaddr *)&at, size) || listen(s->tcp, 64) ? -1 : 0;
}

/* The wish first, then any port that is free for both protocols. Both sockets listen before the first query can come. */
static int open_sockets(struct context *c, struct name_server *s, struct in_addr address, uint16_t port)
{
	for (int i = 0; i < ATTEMPTS; i++, port = port == DNS_PORT ? DNS_PORT : 0) {
		if (open_at(s, address, port) == 0)
			return 0;
		int code = errno;
		close_sockets(s);
		errno = code;
		if (code != EADDRINUSE || port == DNS_PORT)
			break;
	}
	return fail(&c->err, "name server: bind in the container's network namespace");
}

/* One nf_tables batch: all of it or nothing. 0, or the errno of the first message that the kernel refused. */
static int send_batch(uint8_t *batch, uint32_t size)
{
	__attribute__((aligned(NLMSG_ALIGNTO))) uint8_t answer[8192];
	struct timeval limit = { .tv_sec = 5 };
	uint32_t asked = 0;
	CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	for (size_t at = 0; at + NLMSG_HDRLEN <= size;) {
		struct nlmsghdr *head = (void *)(batch + at);
		if (head->nlmsg_len < NLMSG_HDRLEN || head->nlmsg_len > size - at)
			return EINVAL;
		asked += head->nlmsg_flags & NLM_F_ACK ? 1 : 0;
		at += NLMSG_ALIGN(head->nlmsg_len);
	}
	if (send(fd, batch, size, 0) < 0)
		return errno;
	while (asked > 0) {
		ssize_t got = recv(fd, answer, sizeof answer, 0);
		if (got < 0)
			return errno;
		size_t left = (size_t)got;
		for (struct nlmsghdr *head = (void *)answer; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
			const struct nlmsgerr *error = NLMSG_DATA(head);
			if (head->nlmsg_type != NLMSG_ERROR)
				continue;
			if (error->error)
				return -error->error;
			asked--;
		}
	}
	return 0;
}

static int redirect(const struct name_server *s, struct bytes batch, struct u32s offsets)
{
	uint8_t *copy = malloc(batch.size + 1);
	if (!copy)
		return ENOMEM;
	memcpy(copy, batch.data, batch.size);
	for (uint32_t i = 0; i < offsets.count; i++) {
		uint32_t offset;
		uint16_t port = htons(s->port);
		memcpy(&offset, offsets.at + (size_t)i * 4, 4);
		if (batch.size < 2 || offset > batch.size - 2) {
			free(copy);
			return EINVAL;
		}
		memcpy(copy + offset, &port, 2);
	}
	int code = send_batch(copy, batch.size);
	free(copy);
	return code;
}

/* In the framing of Node's own channel, whose receiver makes a socket of the descriptor that comes along. */
static int hand_over(uint32_t id, int fd, const char *type)
{
	char text[160], space[CMSG_SPACE(sizeof fd)] = { 0 }, acknowledged[4096];
	int size = snprintf(text, sizeof text,
			    "{\"cmd\":\"NODE_HANDLE\",\"type\":\"%s\",\"msg\":{\"id\":%u}}\n", type, id);
	struct iovec data = { .iov_base = text, .iov_len = (size_t)size };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	while (recv(CHANNEL, acknowledged, sizeof acknowledged, MSG_DONTWAIT) > 0)
		; /* Node says that it got the last ones; it must not wait to say so */
	return sendmsg(CHANNEL, &message, MSG_NOSIGNAL) == size ? 0 : -1;
}

/* Request: { u32 pid, u64 start time, u32 address, u32 wished port, bytes batch, u32s port offsets }. The batch leads
 * port 53 to the sockets; where the kernel has no nf_tables they take port 53 themselves. Answers with the port. */
void open_name_server(struct context *c, uint32_t id, struct reader r)
{
	uint32_t pid, port;
	uint64_t start_time;
	struct in_addr address;
	struct bytes batch;
	struct u32s offsets;
	struct name_server s = { -1, -1, 0 };
	char path[32], text[16];
	if (read_u32(&r, &pid) || read_u64(&r, &start_time) || read_u32(&r, &address.s_addr) || read_u32(&r, &port) ||
	    read_bytes(&r, &batch) || read_u32s(&r, &offsets)) {
		fail_with(&c->err, EINVAL, "name server request");
		return;
	}
	snprintf(path, sizeof path, "/proc/%u/ns/net", pid);
	CLEANUP_FD int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	CLEANUP_FD int theirs = open(path, O_RDONLY | O_CLOEXEC);
	if (own < 0 || theirs < 0) {
		fail(&c->err, "open %s", path);
		return;
	}
	if (start_time && start_time_of(pid) != start_time) {
		fail_with(&c->err, ESRCH, "process %u", pid);
		return;
	}
	if (setns(theirs, CLONE_NEWNET)) {
		fail(&c->err, "join network namespace of process %u", pid);
		return;
	}
	int result = open_sockets(c, &s, address, (uint16_t)port);
	if (result == 0 && redirect(&s, batch, offsets)) {
		close_sockets(&s);
		result = open_sockets(c, &s, address, DNS_PORT);
	}
	if (setns(own, CLONE_NEWNET))
		_exit(1); /* in a stranger's network nothing may be carried out; the daemon starts another helper */
	if (result == 0 && (hand_over(id, s.udp, "dgram.Native") || hand_over(id, s.tcp, "net.Server")))
		fail(&c->err, "hand the name server's sockets to the daemon");
	close_sockets(&s);
	snprintf(text, sizeof text, "%u", s.port);
	warn(c, text);
}
