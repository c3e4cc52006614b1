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

/* Where the last whole record of the local format ends. A power cut leaves at most the last one torn, so what stands
 * before the end tells for the usual case; otherwise the heads are walked from the start. */
static off_t local_end(int fd, off_t size)
{
	struct log_head head;
	uint32_t last;
	off_t at = 0;
	if (size >= (off_t)(sizeof head + 4) && pread(fd, &last, 4, size - 4) == 4) {
		off_t start = size - 4 - last - (off_t)sizeof head;
		if (start >= 0 && pread(fd, &head, sizeof head, start) == sizeof head && head.size == last &&
		    (head.stream == 1 || head.stream == 2) && !head.zero[0] && !head.zero[1] && !head.zero[2])
			return size;
	}
	while (pread(fd, &head, sizeof head, at) == sizeof head) {
		off_t next = at + (off_t)sizeof head + head.size + 4;
		if (next > size || pread(fd, &last, 4, next - 4) != 4 || last != head.size)
			break;
		at = next;
	}
	return at;
}

static int open_file(struct log *log)
{
	struct stat st;
	int fd = open(log->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st)) {
		close(fd);
		return -1;
	}
	off_t whole = log->json ? log_json_end(fd, st.st_size) : local_end(fd, st.st_size);
	if (whole < st.st_size && ftruncate(fd, whole))
		whole = st.st_size; /* readers skip what is torn */
	log->offset = (uint64_t)whole;
	log->inode = st.st_ino;
	return fd;
}

int log_open(struct log *log, const char *path, uint64_t max_size, uint32_t max_files, bool json, const char *attributes)
{
	log->path = strdup(path);
	log->max_size = max_size;
	log->max_files = max_files;
	log->json = json;
	log->attributes = attributes;
	log->out = json ? malloc(LOG_OUT + strlen(attributes)) : NULL;
	log->fd = log->path && (log->out || !json) ? open_file(log) : -1;
	return log->fd < 0 ? -1 : 0;
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
	int fd = open_file(log);
	if (fd < 0)
		return; /* keep writing to the old one rather than lose anything */
	close(log->fd);
	log->fd = fd;
}

void log_make_room(struct log *log, uint64_t whole)
{
	if (log->max_size && log->offset > 0 && log->offset + whole > log->max_size)
		rotate(log);
}

static void append(struct log *log, struct iovec *parts, int count, uint64_t whole)
{
	ssize_t done = writev(log->fd, parts, count);
	if (done == (ssize_t)whole)
		log->offset += whole;
	else if (done > 0 && ftruncate(log->fd, (off_t)log->offset))
		log->offset += (uint64_t)done; /* a torn record stays; readers skip it */
}

void log_append(struct log *log, const void *bytes, size_t size)
{
	append(log, &(struct iovec) { .iov_base = (void *)bytes, .iov_len = size }, 1, size);
}

void log_write(struct log *log, uint8_t stream, const uint8_t *data, uint32_t size)
{
	struct timespec now;
	if (log->fd < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	if (log->json) {
		log_json_write(log, stream, time, data, size);
		return;
	}
	struct log_head head = { .size = size, .stream = stream, .time = time };
	uint64_t whole = sizeof head + (uint64_t)size + sizeof size;
	struct iovec parts[3] = {
		{ .iov_base = &head, .iov_len = sizeof head },
		{ .iov_base = (void *)data, .iov_len = size },
		{ .iov_base = &size, .iov_len = sizeof size },
	};
	log_make_room(log, whole);
	append(log, parts, 3, whole);
}

bool log_holds(const struct log *log)
{
	return log->held[0].size || log->held[1].size;
}

void log_flush(struct log *log)
{
	if (log->fd >= 0 && log_holds(log))
		log_json_flush(log);
}
