/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * file.c - whole files, in and out (see file.h)
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#define PIECE 65536u

int
vt_read_all(int fd, const char *name, size_t most, struct vt_buf *text,
            struct vtopo_error *err)
{
    size_t before = text->length;
    ssize_t got;

    do {
        if (!vt_buf_reserve(text, PIECE))
            return vt_fail_memory(err);
        got = read(fd, text->data + text->length, PIECE - 1);
        if (got < 0 && errno != EINTR)
            return vt_fail_errno(err, "cannot read '%s'", name);
        text->length += got > 0 ? (size_t)got : 0;
        if (text->length - before > most)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "'%s' is larger than %zu bytes", name, most);
    } while (got != 0);
    return 0;
}

int
vt_read_file(const char *name, size_t most, struct vt_buf *text,
             struct vtopo_error *err)
{
    vt_autoclose int fd = open(name, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return vt_fail_errno(err, "cannot open '%s'", name);
    return vt_read_all(fd, name, most, text, err);
}

int
vt_write_all(int fd, const char *name, const void *data, size_t size,
             struct vtopo_error *err)
{
    const char *from = data;

    while (size > 0) {
        ssize_t put = write(fd, from, size);

        if (put >= 0) {
            from += put;
            size -= (size_t)put;
        } else if (errno == EAGAIN) {
            (void)poll(&(struct pollfd) { .fd = fd, .events = POLLOUT }, 1, -1);
        } else if (errno != EINTR) {
            return vt_fail_errno(err, "cannot write to %s", name);
        }
    }
    return 0;
}

/* Give the whole file at @temporary the name @name, which no file has yet.
 * link() is what every kernel has for that; file systems without links, such
 * as FAT, know the newer call.
 */
static int
take_name(const char *temporary, const char *name, struct vtopo_error *err)
{
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EEXIST && link(temporary, name) == 0) {
        (void)unlink(temporary);
        return 0;
    }
    if (errno != EEXIST)
        return vt_fail_errno(err, "cannot make '%s'", name);
    (void)vt_fail(err, VTOPO_BAD_INPUT, "'%s' exists, and is not overwritten",
                  name);
    return vt_hint(err, "remove it, or name another file");
}

static int
write_temporary(const char *temporary, const char *name, const void *data,
                size_t size, struct vtopo_error *err)
{
    vt_autoclose int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL
                               | O_CLOEXEC, 0666);

    if (fd < 0)
        return vt_fail_errno(err, "cannot make '%s'", name);
    if (vt_write_all(fd, temporary, data, size, err) < 0)
        return -1;
    if (fsync(fd) < 0)
        return vt_fail_errno(err, "cannot write to %s", temporary);
    return take_name(temporary, name, err);
}

int
vt_write_new(const char *name, const void *data, size_t size,
             struct vtopo_error *err)
{
    vt_autofree char *temporary = NULL;

    if (asprintf(&temporary, "%s.%d", name, (int)getpid()) < 0) {
        temporary = NULL;
        return vt_fail_memory(err);
    }
    if (write_temporary(temporary, name, data, size, err) == 0)
        return 0;
    (void)unlink(temporary);
    return -1;
}

static int
sync_name(const char *name, int flags)
{
    vt_autoclose int fd = open(name, O_RDONLY | O_CLOEXEC | flags);

    return fd < 0 ? -1 : fsync(fd);
}

int
vt_sync_folder(const char *name, struct vtopo_error *err)
{
    const char *slash = strrchr(name, '/');
    vt_autofree char *folder = slash == NULL ? strdup(".")
        : strndup(name, (size_t)(slash - name) + 1);

    if (folder == NULL)
        return vt_fail_memory(err);
    if (sync_name(folder, O_DIRECTORY) < 0)
        return vt_fail_errno(err, "cannot make the folder of '%s' safe", name);
    return 0;
}

int
vt_sync_file(const char *name, struct vtopo_error *err)
{
    if (sync_name(name, 0) < 0)
        return vt_fail_errno(err, "cannot make '%s' safe", name);
    return 0;
}
