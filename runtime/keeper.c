/* The keeper: one process per container (and per exec). It starts init, then owns its streams, its log, its socket and
 * its end. It depends on nobody: helper and daemon may die and come back, the container and its output go on. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include "keeper.h"
#include "plan_ops.h"

enum { START_WITHIN = 60, FLUSH_WITHIN = 10 }; /* seconds */

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ── create ─────────────────────────────────────────────────────────────────────────────────────────────── */

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
	if (!(o->flags & KEEPER_NO_LOG) && log_open(&k->log, o->log, o->log_max_size, o->log_max_files))
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
static char hear(struct context *c)
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

static int create(struct context *c, struct reader ops)
{
	if (run_ops(c, ops))
		return -1;
	if (!c->pid)
		return fail_with(&c->err, EINVAL, "the plan starts no process");
	if (send(c->sync, "P", 1, MSG_NOSIGNAL) != 1)
		return fail(&c->err, "init");
	for (;;)
		switch (hear(c)) {
		case 'R': return 0;
		case 'E': return -1;
		case 0: return fail_with(&c->err, ECHILD, "the first process ended before it was ready");
		}
}

static void abandon(struct context *c)
{
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
		c->pid = 0;
	}
	if (c->keeper && c->keeper->socket_path)
		unlink(c->keeper->socket_path);
}

/* ── the end ────────────────────────────────────────────────────────────────────────────────────────────── */

/* Counts before the cgroup is removed, or it is lost. */
static bool was_oom_killed(const char *path)
{
	char text[4096];
	CLEANUP_FD int fd = *path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (got <= 0)
		return false;
	text[got] = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, "oom_kill ", 9) == 0)
			return strtoul(line + 9, NULL, 10) > 0;
	return false;
}

static void escape(char *to, size_t size, const char *from)
{
	size_t at = 0;
	for (; *from && at + 7 < size; from++) {
		unsigned char letter = (unsigned char)*from;
		if (letter == '"' || letter == '\\' || letter < 0x20)
			at += (size_t)snprintf(to + at, size - at, "\\u%04x", letter);
		else
			to[at++] = (char)letter;
	}
	to[at] = 0;
}

/* Writes the exit record: durable before anyone is told (INVARIANTS 2). */
static void record_exit(struct keeper *k, int status, bool oom, const char *error)
{
	char temporary[4096], escaped[2048], when[40];
	struct timespec now;
	struct tm utc;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
	escape(escaped, sizeof escaped, error);
	int signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	k->exit_size = (size_t)snprintf(k->exit_text, sizeof k->exit_text,
		"{\"exitCode\":%d,\"signal\":%d,\"oomKilled\":%s,\"finishedAt\":\"%s.%09ldZ\",\"error\":\"%s\"}\n",
		signal_number ? 128 + signal_number : WEXITSTATUS(status), signal_number, oom ? "true" : "false", when, now.tv_nsec,
		escaped);
	snprintf(temporary, sizeof temporary, "%s.tmp", k->exit_file);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0 && write(fd, k->exit_text, k->exit_size) == (ssize_t)k->exit_size && fsync(fd) == 0)
		rename(temporary, k->exit_file);
	if (fd >= 0)
		close(fd);
}

static void finish(struct context *c)
{
	struct keeper *k = c->keeper;
	int status = 0;
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	k->ended = true;
	/* A process that failed to exec ended with 1; what it reports is the shell's number for why. */
	if (k->exec_errno)
		status = (k->exec_errno == ENOENT || k->exec_errno == ENOTDIR ? 127 : 126) << 8;
	keeper_drain(k);
	k->input_size = 0; /* nobody will read it */
	record_exit(k, status, was_oom_killed(k->oom_file), k->exec_errno ? c->err.text : "");
	unlink(k->socket_path);
	keeper_accept(c); /* who connected just now hears of the end too */
	keeper_tell_exit(k);
}

/* ── the loop ───────────────────────────────────────────────────────────────────────────────────────────── */

