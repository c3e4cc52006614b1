/* Reads small regular files from a root (image's /etc/passwd and the like) without trusting it: in a child with a
 * mount namespace of its own, by descriptor, inside the root. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "context.h"

/* Appends { i32 size or -1, bytes } of one file. */
static int copy_file(struct context *c, int out, const char *path, uint32_t limit)
{
	struct stat st;
	int32_t size = -1;
	/* O_NONBLOCK: a FIFO in a file's place must not hold us up; the type is checked on the open descriptor. */
	CLEANUP_FD int fd = open_in_root(c->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, true);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		return write(out, &size, sizeof size) == sizeof size ? 0 : -1;
	}
	if ((uint64_t)st.st_size > limit)
		return fail_with(&c->err, EFBIG, "read %s: %lld bytes", path, (long long)st.st_size);
	size = (int32_t)st.st_size;
	char *data = malloc((size_t)size + 1);
	ssize_t got = data ? read(fd, data, (size_t)size) : -1;
	if (got >= 0)
		size = (int32_t)got;
	int bad = got < 0 || write(out, &size, sizeof size) != sizeof size || write(out, data, (size_t)size) != size;
	free(data);
	return bad ? fail(&c->err, "read %s", path) : 0;
}

/* Opens the root of a request: a directory that is there, or an overlay that is mounted for us alone. */
static int open_requested(struct context *c, struct reader *request)
{
	const char *overlay, *root;
	if (read_str(request, &overlay) || read_str(request, &root))
		return fail_with(&c->err, EINVAL, "request");
	/* Lower directories are named relative to `root`, which the overlay then covers. */
	if (*overlay && (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || chdir(root)
	    || mount("overlay", root, "overlay", MS_RDONLY, overlay)))
		return fail(&c->err, "mount overlay for reading");
	return open_root(c, root);
}

/* Request: { str overlay data or '', str root, u32 limit, strs paths }, or { …, str path, str destination } to copy. */
int read_main(uint32_t id, bool copy, struct reader request, int reports)
{
	struct context c = { .root = -1, .home = -1, .sync = -1, .netlink = -1, .terminal = -1 };
	const char *path, *destination;
	struct strs paths;
	uint32_t limit;
	report_begin(&c, id);
	CLEANUP_FD int out = memfd_create("berth-read", MFD_CLOEXEC);
	if (open_requested(&c, &request)) {
		;
	} else if (copy) {
		if (read_str(&request, &path) || read_str(&request, &destination))
			fail_with(&c.err, EINVAL, "copy request");
		else
			copy_out(&c, path, destination);
	} else if (read_u32(&request, &limit) || read_strs(&request, &paths) || out < 0) {
		fail_with(&c.err, EINVAL, "read request");
	} else {
		while (paths.count-- && copy_file(&c, out, next_str(&paths), limit) == 0)
			;
	}
	send_report(&c, reports, c.err.code ? -1 : out);
	_exit(0);
}
