/* Generated from src/model/plan.ts by `make generate`; `make check` fails when they differ. */
#ifndef BERTH_PLAN_OPS_H
#define BERTH_PLAN_OPS_H
#include "protocol.h"

enum op_code {
	OP_KEEPER = 1,
	OP_MKDIR = 2,
	OP_RMDIR = 3,
	OP_WRITE = 4,
	OP_HOLD_PORT = 5,
	OP_JOIN_PID_NAMESPACE = 6,
	OP_CLONE = 7,
	OP_CGROUP_JOIN = 8,
	OP_DEVICE_BPF = 9,
	OP_NETLINK = 10,
	OP_JOIN = 11,
	OP_UNSHARE = 12,
	OP_MOUNT = 13,
	OP_ROOT = 14,
	OP_FILESYSTEM = 15,
	OP_BIND = 16,
	OP_MASK = 17,
	OP_READONLY = 18,
	OP_DEVICE = 19,
	OP_SYMLINK = 20,
	OP_DIRECTORY = 21,
	OP_CONSOLE = 22,
	OP_PIVOT = 23,
	OP_ROOT_ATTRIBUTES = 24,
	OP_SYSCTL = 25,
	OP_HOSTNAME = 26,
	OP_DOMAINNAME = 27,
	OP_RLIMIT = 28,
	OP_UMASK = 29,
	OP_KEYRING = 30,
	OP_BOUNDING = 31,
	OP_USER = 32,
	OP_CAPABILITIES = 33,
	OP_NO_NEW_PRIVILEGES = 34,
	OP_SECCOMP = 35,
	OP_CWD = 36,
	OP_READY = 37,
	OP_EXEC = 38,
	OP_ENTER_NETWORK = 39,
	OP_BIND_BENEATH = 40,
	OP_UNMOUNT = 41,
	OP_HOLD_TREE = 42,
};

static const char *const op_names[] = {
	"?",
	"keeper",
	"mkdir",
	"rmdir",
	"write",
	"hold_port",
	"join_pid_namespace",
	"clone",
	"cgroup_join",
	"device_bpf",
	"netlink",
	"join",
	"unshare",
	"mount",
	"root",
	"filesystem",
	"bind",
	"mask",
	"readonly",
	"device",
	"symlink",
	"directory",
	"console",
	"pivot",
	"root_attributes",
	"sysctl",
	"hostname",
	"domainname",
	"rlimit",
	"umask",
	"keyring",
	"bounding",
	"user",
	"capabilities",
	"no_new_privileges",
	"seccomp",
	"cwd",
	"ready",
	"exec",
	"enter_network",
	"bind_beneath",
	"unmount",
	"hold_tree",
};
#define OP_COUNT 42

#define KEEPER_TTY 1u
#define KEEPER_OPEN_STDIN 2u
#define KEEPER_STDIN_ONCE 4u
#define KEEPER_EXEC 8u
#define KEEPER_NO_LOG 16u
#define KEEPER_JSON_LOG 32u
#define BIND_RECURSIVE 1u
#define BIND_RECURSIVE_SET 2u
#define BIND_SKIP_MISSING 4u
#define BIND_FROM_ROOT 8u
#define BIND_HELD 16u

struct op_keeper {
	const char *id;
	const char *socket;
	const char *log;
	uint64_t log_max_size;
	uint32_t log_max_files;
	const char *exit_file;
	const char *oom_file;
	uint32_t flags;
	uint32_t rows;
	uint32_t columns;
	const char *log_attributes;
};
static inline int decode_keeper(struct reader *r, struct op_keeper *o)
{
	return read_str(r, &o->id) ||
	       read_str(r, &o->socket) ||
	       read_str(r, &o->log) ||
	       read_u64(r, &o->log_max_size) ||
	       read_u32(r, &o->log_max_files) ||
	       read_str(r, &o->exit_file) ||
	       read_str(r, &o->oom_file) ||
	       read_u32(r, &o->flags) ||
	       read_u32(r, &o->rows) ||
	       read_u32(r, &o->columns) ||
	       read_str(r, &o->log_attributes);
}

struct op_mkdir {
	const char *path;
	uint32_t mode;
};
static inline int decode_mkdir(struct reader *r, struct op_mkdir *o)
{
	return read_str(r, &o->path) ||
	       read_u32(r, &o->mode);
}

struct op_rmdir {
	const char *path;
};
static inline int decode_rmdir(struct reader *r, struct op_rmdir *o)
{
	return read_str(r, &o->path);
}

