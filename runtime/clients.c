/* The keeper's clients: connections, the frames they speak (protocol.h), and what waits to be sent to them. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include "keeper.h"
#include "plan_ops.h"

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
void client_give(struct client *client, const void *head, size_t head_size, const void *data, size_t size)
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
	client_give(client, head, sizeof head, payload, size);
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

/* Tells the followers of the log that it has grown: a bell, which need not ring twice for one who hasn't heard it. */
void keeper_ring(struct keeper *k)
{
	for (struct client *client = k->clients; client; client = client->next)
		if (client->kind == 'F' && client->out_at == client->out_end)
			client_give(client, "+", 1, NULL, 0);
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
			keeper_end_input(k, client);
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
		keeper_flush_log(k); /* so that the file ends where the stream begins */
		struct { uint64_t inode, offset; uint32_t tty; } position = { k->log.inode, k->log.offset, k->flags & KEEPER_TTY };
		if (size == 4)
			memcpy(&client->flags, payload, 4);
		answer(client, client->kind, &position, 20);
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
			keeper_take_input(c->keeper, client);
		/* Both directions closed: it is gone. A half-closed one goes on reading. */
		if (events & (POLLERR | POLLNVAL) || (client->input_ended && (events & POLLHUP)))
			client->dead = true;
	} else if (events & (POLLIN | POLLHUP | POLLERR)) {
		take_frames(c, client);
	}
}
