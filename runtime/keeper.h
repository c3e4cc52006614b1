/* What a keeper knows, and the parts of its work, in the order of its life: create.c, keeper.c (the loop), streams.c
 * (bytes), clients.c (connections), exit.c. */
#ifndef BERTH_KEEPER_H
#define BERTH_KEEPER_H
#include "context.h"
#include "log.h"

enum { MAX_CLIENTS = 256, CHUNK = 65536, INPUT_SIZE = 65536 };
enum { HELD_UP_AT = 1 << 20, DROPPED_AT = 16 << 20 }; /* bytes that wait for one client */

/* A connection to the keeper's socket. */
struct client {
	struct client *next;
	int fd;
	char kind;           /* 0 until its first frame, then 'C', 'A' or 'F'; see protocol.h */
	bool dead;           /* to be dropped */
	bool input_ended;    /* half-closed by the other side */
	bool shut;           /* closed in our direction, after the end */
	bool asked_start;
	uint32_t flags;      /* of 'A' */
	uint8_t frame[64];   /* what has come of the next frame */
	size_t frame_size;
	uint8_t *out;        /* bytes the socket didn't take yet: out[out_at .. out_end] */
	size_t out_at, out_end, out_room;
};

struct keeper {
	uint32_t flags, rows, columns;
	const char *socket_path, *exit_file, *oom_file;
	struct log log;
	int listener;
	int input;           /* write end of stdin, or a copy of the pty's master */
	int output[2];       /* read ends of stdout and stderr; with a terminal, [0] is the pty's master */
	int slave;
	bool starting, running, ended;
	int exec_errno;      /* why the program couldn't be executed; 0 */
	struct client *clients;
	int clients_count;
	uint8_t input_bytes[INPUT_SIZE]; /* taken from a client, not yet from us */
	size_t input_size;
	bool input_closing;  /* close stdin when it is empty */
	char exit_text[4096];
	size_t exit_size;
	uint8_t chunk[CHUNK];
};

/* create.c */
int keeper_create(struct context *c, struct reader ops);
char keeper_hear(struct context *c);
void keeper_abandon(struct context *c);

/* streams.c */
bool keeper_held_up(struct keeper *k);
void keeper_read_output(struct keeper *k, int which);
void keeper_flush_log(struct keeper *k);
void keeper_drain(struct keeper *k);
void keeper_write_input(struct keeper *k);
void keeper_take_input(struct keeper *k, struct client *client);
void keeper_end_input(struct keeper *k, struct client *client);

/* clients.c */
void client_give(struct client *client, const void *head, size_t head_size, const void *data, size_t size);
void keeper_accept(struct context *c);
short keeper_client_events(const struct keeper *k, const struct client *client);
void keeper_serve_client(struct context *c, struct client *client, short events);
void keeper_drop_dead(struct keeper *k);
bool keeper_pending(struct keeper *k);
void keeper_ring(struct keeper *k);
void keeper_tell_started(struct keeper *k, int code, const char *text);
void keeper_tell_exit(struct keeper *k);

/* exit.c */
void keeper_finish(struct context *c);
#endif
