/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ntfs-fill.c - put directories and files into an NTFS image, for tests
 *
 *   ntfs-fill IMAGE OFFSET [--compress|--security=ID|--attributes=BITS|
 *             SOURCE:TARGET|:TARGET|=TARGET:TAG|-TARGET:]...
 *
 * The volume begins at byte OFFSET of IMAGE, made there by mkntfs.
 * SOURCE:TARGET copies a file and makes the directories above it; :TARGET
 * makes a directory, or for "NAME*COUNT" that many files NAME0000.dll and so
 * on, which may have a SOURCE, too; =TARGET:TAG gives a file that is there a
 * reparse point with that tag; -TARGET: deletes a file, or for "NAME*COUNT"
 * those that begin at an odd cluster, which leaves holes.  After --compress new files are compressed as NTFS does
 * it; after the others they have protection ID of $Secure (0: one of their
 * own) and those DOS attributes.  ntfscp can make no directories, and mounting
 * needs FUSE.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <ntfs-3g/attrib.h>
#include <ntfs-3g/device.h>
#include <ntfs-3g/dir.h>
#include <ntfs-3g/inode.h>
#include <ntfs-3g/layout.h>
#include <ntfs-3g/unistr.h>
#include <ntfs-3g/volume.h>

#include "base/cleanup.h"

struct device {
    int fd;
    off_t offset;
    off_t size;
    s64 position;
};

static void __attribute__((noreturn))
die(const char *what)
{
    fprintf(stderr, "ntfs-fill: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static struct device *
of(struct ntfs_device *device)
{
    return device->d_private;
}

static int
do_open(struct ntfs_device *device, int flags)
{
    (void)flags;
    NDevSetOpen(device);
    return 0;
}

static int
do_close(struct ntfs_device *device)
{
    device->d_state &= ~(1ul << ND_Open);
    return 0;
}

static s64
do_seek(struct ntfs_device *device, s64 offset, int whence)
{
    s64 base = whence == SEEK_SET ? 0 : whence == SEEK_CUR
               ? of(device)->position : of(device)->size;

    return of(device)->position = base + offset;
}

static s64
do_pread(struct ntfs_device *device, void *buffer, s64 count, s64 offset)
{
    return pread(of(device)->fd, buffer, (size_t)count,
                 of(device)->offset + offset);
}

static s64
do_pwrite(struct ntfs_device *device, const void *buffer, s64 count,
          s64 offset)
{
    return pwrite(of(device)->fd, buffer, (size_t)count,
                  of(device)->offset + offset);
}

static s64
do_read(struct ntfs_device *device, void *buffer, s64 count)
{
    s64 got = do_pread(device, buffer, count, of(device)->position);

    of(device)->position += got > 0 ? got : 0;
    return got;
}

static s64
do_write(struct ntfs_device *device, const void *buffer, s64 count)
{
    s64 put = do_pwrite(device, buffer, count, of(device)->position);

    of(device)->position += put > 0 ? put : 0;
    return put;
}

static int
do_sync(struct ntfs_device *device)
{
    (void)device;
    return 0;
}

static int
do_stat(struct ntfs_device *device, struct stat *buffer)
{
    return fstat(of(device)->fd, buffer);
}

static int
do_ioctl(struct ntfs_device *device, unsigned long request, void *value)
{
    (void)device;
    (void)request;
    (void)value;
    errno = ENOTSUP;
    return -1;
}

static struct ntfs_device_operations operations = {
    .open = do_open, .close = do_close, .seek = do_seek,
    .read = do_read, .write = do_write, .pread = do_pread,
    .pwrite = do_pwrite, .sync = do_sync, .stat = do_stat,
    .ioctl = do_ioctl,
};

/* What new files are like. */
struct style {
    bool compress;
    unsigned security;
    unsigned attributes;        /* 0: as the library has it */
};

static void
dress(ntfs_inode *inode, mode_t type, const struct style *style)
{
    if (type != S_IFREG)
        return;
    if (style->compress)
        inode->flags |= FILE_ATTR_COMPRESSED;
    if (style->attributes != 0)
        inode->flags = cpu_to_le32(style->attributes);
    NInoFileNameSetDirty(inode);
    NInoSetDirty(inode);
}

/* The entry @name of @parent, made when it is not there; closes @parent. */
static ntfs_inode *
enter(ntfs_volume *volume, ntfs_inode *parent, const char *name, mode_t type,
      const struct style *style)
{
    ntfschar *wide = NULL;
    int units = ntfs_mbstoucs(name, &wide);
    ntfs_inode *inode;
    u64 reference;

    if (units <= 0)
        die(name);
    reference = ntfs_inode_lookup_by_name(parent, wide, units);
    if (reference != (u64)-1) {
        inode = ntfs_inode_open(volume, MREF(reference));
    } else {
        inode = ntfs_create(parent, cpu_to_le32(style->security), wide,
                            (u8)units, type);
        if (inode != NULL)
            dress(inode, type, style);
    }
    if (inode == NULL || ntfs_inode_close(parent) != 0)
        die(name);
    free(wide);
    return inode;
}

/* What @path leads to; its last part is made as @type. */
static ntfs_inode *
make(ntfs_volume *volume, const char *path, mode_t type,
     const struct style *style)
{
    ntfs_inode *inode = ntfs_inode_open(volume, FILE_root);
    vt_autofree char *copy = strdup(path);
    char *rest = copy;
    char *part;

    if (inode == NULL || copy == NULL)
        die("the root directory");
    while ((part = strsep(&rest, "/")) != NULL) {
        if (*part != '\0')
            inode = enter(volume, inode, part,
                          rest != NULL ? S_IFDIR : type, style);
    }
    return inode;
}

static void
fill_file(ntfs_inode *inode, int fd, bool compress)
{
    ntfs_attr *data = ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0);
    char piece[65536];
    s64 at = 0;
    ssize_t got;

    if (data == NULL)
        die("the data of a file");
    if (compress && data->data_size == 0) {
        ntfs_attr_close(data);
        if (ntfs_attr_set_flags(inode, AT_DATA, AT_UNNAMED, 0,
                                ATTR_IS_COMPRESSED, ATTR_COMPRESSION_MASK))
            die("compression");
        data = ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0);
    }
    while (data != NULL && (got = read(fd, piece, sizeof(piece))) > 0) {
        if (ntfs_attr_pwrite(data, at, got, piece) != got)
            die("writing");
        at += got;
    }
    if (data == NULL)
        die("the data of a file");
    (void)ntfs_attr_pclose(data);
    ntfs_attr_close(data);
}

