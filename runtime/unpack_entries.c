/* One function for each kind of entry of a layer. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include "unpack.h"

/* Reads one xattr of a frame and steps on. */
static const char *next_xattr(struct xattrs *x, const uint8_t **value, uint32_t *size)
{
	uint32_t name_size;
	memcpy(size, x->at, 4);
	memcpy(&name_size, x->at + 4, 4);
	const char *name = (const char *)x->at + 8;
	*value = x->at + 8 + name_size + 1;
	x->at = *value + *size;
	x->count--;
	return name;
}

/* Through a descriptor, or, for what must not be opened (symlinks, devices), through its name in its directory. */
static int set_xattrs(struct unpack *u, int fd, int parent, const char *base, const char *path, struct xattrs x)
{
	/* There may be no /proc that shows us: in a container's mount namespace it shows others. */
	if (x.count && fd < 0 && fchdir(parent))
		return fail(&u->err, "set xattrs of %s", path);
	while (x.count) {
		const uint8_t *value;
		uint32_t size;
		const char *name = next_xattr(&x, &value, &size);
		if (fd >= 0 && !strcmp(name, DEFAULT_ACL))
			continue; /* a directory's, set at the end */
		int bad = fd >= 0 ? fsetxattr(fd, name, value, size, 0) : lsetxattr(base, name, value, size, 0);
		/* A file system without this kind of attribute, and user.* on what can't have it, is no reason to refuse. */
		if (bad && errno != EOPNOTSUPP && !(errno == EPERM && !strncmp(name, "user.", 5)))
			return fail(&u->err, "set xattr %s of %s", name, path);
	}
	return 0;
}

static int remove_tree(int parent, const char *base)
{
	if (!unlinkat(parent, base, 0))
		return 0;
	if (errno != EISDIR)
		return -1;
	int fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	int bad = 0;
	for (struct dirent *d; !bad && (d = readdir(dir));)
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			bad = remove_tree(fd, d->d_name);
	closedir(dir);
	return bad ? bad : unlinkat(parent, base, AT_REMOVEDIR);
}

static int replace(struct unpack *u, int parent, const char *base, const char *path, bool by_directory)
{
	struct stat st;
	if (u->keep_kind && !fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode) != by_directory)
		return by_directory ? fail_with(&u->err, EISDIR, "cannot overwrite non-directory \"/%s\" with directory \"%s\"", path, base)
				    : fail_with(&u->err, EISDIR, "cannot overwrite directory \"/%s\" with non-directory \"%s\"", path, base);
	/* A removed directory may be the cached one, or stand above it. */
	u->parent.path[0] = '\0';
	return remove_tree(parent, base) ? fail(&u->err, "replace %s", path) : 0;
}

static bool needs_owner(const struct unpack *u, const struct unpack_entry *e)
{
	return e->uid || e->gid || u->parent.inherits;
}

int make_layer_directory(struct unpack *u, const struct unpack_entry *e, const char *path, struct xattrs x)
{
	bool root = !*path, opaque = false;
	const uint8_t *value, *acl = NULL;
	uint32_t size, acl_size = 0;
	const char *base = root ? "." : enter_parent(u, path, mtime_of(e));
	if (!base)
		return -1;
	int parent = root ? u->root : u->parent.fd;
	if (!root && mkdirat(parent, base, e->mode & 0777)) {
		struct stat st;
		if (errno != EEXIST || fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW))
			return fail(&u->err, "make directory %s", path);
		opaque = is_whiteout(&st);
		if (!S_ISDIR(st.st_mode) && (replace(u, parent, base, path, true) || mkdirat(parent, base, e->mode & 0777)))
			return u->err.code ? -1 : fail(&u->err, "make directory %s", path);
	}
	CLEANUP_FD int fd = openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, e->uid, e->gid) || fchmod(fd, e->mode & 07777))
		return fail(&u->err, "make directory %s", path);
	if (u->is_layer && u->implicit && !fremovexattr(fd, UNDESCRIBED))
		u->implicit--;
	if (opaque && fsetxattr(fd, OPAQUE, "y", 1, 0))
		return fail(&u->err, "make %s opaque", path);
	if (set_xattrs(u, fd, -1, base, path, x))
		return -1;
	while (x.count && !acl)
		if (!strcmp(next_xattr(&x, &value, &size), DEFAULT_ACL)) {
			acl = value;
			acl_size = size;
		}
	u->root_seen |= root;
	return delay(u, path, mtime_of(e), acl, acl_size);
}

int open_file(struct unpack *u, const struct unpack_entry *e, const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const char *base = enter_parent(u, path, mtime_of(e));
	if (!base)
		return -1;
	u->file = openat(u->parent.fd, base, flags, e->mode & 0777);
	if (u->file < 0 && errno == EEXIST) {
		if (replace(u, u->parent.fd, base, path, false))
			return -1;
		u->file = openat(u->parent.fd, base, flags, e->mode & 0777);
	}
	u->file_end = 0;
	return u->file < 0 ? fail(&u->err, "make file %s", path) : 0;
}

