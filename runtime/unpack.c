/* Reads the frames of unpack_ops.h from standard input and runs each; see unpack.h. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include "unpack.h"

#define BUFFER (UNPACK_MAX_BODY * 2)

static int finish(struct unpack *u)
{
	if (u->file >= 0)
		return fail_with(&u->err, EPROTO, "end inside %s", u->file_path);
	for (size_t i = 0; i < u->delayed_count; i++) {
		struct delayed *d = u->delayed[i];
		struct timespec times[2] = { d->mtime, d->mtime };
		CLEANUP_FD int fd = open_beneath(u->root, d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_IN_ROOT);
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
			continue; /* replaced by a later entry */
		if (fd < 0 || futimens(fd, times))
			return fail(&u->err, "set times of %s", d->path);
		if (d->acl && fsetxattr(fd, DEFAULT_ACL, d->acl, d->acl_size, 0) && errno != EOPNOTSUPP)
			return fail(&u->err, "set xattr %s of %s", DEFAULT_ACL, d->path);
	}
	printf("implicit=%llu root=%d\n", (unsigned long long)u->implicit, u->root_seen);
	return fflush(stdout) ? fail(&u->err, "report") : 1;
}

/* 0 to go on, 1 at the end, -1 on error. */
static int run_frame(struct unpack *u, const struct unpack_frame *f, const uint8_t *body)
{
	struct unpack_entry e;
	if (f->code == UNPACK_DATA) {
		uint64_t offset;
		if (f->body < sizeof offset)
			return fail_with(&u->err, EPROTO, "short data frame");
		memcpy(&offset, body, sizeof offset);
		return write_data(u, body + sizeof offset, f->body - sizeof offset, offset);
	}
	if (f->code == UNPACK_CLOSE)
		return close_file(u);
	if (f->code == UNPACK_END)
		return finish(u);
	if (f->body < sizeof e + 2)
		return fail_with(&u->err, EPROTO, "short frame");
	memcpy(&e, body, sizeof e);
	if (f->body < sizeof e + e.path_length + e.link_length + 2u || e.path_length >= MAX_PATH || e.link_length >= MAX_PATH)
		return fail_with(&u->err, EPROTO, "malformed frame");
	const char *path = (const char *)body + sizeof e, *link = path + e.path_length + 1;
	struct xattrs x = { .at = (const uint8_t *)link + e.link_length + 1, .count = f->xattrs };
	switch (f->code) {
	case UNPACK_DIRECTORY:
		return make_layer_directory(u, &e, path, x);
	case UNPACK_FILE:
		/* The file's attributes are set when its data has come, so its frame is kept. */
		u->file_body = realloc(u->file_body, f->body);
		if (!u->file_body)
			return fail(&u->err, "make file");
		memcpy(u->file_body, body, f->body);
		u->file_entry = e;
		u->file_path = (const char *)u->file_body + sizeof e;
		u->file_xattrs = (struct xattrs){ .at = u->file_body + (x.at - body), .count = x.count };
		return open_file(u, &e, u->file_path);
	case UNPACK_SYMLINK:
	case UNPACK_NODE:
		return make_special(u, &e, path, link, x);
	case UNPACK_HARDLINK:
		return make_hardlink(u, &e, path, link);
	case UNPACK_WHITEOUT:
		return make_whiteout(u, &e, path);
	case UNPACK_OPAQUE:
		return make_opaque(u, &e, path);
	default:
		return fail_with(&u->err, EPROTO, "unknown frame %d", f->code);
	}
}

static int run_frames(struct unpack *u, int input)
{
	uint8_t *buffer = malloc(BUFFER);
	size_t from = 0, to = 0;
	int state = buffer ? 0 : fail(&u->err, "buffer");
	while (!state) {
		struct unpack_frame f;
		if (to - from >= sizeof f) {
			memcpy(&f, buffer + from, sizeof f);
			if (f.body > UNPACK_MAX_BODY) {
				state = fail_with(&u->err, EPROTO, "frame of %u bytes", f.body);
				break;
			}
			if (to - from >= sizeof f + f.body) {
				state = run_frame(u, &f, buffer + from + sizeof f);
				from += sizeof f + f.body;
				continue;
			}
		}
		memmove(buffer, buffer + from, to - from);
		to -= from;
		from = 0;
		ssize_t got = read(input, buffer + to, BUFFER - to);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			state = got < 0 ? fail(&u->err, "read the entries") : fail_with(&u->err, EPROTO, "the entries ended early");
		to += got > 0 ? (size_t)got : 0;
	}
	free(buffer);
	return state < 0 ? -1 : 0;
}

static int host_at_fault(int code)
{
	static const int codes[] = {
		ENOSPC, EDQUOT, EIO, EROFS, EMFILE, ENFILE, ENOMEM, EPERM, EACCES, EPROTO, EMLINK, ENOSYS,
	};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i] == code)
			return 1;
	return 0;
}

static int open_layer(struct unpack *u, const char *directory, char **lowers)
{
	struct rlimit many = { 65536, 65536 };
	/* Best effort: deep trees are removed with one descriptor a level. */
	(void)setrlimit(RLIMIT_NOFILE, &many);
	umask(0);
	u->root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (u->root < 0)
		return fail(&u->err, "open %s", directory);
	u->lowers = calloc((size_t)u->lower_count + 1, sizeof *u->lowers);
	if (!u->lowers)
		return fail(&u->err, "lowers");
	for (int i = 0; i < u->lower_count; i++) {
		u->lowers[i] = open(lowers[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (u->lowers[i] < 0)
			return fail(&u->err, "open %s", lowers[i]);
	}
	return 0;
}

/* Makes everything written so far to the file system of `directory` durable, at once for all layers and blobs. */
static int sync_all(struct unpack *u, const char *directory)
{
	CLEANUP_FD int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || syncfs(fd) ? fail(&u->err, "sync %s", directory) : 0;
}

static void release(struct unpack *u)
{
	for (size_t i = 0; i < u->delayed_count; i++)
		free(u->delayed[i]);
	free(u->delayed);
	free(u->lowers);
	free(u->file_body);
}

/* Frames from standard input into a root whose paths they name; for copies into containers. */
int unpack_frames(struct err *err, int root, bool keep_kind)
{
	struct unpack u = { .root = root, .file = -1, .parent = { .fd = -1 }, .keep_kind = keep_kind };
	int bad = run_frames(&u, STDIN_FILENO);
	*err = u.err;
	release(&u);
	return bad;
}

/* argv: helper's name, "unpack", then as in unpack.h. */
int unpack_main(int argc, char **argv)
{
	struct unpack u = { .root = -1, .file = -1, .parent = { .fd = -1 }, .is_layer = true };
	int bad;
	if (argc == 4 && !strcmp(argv[2], "--sync")) {
		bad = sync_all(&u, argv[3]);
	} else if (argc >= 4 && !strcmp(argv[2], "--inherit")) {
		u.lower_count = argc - 4;
		bad = open_layer(&u, argv[3], argv + 4) || inherit_all(&u);
	} else if (argc == 3) {
		bad = open_layer(&u, argv[2], NULL) || run_frames(&u, STDIN_FILENO);
	} else {
		bad = fail_with(&u.err, EINVAL, "usage: unpack DIR | unpack --inherit DIR [LOWER...] | unpack --sync DIR");
	}
	if (bad)
		fprintf(stderr, "unpack: %s\n", u.err.text);
	release(&u);
	return bad ? 1 + host_at_fault(u.err.code) : 0;
}