static void
copy_in(ntfs_volume *volume, const char *source, const char *target,
        const struct style *style)
{
    int fd = open(source, O_RDONLY | O_CLOEXEC);
    ntfs_inode *inode;

    if (fd < 0)
        die(source);
    inode = make(volume, target, S_IFREG, style);
    fill_file(inode, fd, style->compress);
    if (ntfs_inode_close(inode) != 0)
        die(target);
    (void)close(fd);
}

static void
delete(ntfs_volume *volume, const char *target)
{
    static const struct style plain = { .compress = false };
    const char *name = strrchr(target, '/');
    vt_autofree char *folder = strndup(target, name == NULL ? 0
                                       : (size_t)(name - target));
    ntfs_inode *parent, *inode;
    ntfschar *wide = NULL;
    int units;

    name = name == NULL ? target : name + 1;
    units = ntfs_mbstoucs(name, &wide);
    if (folder == NULL || units <= 0)
        die(target);
    inode = make(volume, target, S_IFREG, &plain);
    parent = make(volume, folder, S_IFDIR, &plain);
    if (ntfs_delete(volume, NULL, inode, parent, wide, (u8)units) != 0)
        die(target);
    free(wide);
}

/* Whether the data of a file begin at an odd cluster. */
static bool
is_odd(ntfs_volume *volume, const char *target)
{
    static const struct style plain = { .compress = false };
    ntfs_inode *inode = make(volume, target, S_IFREG, &plain);
    ntfs_attr *data = ntfs_attr_open(inode, AT_DATA, AT_UNNAMED, 0);
    bool odd;

    if (data == NULL || ntfs_attr_map_whole_runlist(data) != 0)
        die(target);
    odd = data->rl != NULL && data->rl->lcn % 2 == 1;
    ntfs_attr_close(data);
    if (ntfs_inode_close(inode) != 0)
        die(target);
    return odd;
}

