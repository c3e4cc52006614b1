/* What one plan's execution knows: one struct, handed to every operation; no globals. */
#ifndef BERTH_CONTEXT_H
#define BERTH_CONTEXT_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "err.h"
#include "protocol.h"

#define MAX_HELD_PORTS 4096

struct keeper; /* keeper.c */

/* The answer to the daemon, in the layout of protocol.h after `length`. */
struct report {
	uint8_t bytes[16384];
	size_t size;
};

struct context {
	struct err err;
	struct report report;
	uint32_t flags;        /* KEEPER_* of the launch */
	int sync;              /* to the keeper (in init) or to init (in the keeper); -1 elsewhere */
	int root;              /* O_PATH descriptor of the root in which targets are resolved; -1 before `root` */
	int home;              /* the helper's own network namespace, while or after it was in another; -1 before */
	int netlink;           /* NETLINK_ROUTE socket, opened at the first message; -1 before */
	pid_t pid;             /* init, once cloned */
	int pidfd;
	struct reader init_ops;
	struct keeper *keeper; /* NULL where no container is being launched */
	struct { const char *source; int tree; } held[8]; /* hold_tree; the names lie in the plan */
	int held_count;
	int terminal;          /* slave of the pty in init; -1 */
	int streams[3];        /* init's ends of its standard streams until it has taken them; -1 */
};

/* plan.c */
int run_ops(struct context *c, struct reader ops);
void leave_network(struct context *c);
void report_begin(struct context *c, uint32_t id);
void report_end(struct context *c);
void warn(struct context *c, const char *text);

/* hangup.c */
int hangup_watch(struct context *c, int set, uint32_t id, struct reader request);
bool hangup_next(int set, uint32_t *id);

/* dns.c */
void open_name_server(struct context *c, uint32_t id, struct reader request);

int init_main(struct context *c) __attribute__((noreturn));
uint64_t start_time_of(uint32_t pid);
int write_file(const char *path, const void *data, size_t size);

/* netlink.c */
int netlink_send(struct context *c, struct bytes message, struct strs patches);

/* mount.c, bind.c */
struct op_mount; struct op_filesystem; struct op_bind; struct op_bind_beneath; struct op_device; struct op_directory;
int do_mount(struct context *c, const struct op_mount *o);
int open_root(struct context *c, const char *path);
int mount_filesystem(struct context *c, const struct op_filesystem *o);
int bind_path(struct context *c, const struct op_bind *o);
int hold_tree(struct context *c, const char *source);
int bind_beneath(struct context *c, const struct op_bind_beneath *o);
int mask_path(struct context *c, const char *path);
int make_readonly(struct context *c, const char *path);
int make_device(struct context *c, const struct op_device *o);
int make_symlink(struct context *c, const char *target, const char *path);
int make_directory(struct context *c, const struct op_directory *o);
int open_console(struct context *c);
int pivot(struct context *c);
int set_root_attributes(struct context *c, uint64_t set);
int write_sysctl(struct context *c, const char *name, const char *value);
int open_in_root(int root, const char *path, int flags, bool follow);
int ensure_in_root(struct context *c, const char *path, bool directory, mode_t mode, int depth);
int move_mount_onto(int mount, int target);
int set_mount_attributes(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation);

/* process.c */
struct op_user; struct op_capabilities; struct op_exec;
int limit_bounding(struct context *c, uint64_t mask);
int set_user(struct context *c, const struct op_user *o);
int set_capabilities(struct context *c, const struct op_capabilities *o);
int load_seccomp(struct context *c, struct bytes program, uint32_t flags);
int enter_directory(struct context *c, const char *path);
int execute(struct context *c, const struct op_exec *o);
int attach_device_program(struct context *c, const char *cgroup, struct bytes program);

/* keeper.c */
struct op_keeper; struct op_clone;
int keeper_prepare(struct context *c, const struct op_keeper *o);
int keeper_clone(struct context *c, const struct op_clone *o);
int keeper_hold(struct context *c, int fd);
int keeper_main(uint32_t id, struct reader keeper_ops, struct reader init_ops, int reports) __attribute__((noreturn));
int send_report(struct context *c, int reports, int fd);

/* read.c, copy.c, unpack.c, archive.c */
int copy_out(struct context *c, const char *path, const char *destination);
int read_main(uint32_t id, bool copy, struct reader request, int reports) __attribute__((noreturn));
int unpack_main(int argc, char **argv);
int archive_main(void);
#endif
