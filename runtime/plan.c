/* Carries out a list of operations, one by one, in the order TypeScript chose. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "context.h"
#include "plan_ops.h"

/* ── the report ─────────────────────────────────────────────────────────────────────────────────────────── */

enum { REPORT_STATUS = 4, REPORT_PID = 8, REPORT_START = 12, REPORT_COUNT = 20, REPORT_TEXTS = 24 };

void report_begin(struct context *c, uint32_t id)
{
	memset(c->report.bytes, 0, REPORT_TEXTS);
	memcpy(c->report.bytes, &id, 4);
	c->report.size = REPORT_TEXTS;
}

/* Adds a text; what no longer fits is left out, the first ones matter most. */
static void report_text(struct context *c, const char *text)
{
	uint32_t length = (uint32_t)strlen(text), count;
	if (c->report.size + 4 + length + 1 > sizeof c->report.bytes)
		return;
	memcpy(c->report.bytes + c->report.size, &length, 4);
	memcpy(c->report.bytes + c->report.size + 4, text, length + 1);
	c->report.size += 4 + length + 1;
	memcpy(&count, c->report.bytes + REPORT_COUNT, 4);
	count++;
	memcpy(c->report.bytes + REPORT_COUNT, &count, 4);
}

void warn(struct context *c, const char *text)
{
	if (c->sync >= 0 && c->keeper == NULL) { /* in init: the keeper collects */
		char message[1100];
		int used = snprintf(message, sizeof message, "W%s", text);
		(void)!send(c->sync, message, (size_t)used < sizeof message ? (size_t)used : sizeof message - 1, MSG_NOSIGNAL);
		return;
	}
	report_text(c, text);
}

/* Fills in how it went; an error leaves no other text. */
void report_end(struct context *c)
{
	int32_t status = c->err.code;
	uint32_t pid = (uint32_t)c->pid, id;
	uint64_t start = c->pid > 0 ? start_time_of(pid) : 0;
	if (status) {
		memcpy(&id, c->report.bytes, 4);
		report_begin(c, id);
		report_text(c, c->err.text);
	}
	memcpy(c->report.bytes + REPORT_STATUS, &status, 4);
	memcpy(c->report.bytes + REPORT_PID, &pid, 4);
	memcpy(c->report.bytes + REPORT_START, &start, 8);
}

/* Sends the report to the serving helper; `fd`, where not -1, is a file whose bytes belong to the answer. */
int send_report(struct context *c, int reports, int fd)
{
	report_end(c);
	char space[CMSG_SPACE(sizeof fd)] = { 0 };
	struct iovec data = { .iov_base = c->report.bytes, .iov_len = c->report.size };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	if (fd >= 0) {
		message.msg_control = space;
		message.msg_controllen = sizeof space;
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(head), &fd, sizeof fd);
	}
	return sendmsg(reports, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* ── small operations ───────────────────────────────────────────────────────────────────────────────────── */

int write_file(const char *path, const void *data, size_t size)
{
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, data, size) < 0 ? -1 : 0;
}

/* Field 22 of /proc/PID/stat, counted from behind the command's name, which may hold anything. 0 where it is gone. */
uint64_t start_time_of(uint32_t pid)
{
	char path[32], text[1024];
	snprintf(path, sizeof path, "/proc/%u/stat", pid);
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (got <= 0)
		return 0;
	text[got] = 0;
	char *at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* By the files of the host's /proc, not by pidfd_open: init is in a pid namespace of its own by now, where the number
 * means another process or none. All are opened, and the process checked, before the first is entered. */
static int join(struct context *c, uint32_t pid, uint64_t start_time, int flags)
{
	static const struct { int flag; const char *name; } kinds[] = {
		{ CLONE_NEWUSER, "user" }, { CLONE_NEWPID, "pid" }, { CLONE_NEWCGROUP, "cgroup" }, { CLONE_NEWIPC, "ipc" }, { CLONE_NEWUTS, "uts" },
		{ CLONE_NEWNET, "net" }, { CLONE_NEWNS, "mnt" },
	};
	enum { count = sizeof kinds / sizeof *kinds };
	int fds[count], result = 0;
	for (size_t i = 0; i < count; i++) {
		char path[48];
		fds[i] = -1;
		snprintf(path, sizeof path, "/proc/%u/ns/%s", pid, kinds[i].name);
		if ((flags & kinds[i].flag) && result == 0 && (fds[i] = open(path, O_RDONLY | O_CLOEXEC)) < 0)
			result = fail_with(&c->err, errno == ENOENT ? ESRCH : errno, "open %s", path);
	}
	if (result == 0 && start_time && start_time_of(pid) != start_time)
		result = fail_with(&c->err, ESRCH, "process %u", pid);
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0 && result == 0 && setns(fds[i], kinds[i].flag))
			result = fail(&c->err, "join %s namespace of process %u", kinds[i].name, pid);
		if (fds[i] >= 0)
			close(fds[i]);
	}
	return result == 0 && (flags & CLONE_NEWNS) ? open_root(c, "/") : result;
}

