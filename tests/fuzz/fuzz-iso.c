/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-iso.c - no ISO 9660 image crashes its reader or keeps it for ever
 *
 * Every name that is listed is UTF-8 and is found again, and a file holds
 * the same bytes in whatever order it is read.  The input is what begins with
 * sector 16: what is before is not looked at, and would only be long.
 */

#include "base/utf8.h"
#include "iso.h"
#include "fuzz.h"

#define DEPTH_MAX   3u
#define VISITED_MAX 40u
#define READ_MAX    16384u
#define PIECE       1000u
#define BEFORE      32768u

struct walk {
    struct vw_iso *iso;
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
read_twice(const struct vw_bytes *bytes)
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
    /* What was found is in the image as a whole. */
    if (bytes->size > READ_MAX
        && vw_bytes_read(bytes, bytes->size - 1, piece, 1, &err) < 0)
        abort();
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
    if (vw_iso_find(walk->iso, path, &file, &found, &err) < 0) {
        fuzz_check_failure(&err);
        return true;
    }
    if (!found)
        abort();
    if ((file.flags & VW_FILE_DIRECTORY) == 0) {
        read_twice(&file.bytes);
    } else if (walk->depth < DEPTH_MAX) {
        list(&(struct walk) { walk->iso, path, walk->depth + 1,
                              walk->visited });
    }
    return true;
}

static void
list(struct walk *walk)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool found;

    if (vw_iso_list(walk->iso, walk->path, visit, walk, &found, &err) < 0)
        fuzz_check_failure(&err);
}

static int
read_late(void *context, uint64_t offset, void *buffer, size_t size,
          struct vtopo_error *err)
{
    const struct vw_memory *memory = context;
    uint8_t *to = buffer;

    (void)err;
    for (size_t i = 0; i < size; i++)
        to[i] = offset + i < BEFORE ? 0 : memory->data[offset + i - BEFORE];
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vw_memory memory = { data, size };
    struct vw_bytes bytes = { BEFORE + size, read_late, &memory };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_iso_closep) struct vw_iso *iso = NULL;
    unsigned visited = 0;

    if (vw_iso_open(&bytes, &iso, &err) < 0) {
        fuzz_check_failure(&err);
        if (iso != NULL)
            abort();
        return 0;
    }
    list(&(struct walk) { iso, "", 0, &visited });
    return 0;
}
