/* Everything that touches a path of the container's root. Paths are resolved by descriptor, inside the root, at
 * the moment of use (openat2 with RESOLVE_IN_ROOT); a mount is made detached and moved onto the descriptor of its
 * target, so that no symlink swapped in meanwhile can lead it elsewhere (CVE-2021-30465, CVE-2024-45310). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include "context.h"
#include "plan_ops.h"

int do_mount(struct context *c, const struct op_mount *o)
{
	if (*o->cwd && chdir(o->cwd))
		return fail(&c->err, "enter %s", o->cwd);
	if (mount(o->source, o->target, *o->type ? o->type : NULL, o->flags, *o->data ? o->data : NULL))
		return fail(&c->err, "mount %s on %s", *o->type ? o->type : o->source, o->target);
	return *o->cwd && chdir("/") ? fail(&c->err, "enter /") : 0;
}

int open_root(struct context *c, const char *path)
{
	if (c->root >= 0)
		close(c->root);
	c->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->root < 0 ? fail(&c->err, "open root %s", path) : 0;
}

/* Opens a path of the root. Without `follow` no component may be a symlink. */
int open_in_root(int root, const char *path, int flags, bool follow)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (follow ? 0 : RESOLVE_NO_SYMLINKS),
	};
	while (*path == '/')
		path++;
	for (int tries = 0;; tries++) {
		int fd = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
		/* The kernel gives up with EAGAIN when a rename anywhere raced with a `..`; a few tries settle it. */
		if (fd >= 0 || errno != EAGAIN || tries == 128)
			return fd;
	}
}

/* Opens a path of the root and makes what is missing: directories, and the last part as a directory or an empty file.
 * A symlink that leads nowhere is followed by making what it names, still inside the root. */
