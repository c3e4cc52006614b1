/* POSIX.1-2001 pax interchange format, over ustar (IEEE Std 1003.1, "pax"). */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/sysmacros.h>
#include "tar.h"

enum { BLOCK = 512 };

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2], user[32],
		group[32], major[8], minor[8], prefix[155], rest[12];
};

int tar_flush(struct tar *t)
{
	for (size_t at = 0; at < t->used;) {
		ssize_t done = write(t->fd, t->buffer + at, t->used - at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail(t->err, "write archive");
		at += (size_t)done;
	}
	t->used = 0;
	return 0;
}

int tar_data(struct tar *t, const void *data, size_t size)
{
	for (const uint8_t *at = data; size > 0;) {
		size_t part = sizeof t->buffer - t->used < size ? sizeof t->buffer - t->used : size;
		memcpy(t->buffer + t->used, at, part);
		t->used += part;
		at += part;
		size -= part;
		if (t->used == sizeof t->buffer && tar_flush(t))
			return -1;
	}
	return 0;
}

int tar_pad(struct tar *t, uint64_t size)
{
	static const uint8_t zeros[BLOCK];
	return tar_data(t, zeros, (BLOCK - size % BLOCK) % BLOCK);
}

int tar_end(struct tar *t)
{
	static const uint8_t zeros[2 * BLOCK];
	return tar_data(t, zeros, sizeof zeros) || tar_flush(t) ? -1 : 0;
}

/* "LENGTH key=value\n", where LENGTH counts itself. */
int tar_record(struct tar *t, const char *key, const void *value, size_t size)
{
	char digits[24];
	size_t rest = strlen(key) + size + 3, length = rest;
	for (size_t before = 0; before != length;) {
		before = length;
		length = rest + (size_t)snprintf(digits, sizeof digits, "%zu", before);
	}
	if (t->pax_size + length > t->pax_room) {
		size_t room = (t->pax_size + length) * 2;
		uint8_t *grown = realloc(t->pax, room);
		if (!grown)
			return fail(t->err, "archive header");
		t->pax = grown;
		t->pax_room = room;
	}
	uint8_t *at = t->pax + t->pax_size;
	at += sprintf((char *)at, "%zu %s=", length, key);
	memcpy(at, value, size);
	at[size] = '\n';
	t->pax_size += length;
	return 0;
}

static int number_record(struct tar *t, const char *key, int64_t value)
{
	char text[24];
	return tar_record(t, key, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)value));
}

/* Octal with a closing NUL; what doesn't fit is left 0 and told in a record. */
static int number(struct tar *t, char *field, size_t size, int64_t value, const char *key)
{
	bool fits = value >= 0 && (uint64_t)value < 1ull << (3 * (size - 1));
	snprintf(field, size, "%0*llo", (int)size - 1, fits ? (unsigned long long)value : 0ull);
	return fits || !key ? 0 : number_record(t, key, value);
}

static void seal(struct header *h)
{
	unsigned sum = 0;
	memset(h->checksum, ' ', sizeof h->checksum);
	for (size_t i = 0; i < sizeof *h; i++)
		sum += ((const uint8_t *)h)[i];
	snprintf(h->checksum, sizeof h->checksum, "%06o", sum);
	h->checksum[7] = ' ';
}

static void begin(struct header *h, char type)
{
	memset(h, 0, sizeof *h);
	h->type = type;
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
}

/* The records so far as an entry of their own, before the one that they describe. */
static int write_records(struct tar *t)
{
	struct header h;
	begin(&h, 'x');
	memcpy(h.name, "PaxHeaders.0/entry", 19);
	number(t, h.mode, sizeof h.mode, 0644, NULL);
	number(t, h.uid, sizeof h.uid, 0, NULL);
	number(t, h.gid, sizeof h.gid, 0, NULL);
	number(t, h.size, sizeof h.size, (int64_t)t->pax_size, NULL);
	number(t, h.mtime, sizeof h.mtime, 0, NULL);
	seal(&h);
	int bad = tar_data(t, &h, sizeof h) || tar_data(t, t->pax, t->pax_size) || tar_pad(t, t->pax_size);
	t->pax_size = 0;
	return bad ? -1 : 0;
}

static int text(struct tar *t, char *field, size_t size, const char *value, const char *key)
{
	size_t length = strlen(value);
	memcpy(field, value, length < size ? length : size);
	return length <= size ? 0 : tar_record(t, key, value, length);
}

int tar_header(struct tar *t, char type, const char *name, const char *link, const struct stat *st, uint64_t size)
{
	struct header h;
	bool device = type == '3' || type == '4';
	begin(&h, type);
	if (text(t, h.name, sizeof h.name, name, "path") || (link && text(t, h.link, sizeof h.link, link, "linkpath"))
	    || number(t, h.mode, sizeof h.mode, st->st_mode, NULL) || number(t, h.uid, sizeof h.uid, st->st_uid, "uid")
	    || number(t, h.gid, sizeof h.gid, st->st_gid, "gid") || number(t, h.size, sizeof h.size, (int64_t)size, "size")
	    || number(t, h.mtime, sizeof h.mtime, st->st_mtime, "mtime")
	    || number(t, h.major, sizeof h.major, device ? major(st->st_rdev) : 0, "SCHILY.devmajor")
	    || number(t, h.minor, sizeof h.minor, device ? minor(st->st_rdev) : 0, "SCHILY.devminor"))
		return -1;
	seal(&h);
	return (t->pax_size && write_records(t)) || tar_data(t, &h, sizeof h) ? -1 : 0;
}
