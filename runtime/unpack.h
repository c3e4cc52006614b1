/* `berth-helper unpack DIR`: the frames of unpack_ops.h carried out in one directory, which becomes a layer. Layers
 * are unpacked at the same time, in any order; a directory that no entry describes is marked, and `unpack --inherit
 * DIR [LOWER…]` makes those look as the layers below have them, once these are whole. `unpack --sync DIR`: durable.
 *
 * Nothing here chooses: names were checked and whiteouts decided by src/image. But names are never trusted to stay
 * inside either: every parent is opened with openat2(RESOLVE_IN_ROOT) from the layer's own descriptor, and every last
 * component is used without following it. So a symlink of the same layer may stand in a path, and leads nowhere else.
 *
 * Exit status: 0; 1 where the archive is at fault; 2 where the host is (no space, I/O, limits). */
#ifndef BERTH_UNPACK_H
#define BERTH_UNPACK_H
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>
#include "err.h"
#include "unpack_ops.h"

#define MAX_PATH 4096
#define OPAQUE "trusted.overlay.opaque"
#define DEFAULT_ACL "system.posix_acl_default"
/* On a directory that was made because an entry needed it, until one describes it or it has inherited. */
#define UNDESCRIBED "trusted.berth.undescribed"

struct xattrs {
	const uint8_t *at;
	uint16_t count;
};

/* Attributes of a directory that later writes into it would change; set at the end, in order. */
struct delayed {
	struct timespec mtime;
	uint8_t *acl; /* system.posix_acl_default, which files made meanwhile would inherit */
	uint32_t acl_size;
	char path[];
};

struct parent {
	int fd;
	bool inherits; /* setgid: what is made in it gets its group */
	char path[MAX_PATH + 2];
};

struct unpack {
	struct err err;
	int root;
	int *lowers;
	int lower_count;
	struct parent parent; /* of the last entry: neighbours follow each other */
	struct delayed **delayed;
	size_t delayed_count, delayed_room;
	bool keep_kind; /* a directory and something else don't replace each other */
	int file; /* being written; -1 */
	struct unpack_entry file_entry;
	struct xattrs file_xattrs;
	uint8_t *file_body; /* keeps path and xattrs of the open file */
	const char *file_path;
	uint64_t file_end;
	uint64_t implicit;
	bool root_seen;
	bool is_layer; /* directories without a description are marked */
};

/* unpack.c */
int unpack_main(int argc, char **argv);
int unpack_frames(struct err *err, int root, bool keep_kind);

/* unpack_parents.c: directories, and what they look like when no entry says so */
int open_beneath(int root, const char *path, int flags, uint64_t resolve);
int open_directory(struct unpack *u, const char *path, struct timespec mtime);
const char *enter_parent(struct unpack *u, const char *path, struct timespec mtime);
int inherit_all(struct unpack *u);
int delay(struct unpack *u, const char *path, struct timespec mtime, const uint8_t *acl, uint32_t acl_size);

/* unpack_entries.c: one function a kind of entry */
int make_layer_directory(struct unpack *u, const struct unpack_entry *e, const char *path, struct xattrs x);
int open_file(struct unpack *u, const struct unpack_entry *e, const char *path);
int write_data(struct unpack *u, const uint8_t *bytes, size_t size, uint64_t offset);
int close_file(struct unpack *u);
int make_special(struct unpack *u, const struct unpack_entry *e, const char *path, const char *link, struct xattrs x);
int make_hardlink(struct unpack *u, const struct unpack_entry *e, const char *path, const char *target);
int make_opaque(struct unpack *u, const struct unpack_entry *e, const char *path);
int make_whiteout(struct unpack *u, const struct unpack_entry *e, const char *path);

static inline bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static inline struct timespec mtime_of(const struct unpack_entry *e)
{
	return (struct timespec){ .tv_sec = e->seconds, .tv_nsec = e->nanoseconds };
}
#endif
