/* A tree as a tar stream. Every entry is first opened as a mere path, so that its kind is known before it is opened for
 * reading: what a container swaps in meanwhile, a device or a FIFO, is never opened. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include "archive.h"

enum { MAX_NAME = 4096, CHUNK = 128 << 10, MQUEUE_MAGIC = 0x19800202 };
#define OPAQUE_XATTR "trusted.overlay.opaque"

struct link {
	struct link *next;
	dev_t device;
	ino_t inode;
	char name[];
};

struct pack {
	struct archive *archive;
	struct err *err;
	struct tar tar;
	bool all_xattrs; /* else file capabilities only, as Docker's copies have it */
	bool layer;      /* whiteouts become `.wh.` files, mount targets of the engine's are left out */
	bool whole_root;
	size_t length;
	char name[MAX_NAME * 2]; /* of the entry at hand, in the archive */
	uint8_t chunk[CHUNK];
	struct link *links[4096];
};

/* The name under which this file stands in the archive already, or NULL; then it is remembered. */
static const char *earlier_name(struct pack *p, const struct stat *st)
{
	struct link **slot = &p->links[(st->st_ino ^ st->st_dev) % (sizeof p->links / sizeof *p->links)];
	for (struct link *l = *slot; l; l = l->next)
		if (l->inode == st->st_ino && l->device == st->st_dev)
			return l->name;
	struct link *l = malloc(sizeof *l + p->length + 1);
	if (l) {
		*l = (struct link){ .next = *slot, .device = st->st_dev, .inode = st->st_ino };
		memcpy(l->name, p->name, p->length + 1);
		*slot = l;
	}
	return NULL;
}

static int xattr_record(struct pack *p, int fd, const char *name)
{
	char value[65536], key[300];
	ssize_t size = fgetxattr(fd, name, value, sizeof value);
	if (size < 0)
		return 0; /* not there, or gone by now */
	snprintf(key, sizeof key, "SCHILY.xattr.%.255s", name);
	return tar_record(&p->tar, key, value, (size_t)size);
}

static bool is_kept(const char *name)
{
	return !strncmp(name, "user.", 5) || !strcmp(name, "security.capability") || !strncmp(name, "system.posix_acl_", 17);
}

static int xattr_records(struct pack *p, int fd)
{
	char names[65536];
	if (!p->all_xattrs)
		return xattr_record(p, fd, "security.capability");
	ssize_t size = flistxattr(fd, names, sizeof names);
	for (char *name = names; size > 0 && name < names + size; name += strlen(name) + 1)
		if (is_kept(name) && xattr_record(p, fd, name))
			return -1;
	return 0;
}

static int copy_content(struct pack *p, int fd, uint64_t size)
{
	for (uint64_t left = size; left > 0;) {
		size_t want = left < sizeof p->chunk ? (size_t)left : sizeof p->chunk;
		ssize_t got = read(fd, p->chunk, want);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(p->err, "read %s", p->name);
		if (got == 0) { /* it shrank: the header has promised more */
			memset(p->chunk, 0, want);
			got = (ssize_t)want;
		}
		if (tar_data(&p->tar, p->chunk, (size_t)got))
			return -1;
		left -= (uint64_t)got;
	}
	return tar_pad(&p->tar, size);
}

/* Files of the kernel's say that they are empty; what they hold is known when it has been read. */
static int pack_kernels(struct pack *p, int fd, const struct stat *st)
{
	size_t size = 0;
	for (ssize_t got = 1; got > 0 && size < sizeof p->chunk; size += got > 0 ? (size_t)got : 0)
		got = read(fd, p->chunk + size, sizeof p->chunk - size);
	return tar_header(&p->tar, '0', p->name, NULL, st, size) || tar_data(&p->tar, p->chunk, size) ? -1 : tar_pad(&p->tar, size);
}

