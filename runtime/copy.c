/* Copies a directory of a root to a directory of the host's: what an image has at a volume's place, into the new volume. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include "context.h"

enum { MAX_DEPTH = 512 };

static void copy_attributes(int from, int to)
{
	char names[65536], value[65536];
	ssize_t size = flistxattr(from, names, sizeof names);
	for (char *name = names; size > 0 && name < names + size; name += strlen(name) + 1) {
		ssize_t got = strncmp(name, "trusted.overlay.", 16) ? fgetxattr(from, name, value, sizeof value) : -1;
		if (got >= 0)
			(void)!fsetxattr(to, name, value, (size_t)got, 0);
	}
}

/* Owner first: changing it takes setuid bits and capabilities away again. */
static int copy_owner(int to, const char *name, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	int flags = *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;
	if (fchownat(to, name, st->st_uid, st->st_gid, flags))
		return -1;
	if (!S_ISLNK(st->st_mode) && (*name ? fchmodat(to, name, st->st_mode & 07777, 0) : fchmod(to, st->st_mode & 07777)))
		return -1;
	return *name ? utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) : futimens(to, times);
}

static int copy_regular(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	CLEANUP_FD int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	CLEANUP_FD int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (from < 0 || to < 0)
		return -1;
	for (off_t at = 0; at < st->st_size;) {
		ssize_t done = sendfile(to, from, &at, (size_t)(st->st_size - at));
		if (done <= 0)
			return done < 0 ? -1 : 0;
	}
	if (copy_owner(to, "", st))
		return -1;
	copy_attributes(from, to);
	return 0;
}

static int copy_directory(struct context *c, int from, int to, int depth);

static int copy_entry(struct context *c, int from, int to, const char *name, int depth)
{
	struct stat st;
	char link[PATH_MAX];
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (S_ISDIR(st.st_mode)) {
		CLEANUP_FD int below = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0 || mkdirat(to, name, 0700))
			return -1;
		CLEANUP_FD int target = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return target < 0 ? -1 : copy_directory(c, below, target, depth + 1);
	}
	if (S_ISREG(st.st_mode))
		return copy_regular(from, to, name, &st);
	if (S_ISLNK(st.st_mode)) {
		ssize_t size = readlinkat(from, name, link, sizeof link - 1);
		if (size < 0)
			return -1;
		link[size] = 0;
		return symlinkat(link, to, name) || copy_owner(to, name, &st) ? -1 : 0;
	}
	return mknodat(to, name, st.st_mode, st.st_rdev) || copy_owner(to, name, &st) ? -1 : 0;
}

/* Both descriptors stay the caller's. Times last, since filling a directory changes its own. */
static int copy_directory(struct context *c, int from, int to, int depth)
{
	struct stat st;
	struct dirent *entry;
	if (depth > MAX_DEPTH || fstat(from, &st)) {
		errno = depth > MAX_DEPTH ? ELOOP : errno;
		return -1;
	}
	int copy = fcntl(from, F_DUPFD_CLOEXEC, 0);
	DIR *list = copy < 0 ? NULL : fdopendir(copy);
	if (!list)
		return -1;
	int result = 0;
	while (result == 0 && (entry = readdir(list)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			if ((result = copy_entry(c, from, to, entry->d_name, depth)) && !c->err.code)
				fail(&c->err, "copy %s", entry->d_name);
	closedir(list);
	if (result == 0 && (result = copy_owner(to, "", &st)) == 0)
		copy_attributes(from, to);
	return result;
}

/* `path` of the root, where it is a directory; anything else leaves the destination as it is. */
int copy_out(struct context *c, const char *path, const char *destination)
{
	CLEANUP_FD int source = open_in_root(c->root, path, O_RDONLY | O_DIRECTORY, true);
	if (source < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail(&c->err, "copy %s", path);
	CLEANUP_FD int target = open(destination, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target < 0 || copy_directory(c, source, target, 0))
		return c->err.code ? -1 : fail(&c->err, "copy %s to %s", path, destination);
	return 0;
}
