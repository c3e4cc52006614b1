/* Sends rtnetlink messages that TypeScript encoded, and waits for the kernel's answer to each. */
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "context.h"

/* Puts an interface's index or init's pid where the patch says. Indexes exist only in the namespace at hand, at
 * this moment, which is why TypeScript can't encode them. */
static int apply_patch(struct context *c, uint8_t *message, size_t size, const char *patch)
{
	char *rest;
	unsigned long offset = strtoul(patch, &rest, 10);
	uint32_t value;
	if (*rest != '=' || size < 4 || offset > size - 4)
		return fail_with(&c->err, EINVAL, "netlink patch %s", patch);
	const char *name = rest + 1;
	if (strcmp(name, "$pid") == 0)
		value = (uint32_t)c->pid;
	else if ((value = if_nametoindex(name)) == 0)
		return fail(&c->err, "interface %s", name);
	memcpy(message + offset, &value, 4);
	return 0;
}

/* The kernel's own words for a refusal, where it gave any (NLMSGERR_ATTR_MSG). */
static const char *extended_text(const struct nlmsghdr *head, const struct nlmsgerr *answer)
{
	if (!(head->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	size_t at = NLMSG_HDRLEN + sizeof *answer;
	if (!(head->nlmsg_flags & NLM_F_CAPPED))
		at += answer->msg.nlmsg_len - NLMSG_HDRLEN;
	for (at = NLMSG_ALIGN(at); at + sizeof(struct nlattr) <= head->nlmsg_len;) {
		const struct nlattr *attribute = (const void *)((const uint8_t *)head + at);
		if (attribute->nla_len < sizeof *attribute)
			break;
		if ((attribute->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			return (const char *)(attribute + 1);
		at += NLA_ALIGN(attribute->nla_len);
	}
	return "";
}

static int open_socket(struct context *c)
{
	int on = 1;
	c->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (c->netlink < 0)
		return fail(&c->err, "netlink socket");
	setsockopt(c->netlink, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
	return 0;
}

int netlink_send(struct context *c, struct bytes message, struct strs patches)
{
	if (c->netlink < 0 && open_socket(c))
		return -1;
	uint8_t *copy = malloc(message.size + 1);
	if (!copy)
		return fail(&c->err, "netlink message");
	memcpy(copy, message.data, message.size);
	while (patches.count--)
		if (apply_patch(c, copy, message.size, next_str(&patches))) {
			free(copy);
			return -1;
		}
	uint32_t sent = 0;
	for (size_t at = 0; at + NLMSG_HDRLEN <= message.size; sent++) {
		struct nlmsghdr *head = (void *)(copy + at);
		if (head->nlmsg_len < NLMSG_HDRLEN || head->nlmsg_len > message.size - at) {
			free(copy);
			return fail_with(&c->err, EINVAL, "netlink message at byte %zu", at);
		}
		head->nlmsg_seq = sent + 1;
		at += NLMSG_ALIGN(head->nlmsg_len);
	}
	ssize_t done = send(c->netlink, copy, message.size, 0);
	free(copy);
	if (done < 0)
		return fail(&c->err, "netlink send");
	int result = 0;
	while (sent > 0) {
		__attribute__((aligned(NLMSG_ALIGNTO))) uint8_t answer[8192];
		ssize_t got = recv(c->netlink, answer, sizeof answer, 0);
		if (got < 0)
			return fail(&c->err, "netlink answer");
		size_t left = (size_t)got;
		for (struct nlmsghdr *head = (void *)answer; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
			if (head->nlmsg_type != NLMSG_ERROR)
				continue;
			const struct nlmsgerr *error = NLMSG_DATA(head);
			sent--;
			if (error->error && result == 0) {
				const char *text = extended_text(head, error);
				result = fail_with(&c->err, -error->error, "netlink message %u of type %u%s%s",
						   error->msg.nlmsg_seq, error->msg.nlmsg_type, *text ? ": " : "", text);
			}
		}
	}
	return result;
}