struct op_write {
	const char *path;
	const char *data;
};
static inline int decode_write(struct reader *r, struct op_write *o)
{
	return read_str(r, &o->path) ||
	       read_str(r, &o->data);
}

struct op_hold_port {
	uint32_t family;
	uint32_t protocol;
	struct bytes address;
	uint32_t port;
};
static inline int decode_hold_port(struct reader *r, struct op_hold_port *o)
{
	return read_u32(r, &o->family) ||
	       read_u32(r, &o->protocol) ||
	       read_bytes(r, &o->address) ||
	       read_u32(r, &o->port);
}

struct op_join_pid_namespace {
	uint32_t pid;
	uint64_t start_time;
};
static inline int decode_join_pid_namespace(struct reader *r, struct op_join_pid_namespace *o)
{
	return read_u32(r, &o->pid) ||
	       read_u64(r, &o->start_time);
}

struct op_clone {
	uint64_t flags;
	const char *cgroup;
};
static inline int decode_clone(struct reader *r, struct op_clone *o)
{
	return read_u64(r, &o->flags) ||
	       read_str(r, &o->cgroup);
}

struct op_cgroup_join {
	const char *path;
};
static inline int decode_cgroup_join(struct reader *r, struct op_cgroup_join *o)
{
	return read_str(r, &o->path);
}

struct op_device_bpf {
	const char *cgroup;
	struct bytes program;
};
static inline int decode_device_bpf(struct reader *r, struct op_device_bpf *o)
{
	return read_str(r, &o->cgroup) ||
	       read_bytes(r, &o->program);
}

struct op_netlink {
	struct bytes message;
	struct strs patches;
};
static inline int decode_netlink(struct reader *r, struct op_netlink *o)
{
	return read_bytes(r, &o->message) ||
	       read_strs(r, &o->patches);
}

struct op_join {
	uint32_t pid;
	uint64_t start_time;
	uint64_t flags;
};
static inline int decode_join(struct reader *r, struct op_join *o)
{
	return read_u32(r, &o->pid) ||
	       read_u64(r, &o->start_time) ||
	       read_u64(r, &o->flags);
}

struct op_unshare {
	uint64_t flags;
};
static inline int decode_unshare(struct reader *r, struct op_unshare *o)
{
	return read_u64(r, &o->flags);
}

struct op_mount {
	const char *source;
	const char *target;
	const char *type;
	uint64_t flags;
	const char *data;
	const char *cwd;
};
static inline int decode_mount(struct reader *r, struct op_mount *o)
{
	return read_str(r, &o->source) ||
	       read_str(r, &o->target) ||
	       read_str(r, &o->type) ||
	       read_u64(r, &o->flags) ||
	       read_str(r, &o->data) ||
	       read_str(r, &o->cwd);
}

struct op_root {
	const char *path;
};
static inline int decode_root(struct reader *r, struct op_root *o)
{
	return read_str(r, &o->path);
}

struct op_filesystem {
	const char *type;
	const char *source;
	const char *target;
	uint64_t attributes;
	struct strs options;
};
static inline int decode_filesystem(struct reader *r, struct op_filesystem *o)
{
	return read_str(r, &o->type) ||
	       read_str(r, &o->source) ||
	       read_str(r, &o->target) ||
	       read_u64(r, &o->attributes) ||
	       read_strs(r, &o->options);
}

struct op_bind {
	const char *source;
	const char *target;
	uint32_t flags;
	uint64_t set;
	uint64_t clear;
	uint64_t propagation;
};
static inline int decode_bind(struct reader *r, struct op_bind *o)
{
	return read_str(r, &o->source) ||
	       read_str(r, &o->target) ||
	       read_u32(r, &o->flags) ||
	       read_u64(r, &o->set) ||
	       read_u64(r, &o->clear) ||
	       read_u64(r, &o->propagation);
}

struct op_mask {
	const char *path;
};
static inline int decode_mask(struct reader *r, struct op_mask *o)
{
	return read_str(r, &o->path);
}

struct op_readonly {
	const char *path;
};
static inline int decode_readonly(struct reader *r, struct op_readonly *o)
{
	return read_str(r, &o->path);
}

struct op_device {
	const char *path;
	uint32_t mode;
	uint32_t major;
	uint32_t minor;
	uint32_t uid;
	uint32_t gid;
};
static inline int decode_device(struct reader *r, struct op_device *o)
{
	return read_str(r, &o->path) ||
	       read_u32(r, &o->mode) ||
	       read_u32(r, &o->major) ||
	       read_u32(r, &o->minor) ||
	       read_u32(r, &o->uid) ||
	       read_u32(r, &o->gid);
}

