/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * ntfs-device.c - what libntfs-3g takes for a device (see ntfs-parts.h)
 *
 * It asks for bytes through the functions below; one that fails keeps the
 * reason, because the library passes on an errno alone.
 */

#include "ntfs-parts.h"

static struct vw_ntfs *
context_of(struct ntfs_device *device)
{
    return device->d_private;
}

static int
device_open(struct ntfs_device *device, int flags)
{
    bool is_written = (flags & O_ACCMODE) != O_RDONLY;

    if (is_written && context_of(device)->sink.write == NULL) {
        errno = EROFS;
        return -1;
    }
    NDevSetOpen(device);
    if (!is_written)
        NDevSetReadOnly(device);
    return 0;
}

static int
device_close(struct ntfs_device *device)
{
    device->d_state &= ~(1ul << ND_Open);
    return 0;
}

/* Keep the reason of the first failure, for fail_ntfs(); -1 with errno. */
static s64
keep_trouble(struct vw_ntfs *ntfs, struct vtopo_error *err)
{
    if (ntfs->trouble.code == VTOPO_OK) {
        ntfs->trouble = *err;
        *err = (struct vtopo_error) VTOPO_ERROR_INIT;
    }
    errno = EIO;
    return -1;
}

/* A volume that leads the library in circles ends here. */
static int
count_request(struct vw_ntfs *ntfs, struct vtopo_error *err)
{
    if (ntfs->requests++ < VW_NTFS_REQUESTS_MAX)
        return 0;
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "an NTFS volume goes in circles: more than %u reads and "
                   "writes for one file", VW_NTFS_REQUESTS_MAX);
}

static s64
device_pread(struct ntfs_device *device, void *buffer, s64 count, s64 offset)
{
    struct vw_ntfs *ntfs = context_of(device);
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    if (count < 0 || offset < 0) {
        errno = EINVAL;
        return -1;
    }
    offset = (s64)vw_mirror_map(&ntfs->mirror, (uint64_t)offset,
                                (uint64_t)count);
    if (count_request(ntfs, &err) < 0
        || vw_bytes_read(&ntfs->bytes, (uint64_t)offset, buffer,
                         (size_t)count, &err) < 0)
        return keep_trouble(ntfs, &err);
    return count;
}

static s64
device_seek(struct ntfs_device *device, s64 offset, int whence)
{
    struct vw_ntfs *ntfs = context_of(device);
    s64 base = whence == SEEK_SET ? 0
               : whence == SEEK_CUR ? ntfs->position : (s64)ntfs->bytes.size;
    s64 position;

    if (__builtin_add_overflow(base, offset, &position) || position < 0) {
        errno = EINVAL;
        return -1;
    }
    ntfs->position = position;
    return position;
}

static s64
device_read(struct ntfs_device *device, void *buffer, s64 count)
{
    struct vw_ntfs *ntfs = context_of(device);
    s64 got = device_pread(device, buffer, count, ntfs->position);

    if (got > 0)
        ntfs->position += got;
    return got;
}

static s64
device_pwrite(struct ntfs_device *device, const void *buffer, s64 count,
              s64 offset)
{
    struct vw_ntfs *ntfs = context_of(device);
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    if (ntfs->sink.write == NULL) {
        errno = EROFS;
        return -1;
    }
    if (count < 0 || offset < 0) {
        errno = EINVAL;
        return -1;
    }
    if (count_request(ntfs, &err) < 0
        || ntfs->sink.write(ntfs->sink.context, (uint64_t)offset, buffer,
                            (size_t)count, &err) < 0)
        return keep_trouble(ntfs, &err);
    return count;
}

static s64
device_write(struct ntfs_device *device, const void *buffer, s64 count)
{
    struct vw_ntfs *ntfs = context_of(device);
    s64 put = device_pwrite(device, buffer, count, ntfs->position);

    if (put > 0)
        ntfs->position += put;
    return put;
}

static int
device_sync(struct ntfs_device *device)
{
    (void)device;
    return 0;
}

static int
device_stat(struct ntfs_device *device, struct stat *buffer)
{
    (void)device;
    (void)buffer;
    errno = ENOTSUP;
    return -1;
}

static int
device_ioctl(struct ntfs_device *device, unsigned long request, void *value)
{
    (void)device;
    (void)request;
    (void)value;
    errno = ENOTSUP;
    return -1;
}

static const struct ntfs_device_operations operations = {
    .open = device_open,
    .close = device_close,
    .seek = device_seek,
    .read = device_read,
    .write = device_write,
    .pread = device_pread,
    .pwrite = device_pwrite,
    .sync = device_sync,
    .stat = device_stat,
    .ioctl = device_ioctl,
};

struct ntfs_device *
vw_ntfs_device(struct vw_ntfs *ntfs)
{
    return ntfs_device_alloc("volume", 0, (struct ntfs_device_operations *)
                             (uintptr_t)&operations, ntfs);
}

/* --------------------------------------------------------- failures */

void
vw_ntfs_begin(struct vw_ntfs *ntfs)
{
    ntfs->requests = 0;
    vtopo_error_clear(&ntfs->trouble);
}

int
vw_ntfs_fail(struct vw_ntfs *ntfs, const char *doing, struct vtopo_error *err)
{
    int why = errno;

    if (ntfs->trouble.code != VTOPO_OK) {
        *err = ntfs->trouble;
        ntfs->trouble = (struct vtopo_error) VTOPO_ERROR_INIT;
        return vt_wrap(err, "cannot %s", doing);
    }
    if (why == ENOMEM)
        return vt_fail_memory(err);
    if (why == ENOSPC)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "cannot %s: the volume has no room", doing);
    return vt_fail(err, VTOPO_BAD_INPUT, "cannot %s: the volume is damaged",
                   doing);
}
