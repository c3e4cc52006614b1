/* The keeper: one process per container (and per exec). It starts init, then owns its streams, its log, its socket and
 * its end. It depends on nobody: helper and daemon may die and come back, the container and its output go on. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include "keeper.h"

enum { START_WITHIN = 60, FLUSH_WITHIN = 10 }; /* seconds */

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* exec closed the descriptor: the program runs. Or init says why not. */
static void hear_start(struct context *c)
{
	struct keeper *k = c->keeper;
	char letter = keeper_hear(c);
	if (letter == 'W')
		return;
	if (letter == 'E')
		k->exec_errno = c->err.code;
	k->running = letter == 0;
	close(c->sync);
	c->sync = -1;
	keeper_tell_started(k, k->exec_errno, k->exec_errno ? c->err.text : "");
}

static void watch(struct pollfd *p, int fd, bool in, bool out)
{
	*p = (struct pollfd) { .fd = in || out ? fd : -1, .events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0)) };
}

enum { AT_LISTENER, AT_PROCESS, AT_SYNC, AT_OUT, AT_ERR, AT_INPUT, AT_CLIENTS };

static void serve(struct context *c)
{
	struct keeper *k = c->keeper;
	int64_t deadline = now_ms() + START_WITHIN * 1000;
	while (!k->ended || keeper_pending(k)) {
		struct pollfd polls[AT_CLIENTS + MAX_CLIENTS];
		struct client *watched[MAX_CLIENTS];
		bool held_up = keeper_held_up(k);
		int count = 0, wait = log_holds(&k->log) ? LOG_FLUSH_AFTER : -1;
		watch(&polls[AT_LISTENER], k->listener, !k->ended && k->clients_count < MAX_CLIENTS, false);
		watch(&polls[AT_PROCESS], c->pidfd, !k->ended, false);
		watch(&polls[AT_SYNC], c->sync, k->starting && c->sync >= 0, false);
		for (int i = 0; i < 2; i++)
			watch(&polls[AT_OUT + i], k->output[i], k->output[i] >= 0 && !held_up && !k->ended, false);
		watch(&polls[AT_INPUT], k->input, false, k->input >= 0 && k->input_size > 0);
		for (struct client *client = k->clients; client && count < MAX_CLIENTS; client = client->next) {
			watched[count] = client;
			/* A connection is always watched: poll tells of its death even where it asks for nothing. */
			polls[AT_CLIENTS + count] = (struct pollfd) { .fd = client->fd, .events = keeper_client_events(k, client) };
			count++;
		}
		if (!k->starting || k->ended) {
			int64_t left = deadline - now_ms();
			if (left <= 0)
				break;
			wait = wait < 0 || left < wait ? (int)left : wait;
		}
		int ready = poll(polls, (nfds_t)(AT_CLIENTS + count), wait);
		if (ready < 0 && errno != EINTR)
			break;
		if (ready == 0)
			keeper_flush_log(k);
		if (polls[AT_SYNC].revents)
			hear_start(c);
		for (int i = 0; i < 2; i++)
			if (polls[AT_OUT + i].revents)
				keeper_read_output(k, i);
		if (polls[AT_INPUT].revents)
			keeper_write_input(k);
		for (int i = 0; i < count; i++)
			if (polls[AT_CLIENTS + i].revents)
				keeper_serve_client(c, watched[i], polls[AT_CLIENTS + i].revents);
		if (polls[AT_LISTENER].revents)
			keeper_accept(c);
		keeper_drop_dead(k);
		if (polls[AT_PROCESS].revents) {
			if (k->starting && c->sync >= 0)
				hear_start(c);
			keeper_finish(c);
			deadline = now_ms() + FLUSH_WITHIN * 1000;
		}
	}
	if (!k->ended) /* never started, or the loop can't go on: end what we watch over (INVARIANTS 3) */
		keeper_abandon(c);
}

int keeper_main(uint32_t id, struct reader keeper_ops, struct reader init_ops, int reports)
{
	struct context c = { .sync = -1, .root = -1, .home = -1, .netlink = -1, .pidfd = -1, .terminal = -1, .streams = { -1, -1, -1 },
			     .init_ops = init_ops };
	prctl(PR_SET_NAME, "berth-keeper");
	setsid();
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGTTOU };
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
	report_begin(&c, id);
	if (keeper_create(&c, keeper_ops)) {
		keeper_abandon(&c);
		send_report(&c, reports, -1);
		_exit(1);
	}
	c.err.code = 0;
	send_report(&c, reports, -1);
	close(reports);
	serve(&c);
	_exit(0);
}
