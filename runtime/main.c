/* berth-helper: the part of Berth that is not TypeScript.
 *
 *   berth-helper serve [--lock FILE]   carries out the daemon's plans; descriptor 3 is a socket to it, 4 takes sockets
 *   berth-helper unpack DIR            carries out one layer's unpack operations, read from stdin
 *   berth-helper archive               carries files in and out of a container's root; archive.h */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "context.h"
#include "watch.h"

enum { DAEMON = 3, MAX_PENDING = 1024 };

struct server {
	int reports[2]; /* keepers and readers write to [1]; SOCK_SEQPACKET, so answers don't mix */
	int children;   /* signalfd for SIGCHLD */
	int hangups;    /* epoll set of the daemon's connections that are watched */
	int lock;
	struct { pid_t pid; uint32_t id; } pending[MAX_PENDING]; /* children that owe an answer */
	int pending_count;
	struct watch watch;
	struct context own; /* for plans that the helper applies itself */
};

extern char **environ;

static int write_all(int fd, const void *data, size_t size)
{
	for (const uint8_t *at = data; size > 0;) {
		ssize_t done = write(fd, at, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		at += done;
		size -= (size_t)done;
	}
	return 0;
}

static int read_all(int fd, void *data, size_t size)
{
	for (uint8_t *at = data; size > 0;) {
		ssize_t done = read(fd, at, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		at += done;
		size -= (size_t)done;
	}
	return 0;
}

/* Runs on from a sealed copy in memory: a container that gets hold of our executable through /proc can't change it
 * (CVE-2019-5736). */
static void run_from_sealed_copy(char **argv)
{
	CLEANUP_FD int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (self < 0 || fcntl(self, F_GET_SEALS) > 0 || fstat(self, &st))
		return;
	int copy = memfd_create("berth-helper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	for (off_t at = 0; copy >= 0 && at < st.st_size;)
		if (sendfile(copy, self, &at, (size_t)(st.st_size - at)) <= 0)
			return;
	if (copy < 0 || fcntl(copy, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		return;
	fexecve(copy, argv, environ);
}

/* The lock on a data root is held as long as this process lives; its keepers close their copies. */
static int take_lock(const char *path)
{
	char owner[32] = "";
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		fprintf(stderr, "lock %s: %s\n", path, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		(void)!read(fd, owner, sizeof owner - 1);
		fprintf(stderr, "locked by %s\n", owner);
		close(fd);
		return -1;
	}
	int length = snprintf(owner, sizeof owner, "%d", getppid());
	(void)!(ftruncate(fd, 0) + write(fd, owner, (size_t)length));
	return fd;
}

static void await_answer(struct server *s, pid_t pid, uint32_t id)
{
	if (s->pending_count < MAX_PENDING) {
		s->pending[s->pending_count].pid = pid;
		s->pending[s->pending_count++].id = id;
	}
}

static void forget(struct server *s, int at)
{
	s->pending[at] = s->pending[--s->pending_count];
}

static void reply(const uint8_t *report, size_t size, int file)
{
	struct stat st = { 0 };
	if (file >= 0 && fstat(file, &st))
		st.st_size = 0;
	uint32_t length = (uint32_t)(size + (size_t)st.st_size);
	write_all(DAEMON, &length, 4);
	write_all(DAEMON, report, size);
	for (off_t at = 0; at < st.st_size;)
		if (sendfile(DAEMON, file, &at, (size_t)(st.st_size - at)) <= 0)
			exit(1); /* the stream is broken in the middle of a frame */
}

/* Passes one child's report on; false where none waits. */
static bool relay(struct server *s)
{
	uint8_t bytes[sizeof s->own.report.bytes];
	char space[CMSG_SPACE(sizeof(int))];
	struct iovec data = { .iov_base = bytes, .iov_len = sizeof bytes };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
	ssize_t got = recvmsg(s->reports[0], &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 4)
		return false;
	CLEANUP_FD int file = -1;
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (head && head->cmsg_type == SCM_RIGHTS)
		memcpy(&file, CMSG_DATA(head), sizeof file);
	uint32_t id;
	memcpy(&id, bytes, 4);
	reply(bytes, (size_t)got, file);
	for (int i = 0; i < s->pending_count; i++)
		if (s->pending[i].id == id)
			forget(s, i--);
	return true;
}

static void answer_self(struct server *s)
{
	report_end(&s->own);
	reply(s->own.report.bytes, s->own.report.size, -1);
	s->own.err.code = 0;
}

/* A child that ended without an answer is answered for: nobody waits for ever. */
static void reap(struct server *s)
{
	struct signalfd_siginfo info;
	(void)!read(s->children, &info, sizeof info);
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		while (relay(s))
			; /* its report may lie there already */
		for (int i = 0; i < s->pending_count; i++) {
			if (s->pending[i].pid != pid)
				continue;
			report_begin(&s->own, s->pending[i].id);
			fail_with(&s->own.err, EIO, "the keeper ended early with status %x", (unsigned)status);
			answer_self(s);
			forget(s, i);
			break;
		}
	}
}

static void apply(struct server *s, uint32_t id, struct reader ops)
{
	struct context *c = &s->own;
	report_begin(c, id);
	run_ops(c, ops);
	leave_network(c);
	answer_self(s);
}

/* In the child: nothing of the server's stays open. */
static void leave_server(struct server *s)
{
	sigset_t none;
	close(DAEMON);
	close(CHANNEL);
	close(s->reports[0]);
	close(s->children);
	close(s->hangups);
	if (s->watch.fd >= 0)
		close(s->watch.fd);
	if (s->lock >= 0)
		close(s->lock);
	if (s->own.netlink >= 0)
		close(s->own.netlink);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* The daemon reads our stderr while we serve; a keeper must not hold that open. */
	CLEANUP_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null > 2)
		dup2(null, 2);
}

static void handle(struct server *s, uint8_t *body, uint32_t size)
{
	struct reader r = { body, body + size };
	uint32_t id;
	if (read_u32(&r, &id) || r.at == r.end)
		exit(1);
	uint8_t kind = *r.at++;
	struct bytes keeper_ops = { 0 };
	if (kind == REQUEST_APPLY) {
		apply(s, id, r);
		return;
	}
	if (kind == REQUEST_HANGUP) {
		report_begin(&s->own, id);
		if (hangup_watch(&s->own, s->hangups, id, r))
			answer_self(s);
		return;
	}
	if (kind == REQUEST_WATCH) {
		if (s->watch.request) {
			report_begin(&s->own, s->watch.request);
			s->watch.request = 0;
			answer_self(s);
		}
		report_begin(&s->own, id);
		watch_begin(&s->own, &s->watch, id, r);
		if (!s->watch.request)
			answer_self(s);
		return;
	}
	if (kind == REQUEST_NAME_SERVER) {
		report_begin(&s->own, id);
		open_name_server(&s->own, id, r);
		answer_self(s);
		return;
	}
	if (kind != REQUEST_READ && kind != REQUEST_COPY && (kind != REQUEST_LAUNCH || read_bytes(&r, &keeper_ops)))
		exit(1);
	pid_t pid = fork();
	if (pid == 0) {
		leave_server(s);
		if (kind != REQUEST_LAUNCH)
			read_main(id, kind == REQUEST_COPY, r, s->reports[1]);
		keeper_main(id, (struct reader) { keeper_ops.data, keeper_ops.data + keeper_ops.size }, r, s->reports[1]);
	}
	if (pid < 0) {
		report_begin(&s->own, id);
		fail(&s->own.err, "fork");
		answer_self(s);
		return;
	}
	await_answer(s, pid, id);
}

static int serve(int argc, char **argv)
{
	static struct server s = { .lock = -1, .watch.fd = -1, .own = { .sync = -1, .root = -1, .home = -1, .netlink = -1, .pidfd = -1, .terminal = -1 } };
	sigset_t mask;
	/* A joined namespace's processes must not look into us (CVE-2016-9962). */
	prctl(PR_SET_DUMPABLE, 0);
	fcntl(DAEMON, F_SETFD, FD_CLOEXEC);
	fcntl(CHANNEL, F_SETFD, FD_CLOEXEC);
	if (argc >= 4 && strcmp(argv[2], "--lock") == 0 && (s.lock = take_lock(argv[3])) < 0)
		return 3;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	s.children = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	s.hangups = epoll_create1(EPOLL_CLOEXEC);
	if (s.children < 0 || s.hangups < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s.reports) || write_all(DAEMON, "OK\n\n", 4)) {
		perror("berth-helper: serve");
		return 1;
	}
	for (;;) {
		struct pollfd polls[] = {
			{ .fd = DAEMON, .events = POLLIN },
			{ .fd = s.reports[0], .events = POLLIN },
			{ .fd = s.children, .events = POLLIN },
			{ .fd = s.hangups, .events = POLLIN },
			{ .fd = s.watch.request ? s.watch.fd : -1, .events = POLLIN },
		};
		if (poll(polls, 5, -1) < 0 && errno != EINTR)
			return 1;
		if (polls[1].revents)
			while (relay(&s))
				;
		if (polls[2].revents)
			reap(&s);
		for (uint32_t id; polls[3].revents && hangup_next(s.hangups, &id);) {
			report_begin(&s.own, id);
			answer_self(&s);
		}
		if (polls[4].revents && watch_report(&s.own, &s.watch))
			answer_self(&s);
		if (!polls[0].revents)
			continue;
		uint32_t length;
		if (read_all(DAEMON, &length, 4) || length < 5 || length > MAX_REQUEST)
			return 0; /* the daemon is gone; keepers live on */
		uint8_t *body = malloc(length);
		if (!body || read_all(DAEMON, body, length))
			return 1;
		handle(&s, body, length);
		free(body);
	}
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "serve") == 0) {
		run_from_sealed_copy(argv);
		return serve(argc, argv);
	}
	if (argc >= 2 && strcmp(argv[1], "unpack") == 0)
		return unpack_main(argc, argv);
	if (argc >= 2 && strcmp(argv[1], "archive") == 0)
		return archive_main();
	fprintf(stderr, "berth-helper is started by the engine; people use `berth`\n");
	return 2;
}