static int pack_regular(struct pack *p, int entry, const struct stat *st)
{
	const char *earlier = st->st_nlink > 1 ? earlier_name(p, st) : NULL;
	if (earlier)
		return tar_header(&p->tar, '1', p->name, earlier, st, 0);
	struct statfs fs;
	CLEANUP_FD int fd = reopen(p->archive, entry, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail(p->err, "open %s", p->name);
	if (st->st_size == 0 && fstatfs(fd, &fs) == 0 && (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC))
		return pack_kernels(p, fd, st);
	if (xattr_records(p, fd) || tar_header(&p->tar, '0', p->name, NULL, st, (uint64_t)st->st_size))
		return -1;
	return copy_content(p, fd, (uint64_t)st->st_size);
}

static int pack_symlink(struct pack *p, int entry, const struct stat *st)
{
	char target[MAX_NAME + 1];
	ssize_t size = readlinkat(entry, "", target, MAX_NAME);
	if (size < 0)
		return fail(p->err, "read link %s", p->name);
	target[size] = 0;
	return tar_header(&p->tar, '2', p->name, target, st, 0);
}

/* The kernel's own file systems hold no files to keep; nor does the /dev that every container gets. */
static bool is_kernels(const struct pack *p, int fd, const char *base, int depth, bool crossed)
{
	struct statfs fs;
	if (fstatfs(fd, &fs))
		return false;
	switch ((unsigned long)fs.f_type) {
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case DEVPTS_SUPER_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case BPF_FS_MAGIC:
	case MQUEUE_MAGIC:
		return true;
	case TMPFS_MAGIC:
		return p->whole_root && depth == 1 && crossed && !strcmp(base, "dev");
	default:
		return false;
	}
}

static int pack_entry(struct pack *p, int parent, const char *base, const struct stat *above, int depth);

static int pack_below(struct pack *p, int directory, const struct stat *st, int depth)
{
	struct listing list;
	size_t length = p->length;
	if (list_directory(directory, &list))
		return fail(p->err, "list %s", p->name);
	if (length && p->name[length - 1] != '/')
		p->name[length++] = '/';
	int result = 0;
	for (size_t i = 0; result == 0 && i < list.count; i++) {
		size_t added = strlen(list.names[i]);
		if (length + added + 2 > MAX_NAME) {
			result = fail_with(p->err, ENAMETOOLONG, "%.200s…/%.100s", p->name, list.names[i]);
			break;
		}
		memcpy(p->name + length, list.names[i], added + 1);
		p->length = length + added;
		result = pack_entry(p, directory, list.names[i], st, depth + 1);
	}
	free_listing(&list);
	return result;
}

static int pack_directory(struct pack *p, int entry, const struct stat *st, const struct stat *above, const char *base, int depth)
{
	size_t length = p->length;
	char value;
	CLEANUP_FD int directory = openat(entry, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return fail(p->err, "open %s", p->name);
	/* A layer's root isn't told of, as in Docker's. */
	if (length) {
		if (p->name[length - 1] != '/')
			memcpy(p->name + length, "/", 2);
		if (xattr_records(p, directory) || tar_header(&p->tar, '5', p->name, NULL, st, 0))
			return -1;
		p->name[length] = 0;
	}
	if (p->layer && length && fgetxattr(directory, OPAQUE_XATTR, &value, 1) == 1 && value == 'y') {
		struct stat marker = { .st_mode = S_IFREG, .st_mtim = st->st_mtim };
		memcpy(p->name + length, "/.wh..wh..opq", 14);
		if (tar_header(&p->tar, '0', p->name, NULL, &marker, 0))
			return -1;
		p->name[length] = 0;
	}
	if (is_kernels(p, directory, base, depth, !above || above->st_dev != st->st_dev))
		return 0;
	int result = pack_below(p, directory, st, depth);
	p->length = length;
	p->name[length] = 0;
	return result;
}

static int pack_whiteout(struct pack *p, const struct stat *st)
{
	char *slash = strrchr(p->name, '/'), *base = slash ? slash + 1 : p->name;
	struct stat marker = { .st_mode = S_IFREG, .st_mtim = st->st_mtim };
	memmove(base + 4, base, strlen(base) + 1);
	memcpy(base, ".wh.", 4);
	return tar_header(&p->tar, '0', p->name, NULL, &marker, 0);
}

static int pack_entry(struct pack *p, int parent, const char *base, const struct stat *above, int depth)
{
	struct stat st;
	CLEANUP_FD int entry = *base ? openat(parent, base, O_PATH | O_NOFOLLOW | O_CLOEXEC)
				     : openat(parent, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (entry < 0 || fstat(entry, &st))
		return errno == ENOENT && depth ? 0 : fail(p->err, "open %s", p->name); /* removed meanwhile: not there */
	if (p->layer && p->length && (is_engine_made(p->archive, p->name, entry, &st)
	    || (S_ISDIR(st.st_mode) && is_copied_for_engine(p->archive, p->name, entry, &st))))
		return 0;
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return pack_directory(p, entry, &st, above, base, depth);
	case S_IFREG:
		return pack_regular(p, entry, &st);
	case S_IFLNK:
		return pack_symlink(p, entry, &st);
	case S_IFCHR:
		if (p->layer && st.st_rdev == 0)
			return pack_whiteout(p, &st);
		return tar_header(&p->tar, '3', p->name, NULL, &st, 0);
	case S_IFBLK:
		return tar_header(&p->tar, '4', p->name, NULL, &st, 0);
	case S_IFIFO:
		return tar_header(&p->tar, '6', p->name, NULL, &st, 0);
	default:
		return 0; /* a socket: tar has no word for it */
	}
}

static int pack_all(struct archive *a, int parent, const char *base, const char *name, bool layer, bool whole_root)
{
	struct pack *p = calloc(1, sizeof *p); /* its memory goes with the process */
	if (!p)
		return fail(&a->context.err, "archive");
	p->archive = a;
	p->err = p->tar.err = &a->context.err;
	p->tar.fd = STDOUT_FILENO;
	p->layer = layer;
	p->whole_root = whole_root;
	p->all_xattrs = a->flags & ARCHIVE_ALL_XATTRS;
	p->length = strlen(name);
	if (p->length + 2 > MAX_NAME)
		return fail_with(p->err, ENAMETOOLONG, "%.200s…", name);
	memcpy(p->name, name, p->length + 1);
	return pack_entry(p, parent, base, NULL, 0) || tar_end(&p->tar) ? -1 : 0;
}

/* `base` in `parent`, called `name` in the archive; with '' the directory `parent` itself. */
int pack_tree(struct archive *a, int parent, const char *base, const char *name, bool whole_root)
{
	return pack_all(a, parent, base, name, false, whole_root);
}

int pack_layer(struct archive *a, int upper)
{
	return pack_all(a, upper, "", "", true, false);
}