struct op_symlink {
	const char *target;
	const char *path;
};
static inline int decode_symlink(struct reader *r, struct op_symlink *o)
{
	return read_str(r, &o->target) ||
	       read_str(r, &o->path);
}

struct op_directory {
	const char *path;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
};
static inline int decode_directory(struct reader *r, struct op_directory *o)
{
	return read_str(r, &o->path) ||
	       read_u32(r, &o->mode) ||
	       read_u32(r, &o->uid) ||
	       read_u32(r, &o->gid);
}

struct op_root_attributes {
	uint64_t set;
};
static inline int decode_root_attributes(struct reader *r, struct op_root_attributes *o)
{
	return read_u64(r, &o->set);
}

struct op_sysctl {
	const char *name;
	const char *value;
};
static inline int decode_sysctl(struct reader *r, struct op_sysctl *o)
{
	return read_str(r, &o->name) ||
	       read_str(r, &o->value);
}

struct op_hostname {
	const char *name;
};
static inline int decode_hostname(struct reader *r, struct op_hostname *o)
{
	return read_str(r, &o->name);
}

struct op_domainname {
	const char *name;
};
static inline int decode_domainname(struct reader *r, struct op_domainname *o)
{
	return read_str(r, &o->name);
}

struct op_rlimit {
	uint32_t resource;
	uint64_t soft;
	uint64_t hard;
};
static inline int decode_rlimit(struct reader *r, struct op_rlimit *o)
{
	return read_u32(r, &o->resource) ||
	       read_u64(r, &o->soft) ||
	       read_u64(r, &o->hard);
}

struct op_umask {
	uint32_t mask;
};
static inline int decode_umask(struct reader *r, struct op_umask *o)
{
	return read_u32(r, &o->mask);
}

struct op_keyring {
	const char *name;
};
static inline int decode_keyring(struct reader *r, struct op_keyring *o)
{
	return read_str(r, &o->name);
}

struct op_bounding {
	uint64_t mask;
};
static inline int decode_bounding(struct reader *r, struct op_bounding *o)
{
	return read_u64(r, &o->mask);
}

struct op_user {
	uint32_t uid;
	uint32_t gid;
	struct u32s groups;
};
static inline int decode_user(struct reader *r, struct op_user *o)
{
	return read_u32(r, &o->uid) ||
	       read_u32(r, &o->gid) ||
	       read_u32s(r, &o->groups);
}

struct op_capabilities {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t ambient;
};
static inline int decode_capabilities(struct reader *r, struct op_capabilities *o)
{
	return read_u64(r, &o->effective) ||
	       read_u64(r, &o->permitted) ||
	       read_u64(r, &o->inheritable) ||
	       read_u64(r, &o->ambient);
}

struct op_seccomp {
	struct bytes program;
	uint32_t flags;
};
static inline int decode_seccomp(struct reader *r, struct op_seccomp *o)
{
	return read_bytes(r, &o->program) ||
	       read_u32(r, &o->flags);
}

struct op_cwd {
	const char *path;
};
static inline int decode_cwd(struct reader *r, struct op_cwd *o)
{
	return read_str(r, &o->path);
}

struct op_exec {
	struct strs args;
	struct strs env;
};
static inline int decode_exec(struct reader *r, struct op_exec *o)
{
	return read_strs(r, &o->args) ||
	       read_strs(r, &o->env);
}

struct op_enter_network {
	uint32_t pid;
	uint64_t start_time;
};
static inline int decode_enter_network(struct reader *r, struct op_enter_network *o)
{
	return read_u32(r, &o->pid) ||
	       read_u64(r, &o->start_time);
}

struct op_bind_beneath {
	const char *source;
	const char *subpath;
	const char *target;
	uint32_t flags;
	uint64_t set;
	uint64_t clear;
	uint64_t propagation;
};
static inline int decode_bind_beneath(struct reader *r, struct op_bind_beneath *o)
{
	return read_str(r, &o->source) ||
	       read_str(r, &o->subpath) ||
	       read_str(r, &o->target) ||
	       read_u32(r, &o->flags) ||
	       read_u64(r, &o->set) ||
	       read_u64(r, &o->clear) ||
	       read_u64(r, &o->propagation);
}

struct op_unmount {
	const char *path;
};
static inline int decode_unmount(struct reader *r, struct op_unmount *o)
{
	return read_str(r, &o->path);
}

struct op_hold_tree {
	const char *source;
};
static inline int decode_hold_tree(struct reader *r, struct op_hold_tree *o)
{
	return read_str(r, &o->source);
}

#endif
