#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "log.h"

int log_open(struct log *log, const char *path, uint64_t max_size, uint32_t max_files)
{
	struct stat st;
	log->path = strdup(path);
	log->max_size = max_size;
	log->max_files = max_files;
	log->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (log->fd < 0 || !log->path || fstat(log->fd, &st))
		return -1;
	log->offset = (uint64_t)st.st_size;
	return 0;
}

/* log → log.1 → log.2 …; the oldest falls off. Rename, so that a reader that has it open reads on. */
static void rotate(struct log *log)
{
	char from[PATH_MAX], to[PATH_MAX];
	for (uint32_t i = log->max_files > 1 ? log->max_files - 1 : 0; i > 0; i--) {
		snprintf(to, sizeof to, "%s.%u", log->path, i);
		snprintf(from, sizeof from, i > 1 ? "%s.%u" : "%s", log->path, i - 1);
		rename(from, to);
	}
	if (log->max_files <= 1)
		unlink(log->path);
	int fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return; /* keep writing to the old one rather than lose anything */
	close(log->fd);
	log->fd = fd;
	log->offset = 0;
	log->generation++;
}

void log_write(struct log *log, struct log_head *head, uint8_t stream, const void *data, uint32_t size)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	*head = (struct log_head) { .size = size, .stream = stream, .time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec };
	if (log->fd < 0)
		return;
	uint64_t whole = sizeof *head + (uint64_t)size + sizeof size;
	if (log->max_size && log->offset > 0 && log->offset + whole > log->max_size)
		rotate(log);
	struct iovec parts[3] = {
		{ .iov_base = head, .iov_len = sizeof *head },
		{ .iov_base = (void *)data, .iov_len = size },
		{ .iov_base = &size, .iov_len = sizeof size },
	};
	ssize_t done = writev(log->fd, parts, 3);
	if (done == (ssize_t)whole)
		log->offset += whole;
	else if (done > 0 && ftruncate(log->fd, (off_t)log->offset))
		log->offset += (uint64_t)done; /* a torn record stays; readers skip it */
}
