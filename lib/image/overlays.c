/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * overlays.c - which images have this one behind them?
 *
 * An image does not know what was laid over it; the others name it.  So the
 * files beside it are asked, one after the other, as far down as their chains
 * go.  A worker says what they are, one that has never read the image itself.
 * What a name leads to is compared before it is opened, and only regular files
 * ever are: to open a pipe or a device can have effects.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "image/internal.h"

/* No header that names another file is as short. */
#define SMALLEST 48

struct search {
    struct vt_image asker;      /* only to ask: options and a worker */
    struct stat wanted;         /* the file that may be behind others */
    const char *name;           /* of it, for messages */
    uint64_t deadline;
    unsigned files;             /* that were looked at */
    char *found;
};

static void
clear_search(struct search *search)
{
    vt_worker_stop(&search->asker.worker);
    free(search->found);
}

/* A file by its place on a medium, a device by what it stands for. */
static bool
is_wanted(const struct search *search, const struct stat *info)
{
    const struct stat *wanted = &search->wanted;

    if (S_ISBLK(info->st_mode) && S_ISBLK(wanted->st_mode))
        return info->st_rdev == wanted->st_rdev;
    return info->st_dev == wanted->st_dev && info->st_ino == wanted->st_ino;
}

static int
cannot_tell(const struct search *search, const char *folder, const char *what,
            struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_IMPOSSIBLE, "whether '%s' is a backing file of "
                   "one in '%s' cannot be told: %s", search->name, folder,
                   what);
}

/* ------------------------------------------------------- along one chain */

/* The folder part of @path with its slash. */
static int
folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? 0 : (int)(slash - path) + 1;
}

/* What a backing file is called: a name of QEMU is taken apart.  NULL where
 * that is no file; @format then says nothing.
 */
static char *
take_name(char **text, char **format)
{
    vt_autoerror struct vtopo_error ignored = VTOPO_ERROR_INIT;
    vt_autofree char *whole = vt_steal(text);
    char *name, *stated;

    if (whole == NULL || !vt_json_name_is(whole))
        return vt_steal(&whole);
    if (vt_json_name_parse(whole, &name, &stated, &ignored) < 0)
        return NULL;
    free(*format);
    *format = stated;
    return name;
}

/* The file that the one at @path asks for, as QEMU understands it; NULL where
 * that is no file.
 */
static int
read_backing(const char *path, struct vt_sniffed *sniffed, char **ret_path,
             char **ret_format, struct vtopo_error *err)
{
    vt_autofree char *name = take_name(&sniffed->backing,
                                       &sniffed->backing_format);
    const char *file = name;
    char *next = NULL;

    if (file != NULL && strncmp(file, "file:", 5) == 0)
        file += 5;
    else if (file != NULL && vt_has_protocol(file))
        file = NULL;
    if (file != NULL
        && asprintf(&next, "%.*s%s", file[0] == '/' ? 0 : folder_length(path),
                    path, file) < 0)
        return vt_fail_memory(err);
    *ret_path = next;
    *ret_format = vt_steal(&sniffed->backing_format);
    return 0;
}

/* Ask what @fd at @path is.  One that is broken has nothing behind it. */
static int
ask(struct search *search, int fd, const char *path, const char *format,
    struct vt_sniffed *ret_sniffed, struct vtopo_error *err)
{
    vt_autoerror struct vtopo_error said = VTOPO_ERROR_INIT;
    uint64_t now = vt_deadline_in(0);

    if (now >= search->deadline)
        return cannot_tell(search, path, "it takes too long", err);
    search->asker.options.wall_ms = (unsigned)(search->deadline - now);
    if (vt_sniff(&search->asker, fd, format, ret_sniffed, &said) == 0)
        return 0;
    if (said.code != VTOPO_SYSTEM)
        return 0;
    return vt_fail(err, VTOPO_SYSTEM, "looking at '%s': %s", path,
                   said.message);
}

/* One step along a chain: *@path becomes the file behind it, or NULL.  Files
 * that cannot be opened are no part of a chain that a guest can have.
 */
static int
step(struct search *search, char **path, char **format, bool *ret_wanted,
     struct vtopo_error *err)
{
    vt_auto(vt_sniffed_clear) struct vt_sniffed sniffed = { .backing = NULL };
    vt_autofree char *at = vt_steal(path);
    vt_autofree char *stated = vt_steal(format);
    vt_autoclose int seen = open(at, O_PATH | O_CLOEXEC);
    vt_autoclose int fd = -1;
    char again[64];
    struct stat info;

