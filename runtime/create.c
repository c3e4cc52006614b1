/* The keeper's first part: the container's socket, log, streams and first process, until that waits for its start. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "keeper.h"
#include "plan_ops.h"

static int listen_at(struct context *c, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof at.sun_path)
		return fail_with(&c->err, ENAMETOOLONG, "keeper socket %s", path);
	strcpy(at.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t before = umask(0177); /* 0600 from its first moment (CVE-2020-15257: and never abstract) */
	int bad = fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 128);
	umask(before);
	return bad ? fail(&c->err, "keeper socket %s", path) : fd;
}

int keeper_prepare(struct context *c, const struct op_keeper *o)
{
	struct keeper *k = calloc(1, sizeof *k);
	if (!k || c->keeper || c->sync >= 0)
		return fail_with(&c->err, EINVAL, "keeper");
	k->flags = c->flags = o->flags;
	k->socket_path = o->socket;
	k->exit_file = o->exit_file;
	k->oom_file = o->oom_file;
	k->rows = o->rows;
	k->columns = o->columns;
	k->input = k->output[0] = k->output[1] = k->log.fd = k->slave = -1;
	c->keeper = k;
	if ((k->listener = listen_at(c, o->socket)) < 0) {
		k->socket_path = NULL; /* somebody else's, if it exists */
		return -1;
	}
	if (!(o->flags & KEEPER_NO_LOG) && log_open(&k->log, o->log, o->log_max_size, o->log_max_files,
						   o->flags & KEEPER_JSON_LOG, o->log_attributes))
		return fail(&c->err, "open log %s", o->log);
	return 0;
}

int keeper_hold(struct context *c, int fd)
{
	/* Nothing to remember: the descriptor lives as long as this process, and init closes its copy at exec. */
	if (c->keeper)
		return fd < 0 ? -1 : 0;
	close(fd);
	return fail_with(&c->err, EINVAL, "hold a port without a container");
}

/* Pipes between keeper and init; with a terminal, init makes that itself and hands it over. */
static int make_streams(struct context *c)
{
	struct keeper *k = c->keeper;
	int pair[2];
	if (k->flags & KEEPER_TTY)
		return 0;
	if (k->flags & KEEPER_OPEN_STDIN) {
		if (pipe2(pair, O_CLOEXEC))
			return fail(&c->err, "pipe");
		c->streams[0] = pair[0];
		k->input = pair[1];
		fcntl(k->input, F_SETFL, O_NONBLOCK);
	} else if ((c->streams[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) {
		return fail(&c->err, "open /dev/null");
	}
	for (int i = 0; i < 2; i++) {
		if (pipe2(pair, O_CLOEXEC))
			return fail(&c->err, "pipe");
		k->output[i] = pair[0];
		c->streams[1 + i] = pair[1];
		fcntl(k->output[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

int keeper_clone(struct context *c, const struct op_clone *o)
{
	int sync[2];
	if (!c->keeper || c->pid)
		return fail_with(&c->err, EINVAL, "clone");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync))
		return fail(&c->err, "socketpair");
	if (make_streams(c))
		return -1;
	CLEANUP_FD int cgroup = *o->cgroup ? open(o->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (*o->cgroup && cgroup < 0)
		return fail(&c->err, "open cgroup %s", o->cgroup);
	struct clone_args args = {
		.flags = o->flags | CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)&c->pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
	};
	long pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid < 0)
		return fail(&c->err, "clone");
	if (pid == 0) {
		c->keeper = NULL;
		c->netlink = -1; /* the keeper's belongs to the host's network namespace */
		c->sync = sync[1];
		close(sync[0]);
		init_main(c);
	}
	c->pid = (pid_t)pid;
	c->sync = sync[0];
	close(sync[1]);
	for (int i = 0; i < 3; i++)
		if (c->streams[i] >= 0)
			close(c->streams[i]);
	return 0;
}

static void take_terminal(struct keeper *k, struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fds[2];
	if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof fds))
		return;
	memcpy(fds, CMSG_DATA(head), sizeof fds);
	struct winsize size = { .ws_row = (unsigned short)k->rows, .ws_col = (unsigned short)k->columns };
	if (k->rows && k->columns)
		ioctl(fds[0], TIOCSWINSZ, &size);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	k->output[0] = fds[0];
	k->input = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
	k->slave = fds[1]; /* held, so that reading the master never fails while the container lives */
}

/* One message of init: its letter, or 0 at the end. 'E' fills the error. */
char keeper_hear(struct context *c)
{
	char text[1028], space[CMSG_SPACE(2 * sizeof(int))];
	struct iovec data = { .iov_base = text, .iov_len = sizeof text - 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
	ssize_t got;
	while ((got = recvmsg(c->sync, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (got <= 0)
		return 0;
	text[got] = 0;
	if (text[0] == 'W')
		warn(c, text + 1);
	if (text[0] == 'T')
		take_terminal(c->keeper, &message);
	if (text[0] == 'E' && got >= 5) {
		memcpy(&c->err.code, text + 1, 4);
		snprintf(c->err.text, sizeof c->err.text, "%s", text + 5);
	}
	return text[0];
}

int keeper_create(struct context *c, struct reader ops)
{
	if (run_ops(c, ops))
		return -1;
	if (!c->pid)
		return fail_with(&c->err, EINVAL, "the plan starts no process");
	if (send(c->sync, "P", 1, MSG_NOSIGNAL) != 1)
		return fail(&c->err, "init");
	for (;;)
		switch (keeper_hear(c)) {
		case 'R': return 0;
		case 'E': return -1;
		case 0: return fail_with(&c->err, ECHILD, "the first process ended before it was ready");
		}
}

void keeper_abandon(struct context *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
		c->pid = 0;
	}
	if (c->keeper && c->keeper->socket_path)
		unlink(c->keeper->socket_path);
}

