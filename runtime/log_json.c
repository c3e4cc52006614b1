/* The json format of the log: output cut into lines, each written as a line of JSON. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "log.h"

/* How many bytes the UTF-8 character at `at` has; 0 where there is none (or not all of it). */
static size_t character(const uint8_t *at, const uint8_t *end)
{
	uint8_t first = *at;
	size_t size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
	if (!size || (size_t)(end - at) < size)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, a surrogate, or beyond Unicode. */
	if ((first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) || (first == 0xf0 && at[1] < 0x90) ||
	    (first == 0xf4 && at[1] > 0x8f))
		return 0;
	return size;
}

/* True where none of eight bytes needs a second look: all are ASCII, none below space, no quote, no backslash. */
static bool all_plain(uint64_t word)
{
	const uint64_t ones = ~0ull / 255;
	uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');
	return !((word | (word - ones * 0x20) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & (ones * 0x80));
}

static uint8_t *escape(uint8_t *to, const uint8_t *at, const uint8_t *end)
{
	static const char digits[] = "0123456789abcdef";
	while (at < end) {
		uint64_t word;
		while (end - at >= 8 && (memcpy(&word, at, 8), all_plain(word))) {
			memcpy(to, at, 8);
			at += 8;
			to += 8;
		}
		if (at == end)
			break;
		uint8_t byte = *at;
		size_t wide;
		const char *letter;
		if (byte >= 0x80 && (wide = character(at, end))) {
			memcpy(to, at, wide);
			to += wide;
			at += wide;
			continue;
		}
		at++;
		if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
			*to++ = byte;
		} else if (byte && (letter = strchr("\"\"\\\\\nn\tt\rr\bb\ff", byte)) && (byte == '"' || byte == '\\' || byte < 0x20)) {
			*to++ = '\\';
			*to++ = (uint8_t)letter[1];
		} else {
			memcpy(to, byte < 0x80 ? "\\u00" : "\\udc", 4);
			to[4] = (uint8_t)digits[byte >> 4];
			to[5] = (uint8_t)digits[byte & 15];
			to += 6;
		}
	}
	return to;
}

static void write_out(struct log *log)
{
	if (log->out_size)
		log_append(log, log->out, log->out_size);
	log->out_size = 0;
}

static const char *time_text(struct log *log, uint64_t time)
{
	if (log->text_time != time) {
		time_t seconds = (time_t)(time / 1000000000u);
		struct tm utc;
		gmtime_r(&seconds, &utc);
		size_t used = strftime(log->text, sizeof log->text, "%Y-%m-%dT%H:%M:%S", &utc);
		snprintf(log->text + used, sizeof log->text - used, ".%09uZ", (unsigned)(time % 1000000000u));
		log->text_time = time;
	}
	return log->text;
}

static uint8_t *put(uint8_t *to, const char *text)
{
	return memcpy(to, text, strlen(text)), to + strlen(text);
}

/* One record: a line with its end, or a piece of one. */
static void record(struct log *log, int which, uint64_t time, const uint8_t *text, size_t size)
{
	if (log->out_size + LOG_LONGEST_RECORD > LOG_OUT)
		write_out(log);
	uint8_t *start = log->out + log->out_size, *to = start;
	to = put(to, "{\"log\":\"");
	to = escape(to, text, text + size);
	to = put(to, which ? "\",\"stream\":\"stderr\"," : "\",\"stream\":\"stdout\",");
	to = put(to, log->attributes);
	to = put(to, "\"time\":\"");
	to = put(to, time_text(log, time));
	to = put(to, "\"}\n");
	size_t whole = (size_t)(to - start);
	if (log->max_size && log->offset + log->out_size + whole > log->max_size) {
		write_out(log);
		log_make_room(log, whole);
		memmove(log->out, start, whole);
	}
	log->out_size += whole;
}

/* How many bytes before `end` belong to a character that isn't whole yet: a piece isn't cut through it. */
static size_t unfinished(const uint8_t *end)
{
	for (size_t i = 1; i < 4; i++) {
		uint8_t byte = end[-(ptrdiff_t)i];
		if (byte >= 0xc0)
			return (byte < 0xe0 ? 2u : byte < 0xf0 ? 3u : 4u) > i ? i : 0;
		if (byte < 0x80)
			break;
	}
	return 0;
}

/* Whole lines go out as they lie; a beginning is held, and what is held is finished first. */
void log_json_write(struct log *log, uint8_t stream, uint64_t time, const uint8_t *data, size_t size)
{
	struct log_held *held = &log->held[stream - 1];
	for (const uint8_t *end = data + size; data < end;) {
		size_t left = (size_t)(end - data);
		const uint8_t *newline = memchr(data, '\n', left);
		size_t line = newline ? (size_t)(newline - data) + 1 : left;
		if (held->size == 0 && newline && line <= LOG_PIECE) {
			record(log, stream - 1, time, data, line);
		} else if (held->size == 0 && line > LOG_PIECE) {
			line = LOG_PIECE - unfinished(data + LOG_PIECE);
			record(log, stream - 1, time, data, line);
		} else {
			if (held->size == 0)
				held->time = time;
			if (line > LOG_PIECE - held->size)
				line = LOG_PIECE - held->size;
			memcpy(held->bytes + held->size, data, line);
			held->size += (uint32_t)line;
			bool whole = held->bytes[held->size - 1] == '\n';
			if (whole || held->size == LOG_PIECE) {
				uint32_t over = whole ? 0 : (uint32_t)unfinished(held->bytes + held->size);
				record(log, stream - 1, held->time, held->bytes, held->size - over);
				memmove(held->bytes, held->bytes + held->size - over, over);
				held->size = over;
			}
		}
		data += line;
	}
	write_out(log);
}

void log_json_flush(struct log *log)
{
	for (int i = 0; i < 2; i++)
		if (log->held[i].size) {
			record(log, i, log->held[i].time, log->held[i].bytes, log->held[i].size);
			log->held[i].size = 0;
		}
	write_out(log);
}

/* Where the last whole line of the file ends. */
off_t log_json_end(int fd, off_t size)
{
	uint8_t block[4096];
	for (off_t end = size; end > 0;) {
		off_t start = end > (off_t)sizeof block ? end - (off_t)sizeof block : 0;
		ssize_t got = pread(fd, block, (size_t)(end - start), start);
		if (got != end - start)
			return size;
		const uint8_t *newline = memrchr(block, '\n', (size_t)got);
		if (newline)
			return start + (newline - block) + 1;
		end = start;
	}
	return 0;
}
