/* The watch over firewall rules: one question at a time, answered when rules go. */
#ifndef BERTH_WATCH_H
#define BERTH_WATCH_H
#include "context.h"

enum { MAX_TABLES = 4, MAX_SENDERS = 16 };

struct watch {
	int fd;           /* -1: off */
	uint32_t request; /* who waits for an answer; 0: nobody, and the kernel's reports pile up in the socket */
	uint32_t count;
	char tables[MAX_TABLES][64];
};

void watch_begin(struct context *c, struct watch *w, uint32_t id, struct reader request);
bool watch_report(struct context *c, struct watch *w);
#endif
