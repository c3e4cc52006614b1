/* The keeper's bytes: from the container to its log and to whoever is attached, from them to its stdin. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sys/socket.h>
#include "keeper.h"
#include "plan_ops.h"

/* ── output ─────────────────────────────────────────────────────────────────────────────────────────────── */

static void deliver(struct keeper *k, int which, uint32_t size)
{
	bool tty = k->flags & KEEPER_TTY;
	uint32_t order = htonl(size);
	uint8_t head[8] = { (uint8_t)(which + 1) };
	memcpy(head + 4, &order, 4);
	log_write(&k->log, (uint8_t)(which + 1), k->chunk, size);
	for (struct client *client = k->clients; client; client = client->next)
		if (client->kind == 'A' && (client->flags & (which ? ATTACH_STDERR : ATTACH_STDOUT)))
			client_give(client, head, tty ? 0 : sizeof head, k->chunk, size);
	keeper_ring(k);
}

/* What the log held back for the rest of its line is written as it is. */
void keeper_flush_log(struct keeper *k)
{
	if (!log_holds(&k->log))
		return;
	log_flush(&k->log);
	keeper_ring(k);
}

/* One read; false where there is nothing more for now, or ever. */
static bool read_once(struct keeper *k, int which)
{
	ssize_t got = read(k->output[which], k->chunk, CHUNK);
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
	keeper_flush_log(k);
}

/* A slow reader holds up the container's output, as a slow pipe would; never its end, its signals or its record. Where
 * others read on, it holds up nobody, and is hung up on when it is too far behind (INVARIANTS 14). */
bool keeper_held_up(struct keeper *k)
{
	size_t readers = 0, slow = 0;
	for (struct client *client = k->clients; client; client = client->next) {
		if (client->kind != 'A' || client->dead || !(client->flags & (ATTACH_STDOUT | ATTACH_STDERR)))
			continue;
		size_t waiting = client->out_end - client->out_at;
		client->dead = waiting > DROPPED_AT;
		readers++;
		slow += waiting > HELD_UP_AT;
	}
	return slow && slow == readers;
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

void keeper_end_input(struct keeper *k, struct client *client)
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

void keeper_take_input(struct keeper *k, struct client *client)
{
	ssize_t got = recv(client->fd, k->input_bytes, sizeof k->input_bytes, MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		keeper_end_input(k, client);
		if (got < 0)
			client->dead = true;
		return;
	}
	if (got < 0 || k->ended || k->input < 0 || k->input_closing || !(client->flags & ATTACH_STDIN))
		return; /* nobody reads it: gone, as bytes for a closed stdin are */
	k->input_size = (size_t)got;
	keeper_write_input(k);
}