/* exec closed the descriptor: the program runs. Or init says why not. */
static void hear_start(struct context *c)
{
	struct keeper *k = c->keeper;
	char letter = hear(c);
	if (letter == 'W')
		return;
	if (letter == 'E')
		k->exec_errno = c->err.code;
	k->running = letter == 0;
	close(c->sync);
	c->sync = -1;
	keeper_tell_started(k, k->exec_errno, k->exec_errno ? c->err.text : "");
}

static void watch(struct pollfd *p, int fd, bool in, bool out)
{
	*p = (struct pollfd) { .fd = in || out ? fd : -1, .events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0)) };
}

enum { AT_LISTENER, AT_PROCESS, AT_SYNC, AT_OUT, AT_ERR, AT_INPUT, AT_CLIENTS };

static void serve(struct context *c)
{
	struct keeper *k = c->keeper;
	int64_t deadline = now_ms() + START_WITHIN * 1000;
	while (!k->ended || keeper_pending(k)) {
		struct pollfd polls[AT_CLIENTS + MAX_CLIENTS];
		struct client *watched[MAX_CLIENTS];
		bool held_up = keeper_held_up(k);
		int count = 0, wait = -1;
		watch(&polls[AT_LISTENER], k->listener, !k->ended && k->clients_count < MAX_CLIENTS, false);
		watch(&polls[AT_PROCESS], c->pidfd, !k->ended, false);
		watch(&polls[AT_SYNC], c->sync, k->starting && c->sync >= 0, false);
		for (int i = 0; i < 2; i++)
			watch(&polls[AT_OUT + i], k->output[i], k->output[i] >= 0 && !held_up && !k->ended, false);
		watch(&polls[AT_INPUT], k->input, false, k->input >= 0 && k->input_size > 0);
		for (struct client *client = k->clients; client && count < MAX_CLIENTS; client = client->next) {
			watched[count] = client;
			/* A connection is always watched: poll tells of its death even where it asks for nothing. */
			polls[AT_CLIENTS + count] = (struct pollfd) { .fd = client->fd, .events = keeper_client_events(k, client) };
			count++;
		}
		if (!k->starting || k->ended) {
			int64_t left = deadline - now_ms();
			if (left <= 0)
				break;
			wait = (int)left;
		}
		if (poll(polls, (nfds_t)(AT_CLIENTS + count), wait) < 0 && errno != EINTR)
			break;
		if (polls[AT_SYNC].revents)
			hear_start(c);
		for (int i = 0; i < 2; i++)
			if (polls[AT_OUT + i].revents)
				keeper_read_output(k, i);
		if (polls[AT_INPUT].revents)
			keeper_write_input(k);
		for (int i = 0; i < count; i++)
			if (polls[AT_CLIENTS + i].revents)
				keeper_serve_client(c, watched[i], polls[AT_CLIENTS + i].revents);
		if (polls[AT_LISTENER].revents)
			keeper_accept(c);
		keeper_drop_dead(k);
		if (polls[AT_PROCESS].revents) {
			if (k->starting && c->sync >= 0)
				hear_start(c);
			finish(c);
			deadline = now_ms() + FLUSH_WITHIN * 1000;
		}
	}
	if (!k->ended) /* never started, or the loop can't go on: end what we watch over (INVARIANTS 3) */
		abandon(c);
}

int keeper_main(uint32_t id, struct reader keeper_ops, struct reader init_ops, int reports)
{
	struct context c = { .sync = -1, .root = -1, .netlink = -1, .pidfd = -1, .terminal = -1, .streams = { -1, -1, -1 },
			     .init_ops = init_ops };
	prctl(PR_SET_NAME, "berth-keeper");
	setsid();
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGTTOU };
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
	report_begin(&c, id);
	if (create(&c, keeper_ops)) {
		abandon(&c);
		send_report(&c, reports, -1);
		_exit(1);
	}
	c.err.code = 0;
	send_report(&c, reports, -1);
	close(reports);
	serve(&c);
	_exit(0);
}
