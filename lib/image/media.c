/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * media.c - setup media of Windows, opened for the worker (see media.h)
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-write.h"
#include "image/media.h"

/* What may hold a multiprocessor HAL or kernel: loose, compressed by itself,
 * or a cabinet of many (worker/hal-search.c knows what to do with them).
 */
static const char *const names[] = {
    "halmacpi.dll", "halmacpi.dl_", "halmps.dll", "halmps.dl_",
    "ntkrnlmp.exe", "ntkrnlmp.ex_", "ntkrpamp.exe", "ntkrpamp.ex_",
    "sp1.cab", "sp2.cab", "sp3.cab", "sp4.cab", "driver.cab",
};

#define ENTRIES_MAX 100000u     /* of a folder that are looked at */

void
vt_media_close(struct vt_media *media)
{
    vt_closep(&media->image);
    for (size_t i = 0; i < media->count; i++)
        vt_closep(&media->files[i].fd);
    *media = (struct vt_media)VT_MEDIA_INIT;
}

static bool
is_wanted(const char *name)
{
    for (size_t i = 0; i < VT_COUNT(names); i++) {
        if (strcasecmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* Open a regular file of @folder; -1 where it is none. */
static int
open_file(int folder, const char *name)
{
    /* To open a pipe would wait. */
    int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY
                    | O_CLOEXEC);
    struct stat info;

    if (fd >= 0 && (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void
add_file(struct vt_media *media, int folder, const char *prefix,
         const char *name)
{
    int fd;

    if (media->count == VT_MEDIA_FILES_MAX || !is_wanted(name))
        return;
    fd = open_file(folder, name);
    if (fd < 0)
        return;
    (void)snprintf(media->files[media->count].name,
                   sizeof(media->files[0].name), "%s%.40s", prefix, name);
    media->files[media->count++].fd = fd;
}

static void
close_dirp(DIR **dir)
{
    if (*dir != NULL)
        (void)closedir(*dir);
}

/* Look through the folder @fd, which is closed; with @go_down also through
 * those below it.
 */
static void
look_through(struct vt_media *media, int fd, const char *prefix, bool go_down)
{
    vt_auto(close_dirp) DIR *dir = fdopendir(fd);
    const struct dirent *entry;

    if (dir == NULL) {
        (void)close(fd);
        return;
    }
    for (unsigned i = 0; i < ENTRIES_MAX && (entry = readdir(dir)) != NULL;
         i++) {
        bool is_i386 = strcasecmp(entry->d_name, "i386") == 0;

        if (go_down && (is_i386 || strcasecmp(entry->d_name, "amd64") == 0)) {
            int below = openat(dirfd(dir), entry->d_name,
                               O_RDONLY | O_DIRECTORY | O_CLOEXEC);

            if (below >= 0)
                look_through(media, below, is_i386 ? "i386/" : "amd64/",
                             false);
        } else {
            add_file(media, dirfd(dir), prefix, entry->d_name);
        }
    }
}

int
vt_media_open(const char *path, struct vt_media *ret_media,
              struct vtopo_error *err)
{
    vt_autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY
                               | O_CLOEXEC);
    struct vt_media media = VT_MEDIA_INIT;
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0)
        return vt_fail_errno(err, "cannot open the media '%s'", path);
    if (S_ISREG(info.st_mode) || S_ISBLK(info.st_mode)) {
        media.image = fd;
        fd = -1;
    } else if (S_ISDIR(info.st_mode)) {
        look_through(&media, fd, "", true);
        fd = -1;
        if (media.count == 0) {
            (void)vt_fail(err, VTOPO_BAD_INPUT, "'%s' holds no HAL, kernel or "
                          "cabinet of Windows", path);
            return vt_hint(err, "name the folder that has I386 in it, I386 "
                           "itself, a service pack that was unpacked, or an "
                           "ISO image");
        }
    } else {
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the media '%s' are neither a folder nor an ISO image",
                       path);
    }
    *ret_media = media;
    return 0;
}

size_t
vt_media_fds(const struct vt_media *media, int fds[VT_MEDIA_FDS_MAX])
{
    size_t count = 0;

    if (media->image >= 0)
        fds[count++] = media->image;
    for (size_t i = 0; i < media->count; i++)
        fds[count++] = media->files[i].fd;
    return count;
}

void
vt_media_write(const struct vt_media *media, unsigned first,
               struct vt_json *json)
{
    if (media->image >= 0) {
        vt_json_key(json, "media");
        vt_json_uint(json, first++);
    }
    vt_json_key(json, "files");
    vt_json_open(json, '[');
    for (size_t i = 0; i < media->count; i++) {
        vt_json_open(json, '{');
        vt_json_key(json, "name");
        vt_json_string(json, media->files[i].name);
        vt_json_key(json, "fd");
        vt_json_uint(json, first++);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
}
