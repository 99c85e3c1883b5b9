/* A disk that fails and a clock that jumps, for a process that is preloaded with this (LD_PRELOAD).
 *
 * Calls on files below $SHIM_ROOT are counted, in every process and thread that shares the page in $SHIM_CONTROL; those from
 * the `from`-th to the `to`-th fail with `error`. A write that fails leaves the first half of its bytes behind, as a torn one
 * does. The test reads and writes the page as a file, while the process runs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What a call does to the disk; the test chooses by these which are counted and failed. */
enum { LOOKS = 1, GROWS = 2, SYNCS = 4, CHANGES = 8, LOCKS = 16 };

static struct control {
    _Atomic uint64_t kinds, from, to, error;
    _Atomic uint64_t calls, failed;
    _Atomic int64_t shift_seconds;
    char first_failed[72];
} *page;

static const char *root;
static size_t root_length;

/* Which descriptors are open below the root, and by which name. */
#define DESCRIPTORS 4096
static char names[DESCRIPTORS][32];
static _Atomic char is_below[DESCRIPTORS];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SHIM_CONTROL");
    root = getenv("SHIM_ROOT");
    if (!path || !root) return;
    root_length = strlen(root);
    int fd = REAL(open)(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) abort();
    void *at = REAL(mmap)(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) abort();
    REAL(close)(fd);
    page = at;
}

