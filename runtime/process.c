/* What a process becomes before execve: limits on its capabilities, its user, its filter, its directory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "context.h"
#include "plan_ops.h"

int limit_bounding(struct context *c, uint64_t mask)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(cap < 64 && (mask >> cap & 1)) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			return fail(&c->err, "drop capability %d from the bounding set", cap);
	return 0;
}

int set_user(struct context *c, const struct op_user *o)
{
	gid_t groups[NGROUPS_MAX > 1024 ? 1024 : NGROUPS_MAX];
	if (o->groups.count > sizeof groups / sizeof *groups)
		return fail_with(&c->err, EINVAL, "user %u: %u groups", o->uid, o->groups.count);
	memcpy(groups, o->groups.at, o->groups.count * sizeof *groups);
	/* The streams are the keeper's pipes, made as root: /dev/stdout can be opened again only by their owner. */
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && c->terminal >= 0)))
			(void)!fchown(fd, o->uid, (gid_t)-1);
	}
	/* Kept until `capabilities`, which sets the sets exactly: leaving uid 0 would clear them before. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return fail(&c->err, "keep capabilities");
	if (setgroups(o->groups.count, groups))
		return fail(&c->err, "set %u groups", o->groups.count);
	if (setresgid(o->gid, o->gid, o->gid))
		return fail(&c->err, "set group %u", o->gid);
	if (setresuid(o->uid, o->uid, o->uid))
		return fail(&c->err, "set user %u", o->uid);
	return 0;
}

int set_capabilities(struct context *c, const struct op_capabilities *o)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct) {
			.effective = (uint32_t)(o->effective >> (32 * i)),
			.permitted = (uint32_t)(o->permitted >> (32 * i)),
			.inheritable = (uint32_t)(o->inheritable >> (32 * i)),
		};
	if (syscall(SYS_capset, &head, data))
		return fail(&c->err, "set capabilities %llx", (unsigned long long)o->permitted);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int cap = 0; cap < 64; cap++)
		if ((o->ambient >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
			return fail(&c->err, "raise ambient capability %d", cap);
	return 0;
}

int load_seccomp(struct context *c, struct bytes program, uint32_t flags)
{
	struct sock_fprog filter = {
		.len = (unsigned short)(program.size / sizeof(struct sock_filter)),
		.filter = malloc(program.size + 1),
	};
	if (!filter.filter || program.size % sizeof(struct sock_filter) || program.size / sizeof(struct sock_filter) > BPF_MAXINSNS) {
		free(filter.filter);
		return fail_with(&c->err, EINVAL, "seccomp filter of %u bytes", program.size);
	}
	memcpy(filter.filter, program.data, program.size); /* aligned */
	long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
	free(filter.filter);
	return result ? fail(&c->err, "load seccomp filter") : 0;
}

int enter_directory(struct context *c, const char *path)
{
	char now[PATH_MAX];
	if (chdir(path))
		return fail(&c->err, "enter working directory %s", path);
	/* A leaked descriptor of the host could be entered through /proc/self/fd; the kernel then has no path for it
	 * below our root (CVE-2024-21626). The system call itself is asked: libc falls back to walking up. */
	long got = syscall(SYS_getcwd, now, sizeof now);
	if (got <= 0 || now[0] != '/')
		return fail_with(&c->err, EPERM, "working directory %s lies outside the root", path);
	return 0;
}

/* execve by PATH. ENOENT where no directory has it; EACCES where one has it but it can't be run. */
static int execute_by_path(char *const *args, char *const *env)
{
	const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	int result = ENOENT;
	if (strchr(args[0], '/')) {
		execve(args[0], args, env);
		return errno;
	}
	for (char *const *item = env; *item; item++)
		if (strncmp(*item, "PATH=", 5) == 0)
			path = *item + 5;
	while (*path) {
		char candidate[PATH_MAX];
		size_t length = strcspn(path, ":");
		int used = snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)length, path, length ? "/" : "", args[0]);
		if (used > 0 && (size_t)used < sizeof candidate) {
			struct stat st;
			execve(candidate, args, env);
			if (errno == EACCES) {
				if (stat(candidate, &st) == 0 && !S_ISDIR(st.st_mode))
					result = EACCES;
			} else if (errno != ENOENT && errno != ENOTDIR) {
				return errno;
			}
		}
		path += length + (path[length] == ':');
	}
	return result;
}

static char **vector(struct strs list)
{
	char **items = calloc(list.count + 1, sizeof *items);
	for (uint32_t i = 0; items && i < list.count; i++)
		items[i] = (char *)next_str(&list);
	return items;
}

int execute(struct context *c, const struct op_exec *o)
{
	if (o->args.count == 0)
		return fail_with(&c->err, EINVAL, "exec: no command");
	char **args = vector(o->args), **env = vector(o->env);
	if (!args || !env)
		return fail_with(&c->err, ENOMEM, "exec");
	/* Descriptors 0-2 and no other. Closing on exec instead of now keeps the way to report a failure. */
	if (syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */))
		return fail(&c->err, "exec: close descriptors");
	int code = execute_by_path(args, env);
	fail_with(&c->err, code, "exec %s", args[0]);
	free(args);
	free(env);
	return -1;
}

int attach_device_program(struct context *c, const char *cgroup, struct bytes program)
{
	static const char license[] = "GPL";
	void *copy = malloc(program.size + 8);
	if (!copy)
		return fail_with(&c->err, ENOMEM, "device program");
	memcpy(copy, program.data, program.size);
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE, .insns = (uintptr_t)copy,
				.insn_cnt = program.size / 8, .license = (uintptr_t)license };
	CLEANUP_FD int loaded = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
	free(copy);
	if (loaded < 0)
		return fail(&c->err, "load device program");
	CLEANUP_FD int directory = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	union bpf_attr attach = { .target_fd = (uint32_t)directory, .attach_bpf_fd = (uint32_t)loaded,
				  .attach_type = BPF_CGROUP_DEVICE, .attach_flags = BPF_F_ALLOW_MULTI };
	if (directory < 0 || syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach))
		return fail(&c->err, "attach device program to %s", cgroup);
	return 0;
}
