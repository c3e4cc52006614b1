/* A directory's names in order, so that archives and listings come out the same every time. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include "archive.h"

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void free_listing(struct listing *list)
{
	while (list->count)
		free(list->names[--list->count]);
	free(list->names);
	list->names = NULL;
}

/* `fd` stays the caller's, at the directory's end. */
int list_directory(int fd, struct listing *list)
{
	size_t room = 0;
	struct dirent *entry;
	*list = (struct listing){ 0 };
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		if (copy >= 0)
			close(copy);
		return -1;
	}
	errno = 0;
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (list->count == room) {
			room = room ? room * 2 : 64;
			char **grown = realloc(list->names, room * sizeof *grown);
			if (!grown)
				break;
			list->names = grown;
		}
		if (!(list->names[list->count] = strdup(entry->d_name)))
			break;
		list->count++;
		errno = 0;
	}
	int code = entry ? ENOMEM : errno;
	closedir(dir);
	if (code) {
		free_listing(list);
		errno = code;
		return -1;
	}
	if (list->count)
		qsort(list->names, list->count, sizeof *list->names, by_bytes);
	return 0;
}

/* Whether a directory holds something, and nothing but what the engine made. */
static bool holds_only_engine_made(const struct archive *a, const char *path, int fd, bool or_nothing)
{
	struct listing inside;
	CLEANUP_FD int directory = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || list_directory(directory, &inside))
		return false;
	bool only = or_nothing || inside.count > 0;
	for (size_t i = 0; only && i < inside.count; i++) {
		char below[512];
		struct stat child;
		CLEANUP_FD int at = openat(directory, inside.names[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
		only = (size_t)snprintf(below, sizeof below, "%s/%s", path, inside.names[i]) < sizeof below && at >= 0
			&& fstat(at, &child) == 0 && is_engine_made(a, below, at, &child);
	}
	free_listing(&inside);
	return only;
}

/* A directory that was copied up for what the engine made in it, and looks as the layers below (the root) have it. */
bool is_copied_for_engine(const struct archive *a, const char *path, int fd, const struct stat *st)
{
	struct stat lower;
	CLEANUP_FD int below = open_in_root(a->root, path, O_PATH | O_NOFOLLOW, false);
	return below >= 0 && fstat(below, &lower) == 0 && lower.st_mode == st->st_mode && lower.st_uid == st->st_uid
		&& lower.st_gid == st->st_gid && holds_only_engine_made(a, path, fd, false);
}

/* The engine makes mount targets (/etc/hosts, /proc …) where an image lacks them. As long as they are empty, nobody
 * changed anything: they belong to no layer. */
bool is_engine_made(const struct archive *a, const char *path, int fd, const struct stat *st)
{
	struct strs skip = a->skip;
	bool listed = false;
	while (!listed && skip.count--)
		listed = strcmp(next_str(&skip), path) == 0;
	if (!listed)
		return false;
	if (S_ISREG(st->st_mode))
		return st->st_size == 0;
	if (S_ISLNK(st->st_mode))
		return true;
	/* An empty one, or one that holds nothing but more of the same: /dev with /dev/pts. */
	return S_ISDIR(st->st_mode) && holds_only_engine_made(a, path, fd, true);
}
