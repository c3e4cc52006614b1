/* Writes a tar stream to a descriptor: ustar headers, PAX records only where a ustar field has no room. */
#ifndef BERTH_TAR_H
#define BERTH_TAR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include "err.h"

#define TAR_BUFFER (256u << 10)

struct tar {
	struct err *err;
	int fd;
	size_t used;
	size_t pax_size;
	uint8_t *pax; /* records of the entry that comes next */
	size_t pax_room;
	uint8_t buffer[TAR_BUFFER];
};

/* One record of the next entry. Values may hold any byte. */
int tar_record(struct tar *t, const char *key, const void *value, size_t size);
/* The header of an entry; `type` is tar's letter, `link` may be NULL. `size` bytes of data are to follow by tar_data. */
int tar_header(struct tar *t, char type, const char *name, const char *link, const struct stat *st, uint64_t size);
int tar_data(struct tar *t, const void *data, size_t size);
/* Fills up to a whole block after `size` bytes of data. */
int tar_pad(struct tar *t, uint64_t size);
/* Two empty blocks, and out with everything. */
int tar_end(struct tar *t);
int tar_flush(struct tar *t);
#endif
