/* What a container changed: every entry of its writable layer, beside what the layers below have under the same name.
 * What that means is decided by src/engine/changes.ts.
 *
 * A record: { u8 kind, u8 below, struct facts own, struct facts lower, u32 length, path }; the kinds are an entry, a
 * whiteout, and an opaque directory, after which the names below that it hides follow as whiteouts. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include "archive.h"

enum { MAX_NAME = 4096 };

struct facts {
	uint32_t mode, uid, gid, nanoseconds;
	int64_t seconds;
	uint64_t size, device;
} __attribute__((packed));

struct record {
	uint8_t whiteout, below;
	struct facts own, lower;
	uint32_t length;
} __attribute__((packed));

struct walk {
	struct archive *archive;
	struct tar out; /* its buffer only */
	size_t length;
	char name[MAX_NAME + 2];
};

static struct facts facts_of(const struct stat *st)
{
	return (struct facts){
		.mode = st->st_mode, .uid = st->st_uid, .gid = st->st_gid, .nanoseconds = (uint32_t)st->st_mtim.tv_nsec,
		.seconds = st->st_mtim.tv_sec, .size = (uint64_t)st->st_size, .device = st->st_rdev,
	};
}

static int tell(struct walk *w, bool whiteout, const struct stat *own, const struct stat *lower)
{
	struct record record = { .whiteout = whiteout, .below = lower != NULL, .length = (uint32_t)w->length };
	if (own)
		record.own = facts_of(own);
	if (lower)
		record.lower = facts_of(lower);
	return tar_data(&w->out, &record, sizeof record) || tar_data(&w->out, w->name, w->length) ? -1 : 0;
}

static int step_into(struct walk *w, size_t length, const char *base)
{
	size_t added = strlen(base);
	if (length + added + 1 > MAX_NAME)
		return fail_with(&w->archive->context.err, ENAMETOOLONG, "%.200s…", w->name);
	w->name[length] = '/';
	memcpy(w->name + length + 1, base, added + 1);
	w->length = length + 1 + added;
	return 0;
}

/* Names of an opaque directory's lower that its upper doesn't have. */
static int tell_hidden(struct walk *w, int upper, int lower, size_t length)
{
	struct listing list;
	struct stat st, other;
	int result = 0;
	if (list_directory(lower, &list))
		return fail(&w->archive->context.err, "list %s", w->name);
	for (size_t i = 0; result == 0 && i < list.count; i++)
		if (fstatat(upper, list.names[i], &other, AT_SYMLINK_NOFOLLOW) && !fstatat(lower, list.names[i], &st, AT_SYMLINK_NOFOLLOW))
			result = step_into(w, length, list.names[i]) || tell(w, true, NULL, &st) ? -1 : 0;
	free_listing(&list);
	return result;
}

static int walk_directory(struct walk *w, int upper, int lower);

static int walk_entry(struct walk *w, int upper, int lower, const char *base)
{
	struct err *err = &w->archive->context.err;
	struct stat st, below;
	CLEANUP_FD int entry = openat(upper, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (entry < 0 || fstat(entry, &st))
		return errno == ENOENT ? 0 : fail(err, "open %s", w->name);
	if (is_engine_made(w->archive, w->name + 1, entry, &st))
		return 0;
	bool there = lower >= 0 && fstatat(lower, base, &below, AT_SYMLINK_NOFOLLOW) == 0;
	bool whiteout = S_ISCHR(st.st_mode) && st.st_rdev == 0;
	if (tell(w, whiteout, whiteout ? NULL : &st, there ? &below : NULL))
		return -1;
	if (!S_ISDIR(st.st_mode))
		return 0;
	CLEANUP_FD int inside = openat(entry, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_FD int inside_lower = there && S_ISDIR(below.st_mode)
		? openat(lower, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	return inside < 0 ? fail(err, "open %s", w->name) : walk_directory(w, inside, inside_lower);
}

static int walk_directory(struct walk *w, int upper, int lower)
{
	char value;
	struct listing list;
	size_t length = w->length;
	int result = 0;
	if (lower >= 0 && fgetxattr(upper, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y')
		result = tell_hidden(w, upper, lower, length);
	if (list_directory(upper, &list))
		return fail(&w->archive->context.err, "list %s", w->name);
	for (size_t i = 0; result == 0 && i < list.count; i++)
		result = step_into(w, length, list.names[i]) ? -1 : walk_entry(w, upper, lower, list.names[i]);
	free_listing(&list);
	w->length = length;
	w->name[length] = 0;
	return result;
}

int write_changes(struct archive *a, int upper)
{
	struct walk *w = calloc(1, sizeof *w);
	CLEANUP_FD int lower = open_in_root(a->root, "/", O_RDONLY | O_DIRECTORY, true);
	if (!w || lower < 0)
		return fail(&a->context.err, "changes");
	w->archive = a;
	w->out.err = &a->context.err;
	w->out.fd = STDOUT_FILENO;
	return walk_directory(w, upper, lower) || tar_flush(&w->out) ? -1 : 0;
}