/* @source is "" for empty files, and NULL where some of them go. */
static void
make_many(ntfs_volume *volume, const char *source, const char *target,
          const char *star, const struct style *style)
{
    int count = atoi(star + 1);

    for (int i = 0; i < count; i++) {
        vt_autofree char *path = NULL;

        if (asprintf(&path, "%.*s%04d.dll", (int)(star - target), target,
                     i) < 0)
            die("memory");
        if (source == NULL && is_odd(volume, path))
            delete(volume, path);
        else if (source == NULL)
            continue;
        else if (*source != '\0')
            copy_in(volume, source, path, style);
        else if (ntfs_inode_close(make(volume, path, S_IFREG, style)) != 0)
            die(path);
    }
}

static void
add_tag(ntfs_volume *volume, const char *target, const char *tag)
{
    static const struct style plain = { .compress = false };
    ntfs_inode *inode = make(volume, target, S_IFREG, &plain);
    unsigned value = (unsigned)strtoul(tag, NULL, 0);
    unsigned char point[24] = {
        (unsigned char)value, (unsigned char)(value >> 8),
        (unsigned char)(value >> 16), (unsigned char)(value >> 24), 16,
    };

    if (ntfs_attr_add(inode, AT_REPARSE_POINT, AT_UNNAMED, 0, point,
                      sizeof(point)) != 0)
        die("a reparse point");
    inode->flags |= FILE_ATTR_REPARSE_POINT;
    NInoSetDirty(inode);
    if (ntfs_inode_close(inode) != 0)
        die(target);
}

static bool
obey_style(const char *order, struct style *style)
{
    if (strncmp(order, "--", 2) != 0)
        return false;
    if (strcmp(order, "--compress") == 0)
        style->compress = true;
    else if (sscanf(order, "--security=%i", (int *)&style->security) != 1
             && sscanf(order, "--attributes=%i",
                       (int *)&style->attributes) != 1)
        die(order);
    return true;
}

static void
obey(ntfs_volume *volume, char *order, struct style *style)
{
    char *colon = strrchr(order, ':');
    char *star = strchr(order, '*');

    if (obey_style(order, style))
        return;
    if (colon == NULL)
        die("an order without a colon");
    *colon++ = '\0';
    if (*order == '=')
        add_tag(volume, order + 1, colon);
    else if (*order == '-' && star != NULL)
        make_many(volume, NULL, order + 1, star, style);
    else if (*order == '-')
        delete(volume, order + 1);
    else if (star != NULL)
        make_many(volume, order, colon, star, style);
    else if (*order != '\0')
        copy_in(volume, order, colon, style);
    else if (ntfs_inode_close(make(volume, colon, S_IFDIR, style)) != 0)
        die(colon);
}

int
main(int argc, char **argv)
{
    struct device device = { .fd = -1 };
    struct ntfs_device *handle;
    ntfs_volume *volume;
    struct style style = { .compress = false };

    if (argc < 3) {
        fputs("usage: ntfs-fill IMAGE OFFSET ORDER...\n", stderr);
        return EXIT_FAILURE;
    }
    device.fd = open(argv[1], O_RDWR | O_CLOEXEC);
    device.offset = (off_t)strtoull(argv[2], NULL, 0);
    device.size = lseek(device.fd, 0, SEEK_END) - device.offset;
    handle = ntfs_device_alloc(argv[1], 0, &operations, &device);
    volume = handle != NULL ? ntfs_device_mount(handle, 0) : NULL;
    if (device.fd < 0 || volume == NULL)
        die(argv[1]);
    NVolSetCompression(volume);
    for (int i = 3; i < argc; i++)
        obey(volume, argv[i], &style);
    if (ntfs_umount(volume, FALSE) != 0)
        die("the end");
    return EXIT_SUCCESS;
}
