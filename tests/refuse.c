/* A library to be loaded before all others: refuses one call of the system, as the variable
 * LESSRAM_REFUSE says. `write:3` makes the third call of write fail with EIO; the variable then
 * reads `write:refused`, and no other call fails until it is set again. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static int refused(const char *name) {
    static char seen[32]; /* what the variable said when it was counted last */
    static int calls;
    char *said = getenv("LESSRAM_REFUSE");
    size_t length = strlen(name);
    if (!said || strlen(said) >= sizeof seen || strncmp(said, name, length) || said[length] != ':')
        return 0;
    if (strcmp(said, seen)) {
        strcpy(seen, said);
        calls = 0;
    }
    if (++calls != atoi(said + length + 1))
        return 0;
    char done[32];
    strcpy(done, name);
    strcat(done, ":refused");
    setenv("LESSRAM_REFUSE", done, 1);
    errno = EIO;
    return 1;
}

#define REFUSE(name, type, parameters, arguments)                   \
    type name parameters {                                          \
        static type(*next) parameters;                              \
        if (!next)                                                  \
            next = (type(*) parameters)dlsym(RTLD_NEXT, #name);     \
        return refused(#name) ? -1 : next arguments;                \
    }

REFUSE(write, ssize_t, (int fd, const void *bytes, size_t count), (fd, bytes, count))
REFUSE(fsync, int, (int fd), (fd))
REFUSE(fchmod, int, (int fd, mode_t mode), (fd, mode))
REFUSE(rename, int, (const char *from, const char *to), (from, to))
REFUSE(unlink, int, (const char *path), (path))

int open64(const char *path, int flags, ...) {
    static int (*next)(const char *, int, ...);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t); /* read by the callee only where there is one */
    va_end(rest);
    if (!next)
        next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    return refused("open") ? -1 : next(path, flags, mode);
}
