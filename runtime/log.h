/* The container's log: one file, renamed aside when it is full. It comes in two formats.
 *
 *   json    Docker's json-file, a line each: {"log":"text\n","stream":"stdout","attrs":{…},"time":"RFC 3339, nine digits"}
 *           A record is a line of output, or a piece of at most LOG_PIECE bytes of a longer one (without the \n).
 *           Bytes that are no UTF-8 are written as \udc80 … \udcff: other readers show U+FFFD, ours gives them back.
 *   local   { u32 size, u8 stream (1 stdout, 2 stderr), u8[3] 0, u64 nanoseconds since 1970, data[size], u32 size }
 *           A record is what one read brought. The size stands at both ends, so that a reader can walk backwards. */
#ifndef BERTH_LOG_H
#define BERTH_LOG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LOG_PIECE = 16384, LOG_FLUSH_AFTER = 50 /* ms */, LOG_LONGEST_RECORD = 6 * LOG_PIECE + 128 };

struct log_head {
	uint32_t size;
	uint8_t stream, zero[3];
	uint64_t time;
};

/* The beginning of a line whose end hasn't come; written as a piece after LOG_FLUSH_AFTER. */
struct log_held {
	uint64_t time;
	uint32_t size;
	uint8_t bytes[LOG_PIECE];
};

struct log {
	char *path;
	int fd;                 /* -1: no log */
	bool json;
	const char *attributes; /* of json: `"attrs":{…},` or "" */
	uint64_t offset, inode; /* how far the newest file goes, and which it is */
	uint64_t max_size;      /* 0: unbounded */
	uint32_t max_files;
	struct log_held held[2];
	uint64_t text_time;     /* what `text` says */
	char text[40];
	uint8_t *out;           /* encoded records that wait for the write */
	size_t out_size;
};

int log_open(struct log *log, const char *path, uint64_t max_size, uint32_t max_files, bool json, const char *attributes);
/* Appends what one read brought. Where the disk is full it is dropped, and the file stays whole. */
void log_write(struct log *log, uint8_t stream, const uint8_t *data, uint32_t size);
/* True while the beginning of a line is held back; log_flush writes it as it is. */
bool log_holds(const struct log *log);
void log_flush(struct log *log);

/* log.c, for log_json.c */
enum { LOG_OUT = 2 * LOG_LONGEST_RECORD };
void log_make_room(struct log *log, uint64_t whole);
void log_append(struct log *log, const void *bytes, size_t size);

/* log_json.c */
void log_json_write(struct log *log, uint8_t stream, uint64_t time, const uint8_t *data, size_t size);
void log_json_flush(struct log *log);
off_t log_json_end(int fd, off_t size);
#endif
