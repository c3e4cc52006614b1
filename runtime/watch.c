/* Tells when somebody takes firewall rules away: flushes, reloads and restores of other programs.
 *
 * The kernel reports each change of nf_tables to whoever listens, so nothing is done while nothing happens. (The tables of
 * iptables' legacy backend are another thing, of which the kernel says nothing.) */
#define _GNU_SOURCE
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include "context.h"
#include "watch.h"

/* The table's name is the first attribute of every message about one of its parts. */
static bool concerns(const struct watch *w, const struct nlmsghdr *head)
{
	const struct nlattr *name = (const void *)((const uint8_t *)head + NLMSG_LENGTH(sizeof(struct nfgenmsg)));
	size_t size = head->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)) + sizeof *name
		? 0 : head->nlmsg_len - NLMSG_LENGTH(sizeof(struct nfgenmsg));
	if (head->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || size < name->nla_len || name->nla_len <= sizeof *name)
		return false;
	switch (head->nlmsg_type & 0xff) {
	case NFT_MSG_DELTABLE: case NFT_MSG_DELCHAIN: case NFT_MSG_DELRULE: case NFT_MSG_DELSET: case NFT_MSG_DELSETELEM:
		break;
	default:
		return false;
	}
	const char *text = (const char *)(name + 1);
	size_t length = strnlen(text, name->nla_len - sizeof *name);
	for (uint32_t i = 0; i < w->count; i++)
		if (strlen(w->tables[i]) == length && memcmp(w->tables[i], text, length) == 0)
			return true;
	return false;
}

static void add_sender(uint32_t *senders, uint32_t *count, uint32_t sender)
{
	for (uint32_t i = 0; i < *count; i++)
		if (senders[i] == sender)
			return;
	if (*count < MAX_SENDERS)
		senders[(*count)++] = sender;
}

/* Reads what the kernel reported. False where nothing of it concerns us; else the report has, as texts, the netlink
 * ports of those who did it: for programs with one socket, their pid. 0: more happened than the kernel could tell. */
bool watch_report(struct context *c, struct watch *w)
{
	__attribute__((aligned(NLMSG_ALIGNTO))) uint8_t bytes[32768];
	uint32_t senders[MAX_SENDERS], count = 0;
	for (;;) {
		ssize_t got = recv(w->fd, bytes, sizeof bytes, MSG_DONTWAIT);
		if (got < 0 && errno == ENOBUFS) {
			add_sender(senders, &count, 0);
			continue;
		}
		if (got <= 0)
			break;
		size_t left = (size_t)got;
		for (struct nlmsghdr *head = (void *)bytes; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left))
			if (concerns(w, head))
				add_sender(senders, &count, head->nlmsg_pid);
	}
	if (count == 0)
		return false;
	report_begin(c, w->request);
	for (uint32_t i = 0; i < count; i++) {
		char text[16];
		snprintf(text, sizeof text, "%u", senders[i]);
		warn(c, text);
	}
	w->request = 0;
	return true;
}

/* Request: { strs tables }; none ends the watch. The answer to this one comes when rules go; the one before it, if it
 * still waits, is the caller's to answer. */
void watch_begin(struct context *c, struct watch *w, uint32_t id, struct reader request)
{
	struct strs tables;
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int group = NFNLGRP_NFTABLES;
	if (read_strs(&request, &tables) || tables.count > MAX_TABLES) {
		fail_with(&c->err, EINVAL, "watch request");
		return;
	}
	w->count = tables.count;
	for (uint32_t i = 0; i < w->count; i++)
		snprintf(w->tables[i], sizeof w->tables[i], "%s", next_str(&tables));
	if (w->count == 0) {
		if (w->fd >= 0)
			close(w->fd);
		w->fd = -1;
		return;
	}
	if (w->fd < 0) {
		w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
		/* Unbound it would have the number 0, and the kernel's own reports come from 0: they'd count as its own. */
		if (w->fd < 0 || bind(w->fd, (struct sockaddr *)&any, sizeof any) ||
		    setsockopt(w->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group)) {
			fail(&c->err, "watch the firewall's rules");
			if (w->fd >= 0)
				close(w->fd);
			w->fd = -1;
			return;
		}
	}
	w->request = id;
}
