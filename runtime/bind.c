/* Binds: a host's file or tree in the container's root, moved onto the descriptor of its target. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "context.h"
#include "plan_ops.h"

static int clone_tree(int source, bool recursive)
{
	return (int)syscall(SYS_open_tree, source, "",
			    AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0));
}

int hold_tree(struct context *c, const char *source)
{
	CLEANUP_FD int fd = open(source, O_PATH | O_CLOEXEC);
	int tree = fd < 0 ? -1 : clone_tree(fd, true);
	if (tree < 0)
		return fail(&c->err, "bind %s", source);
	if (c->held_count == (int)(sizeof c->held / sizeof *c->held)) {
		close(tree);
		return fail_with(&c->err, E2BIG, "bind %s: more than %d shared mounts", source, c->held_count);
	}
	c->held[c->held_count].source = source;
	c->held[c->held_count++].tree = tree;
	return 0;
}

/* Every held tree is used once, by the first bind of its source. */
static int held_tree(struct context *c, const char *source)
{
	for (int i = 0; i < c->held_count; i++) {
		int tree = c->held[i].tree;
		if (tree < 0 || strcmp(c->held[i].source, source))
			continue;
		c->held[i].tree = -1;
		return tree;
	}
	errno = ENOENT;
	return -1;
}

static int bind_descriptor(struct context *c, const struct op_bind *o, int source)
{
	CLEANUP_FD int tree = o->flags & BIND_HELD ? held_tree(c, o->source) : clone_tree(source, o->flags & BIND_RECURSIVE);
	if (tree < 0)
		return fail(&c->err, "bind %s", o->source);
	if ((o->set || o->clear) && set_mount_attributes(tree, o->flags & BIND_RECURSIVE_SET, o->set, o->clear, 0))
		return fail(&c->err, "bind %s: set mount attributes", o->source);
	struct stat st;
	if (fstat(source, &st))
		return fail(&c->err, "bind: source %s", o->source);
	CLEANUP_FD int target = ensure_in_root(c, o->target, S_ISDIR(st.st_mode), 0755, 0);
	if (target < 0)
		return fail(&c->err, "bind %s: target %s", o->source, o->target);
	if (move_mount_onto(tree, target))
		return fail(&c->err, "bind %s on %s", o->source, o->target);
	if (o->propagation && set_mount_attributes(tree, true, 0, 0, o->propagation))
		return fail(&c->err, "bind %s on %s: set propagation", o->source, o->target);
	return 0;
}

int bind_path(struct context *c, const struct op_bind *o)
{
	bool from_root = o->flags & BIND_FROM_ROOT;
	CLEANUP_FD int source = from_root ? open_in_root(c->root, o->source, O_PATH, true)
					  : open(o->source, O_PATH | O_CLOEXEC);
	if (source < 0) {
		if (errno == ENOENT && (o->flags & BIND_SKIP_MISSING))
			return 0;
		return fail(&c->err, "bind: source %s", o->source);
	}
	return bind_descriptor(c, o, source);
}

/* A container that shares the volume may swap its parts for symlinks at any moment: what is opened below the volume is
 * what gets mounted, and a link that leads out of it is refused. */
int bind_beneath(struct context *c, const struct op_bind_beneath *o)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	CLEANUP_FD int volume = open(o->source, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_FD int source = volume < 0 ? -1 : (int)syscall(SYS_openat2, volume, o->subpath, &how, sizeof how);
	if (source < 0)
		return fail(&c->err, "bind: subpath %s of %s", o->subpath, o->source);
	const struct op_bind bind = { .source = o->subpath, .target = o->target, .flags = o->flags, .set = o->set, .clear = o->clear,
				      .propagation = o->propagation };
	return bind_descriptor(c, &bind, source);
}
