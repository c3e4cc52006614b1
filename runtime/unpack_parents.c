/* Directories of a layer: opened inside its root, made where an entry needs them, described at the end. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include "unpack.h"

int open_beneath(int root, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)flags | O_CLOEXEC, .resolve = resolve | RESOLVE_NO_MAGICLINKS };
	return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
}

static bool is_opaque(int fd)
{
	char value;
	return fgetxattr(fd, OPAQUE, &value, 1) == 1 && value == 'y';
}

static void forget_parent(struct unpack *u)
{
	if (u->parent.fd >= 0)
		close(u->parent.fd);
	u->parent.fd = -1;
}

int delay(struct unpack *u, const char *path, struct timespec mtime, const uint8_t *acl, uint32_t acl_size)
{
	if (u->delayed_count == u->delayed_room) {
		size_t room = u->delayed_room ? u->delayed_room * 2 : 1024;
		struct delayed **grown = realloc(u->delayed, room * sizeof *grown);
		if (!grown)
			return fail(&u->err, "remember %s", path);
		u->delayed = grown;
		u->delayed_room = room;
	}
	size_t length = strlen(path) + 1;
	struct delayed *d = malloc(sizeof *d + length + acl_size);
	if (!d)
		return fail(&u->err, "remember %s", path);
	d->mtime = mtime;
	memcpy(d->path, path, length);
	d->acl_size = acl_size;
	d->acl = acl_size ? (uint8_t *)memcpy(d->path + length, acl, acl_size) : NULL;
	u->delayed[u->delayed_count++] = d;
	return 0;
}

/* The directory that the layers below show at `path`; -1 where they show none. */
static int open_lower(struct unpack *u, const char *path)
{
	char prefix[MAX_PATH];
	for (int i = 0; i < u->lower_count; i++) {
		bool hidden = false;
		size_t length = 0;
		for (;;) {
			memcpy(prefix, path, length);
			prefix[length] = '\0';
			int fd = open_beneath(u->lowers[i], prefix, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
					      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
			if (fd < 0 && errno == ENOENT)
				break;
			if (fd < 0)
				return -1; /* not a directory here: whatever lies below is hidden */
			if (!path[length])
				return fd;
			hidden |= is_opaque(fd);
			close(fd);
			length += path[length] == '/';
			length += strcspn(path + length, "/");
		}
		if (hidden)
			return -1;
	}
	return -1;
}

/* What no entry of the layer describes looks as the layers below have it, or stays as it was made. */
static int inherit_attributes(struct unpack *u, int fd, const char *path)
{
	struct stat st;
	char names[65536], value[65536];
	CLEANUP_FD int lower = open_lower(u, path);
	if (lower < 0)
		return 0;
	int bad = fstat(lower, &st) || fchown(fd, st.st_uid, st.st_gid) || fchmod(fd, st.st_mode & 07777);
	ssize_t size = bad ? 0 : flistxattr(lower, names, sizeof names);
	for (ssize_t at = 0; !bad && at < size; at += (ssize_t)strlen(names + at) + 1) {
		if (!strncmp(names + at, "trusted.overlay.", 16))
			continue;
		ssize_t length = fgetxattr(lower, names + at, value, sizeof value);
		bad = length < 0 || fsetxattr(fd, names + at, value, (size_t)length, 0);
	}
	struct timespec times[2] = { st.st_mtim, st.st_mtim };
	return bad || futimens(fd, times) ? fail(&u->err, "copy the attributes of %s", path) : 0;
}

/* Every directory below that was made without a description; `path` has room for what is added. */
static int inherit_below(struct unpack *u, int parent, const char *base, char *path, size_t length)
{
	int fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		fail(&u->err, "open directory %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	int bad = !fremovexattr(fd, UNDESCRIBED) && inherit_attributes(u, fd, path);
	for (struct dirent *d; !bad && (d = readdir(dir));) {
		if (d->d_type != DT_DIR || !strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		int added = snprintf(path + length, MAX_PATH - length, "%s%s", length ? "/" : "", d->d_name);
		if (length + (size_t)added >= MAX_PATH)
			bad = fail_with(&u->err, ENAMETOOLONG, "directory below %.200s", path);
		else
			bad = inherit_below(u, fd, d->d_name, path, length + (size_t)added);
		path[length] = '\0';
	}
	closedir(dir);
	return bad ? -1 : 0;
}

int inherit_all(struct unpack *u)
{
	char path[MAX_PATH] = "";
	return inherit_below(u, u->root, ".", path, 0);
}

/* Makes what is missing of `path`; the last directory's descriptor. */
static int make_directories(struct unpack *u, const char *path, struct timespec mtime)
{
	char prefix[MAX_PATH];
	int at = open_beneath(u->root, "", O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT);
	for (size_t from = 0, to = 0; at >= 0 && path[to]; from = to + 1) {
		to = from + strcspn(path + from, "/");
		memcpy(prefix, path, to);
		prefix[to] = '\0';
		int next = open_beneath(u->root, prefix, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT);
		if (next < 0) {
			const char *base = prefix + from;
			struct stat st;
			bool whited = !fstatat(at, base, &st, AT_SYMLINK_NOFOLLOW) && is_whiteout(&st);
			if ((whited && unlinkat(at, base, 0)) || mkdirat(at, base, 0755)) {
				/* Something stands there that is no directory, nor leads to one. */
				if (errno == EEXIST)
					errno = ENOTDIR;
				fail(&u->err, "make directory %s", prefix);
				close(at);
				return -1;
			}
			u->implicit++;
			next = openat(at, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (next >= 0 && whited && fsetxattr(next, OPAQUE, "y", 1, 0)) {
				fail(&u->err, "make %s opaque", prefix);
				close(next);
				close(at);
				return -1;
			}
			if (next >= 0 && u->is_layer && !whited && fsetxattr(next, UNDESCRIBED, "", 0, 0)) {
				fail(&u->err, "mark directory %s", prefix);
				close(next);
				close(at);
				return -1;
			}
			if (next >= 0 && delay(u, prefix, mtime, NULL, 0)) {
				close(next);
				close(at);
				return -1;
			}
		}
		close(at);
		at = next;
	}
	return at < 0 ? fail(&u->err, "open directory %s", path) : at;
}

int open_directory(struct unpack *u, const char *path, struct timespec mtime)
{
	int fd = open_beneath(u->root, path, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT);
	return fd >= 0 ? fd : make_directories(u, path, mtime);
}

/* Splits `path` (writes into it for a moment): opens its directory, returns its last component. */
const char *enter_parent(struct unpack *u, const char *path, struct timespec mtime)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	struct parent *p = &u->parent;
	if (p->fd < 0 || !p->path[0] || strlen(p->path) != length + 1 || memcmp(p->path + 1, path, length)) {
		struct stat st;
		forget_parent(u);
		/* The leading '/' tells the root ("/") from no path at all (""). */
		p->path[0] = '/';
		memcpy(p->path + 1, path, length);
		p->path[length + 1] = '\0';
		p->fd = open_directory(u, p->path + 1, mtime);
		if (p->fd < 0)
			return NULL;
		p->inherits = !fstat(p->fd, &st) && (st.st_mode & S_ISGID);
	}
	return slash ? slash + 1 : path;
}