int ensure_in_root(struct context *c, const char *path, bool directory, mode_t mode, int depth)
{
	int fd = open_in_root(c->root, path, O_PATH, true);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	char part[PATH_MAX], link[PATH_MAX];
	size_t length = strlen(path);
	if (length >= sizeof part || depth > 16) {
		errno = length >= sizeof part ? ENAMETOOLONG : ELOOP;
		return -1;
	}
	memcpy(part, path, length + 1);
	while (length > 0 && part[length - 1] == '/')
		part[--length] = 0;
	char *slash = strrchr(part, '/');
	const char *name = slash ? slash + 1 : part;
	CLEANUP_FD int parent = -1;
	if (slash) {
		*slash = 0;
		parent = ensure_in_root(c, part, true, 0755, depth + 1);
	} else {
		parent = open_in_root(c->root, "/", O_PATH | O_DIRECTORY, true);
	}
	if (parent < 0)
		return -1;
	if (directory) {
		if (mkdirat(parent, name, mode) == 0)
			return openat(parent, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	} else {
		int file = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (file >= 0) {
			close(file);
			return openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		}
	}
	if (errno != EEXIST)
		return -1;
	ssize_t got = readlinkat(parent, name, link, sizeof link - 1);
	if (got < 0)
		return open_in_root(c->root, path, O_PATH, true); /* somebody else made it meanwhile */
	link[got] = 0;
	if (link[0] == '/')
		return ensure_in_root(c, link, directory, mode, depth + 1);
	char joined[PATH_MAX];
	if ((size_t)snprintf(joined, sizeof joined, "%s/%s", slash ? part : "", link) >= sizeof joined) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return ensure_in_root(c, joined, directory, mode, depth + 1);
}

int move_mount_onto(int mount, int target)
{
	return (int)syscall(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int set_mount_attributes(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation)
{
	struct mount_attr attributes = { .attr_set = set, .attr_clr = clear, .propagation = propagation };
	/* Setting one of the atime modes means clearing the field first. */
	if (set & MOUNT_ATTR__ATIME)
		attributes.attr_clr |= MOUNT_ATTR__ATIME;
	return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes,
			    sizeof attributes);
}

static int new_filesystem(const char *type, const char *source, uint64_t attributes, struct strs options)
{
	CLEANUP_FD int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	if (fs < 0)
		return -1;
	if (*source && syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", source, 0))
		return -1;
	while (options.count--) {
		char key[256];
		const char *option = next_str(&options), *equals = strchr(option, '=');
		size_t length = equals ? (size_t)(equals - option) : strlen(option);
		if (length >= sizeof key) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(key, option, length);
		key[length] = 0;
		if (syscall(SYS_fsconfig, fs, equals ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, equals ? equals + 1 : NULL, 0))
			return -1;
	}
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, (unsigned int)attributes);
}

int mount_filesystem(struct context *c, const struct op_filesystem *o)
{
	/* A symlink in place of /proc or /sys would put the kernel's files where an image wants them, and the masks
	 * elsewhere (CVE-2019-19921, CVE-2023-27561). */
	bool kernel = strcmp(o->type, "proc") == 0 || strcmp(o->type, "sysfs") == 0;
	CLEANUP_FD int target = ensure_in_root(c, o->target, true, 0755, 0);
	if (target >= 0 && kernel) {
		close(target);
		target = open_in_root(c->root, o->target, O_PATH | O_DIRECTORY, false);
	}
	if (target < 0)
		return fail(&c->err, "mount %s: target %s", o->type, o->target);
	CLEANUP_FD int mount = new_filesystem(o->type, o->source, o->attributes, o->options);
	if (mount < 0 || move_mount_onto(mount, target))
		return fail(&c->err, "mount %s on %s", o->type, o->target);
	return 0;
}

int mask_path(struct context *c, const char *path)
{
	CLEANUP_FD int target = open_in_root(c->root, path, O_PATH, false);
	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail(&c->err, "mask %s", path);
	struct stat st;
	if (fstat(target, &st))
		return fail(&c->err, "mask %s", path);
	CLEANUP_FD int mount = -1;
	if (S_ISDIR(st.st_mode)) {
		struct strs none = { 0 };
		mount = new_filesystem("tmpfs", "tmpfs", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, none);
	} else {
		/* /dev/null may have been swapped by now: what counts is the device behind the descriptor (CVE-2025-31133). */
		CLEANUP_FD int null = open_in_root(c->root, "dev/null", O_PATH, false);
		if (null < 0 || fstat(null, &st))
			return fail(&c->err, "mask %s: /dev/null", path);
		if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
			return fail_with(&c->err, EINVAL, "mask %s: /dev/null is not the null device", path);
		mount = (int)syscall(SYS_open_tree, null, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	}
	if (mount < 0 || move_mount_onto(mount, target))
		return fail(&c->err, "mask %s", path);
	return 0;
}

int make_readonly(struct context *c, const char *path)
{
	CLEANUP_FD int target = open_in_root(c->root, path, O_PATH, false);
	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail(&c->err, "make %s read-only", path);
	CLEANUP_FD int tree = (int)syscall(SYS_open_tree, target, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (tree < 0 || set_mount_attributes(tree, true, MOUNT_ATTR_RDONLY, 0, 0) || move_mount_onto(tree, target))
		return fail(&c->err, "make %s read-only", path);
	return 0;
}

/* The directory above `path` in the root, made where missing; *name is the last part. */
static int ensure_parent(struct context *c, const char *path, const char **name)
{
	char above[PATH_MAX];
	const char *slash = strrchr(path, '/');
	*name = slash ? slash + 1 : path;
	size_t length = slash ? (size_t)(slash - path) : 0;
	if (length >= sizeof above || **name == 0) {
		errno = EINVAL;
		return -1;
	}
	memcpy(above, path, length);
	above[length] = 0;
	return ensure_in_root(c, above, true, 0755, 0);
}

int make_device(struct context *c, const struct op_device *o)
{
	const char *name;
	struct stat st;
	CLEANUP_FD int parent = ensure_parent(c, o->path, &name);
	dev_t number = makedev(o->major, o->minor);
	if (parent < 0)
		return fail(&c->err, "device %s", o->path);
	if (mknodat(parent, name, o->mode, number)) {
		if (errno == EEXIST && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0
		    && (st.st_mode & S_IFMT) == (o->mode & S_IFMT) && st.st_rdev == number)
			return 0;
		return fail(&c->err, "device %s", o->path);
	}
	if (fchownat(parent, name, o->uid, o->gid, AT_SYMLINK_NOFOLLOW))
		return fail(&c->err, "device %s: owner", o->path);
	return 0;
}

int make_symlink(struct context *c, const char *target, const char *path)
{
	const char *name;
	CLEANUP_FD int parent = ensure_parent(c, path, &name);
	if (parent < 0 || (symlinkat(target, parent, name) && errno != EEXIST))
		return fail(&c->err, "symlink %s", path);
	return 0;
}

int make_directory(struct context *c, const struct op_directory *o)
{
	CLEANUP_FD int there = open_in_root(c->root, o->path, O_PATH, true);
	if (there >= 0)
		return 0;
	CLEANUP_FD int fd = ensure_in_root(c, o->path, true, o->mode, 0);
	if (fd < 0)
		return fail(&c->err, "make directory %s", o->path);
	if (fchownat(fd, "", o->uid, o->gid, AT_EMPTY_PATH))
		return fail(&c->err, "make directory %s: owner", o->path);
	return 0;
}

static int send_terminal(struct context *c, int master, int slave)
{
	int fds[2] = { master, slave };
	char letter = 'T', space[CMSG_SPACE(sizeof fds)] = { 0 };
	struct iovec data = { .iov_base = &letter, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof fds);
	memcpy(CMSG_DATA(head), fds, sizeof fds);
	return sendmsg(c->sync, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int open_console(struct context *c)
{
	struct statfs fs;
	int zero = 0;
	CLEANUP_FD int master = open_in_root(c->root, "dev/pts/ptmx", O_RDWR | O_NOCTTY, false);
	/* By file system type, not by path: a volume could have put something else there (CVE-2025-52565). */
	if (master < 0 || fstatfs(master, &fs) || fs.f_type != DEVPTS_SUPER_MAGIC)
		return fail_with(&c->err, errno ? errno : EINVAL, "console: /dev/pts/ptmx");
	if (ioctl(master, TIOCSPTLCK, &zero))
		return fail(&c->err, "console: unlock");
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return fail(&c->err, "console: open terminal");
	c->terminal = slave;
	if (send_terminal(c, master, slave))
		return fail(&c->err, "console: hand over terminal");
	if (ioctl(slave, TIOCSCTTY, 0))
		return fail(&c->err, "console: make controlling terminal");
	if (dup2(slave, 0) < 0 || dup2(slave, 1) < 0 || dup2(slave, 2) < 0)
		return fail(&c->err, "console: standard streams");
	if (c->flags & KEEPER_EXEC)
		return 0;
	CLEANUP_FD int target = ensure_in_root(c, "/dev/console", false, 0600, 0);
	CLEANUP_FD int tree = (int)syscall(SYS_open_tree, slave, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (target < 0 || tree < 0 || move_mount_onto(tree, target))
		return fail(&c->err, "console: bind /dev/console");
	return 0;
}

int pivot(struct context *c)
{
	CLEANUP_FD int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0 || fchdir(c->root))
		return fail(&c->err, "pivot: enter root");
	/* With both names ".", the old root ends up mounted over the new one and is detached from there: no directory
	 * for it is needed in the image. */
	if (syscall(SYS_pivot_root, ".", "."))
		return fail(&c->err, "pivot_root");
	if (fchdir(old) || mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL))
		return fail(&c->err, "pivot: old root");
	if (umount2(".", MNT_DETACH) || chdir("/"))
		return fail(&c->err, "pivot: leave old root");
	return open_root(c, "/");
}

int set_root_attributes(struct context *c, uint64_t set)
{
	CLEANUP_FD int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || set_mount_attributes(fd, false, set, 0, 0))
		return fail(&c->err, "root mount attributes");
	return 0;
}

int write_sysctl(struct context *c, const char *name, const char *value)
{
	char path[PATH_MAX];
	struct statfs fs;
	snprintf(path, sizeof path, "proc/sys/%s", name);
	CLEANUP_FD int fd = open_in_root(c->root, path, O_WRONLY, false);
	if (fd < 0)
		return fail(&c->err, "sysctl %s", name);
	if (fstatfs(fd, &fs) || fs.f_type != PROC_SUPER_MAGIC)
		return fail_with(&c->err, EINVAL, "sysctl %s: not a file of procfs", name);
	if (write(fd, value, strlen(value)) < 0)
		return fail(&c->err, "sysctl %s=%s", name, value);
	return 0;
}
