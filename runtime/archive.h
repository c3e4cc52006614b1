/* `berth-helper archive`: files in and out of a container's root, for `docker cp`, export, diff and commit.
 *
 * The engine writes to standard input a u32 length and the request: bytes ops, u32 verb, u32 flags, str path, str name,
 * strs skip. `ops` (plan.c) take this process into the container's mount namespace, or mount what a stopped
 * container would see in a private one, and open its root; then the process changes its root there. From then on every
 * path is resolved inside it by descriptor, whatever the container does meanwhile (CVE-2018-15664), and nothing of it
 * is executed or loaded (CVE-2019-14271).
 *
 * Exit status 0, or 1 with "ERRNO\ttext" on standard error. */
#ifndef BERTH_ARCHIVE_H
#define BERTH_ARCHIVE_H
#include "context.h"
#include "tar.h"

enum archive_verb {
	ARCHIVE_STAT = 1,    /* stdout: the stat record of `path` */
	ARCHIVE_GET = 2,     /* stdout: the stat record, then a tar of `path` in which it is called `name` */
	ARCHIVE_PUT = 3,     /* stdin: frames of unpack_ops.h, with paths from the root */
	ARCHIVE_EXPORT = 4,  /* stdout: a tar of the root without what is mounted in it */
	ARCHIVE_LAYER = 5,   /* stdout: a tar of the host's directory `path`, an overlay's upper above the root, in a layer's form */
	ARCHIVE_CHANGES = 6, /* stdout: what that directory has and what the root, the layers below, has in its place */
};
enum archive_flag {
	ARCHIVE_KEEP_KIND = 1, /* put: a directory isn't replaced by something else, nor something else by a directory */
	ARCHIVE_ALL_XATTRS = 2, /* not file capabilities alone */
};

struct archive {
	struct context context;
	int root;
	int descriptors; /* /proc/self/fd of the host: opens again what was opened as a mere path */
	uint32_t flags;
	struct strs skip; /* layer, changes: paths to leave out where they are as the engine makes mount targets */
};

/* pack.c */
int pack_tree(struct archive *a, int parent, const char *base, const char *name, bool whole_root);
int pack_layer(struct archive *a, int upper);
/* changes.c */
int write_changes(struct archive *a, int upper);
/* listing.c */
struct listing { char **names; size_t count; };
int list_directory(int fd, struct listing *list);
void free_listing(struct listing *list);
bool is_copied_for_engine(const struct archive *a, const char *path, int fd, const struct stat *st);
bool is_engine_made(const struct archive *a, const char *path, int fd, const struct stat *st);
/* archive.c */
int reopen(const struct archive *a, int fd, int flags);
#endif
