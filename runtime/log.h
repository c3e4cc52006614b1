/* The container's log: records appended to one file, which is renamed aside when it is full.
 *
 *   record: { u32 size, u8 stream (1 stdout, 2 stderr), u8[3] 0, u64 nanoseconds since 1970, data[size], u32 size }
 *
 * A record is what one read brought, not a line. The size stands at both ends, so that a reader can walk backwards
 * from the end, and tell a record that a power cut tore. */
#ifndef BERTH_LOG_H
#define BERTH_LOG_H
#include <stdint.h>
#include <sys/types.h>

struct log_head {
	uint32_t size;
	uint8_t stream, zero[3];
	uint64_t time;
};

struct log {
	char *path;
	int fd;              /* -1: no log */
	uint64_t offset, max_size;
	uint32_t generation; /* how often it was rotated */
	uint32_t max_files;
};

int log_open(struct log *log, const char *path, uint64_t max_size, uint32_t max_files);
/* Fills `head` and appends the record. Where the disk is full the record is dropped whole. */
void log_write(struct log *log, struct log_head *head, uint8_t stream, const void *data, uint32_t size);
#endif