/* A netlink socket belongs to the namespace in which it was opened. */
static int enter_network(struct context *c, uint32_t pid, uint64_t start_time)
{
	if (c->home < 0 && pid == 0)
		return 0;
	if (c->home < 0 && (c->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) < 0)
		return fail(&c->err, "open own network namespace");
	if (c->netlink >= 0)
		close(c->netlink);
	c->netlink = -1;
	if (pid)
		return join(c, pid, start_time, CLONE_NEWNET);
	if (setns(c->home, CLONE_NEWNET))
		return fail(&c->err, "return to own network namespace");
	close(c->home);
	c->home = -1;
	return 0;
}

/* Whatever became of a list, the helper is where it was. Elsewhere it would do harm: then it ends, and is started anew. */
void leave_network(struct context *c)
{
	struct err kept = c->err;
	if (enter_network(c, 0, 0))
		_exit(1);
	c->err = kept;
}

static int hold_port(struct context *c, const struct op_hold_port *o)
{
	union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; } at = { 0 };
	bool tcp = o->protocol == IPPROTO_TCP, v6 = o->family == AF_INET6;
	int on = 1;
	if (o->address.size != (v6 ? 16u : 4u))
		return fail_with(&c->err, EINVAL, "hold port %u: address of %u bytes", o->port, o->address.size);
	int fd = socket((int)o->family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(&c->err, "hold port %u", o->port);
	at.any.sa_family = (sa_family_t)o->family;
	if (v6) {
		at.v6.sin6_port = htons((uint16_t)o->port);
		memcpy(&at.v6.sin6_addr, o->address.data, 16);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	} else {
		at.v4.sin_port = htons((uint16_t)o->port);
		memcpy(&at.v4.sin_addr, o->address.data, 4);
	}
	socklen_t size = v6 ? sizeof at.v6 : sizeof at.v4;
	bool held = bind(fd, &at.any, size) == 0;
	if (!held && tcp && errno == EADDRINUSE) {
		/* It may be only connections of an earlier owner in TIME_WAIT. They give way to a listener; a living one doesn't. */
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		held = bind(fd, &at.any, size) == 0 && listen(fd, 1) == 0;
	}
	if (!held) {
		int code = errno;
		close(fd);
		return fail_with(&c->err, code, "hold port %u/%s", o->port, tcp ? "tcp" : "udp");
	}
	return keeper_hold(c, fd);
}

/* Waits for the keeper's letter; EOF means that the keeper is gone, and so must we. */
static void await(struct context *c, char letter)
{
	char got = 0;
	while (recv(c->sync, &got, 1, 0) < 0 && errno == EINTR)
		;
	if (got != letter)
		_exit(1);
}

static int say_ready(struct context *c)
{
	if (send(c->sync, "R", 1, MSG_NOSIGNAL) != 1)
		return fail(&c->err, "ready");
	await(c, 'G');
	return 0;
}

/* ── the table's other half ─────────────────────────────────────────────────────────────────────────────── */

#define DECODED(name) struct op_##name o; if (decode_##name(&p, &o)) break;

