/* How bytes from TypeScript are read, and the messages between daemon, helper, keeper and init.
 *
 *   daemon ─► helper   { u32 length, u32 id, u8 kind, payload }     length counts what follows it
 *   helper ─► daemon   { u32 length, u32 id, i32 status, u32 pid, u64 start time, u32 n, n texts, bytes }
 *                      status 0 or an errno; the texts are warnings, or for an errno the error first
 *   daemon ─► keeper   { u8 kind, u8[3], u32 length, payload } on the keeper's socket; first 'C', 'A' or 'F'
 *      'C' a control connection; then 'S' start, 'K' { u32 signal }, 'W' { u32 rows, u32 columns }
 *      'A' { u32 flags: 1 stdin, 2 stdout, 4 stderr } attach: after the answer the connection is the raw stream
 *      'F' follow: after the answer, a byte whenever the log has grown since the last
 *   keeper ─► daemon   the same frame
 *      'C' { u32 pid, u32 started }       'A' and 'F' { u64 log file's inode, u64 its size, u32 tty }
 *      'S' { i32 errno, text }  exec done or why not      'K' { i32 errno }
 *      'X' { the text of exit.json }      the container's end; the last message
 *   init ◄─► keeper    SOCK_SEQPACKET, one letter and text:
 *      keeper 'P' proceed, 'G' go;  init 'W' warning, 'T' terminal (with descriptors), 'R' ready, 'E' { i32 errno, text }
 *
 * All integers are little-endian, as every machine we run on is. */
#ifndef BERTH_PROTOCOL_H
#define BERTH_PROTOCOL_H
#include <stdint.h>
#include <string.h>

enum request {
	REQUEST_LAUNCH = 1, REQUEST_APPLY = 2, REQUEST_READ = 3, REQUEST_COPY = 4, REQUEST_HANGUP = 5,
	REQUEST_NAME_SERVER = 16, REQUEST_WATCH = 17,
};
enum { CHANNEL = 4 }; /* the helper's descriptor on which it hands sockets to the daemon */
enum attach_flag { ATTACH_STDIN = 1, ATTACH_STDOUT = 2, ATTACH_STDERR = 4 };
#define MAX_REQUEST (64u << 20)

struct reader { const uint8_t *at, *end; };
struct bytes { const uint8_t *data; uint32_t size; };
struct strs { uint32_t count; const uint8_t *at; };
struct u32s { uint32_t count; const uint8_t *at; };

static inline int read_u32(struct reader *r, uint32_t *value)
{
	if (r->end - r->at < 4)
		return -1;
	memcpy(value, r->at, 4);
	r->at += 4;
	return 0;
}

static inline int read_u64(struct reader *r, uint64_t *value)
{
	if (r->end - r->at < 8)
		return -1;
	memcpy(value, r->at, 8);
	r->at += 8;
	return 0;
}

static inline int read_bytes(struct reader *r, struct bytes *value)
{
	if (read_u32(r, &value->size) || (uint64_t)(r->end - r->at) < value->size)
		return -1;
	value->data = r->at;
	r->at += value->size;
	return 0;
}

/* A string is followed by a NUL that its length doesn't count, so it is used where it lies. */
static inline int read_str(struct reader *r, const char **value)
{
	struct bytes text;
	if (read_bytes(r, &text) || r->at == r->end || *r->at != 0 || memchr(text.data, 0, text.size))
		return -1;
	r->at++;
	*value = (const char *)text.data;
	return 0;
}

static inline int read_strs(struct reader *r, struct strs *value)
{
	const char *item;
	if (read_u32(r, &value->count))
		return -1;
	value->at = r->at;
	for (uint32_t i = 0; i < value->count; i++)
		if (read_str(r, &item))
			return -1;
	return 0;
}

/* Steps through a list that read_strs has checked. */
static inline const char *next_str(struct strs *list)
{
	uint32_t size;
	memcpy(&size, list->at, 4);
	const char *text = (const char *)list->at + 4;
	list->at += 4 + size + 1;
	return text;
}

static inline int read_u32s(struct reader *r, struct u32s *value)
{
	if (read_u32(r, &value->count) || (uint64_t)(r->end - r->at) < (uint64_t)value->count * 4)
		return -1;
	value->at = r->at;
	r->at += (size_t)value->count * 4;
	return 0;
}
#endif
