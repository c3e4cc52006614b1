/* Generated from src/image/unpack-ops.ts; a test fails when they differ. */
#ifndef BERTH_UNPACK_OPS_H
#define BERTH_UNPACK_OPS_H
#include <stdint.h>

#define UNPACK_MAX_BODY 2097152u

enum unpack_code {
	UNPACK_DIRECTORY = 1,
	UNPACK_FILE = 2,
	UNPACK_DATA = 3,
	UNPACK_CLOSE = 4,
	UNPACK_SYMLINK = 5,
	UNPACK_HARDLINK = 6,
	UNPACK_NODE = 7,
	UNPACK_WHITEOUT = 8,
	UNPACK_OPAQUE = 9,
	UNPACK_END = 10,
};

struct unpack_frame {
	uint8_t code;
	uint8_t zero;
	uint16_t xattrs;
	uint32_t body;
} __attribute__((packed));

struct unpack_entry {
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t nanoseconds;
	int64_t seconds;
	uint64_t size;
	uint32_t major;
	uint32_t minor;
	uint16_t path_length;
	uint16_t link_length;
} __attribute__((packed));
#endif
