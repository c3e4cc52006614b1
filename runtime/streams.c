/* The keeper's bytes: from the container to its log and to whoever is attached, from them to its stdin. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "keeper.h"
#include "plan_ops.h"

/* ── to a client ────────────────────────────────────────────────────────────────────────────────────────── */

static void keep(struct client *client, const uint8_t *data, size_t size)
{
	if (client->out_at == client->out_end)
		client->out_at = client->out_end = 0;
	if (client->out_end + size > client->out_room) {
		size_t room = client->out_end + size + CHUNK;
		uint8_t *grown = realloc(client->out, room);
		if (!grown) {
			client->dead = true;
			return;
		}
		client->out = grown;
		client->out_room = room;
	}
	memcpy(client->out + client->out_end, data, size);
	client->out_end += size;
}

/* Sends head and data, at once as far as the socket takes them, the rest when it can. */
static void give(struct client *client, const void *head, size_t head_size, const void *data, size_t size)
{
	struct iovec parts[2] = {
		{ .iov_base = (void *)head, .iov_len = head_size },
		{ .iov_base = (void *)data, .iov_len = size },
	};
	size_t done = 0;
	if (client->dead)
		return;
	if (client->out_at == client->out_end) {
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
		ssize_t got = sendmsg(client->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (got < 0 && errno != EAGAIN) {
			client->dead = true;
			return;
		}
		done = got > 0 ? (size_t)got : 0;
	}
	if (done < head_size)
		keep(client, (const uint8_t *)head + done, head_size - done);
	size_t from = done > head_size ? done - head_size : 0;
	if (from < size)
		keep(client, (const uint8_t *)data + from, size - from);
}

static void flush(struct client *client)
{
	ssize_t got = send(client->fd, client->out + client->out_at, client->out_end - client->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (got < 0 && errno != EAGAIN)
		client->dead = true;
	if (got > 0)
		client->out_at += (size_t)got;
	if (client->out_at == client->out_end && client->out_room > 4 * CHUNK) {
		free(client->out);
		client->out = NULL;
		client->out_at = client->out_end = client->out_room = 0;
	}
}

static void answer(struct client *client, char kind, const void *payload, uint32_t size)
{
	uint8_t head[8] = { (uint8_t)kind };
	memcpy(head + 4, &size, 4);
	give(client, head, sizeof head, payload, size);
}

void keeper_tell_started(struct keeper *k, int code, const char *text)
{
	uint8_t payload[1100];
	int32_t number = code;
	size_t length = strlen(text);
	memcpy(payload, &number, 4);
	memcpy(payload + 4, text, length);
	for (struct client *client = k->clients; client; client = client->next)
		if (client->asked_start) {
			client->asked_start = false;
			answer(client, 'S', payload, (uint32_t)(4 + length));
		}
}

void keeper_tell_exit(struct keeper *k)
{
	for (struct client *client = k->clients; client; client = client->next)
		if (client->kind == 'C')
			answer(client, 'X', k->exit_text, (uint32_t)k->exit_size);
}

/* ── output ─────────────────────────────────────────────────────────────────────────────────────────────── */

static void deliver(struct keeper *k, int which, uint32_t size)
{
	bool tty = k->flags & KEEPER_TTY;
	uint32_t order = htonl(size);
	uint8_t head[8] = { (uint8_t)(which + 1) };
	memcpy(head + 4, &order, 4);
	log_write(&k->log, &k->chunk.head, (uint8_t)(which + 1), k->chunk.data, size);
	for (struct client *client = k->clients; client; client = client->next) {
		if (client->kind == 'A' && (client->flags & (which ? ATTACH_STDERR : ATTACH_STDOUT)))
			give(client, head, tty ? 0 : sizeof head, k->chunk.data, size);
		if (client->kind == 'F') {
			give(client, &k->chunk.head, sizeof k->chunk.head, k->chunk.data, size);
			give(client, &size, sizeof size, NULL, 0);
		}
	}
}

/* One read; false where there is nothing more for now, or ever. */
static bool read_once(struct keeper *k, int which)
{
	ssize_t got = read(k->output[which], k->chunk.data, CHUNK);
	if (got > 0) {
		deliver(k, which, (uint32_t)got);
		return true;
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(k->output[which]);
		k->output[which] = -1;
	}
	return false;
}

void keeper_read_output(struct keeper *k, int which)
{
	read_once(k, which);
}

/* All that was written before the end reaches log and clients before the end is told. What a stray child writes
 * later is nobody's: its pipe is not waited for (INVARIANTS 13, 15). */
void keeper_drain(struct keeper *k)
{
	for (int i = 0; i < 2; i++)
		while (k->output[i] >= 0 && read_once(k, i))
			;
}

/* A slow reader holds up the container's output, as a slow pipe would; never its end, its signals or its record. */
bool keeper_held_up(const struct keeper *k)
{
	for (const struct client *client = k->clients; client; client = client->next)
		if (client->kind != 'C' && client->out_end - client->out_at > HELD_UP_AT)
			return true;
	return false;
}

/* After the end: true while somebody has yet to read. A stream is first closed in our direction and then read to its
 * end; closing it with unread bytes of stdin inside would reset it. */
bool keeper_pending(struct keeper *k)
{
	bool pending = false;
	for (struct client *client = k->clients; client; client = client->next) {
		if (client->out_at == client->out_end && client->kind != 'C' && !client->shut) {
			client->shut = true;
			shutdown(client->fd, SHUT_WR);
		}
		pending |= client->out_at < client->out_end || (client->kind == 'A' && !client->input_ended);
	}
	return pending;
}

/* ── input ──────────────────────────────────────────────────────────────────────────────────────────────── */

static void close_input(struct keeper *k)
{
	if (k->input >= 0 && !(k->flags & KEEPER_TTY)) {
		close(k->input);
		k->input = -1;
	}
	k->input_size = 0;
}

void keeper_write_input(struct keeper *k)
{
	ssize_t got = write(k->input, k->input_bytes, k->input_size);
	if (got < 0 && errno != EAGAIN && errno != EINTR) {
		close_input(k); /* the container closed its stdin */
		return;
	}
	if (got > 0) {
		k->input_size -= (size_t)got;
		memmove(k->input_bytes, k->input_bytes + got, k->input_size);
	}
	if (k->input_size == 0 && k->input_closing)
		close_input(k);
}

static void end_input(struct keeper *k, struct client *client)
{
	if (client->input_ended)
		return;
	client->input_ended = true;
	if (!(client->flags & ATTACH_STDIN) || !(k->flags & KEEPER_STDIN_ONCE))
		return;
	k->input_closing = true;
	if (k->input_size == 0)
		close_input(k);
}

static void take_input(struct keeper *k, struct client *client)
{
	ssize_t got = recv(client->fd, k->input_bytes, sizeof k->input_bytes, MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		end_input(k, client);
		if (got < 0)
			client->dead = true;
		return;
	}
	if (got < 0 || k->ended || k->input < 0 || k->input_closing || !(client->flags & ATTACH_STDIN))
		return; /* nobody reads it: gone, as bytes for a closed stdin are */
	k->input_size = (size_t)got;
	keeper_write_input(k);
}

/* ── clients ────────────────────────────────────────────────────────────────────────────────────────────── */

void keeper_accept(struct context *c)
{
	struct keeper *k = c->keeper;
	int fd;
	while (k->clients_count < MAX_CLIENTS && (fd = accept4(k->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct client *client = calloc(1, sizeof *client);
		if (!client) {
			close(fd);
			return;
		}
		client->fd = fd;
		client->next = k->clients;
		k->clients = client;
		k->clients_count++;
		keeper_serve_client(c, client, POLLIN);
	}
}

void keeper_drop_dead(struct keeper *k)
{
	for (struct client **at = &k->clients; *at;) {
		struct client *client = *at;
		if (!client->dead) {
			at = &client->next;
			continue;
		}
		if (client->kind == 'A')
			end_input(k, client);
		*at = client->next;
		close(client->fd);
		free(client->out);
		free(client);
		k->clients_count--;
	}
}

short keeper_client_events(const struct keeper *k, const struct client *client)
{
	bool takes = client->kind != 'A' || (!client->input_ended && k->input_size == 0);
	return (short)((takes ? POLLIN : 0) | (client->out_at < client->out_end ? POLLOUT : 0));
}

static void greet(struct context *c, struct client *client, const uint8_t *payload, uint32_t size)
{
	struct keeper *k = c->keeper;
	if (client->kind == 'C') {
		uint32_t state[2] = { (uint32_t)c->pid, k->starting };
		answer(client, 'C', state, sizeof state);
	} else {
		struct { uint32_t generation, tty; uint64_t offset; } position = { k->log.generation, k->flags & KEEPER_TTY, k->log.offset };
		if (size == 4)
			memcpy(&client->flags, payload, 4);
		answer(client, client->kind, &position, sizeof position);
	}
	if (k->ended && client->kind == 'C')
		answer(client, 'X', k->exit_text, (uint32_t)k->exit_size);
}

static void command(struct context *c, struct client *client, char kind, const uint8_t *payload, uint32_t size)
{
	struct keeper *k = c->keeper;
	uint32_t numbers[2] = { 0 };
	memcpy(numbers, payload, size < sizeof numbers ? size : sizeof numbers);
	if (kind == 'S') {
		int32_t already = k->starting ? EALREADY : 0;
		if (already) {
			answer(client, 'S', &already, sizeof already);
			return;
		}
		k->starting = client->asked_start = true;
		(void)!send(c->sync, "G", 1, MSG_NOSIGNAL);
	} else if (kind == 'K') {
		int32_t code = !k->ended && syscall(SYS_pidfd_send_signal, c->pidfd, (int)numbers[0], NULL, 0) == 0 ? 0 : k->ended ? ESRCH : errno;
		answer(client, 'K', &code, sizeof code);
	} else if (kind == 'W' && (k->flags & KEEPER_TTY) && k->output[0] >= 0) {
		struct winsize window = { .ws_row = (unsigned short)numbers[0], .ws_col = (unsigned short)numbers[1] };
		ioctl(k->output[0], TIOCSWINSZ, &window);
	}
}

/* Takes frames off a connection that still speaks them. Attach connections turn into raw streams after their first. */
static void take_frames(struct context *c, struct client *client)
{
	while (!client->dead && client->kind != 'A') {
		uint32_t size = 0;
		size_t want = 8;
		if (client->frame_size >= 8) {
			memcpy(&size, client->frame + 4, 4);
			want += size;
		}
		if (want > sizeof client->frame) {
			client->dead = true;
			return;
		}
		if (client->frame_size < want) {
			ssize_t got = recv(client->fd, client->frame + client->frame_size, want - client->frame_size, MSG_DONTWAIT);
			if (got < 0 && (errno == EAGAIN || errno == EINTR))
				return;
			if (got <= 0) {
				client->dead = true;
				return;
			}
			client->frame_size += (size_t)got;
			continue; /* a whole head may now name a payload */
		}
		client->frame_size = 0;
		char kind = (char)client->frame[0];
		if (client->kind) {
			command(c, client, kind, client->frame + 8, size);
		} else if (kind == 'C' || kind == 'A' || kind == 'F') {
			client->kind = kind;
			greet(c, client, client->frame + 8, size);
		} else {
			client->dead = true;
		}
	}
}

void keeper_serve_client(struct context *c, struct client *client, short events)
{
	if (events & POLLOUT)
		flush(client);
	if (client->kind == 'A') {
		if ((events & (POLLIN | POLLHUP)) && !client->input_ended && c->keeper->input_size == 0)
			take_input(c->keeper, client);
		/* Both directions closed: it is gone. A half-closed one goes on reading. */
		if (events & (POLLERR | POLLNVAL) || (client->input_ended && (events & POLLHUP)))
			client->dead = true;
	} else if (events & (POLLIN | POLLHUP | POLLERR)) {
		take_frames(c, client);
	}
}