static int below(const char *path) {
    return page && path && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

static const char *base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int open_below(int fd) { return page && fd >= 0 && fd < DESCRIPTORS && is_below[fd]; }

static int fails(unsigned kind, const char *call, const char *name) {
    if (!(page->kinds & kind)) return 0;
    uint64_t number = atomic_fetch_add(&page->calls, 1) + 1;
    if (number < page->from || number > page->to) return 0;
    if (atomic_fetch_add(&page->failed, 1) == 0)
        snprintf(page->first_failed, sizeof page->first_failed, "%s %s", call, name);
    errno = (int)page->error;
    return 1;
}

#define FAIL_FD(kind, call, fd) if (open_below(fd) && fails(kind, call, names[fd])) return -1
#define FAIL_PATH(kind, call, path) if (below(path) && fails(kind, call, base(path))) return -1

static int opened(int fd, const char *path) {
    if (fd >= 0 && fd < DESCRIPTORS && below(path)) {
        snprintf(names[fd], sizeof names[fd], "%s", base(path));
        is_below[fd] = 1;
    }
    return fd;
}

#define OPEN(name)                                                                 \
    int name(const char *path, int flags, ...) {                                   \
        va_list rest;                                                              \
        va_start(rest, flags);                                                     \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;  \
        va_end(rest);                                                              \
        FAIL_PATH(flags & O_CREAT ? GROWS : LOOKS, #name, path);                   \
        return opened(REAL(name)(path, flags, mode), path);                        \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                               \
    int name(int at, const char *path, int flags, ...) {                           \
        va_list rest;                                                              \
        va_start(rest, flags);                                                     \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;  \
        va_end(rest);                                                              \
        FAIL_PATH(flags & O_CREAT ? GROWS : LOOKS, #name, path);                   \
        return opened(REAL(name)(at, path, flags, mode), path);                    \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    if (fd >= 0 && fd < DESCRIPTORS) is_below[fd] = 0;
    return REAL(close)(fd);
}

ssize_t read(int fd, void *to, size_t length) {
    FAIL_FD(LOOKS, "read", fd);
    return REAL(read)(fd, to, length);
}
ssize_t pread(int fd, void *to, size_t length, off_t at) {
    FAIL_FD(LOOKS, "pread", fd);
    return REAL(pread)(fd, to, length, at);
}
ssize_t pread64(int fd, void *to, size_t length, off64_t at) {
    FAIL_FD(LOOKS, "pread64", fd);
    return REAL(pread64)(fd, to, length, at);
}

/* The first half is written, whatever becomes of it; the error is the one asked for. */
#define TEAR(call, half)                                       \
    if (open_below(fd) && fails(GROWS, call, names[fd])) {     \
        int error = errno;                                     \
        ssize_t written = half;                                \
        (void)written;                                         \
        errno = error;                                         \
        return -1;                                             \
    }
ssize_t write(int fd, const void *from, size_t length) {
    TEAR("write", REAL(write)(fd, from, length / 2))
    return REAL(write)(fd, from, length);
}
ssize_t pwrite(int fd, const void *from, size_t length, off_t at) {
    TEAR("pwrite", REAL(pwrite)(fd, from, length / 2, at))
    return REAL(pwrite)(fd, from, length, at);
}
ssize_t pwrite64(int fd, const void *from, size_t length, off64_t at) {
    TEAR("pwrite64", REAL(pwrite64)(fd, from, length / 2, at))
    return REAL(pwrite64)(fd, from, length, at);
}

/* Of `fcntl`, locks that are taken; whatever is handed on fits into a pointer. */
#define FCNTL(name)                                                            \
    int name(int fd, int command, ...) {                                       \
        va_list rest;                                                          \
        va_start(rest, command);                                               \
        void *with = va_arg(rest, void *);                                     \
        va_end(rest);                                                          \
        if (command == F_SETLK && ((struct flock *)with)->l_type != F_UNLCK) { \
            FAIL_FD(LOCKS, #name, fd);                                         \
        }                                                                      \
        return REAL(name)(fd, command, with);                                  \
    }
FCNTL(fcntl)
FCNTL(fcntl64)

int fsync(int fd) {
    FAIL_FD(SYNCS, "fsync", fd);
    return REAL(fsync)(fd);
}
int fdatasync(int fd) {
    FAIL_FD(SYNCS, "fdatasync", fd);
    return REAL(fdatasync)(fd);
}

int ftruncate(int fd, off_t length) {
    FAIL_FD(CHANGES, "ftruncate", fd);
    return REAL(ftruncate)(fd, length);
}
int ftruncate64(int fd, off64_t length) {
    FAIL_FD(CHANGES, "ftruncate64", fd);
    return REAL(ftruncate64)(fd, length);
}
/* This one answers the error instead of setting `errno`. */
int posix_fallocate(int fd, off_t at, off_t length) {
    if (open_below(fd) && fails(GROWS, "posix_fallocate", names[fd])) return errno;
    return REAL(posix_fallocate)(fd, at, length);
}
int fchmod(int fd, mode_t mode) {
    FAIL_FD(CHANGES, "fchmod", fd);
    return REAL(fchmod)(fd, mode);
}
int fchown(int fd, uid_t user, gid_t group) {
    FAIL_FD(CHANGES, "fchown", fd);
    return REAL(fchown)(fd, user, group);
}

void *mmap(void *where, size_t length, int protection, int flags, int fd, off_t at) {
    if (open_below(fd) && fails(LOOKS, "mmap", names[fd])) return MAP_FAILED;
    return REAL(mmap)(where, length, protection, flags, fd, at);
}
void *mmap64(void *where, size_t length, int protection, int flags, int fd, off64_t at) {
    if (open_below(fd) && fails(LOOKS, "mmap64", names[fd])) return MAP_FAILED;
    return REAL(mmap64)(where, length, protection, flags, fd, at);
}

#define STAT(name, type)                                \
    int name(const char *path, struct type *found) {    \
        FAIL_PATH(LOOKS, #name, path);                  \
        return REAL(name)(path, found);                 \
    }
STAT(stat, stat)
STAT(stat64, stat64)
STAT(lstat, stat)
STAT(lstat64, stat64)
int fstat(int fd, struct stat *found) {
    FAIL_FD(LOOKS, "fstat", fd);
    return REAL(fstat)(fd, found);
}
int fstat64(int fd, struct stat64 *found) {
    FAIL_FD(LOOKS, "fstat64", fd);
    return REAL(fstat64)(fd, found);
}
int statx(int at, const char *path, int flags, unsigned mask, struct statx *found) {
    FAIL_PATH(LOOKS, "statx", path);
    if (flags & AT_EMPTY_PATH) {
        FAIL_FD(LOOKS, "statx", at);
    }
    return REAL(statx)(at, path, flags, mask, found);
}
int access(const char *path, int mode) {
    FAIL_PATH(LOOKS, "access", path);
    return REAL(access)(path, mode);
}
ssize_t readlink(const char *path, char *to, size_t length) {
    FAIL_PATH(LOOKS, "readlink", path);
    return REAL(readlink)(path, to, length);
}

int unlink(const char *path) {
    FAIL_PATH(CHANGES, "unlink", path);
    return REAL(unlink)(path);
}
int rename(const char *from, const char *to) {
    FAIL_PATH(CHANGES, "rename", from);
    return REAL(rename)(from, to);
}
int link(const char *from, const char *to) {
    FAIL_PATH(CHANGES, "link", to);
    return REAL(link)(from, to);
}
int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    FAIL_PATH(CHANGES, "linkat", to);
    return REAL(linkat)(from_at, from, to_at, to, flags);
}
int mkdir(const char *path, mode_t mode) {
    FAIL_PATH(GROWS, "mkdir", path);
    return REAL(mkdir)(path, mode);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = REAL(clock_gettime)(clock, now);
    if (!failed && page && clock == CLOCK_REALTIME) now->tv_sec += page->shift_seconds;
    return failed;
}
