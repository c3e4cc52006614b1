/* `docker-init`: a first process for containers run with --init. It starts the command, passes signals on, reaps
 * whatever is orphaned, and ends as the command ends. A program of its own, bound into the container at
 * /sbin/docker-init: nothing of the engine's is there to be looked at. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	if (first >= argc) {
		fprintf(stderr, "docker-init: no command given\n");
		return 1;
	}
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t child = fork();
	if (child < 0) {
		perror("docker-init: fork");
		return 1;
	}
	if (child == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN); /* the terminal is handed to the command's group from that very group */
		tcsetpgrp(0, getpgrp());
		signal(SIGTTOU, SIG_DFL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		execvp(argv[first], argv + first);
		int code = errno;
		fprintf(stderr, "docker-init: exec %s: %s\n", argv[first], strerror(code));
		_exit(code == ENOENT ? 127 : 126);
	}
	for (;;) {
		int signal_number, status;
		if (sigwait(&all, &signal_number))
			continue;
		if (signal_number != SIGCHLD) {
			kill(child, signal_number);
			continue;
		}
		for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
			if (ended == child)
				return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}