    if (seen < 0 || fstat(seen, &info) < 0)
        return 0;
    *ret_wanted = is_wanted(search, &info);
    if (*ret_wanted || !S_ISREG(info.st_mode) || info.st_size < SMALLEST)
        return 0;
    (void)snprintf(again, sizeof(again), "/proc/self/fd/%d", seen);
    fd = open(again, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return 0;
    if (ask(search, fd, at, stated != NULL && vt_format_is_known(stated)
            ? stated : NULL, &sniffed, err) < 0)
        return -1;
    return read_backing(at, &sniffed, path, format, err);
}

/* Follow the chain of the file @name, and keep the name where it is found to
 * lead to the one that is wanted.
 */
static int
follow(struct search *search, const char *name, struct vtopo_error *err)
{
    vt_autofree char *path = strdup(name);
    vt_autofree char *format = NULL;

    if (path == NULL)
        return vt_fail_memory(err);
    for (unsigned i = 0; path != NULL && i < VT_IMAGE_CHAIN_MAX; i++) {
        bool wanted = false;

        if (step(search, &path, &format, &wanted, err) < 0)
            return -1;
        if (!wanted)
            continue;
        /* At the head of the chain it is the image itself. */
        if (i > 0 && (search->found = strdup(name)) == NULL)
            return vt_fail_memory(err);
        return 0;
    }
    return 0;
}

/* ------------------------------------------------------------- folders */

/* Follow every file of @folder; @prefix stands before their names. */
static int
list(struct search *search, const char *folder, const char *prefix, DIR *dir,
     struct vtopo_error *err)
{
    const struct dirent *entry;

    while (search->found == NULL && (errno = 0, entry = readdir(dir)) != NULL) {
        vt_autofree char *name = NULL;

        if (search->files++ == VT_IMAGE_BESIDE_MAX)
            return cannot_tell(search, folder, "there are too many files", err);
        if (entry->d_type != DT_REG && entry->d_type != DT_LNK
            && entry->d_type != DT_UNKNOWN)
            continue;
        if (asprintf(&name, "%s%s", prefix, entry->d_name) < 0) {
            name = NULL;
            return vt_fail_memory(err);
        }
        if (follow(search, name, err) < 0)
            return -1;
    }
    return errno == 0 || search->found != NULL ? 0
           : vt_fail_errno(err, "cannot read the folder '%s'", folder);
}

/* Look through the folder whose name is @prefix, a path with a slash at its
 * end or nothing.
 */
static int
look_through(struct search *search, const char *prefix,
             struct vtopo_error *err)
{
    const char *folder = prefix[0] != '\0' ? prefix : ".";
    DIR *dir;
    int rc;

    if (search->found != NULL)
        return 0;
    dir = opendir(folder);
    if (dir == NULL)
        return vt_fail_errno(err, "cannot look for overlays in '%s'", folder);
    rc = list(search, folder, prefix, dir, err);
    (void)closedir(dir);
    return rc;
}

/* The folder of the image: as it is named and, where that is a link, the one
 * that holds the file.
 */
static int
look_beside(struct search *search, const char *name, struct vtopo_error *err)
{
    vt_autofree char *given = strndup(name, (size_t)folder_length(name));
    vt_autofree char *real = realpath(name, NULL);
    struct stat one;
    struct stat other;

    if (real == NULL)
        return vt_fail_errno(err, "cannot find '%s'", name);
    real[folder_length(real)] = '\0';
    if (given == NULL)
        return vt_fail_memory(err);
    if (look_through(search, given, err) < 0)
        return -1;
    if (stat(given[0] != '\0' ? given : ".", &one) == 0
        && stat(real, &other) == 0 && one.st_dev == other.st_dev
        && one.st_ino == other.st_ino)
        return 0;
    return look_through(search, real, err);
}

/* What the user named, a folder or a file. */
static int
look_at(struct search *search, const char *path, struct vtopo_error *err)
{
    vt_autofree char *prefix = NULL;
    struct stat info;

    if (search->found != NULL)
        return 0;
    if (stat(path, &info) < 0)
        return vt_fail_errno(err, "cannot look for overlays in '%s'", path);
    if (S_ISREG(info.st_mode))
        return follow(search, path, err);
    if (asprintf(&prefix, "%s/", path) < 0) {
        prefix = NULL;
        return vt_fail_memory(err);
    }
    return look_through(search, prefix, err);
}

int
vt_image_find_overlay(const struct vt_image *image, const char *elsewhere,
                      char **ret_overlay, struct vtopo_error *err)
{
    vt_auto(clear_search) struct search search = {
        .asker = { .options = image->options, .cpus = image->cpus,
                   .worker = VT_WORKER_INIT },
        .name = image->name,
        .deadline = vt_deadline_in(VT_IMAGE_BESIDE_MS),
    };

    if (image->has_uri) {
        *ret_overlay = NULL;
        return 0;
    }
    if (fstat(image->links[0].place.fd, &search.wanted) < 0)
        return vt_fail_errno(err, "cannot look at '%s'", image->name);
    if (look_beside(&search, image->name, err) < 0
        || (elsewhere != NULL && look_at(&search, elsewhere, err) < 0))
        return -1;
    *ret_overlay = vt_steal(&search.found);
    return 0;
}
