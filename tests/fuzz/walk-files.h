/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * walk-files.h - go through a file system that may be anything
 *
 * Every name that is listed is UTF-8 and is found again, and a file holds the
 * same bytes in whatever order it is read.
 */

#ifndef VT_WALK_FILES_H
#define VT_WALK_FILES_H

#include "base/utf8.h"
#include "file.h"
#include "fuzz.h"

#define DEPTH_MAX   3u
#define VISITED_MAX 40u
#define READ_MAX    16384u
#define PIECE       1000u

/* A reader of some file system. */
struct fuzz_tree {
    void *files;
    int (*find)(void *files, const char *path, struct vw_file *ret_file,
                bool *ret_found, struct vtopo_error *err);
    int (*list)(void *files, const char *path, vw_visit *visit, void *context,
                bool *ret_found, struct vtopo_error *err);
    bool reads_all;             /* what was found can be read to its end */
};

struct walk {
    const struct fuzz_tree *tree;
    const char *path;
    unsigned depth;
    unsigned *visited;
};

static void
check_name(const char *name)
{
    if (name[0] == '\0' || strlen(name) >= VW_NAME_SIZE)
        abort();
    while (*name != '\0') {
        size_t length = vt_utf8_length(name);

        if (length == 0)
            abort();
        name += length;
    }
}

/* Forwards at once, then backwards in pieces. */
static void
read_twice(const struct fuzz_tree *tree, const struct vw_bytes *bytes)
{
    static uint8_t whole[READ_MAX], piece[PIECE];
    size_t size = bytes->size < READ_MAX ? (size_t)bytes->size : READ_MAX;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    if (vw_bytes_read(bytes, 0, whole, size, &err) < 0) {
        fuzz_check_failure(&err);
        return;                 /* in pieces */
    }
    while (size > 0) {
        size_t part = size < PIECE ? size : PIECE;

        size -= part;
        if (vw_bytes_read(bytes, size, piece, part, &err) < 0
            || memcmp(piece, whole + size, part) != 0)
            abort();
    }
    if (bytes->size > READ_MAX
        && vw_bytes_read(bytes, bytes->size - 1, piece, 1, &err) < 0) {
        if (tree->reads_all)
            abort();
        fuzz_check_failure(&err);
    }
}

static void list(struct walk *walk);

static bool
visit(void *context, const struct vw_entry *entry)
{
    struct walk *walk = context;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *path = NULL;
    bool found = false;

    check_name(entry->name);
    if (++*walk->visited > VISITED_MAX)
        return false;
    if (strpbrk(entry->name, "/\\") != NULL)
        return true;            /* no path leads there */
    if (asprintf(&path, "%s/%s", walk->path, entry->name) < 0)
        abort();
    if (walk->tree->find(walk->tree->files, path, &file, &found, &err) < 0) {
        fuzz_check_failure(&err);
        return true;
    }
    if (!found)
        abort();
    if ((file.flags & VW_FILE_DIRECTORY) == 0) {
        read_twice(walk->tree, &file.bytes);
    } else if (walk->depth < DEPTH_MAX) {
        list(&(struct walk) { walk->tree, path, walk->depth + 1,
                              walk->visited });
    }
    return true;
}

static void
list(struct walk *walk)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool found;

    if (walk->tree->list(walk->tree->files, walk->path, visit, walk, &found,
                         &err) < 0)
        fuzz_check_failure(&err);
}

static void
fuzz_walk(const struct fuzz_tree *tree)
{
    unsigned visited = 0;

    list(&(struct walk) { tree, "", 0, &visited });
}

#endif /* VT_WALK_FILES_H */