/* Runs one op: 0, or -1 with the error filled. An undecodable payload breaks out to the bottom. */
static int run_op(struct context *c, uint16_t code, struct reader p)
{
	switch ((enum op_code)code) {
	case OP_KEEPER: { DECODED(keeper) return keeper_prepare(c, &o); }
	case OP_MKDIR: { DECODED(mkdir)
		return mkdir(o.path, o.mode) && errno != EEXIST ? fail(&c->err, "make directory %s", o.path) : 0; }
	case OP_RMDIR: { DECODED(rmdir)
		return rmdir(o.path) && errno != ENOENT ? fail(&c->err, "remove directory %s", o.path) : 0; }
	case OP_WRITE: { DECODED(write)
		return write_file(o.path, o.data, strlen(o.data)) ? fail(&c->err, "write %.100s to %s", o.data, o.path) : 0; }
	case OP_HOLD_PORT: { DECODED(hold_port) return hold_port(c, &o); }
	case OP_JOIN_PID_NAMESPACE: { DECODED(join_pid_namespace) return join(c, o.pid, o.start_time, CLONE_NEWPID); }
	case OP_CLONE: { DECODED(clone) return keeper_clone(c, &o); }
	case OP_CGROUP_JOIN: { DECODED(cgroup_join)
		char path[4096];
		snprintf(path, sizeof path, "%s/tasks", o.path);
		return write_file(path, "0", 1) ? fail(&c->err, "join cgroup %s", o.path) : 0; }
	case OP_DEVICE_BPF: { DECODED(device_bpf) return attach_device_program(c, o.cgroup, o.program); }
	case OP_NETLINK: { DECODED(netlink) return netlink_send(c, o.message, o.patches); }
	case OP_JOIN: { DECODED(join) return join(c, o.pid, o.start_time, (int)o.flags); }
	case OP_UNSHARE: { DECODED(unshare) return unshare((int)o.flags) ? fail(&c->err, "unshare") : 0; }
	case OP_MOUNT: { DECODED(mount) return do_mount(c, &o); }
	case OP_ROOT: { DECODED(root) return open_root(c, o.path); }
	case OP_FILESYSTEM: { DECODED(filesystem) return mount_filesystem(c, &o); }
	case OP_BIND: { DECODED(bind) return bind_path(c, &o); }
	case OP_MASK: { DECODED(mask) return mask_path(c, o.path); }
	case OP_READONLY: { DECODED(readonly) return make_readonly(c, o.path); }
	case OP_DEVICE: { DECODED(device) return make_device(c, &o); }
	case OP_SYMLINK: { DECODED(symlink) return make_symlink(c, o.target, o.path); }
	case OP_DIRECTORY: { DECODED(directory) return make_directory(c, &o); }
	case OP_CONSOLE: return open_console(c);
	case OP_PIVOT: return pivot(c);
	case OP_ROOT_ATTRIBUTES: { DECODED(root_attributes) return set_root_attributes(c, o.set); }
	case OP_SYSCTL: { DECODED(sysctl) return write_sysctl(c, o.name, o.value); }
	case OP_HOSTNAME: { DECODED(hostname)
		return sethostname(o.name, strlen(o.name)) ? fail(&c->err, "set hostname %s", o.name) : 0; }
	case OP_DOMAINNAME: { DECODED(domainname)
		return setdomainname(o.name, strlen(o.name)) ? fail(&c->err, "set domain name %s", o.name) : 0; }
	case OP_RLIMIT: { DECODED(rlimit)
		struct rlimit limit = { .rlim_cur = o.soft, .rlim_max = o.hard };
		return setrlimit((int)o.resource, &limit) ? fail(&c->err, "set limit %u to %llu:%llu", o.resource,
			(unsigned long long)o.soft, (unsigned long long)o.hard) : 0; }
	case OP_UMASK: { DECODED(umask) umask(o.mask); return 0; }
	case OP_KEYRING: { DECODED(keyring)
		return syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, o.name) < 0 ? fail(&c->err, "session keyring") : 0; }
	case OP_BOUNDING: { DECODED(bounding) return limit_bounding(c, o.mask); }
	case OP_USER: { DECODED(user) return set_user(c, &o); }
	case OP_CAPABILITIES: { DECODED(capabilities) return set_capabilities(c, &o); }
	case OP_NO_NEW_PRIVILEGES:
		return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? fail(&c->err, "no new privileges") : 0;
	case OP_SECCOMP: { DECODED(seccomp) return load_seccomp(c, o.program, o.flags); }
	case OP_CWD: { DECODED(cwd) return enter_directory(c, o.path); }
	case OP_READY: return say_ready(c);
	case OP_BIND_BENEATH: { DECODED(bind_beneath) return bind_beneath(c, &o); }
	case OP_HOLD_TREE: { DECODED(hold_tree) return hold_tree(c, o.source); }
	case OP_UNMOUNT: { DECODED(unmount)
		return umount2(o.path, MNT_DETACH | UMOUNT_NOFOLLOW) && errno != EINVAL ? fail(&c->err, "unmount %s", o.path) : 0; }
	case OP_EXEC: { DECODED(exec) return execute(c, &o); }
	case OP_ENTER_NETWORK: { DECODED(enter_network) return enter_network(c, o.pid, o.start_time); }
	}
	return fail_with(&c->err, EINVAL, "operation %u (%s) can't be decoded", code, code <= OP_COUNT ? op_names[code] : "?");
}

int run_ops(struct context *c, struct reader ops)
{
	while (ops.at < ops.end) {
		uint32_t head, length;
		if (read_u32(&ops, &head) || read_u32(&ops, &length) || (uint64_t)(ops.end - ops.at) < length)
			return fail_with(&c->err, EINVAL, "the plan is cut short");
		struct reader payload = { ops.at, ops.at + length };
		ops.at += length;
		if (run_op(c, (uint16_t)head, payload)) {
			if (!(head >> 16 & 1))
				return -1;
			warn(c, c->err.text);
			c->err.code = 0;
		}
	}
	return 0;
}

/* The container's first process, from clone to execve. */
int init_main(struct context *c)
{
	char text[1100];
	sigset_t none;
	sigemptyset(&none);
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL); /* what the keeper ignores, the container need not */
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid(); /* the terminal, if any, becomes its own session's */
	umask(0); /* modes of what the plan makes are exact; its `umask` op sets the container's */
	await(c, 'P');
	for (int i = 0; i < 3; i++)
		if (c->streams[i] >= 0 && dup2(c->streams[i], i) < 0)
			_exit(1);
	run_ops(c, c->init_ops); /* returns only where something failed */
	text[0] = 'E';
	memcpy(text + 1, &c->err.code, 4);
	size_t length = strlen(c->err.text);
	memcpy(text + 5, c->err.text, length);
	(void)!send(c->sync, text, 5 + length, MSG_NOSIGNAL);
	_exit(1);
}
