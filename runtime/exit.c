/* The keeper's last part: how the container ended, durable before anyone is told (INVARIANTS 2). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include "keeper.h"

/* Counts before the cgroup is removed, or it is lost. */
static bool was_oom_killed(const char *path)
{
	char text[4096];
	CLEANUP_FD int fd = *path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (got <= 0)
		return false;
	text[got] = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, "oom_kill ", 9) == 0)
			return strtoul(line + 9, NULL, 10) > 0;
	return false;
}

static void escape(char *to, size_t size, const char *from)
{
	size_t at = 0;
	for (; *from && at + 7 < size; from++) {
		unsigned char letter = (unsigned char)*from;
		if (letter == '"' || letter == '\\' || letter < 0x20)
			at += (size_t)snprintf(to + at, size - at, "\\u%04x", letter);
		else
			to[at++] = (char)letter;
	}
	to[at] = 0;
}

/* Temporary name, sync, rename. */
static void record_exit(struct keeper *k, int status, bool oom, const char *error)
{
	char temporary[4096], escaped[2048], when[40];
	struct timespec now;
	struct tm utc;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
	escape(escaped, sizeof escaped, error);
	int signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	k->exit_size = (size_t)snprintf(k->exit_text, sizeof k->exit_text,
		"{\"exitCode\":%d,\"signal\":%d,\"oomKilled\":%s,\"finishedAt\":\"%s.%09ldZ\",\"error\":\"%s\"}\n",
		signal_number ? 128 + signal_number : WEXITSTATUS(status), signal_number, oom ? "true" : "false", when, now.tv_nsec,
		escaped);
	snprintf(temporary, sizeof temporary, "%s.tmp", k->exit_file);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0 && write(fd, k->exit_text, k->exit_size) == (ssize_t)k->exit_size && fsync(fd) == 0)
		rename(temporary, k->exit_file);
	if (fd >= 0)
		close(fd);
}

void keeper_finish(struct context *c)
{
	struct keeper *k = c->keeper;
	int status = 0;
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	k->ended = true;
	/* A process that failed to exec ended with 1; what it reports is the shell's number for why. */
	if (k->exec_errno)
		status = (k->exec_errno == ENOENT || k->exec_errno == ENOTDIR ? 127 : 126) << 8;
	keeper_drain(k);
	k->input_size = 0; /* nobody will read it */
	record_exit(k, status, was_oom_killed(k->oom_file), k->exec_errno ? c->err.text : "");
	unlink(k->socket_path);
	keeper_accept(c); /* who connected just now hears of the end too */
	keeper_tell_exit(k);
}

