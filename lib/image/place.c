/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * place.c - open the files of an image, and no others
 *
 * A name inside an image is a wish.  It is resolved by the kernel below the
 * image's folder (openat2 with RESOLVE_BENEATH), so that neither ".." nor a
 * link, whenever it is made, leads out of it; the file that was looked at is
 * the one that is read, because it stays open from then on.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "image/internal.h"

void
vt_root_clear(struct vt_root *root)
{
    vt_closep(&root->fd);
    free(root->given);
    free(root->real);
    *root = (struct vt_root) { .fd = -1 };
}

void
vt_place_clear(struct vt_place *place)
{
    vt_closep(&place->fd);
    free(place->path);
    *place = (struct vt_place)VT_PLACE_INIT;
}

bool
vt_has_protocol(const char *name)
{
    return name[strcspn(name, ":/")] == ':';
}

/* Open for reading what @seen, an O_PATH descriptor, stands for.  Devices of
 * characters and pipes are not touched: opening alone can have effects.
 */
static int
open_seen(int seen, const char *name, struct vt_place *place,
          struct vtopo_error *err)
{
    char path[64];
    struct stat info;

    if (fstat(seen, &info) < 0)
        return vt_fail_errno(err, "cannot look at '%s'", name);
    if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'%s' is neither a file nor a block device", name);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", seen);
    place->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (place->fd < 0)
        return vt_fail_errno(err, "cannot open '%s'", name);
    place->device = info.st_dev;
    place->inode = info.st_ino;
    place->is_device = S_ISBLK(info.st_mode);
    return 0;
}

/* The folder part of @path with its slash; "" where there is none. */
static size_t
folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static int
open_folder(const char *name, struct vt_root *root, struct vtopo_error *err)
{
    size_t length = folder_length(name);
    vt_autofree char *folder = length != 0 ? strndup(name, length)
                                           : strdup(".");
    vt_autofree char *here = realpath(".", NULL);
    int rc;

    if (folder == NULL)
        return vt_fail_memory(err);
    root->fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root->fd < 0)
        return vt_fail_errno(err, "cannot open the folder '%s'", folder);
    root->real = realpath(folder, NULL);
    if (root->real == NULL)
        return vt_fail_errno(err, "cannot find the folder '%s'", folder);
    /* As the user said it, without the slash at its end. */
    if (length > 1)
        folder[length - 1] = '\0';
    if (folder[0] == '/')
        rc = asprintf(&root->given, "%s", folder);
    else if (length == 0)
        rc = asprintf(&root->given, "%s", root->real);
    else
        rc = asprintf(&root->given, "%s/%s", here != NULL ? here : "", folder);
    if (rc < 0) {
        root->given = NULL;
        return vt_fail_memory(err);
    }
    return 0;
}

int
vt_file_open(const char *name, int *ret_fd, struct vtopo_error *err)
{
    struct vt_place place = VT_PLACE_INIT;
    vt_autoclose int seen = open(name, O_PATH | O_CLOEXEC);

    if (seen < 0)
        return vt_fail_errno(err, "cannot open '%s'", name);
    if (open_seen(seen, name, &place, err) < 0)
        return -1;
    *ret_fd = place.fd;
    return 0;
}

int
vt_root_open(const char *name, struct vt_root *ret_root,
             struct vt_place *ret_place, struct vtopo_error *err)
{
    vt_auto(vt_root_clear) struct vt_root root = { .fd = -1 };
    vt_auto(vt_place_clear) struct vt_place place = VT_PLACE_INIT;
    vt_autoclose int seen = -1;

    /* First the file: its name is the one to complain about. */
    seen = open(name, O_PATH | O_CLOEXEC);
    if (seen < 0)
        return vt_fail_errno(err, "cannot open '%s'", name);
    if (open_seen(seen, name, &place, err) < 0
        || open_folder(name, &root, err) < 0)
        return -1;
    place.path = strdup(name + folder_length(name));
    if (place.path == NULL)
        return vt_fail_memory(err);
    *ret_root = root;
    root = (struct vt_root) { .fd = -1 };
    *ret_place = place;
    place = (struct vt_place)VT_PLACE_INIT;
    return 0;
}

/* ---------------------------------------------------- names in images */

/* @path below @folder, or NULL. */
static const char *
strip_folder(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    while (length > 0 && folder[length - 1] == '/')
        length--;
    if (strncmp(path, folder, length) != 0 || path[length] != '/')
        return NULL;
    path += length;
    return path + strspn(path, "/");
}

/* Where the file at @from means to point with @name: a path from the root,
 * or an absolute one; NULL without memory.  Nothing is looked up.
 */
static char *
combine(const struct vt_root *root, const char *from, const char *name)
{
    const char *inside = NULL;
    char *path;

    if (name[0] == '/') {
        inside = strip_folder(name, root->given);
        if (inside == NULL)
            inside = strip_folder(name, root->real);
        return strdup(inside != NULL ? inside : name);
    }
    if (asprintf(&path, "%.*s%s", (int)folder_length(from), from, name) < 0)
        return NULL;
    return path;
}

static int
open_beneath(int root, const char *path)
{
    const struct open_how how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static int
refuse_outside(const char *what, const char *name, const struct vt_root *root,
               struct vtopo_error *err)
{
    (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                  "the image asks for the %s '%s', which is outside its "
                  "folder '%s'", what, name, root->given);
    return vt_hint(err, "'--allow-outside' allows it, if you trust the image");
}

int
vt_place_open(const struct vt_root *root, const char *from, const char *name,
              const char *what, bool allow_outside,
              struct vt_place *ret_place, struct vtopo_error *err)
{
    vt_auto(vt_place_clear) struct vt_place place = VT_PLACE_INIT;
    vt_autofree char *path = combine(root, from, name);
    vt_autoclose int seen = -1;

    if (path == NULL)
        return vt_fail_memory(err);
    if (path[0] != '/')
        seen = open_beneath(root->fd, path);
    if (path[0] == '/' || (seen < 0 && errno == EXDEV)) {
        char *absolute;

        if (!allow_outside)
            return refuse_outside(what, name, root, err);
        if (asprintf(&absolute, "%s%s%s", path[0] == '/' ? "" : root->given,
                     path[0] == '/' ? "" : "/", path) < 0)
            return vt_fail_memory(err);
        free(path);
        path = absolute;
        seen = open(path, O_PATH | O_CLOEXEC);
    }
    if (seen < 0)
        return vt_fail_errno(err, "cannot open the %s '%s'", what, name);
    if (open_seen(seen, name, &place, err) < 0)
        return -1;
    place.path = vt_steal(&path);
    *ret_place = place;
    place = (struct vt_place)VT_PLACE_INIT;
    return 0;
}