int write_data(struct unpack *u, const uint8_t *bytes, size_t size, uint64_t offset)
{
	if (u->file < 0)
		return fail_with(&u->err, EPROTO, "data without a file");
	while (size) {
		ssize_t wrote = pwrite(u->file, bytes, size, (off_t)offset);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return fail(&u->err, "write %s", u->file_path);
		bytes += wrote;
		offset += (uint64_t)wrote;
		size -= (size_t)wrote;
	}
	if (offset > u->file_end)
		u->file_end = offset;
	return 0;
}

int close_file(struct unpack *u)
{
	const struct unpack_entry *e = &u->file_entry;
	struct timespec times[2] = { mtime_of(e), mtime_of(e) };
	if (u->file < 0)
		return fail_with(&u->err, EPROTO, "close without a file");
	CLEANUP_FD int fd = u->file;
	u->file = -1;
	if (u->file_end < e->size && ftruncate(fd, (off_t)e->size))
		return fail(&u->err, "write %s", u->file_path);
	/* Owner before mode and capabilities: chown takes setuid, setgid and security.capability away. */
	if (needs_owner(u, e) && fchown(fd, e->uid, e->gid))
		return fail(&u->err, "set owner of %s", u->file_path);
	if ((e->mode & 07000) && fchmod(fd, e->mode & 07777))
		return fail(&u->err, "set mode of %s", u->file_path);
	if (set_xattrs(u, fd, -1, NULL, u->file_path, u->file_xattrs))
		return -1;
	return futimens(fd, times) ? fail(&u->err, "set times of %s", u->file_path) : 0;
}

/* Makes a symlink or a node, replacing what is there. */
int make_special(struct unpack *u, const struct unpack_entry *e, const char *path, const char *link, struct xattrs x)
{
	struct timespec times[2] = { mtime_of(e), mtime_of(e) };
	const char *base = enter_parent(u, path, mtime_of(e));
	if (!base)
		return -1;
	int parent = u->parent.fd;
	dev_t device = makedev(e->major, e->minor);
	for (int attempt = 0;; attempt++) {
		if (!(S_ISLNK(e->mode) ? symlinkat(link, parent, base) : mknodat(parent, base, e->mode & ~07000u, device)))
			break;
		if (errno != EEXIST || attempt)
			return fail(&u->err, "make %s", path);
		if (replace(u, parent, base, path, false))
			return -1;
	}
	if (needs_owner(u, e) && fchownat(parent, base, e->uid, e->gid, AT_SYMLINK_NOFOLLOW))
		return fail(&u->err, "set owner of %s", path);
	/* Never for a symlink: fchmodat would follow it. */
	if (!S_ISLNK(e->mode) && (e->mode & 07000) && fchmodat(parent, base, e->mode & 07777, 0))
		return fail(&u->err, "set mode of %s", path);
	if (set_xattrs(u, -1, parent, base, path, x))
		return -1;
	return utimensat(parent, base, times, AT_SYMLINK_NOFOLLOW) ? fail(&u->err, "set times of %s", path) : 0;
}

int make_hardlink(struct unpack *u, const struct unpack_entry *e, const char *path, const char *target)
{
	char target_parent[MAX_PATH];
	struct stat old, new;
	const char *base = enter_parent(u, path, mtime_of(e));
	if (!base)
		return -1;
	const char *slash = strrchr(target, '/');
	const char *target_base = slash ? slash + 1 : target;
	size_t length = slash ? (size_t)(slash - target) : 0;
	memcpy(target_parent, target, length);
	target_parent[length] = '\0';
	CLEANUP_FD int from = open_beneath(u->root, target_parent, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
	if (from < 0 || fstatat(from, target_base, &old, AT_SYMLINK_NOFOLLOW))
		return fail(&u->err, "hardlink %s to %s, which isn't in this layer", path, target);
	if (S_ISDIR(old.st_mode))
		return fail_with(&u->err, EISDIR, "hardlink %s to %s, a directory", path, target);
	if (!fstatat(u->parent.fd, base, &new, AT_SYMLINK_NOFOLLOW)) {
		if (new.st_ino == old.st_ino)
			return 0;
		if (replace(u, u->parent.fd, base, path, false))
			return -1;
	}
	return linkat(from, target_base, u->parent.fd, base, 0) ? fail(&u->err, "hardlink %s to %s", path, target) : 0;
}

int make_opaque(struct unpack *u, const struct unpack_entry *e, const char *path)
{
	CLEANUP_FD int fd = open_directory(u, path, mtime_of(e));
	if (fd < 0)
		return -1;
	return fsetxattr(fd, OPAQUE, "y", 1, 0) ? fail(&u->err, "make %s opaque", path) : 0;
}

/* Hides a name of the layers below. What this layer itself has under that name stays (OCI image spec, "Whiteouts"). */
int make_whiteout(struct unpack *u, const struct unpack_entry *e, const char *path)
{
	struct stat st;
	const char *base = enter_parent(u, path, mtime_of(e));
	if (!base)
		return -1;
	if (!mknodat(u->parent.fd, base, S_IFCHR, 0))
		return 0;
	if (errno != EEXIST || fstatat(u->parent.fd, base, &st, AT_SYMLINK_NOFOLLOW))
		return fail(&u->err, "make whiteout of %s", path);
	return S_ISDIR(st.st_mode) ? make_opaque(u, e, path) : 0;
}
