/* The requests of archive.h: where the process goes, what it finds there. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include "archive.h"
#include "unpack.h"

enum { MAX_LINKS = 255 };

/* Through the host's /proc: in the container's mount namespace /proc shows its own processes, not us. */
int reopen(const struct archive *a, int fd, int flags)
{
	char name[16];
	snprintf(name, sizeof name, "%d", fd);
	return openat(a->descriptors, name, flags | O_CLOEXEC);
}

/* Writes the path that `path` leads to once every symlink is followed inside the root, the last one too. What
 * isn't there is taken as it is written. */
static int evaluate(struct archive *a, const char *path, char *out)
{
	char rest[PATH_MAX * 2], target[PATH_MAX];
	size_t length = 0;
	int links = 0;
	snprintf(rest, sizeof rest, "%s", path);
	out[0] = 0;
	for (char *at = rest; *at;) {
		size_t size = strcspn(at, "/");
		if (size == 0 || (size == 1 && at[0] == '.')) {
			at += size + (at[size] == '/');
			continue;
		}
		if (size == 2 && at[0] == '.' && at[1] == '.') {
			while (length && out[--length] != '/')
				;
			out[length] = 0;
			at += 2;
			continue;
		}
		if (length + size + 2 > PATH_MAX)
			return fail_with(&a->context.err, ENAMETOOLONG, "%.200s", path);
		out[length] = '/';
		memcpy(out + length + 1, at, size);
		out[length + 1 + size] = 0;
		CLEANUP_FD int fd = open_in_root(a->root, out, O_PATH | O_NOFOLLOW, false);
		ssize_t got = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof target - 1);
		if (got <= 0) {
			length += 1 + size;
			at += size;
			continue;
		}
		if (++links > MAX_LINKS || (size_t)got + strlen(at + size) >= sizeof rest)
			return fail_with(&a->context.err, ELOOP, "%.200s", path);
		size_t tail = strlen(at + size) + 1;
		memmove(rest + got, at + size, tail);
		memcpy(rest, target, (size_t)got);
		at = rest;
		length = target[0] == '/' ? 0 : length;
		out[length] = 0;
	}
	if (!out[0])
		memcpy(out, "/", 2);
	return 0;
}

/* Opens the directory above `path`, symlinks followed; `*base` is the last part: '' where it ends in a slash or in '.'. */
static int open_above(struct archive *a, const char *path, const char **base)
{
	char above[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) + 1 : 0;
	if (length >= sizeof above) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(above, path, length);
	above[length] = 0;
	*base = strcmp(path + length, ".") ? path + length : "";
	return open_in_root(a->root, above, O_PATH | O_DIRECTORY, true);
}

/* { u32 mode, u32 nanoseconds, i64 seconds, u64 size, u32 length, bytes } where a symlink leads. */
static int write_stat(struct archive *a, const char *path, const struct stat *st)
{
	struct { uint32_t mode, nanoseconds; int64_t seconds; uint64_t size; uint32_t length; } __attribute__((packed)) record = {
		.mode = st->st_mode, .nanoseconds = (uint32_t)st->st_mtim.tv_nsec, .seconds = st->st_mtim.tv_sec,
		.size = (uint64_t)st->st_size,
	};
	char target[PATH_MAX + 1] = "";
	if (S_ISLNK(st->st_mode) && evaluate(a, path, target))
		return -1;
	record.length = (uint32_t)strlen(target);
	if (write(STDOUT_FILENO, &record, sizeof record) != sizeof record
	    || write(STDOUT_FILENO, target, record.length) != (ssize_t)record.length)
		return fail(&a->context.err, "answer");
	return 0;
}

static int stat_or_get(struct archive *a, const char *path, const char *name, bool get)
{
	const char *base;
	struct stat st;
	CLEANUP_FD int above = open_above(a, path, &base);
	if (above < 0 || (*base ? fstatat(above, base, &st, AT_SYMLINK_NOFOLLOW) : fstat(above, &st)))
		return fail(&a->context.err, "%s", path);
	if (write_stat(a, path, &st))
		return -1;
	return get ? pack_tree(a, above, base, name, strcmp(name, "/") == 0 || strcmp(path, "/.") == 0) : 0;
}

static int put(struct archive *a, const char *path)
{
	struct stat st;
	struct rlimit many = { 65536, 65536 };
	CLEANUP_FD int target = open_in_root(a->root, path, O_PATH, true);
	if (target < 0 || fstat(target, &st))
		return fail(&a->context.err, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return fail_with(&a->context.err, ENOTDIR, "%s", path);
	(void)setrlimit(RLIMIT_NOFILE, &many);
	return unpack_frames(&a->context.err, a->root, a->flags & ARCHIVE_KEEP_KIND);
}

/* The root's own mount again, without those that stand on it: what an export has. */
static int export(struct archive *a)
{
	CLEANUP_FD int bare = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return bare < 0 ? fail(&a->context.err, "export") : pack_tree(a, bare, "", "", true);
}

static int carry_out(struct archive *a, uint32_t verb, const char *path, const char *name, int upper)
{
	switch ((enum archive_verb)verb) {
	case ARCHIVE_STAT:
	case ARCHIVE_GET:
		return stat_or_get(a, path, name, verb == ARCHIVE_GET);
	case ARCHIVE_PUT:
		return put(a, path);
	case ARCHIVE_EXPORT:
		return export(a);
	case ARCHIVE_LAYER:
		return pack_layer(a, upper);
	case ARCHIVE_CHANGES:
		return write_changes(a, upper);
	}
	return fail_with(&a->context.err, EINVAL, "verb %u", verb);
}

static int run(struct archive *a, struct reader r)
{
	struct context *c = &a->context;
	struct bytes ops;
	uint32_t verb;
	const char *path, *name;
	CLEANUP_FD int upper = -1;
	if (read_bytes(&r, &ops) || read_u32(&r, &verb) || read_u32(&r, &a->flags) || read_str(&r, &path) || read_str(&r, &name)
	    || read_strs(&r, &a->skip))
		return fail_with(&c->err, EINVAL, "archive request");
	/* Paths of the host's, while they can still be reached. */
	a->descriptors = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (verb == ARCHIVE_LAYER || verb == ARCHIVE_CHANGES)
		upper = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->descriptors < 0 || (upper < 0 && (verb == ARCHIVE_LAYER || verb == ARCHIVE_CHANGES)))
		return fail(&c->err, "open %s", path);
	if (run_ops(c, (struct reader){ ops.data, ops.data + ops.size })) {
		/* Not to be taken for an answer about `path`. */
		c->err.code = c->err.code == ESRCH ? ESRCH : EIO;
		return -1;
	}
	if (c->root < 0 || fchdir(c->root) || chroot("."))
		return fail(&c->err, "enter root");
	a->root = c->root;
	return carry_out(a, verb, path, name, upper);
}

static int read_request(uint8_t **body, uint32_t *size)
{
	uint8_t head[4];
	uint8_t *at = head;
	for (size_t left = sizeof head; left;) {
		ssize_t got = read(STDIN_FILENO, at, left);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		at += got;
		left -= (size_t)got;
		if (left || *body)
			continue;
		memcpy(size, head, 4);
		if (*size > MAX_REQUEST || !(*body = malloc(*size + 1u)))
			return -1;
		at = *body;
		left = *size;
	}
	return 0;
}

int archive_main(void)
{
	struct archive a = { .context = { .sync = -1, .root = -1, .netlink = -1, .pidfd = -1, .terminal = -1 } };
	uint8_t *body = NULL;
	uint32_t size = 0;
	/* Nobody in a namespace that is joined may look into us (CVE-2016-9962). */
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
	umask(0);
	report_begin(&a.context, 0);
	int bad = read_request(&body, &size) ? fail_with(&a.context.err, EINVAL, "archive request")
					     : run(&a, (struct reader){ body, body + size });
	if (bad)
		fprintf(stderr, "%d\t%s\n", a.context.err.code, a.context.err.text);
	return bad ? 1 : 0;
}
