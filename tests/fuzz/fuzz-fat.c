/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-fat.c - no FAT file system crashes its reader or keeps it for ever
 *
 * Every name that is listed is UTF-8 and is found again, and a file holds
 * the same bytes in whatever order it is read.  What is put there goes to a
 * capture, and stays inside the volume.
 */

#include "base/utf8.h"
#include "capture.h"
#include "fat.h"
#include "fuzz.h"

#define DEPTH_MAX   3u
#define VISITED_MAX 40u
#define READ_MAX    16384u
#define PIECE       1000u

struct walk {
    struct vw_fat *fat;
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
        return;
    }
    while (size > 0) {
        size_t part = size < PIECE ? size : PIECE;

        size -= part;
        if (vw_bytes_read(bytes, size, piece, part, &err) < 0
            || memcmp(piece, whole + size, part) != 0)
            abort();
    }
    /* The end of a large file, after the whole chain. */
    if (bytes->size > READ_MAX
        && vw_bytes_read(bytes, bytes->size - 1, piece, 1, &err) < 0)
        fuzz_check_failure(&err);
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
    if (vw_fat_find(walk->fat, path, &file, &found, &err) < 0) {
        fuzz_check_failure(&err);
        return true;
    }
    if (!found)
        abort();
    if ((file.flags & VW_FILE_DIRECTORY) == 0) {
        read_twice(&file.bytes);
    } else if (walk->depth < DEPTH_MAX) {
        list(&(struct walk) { walk->fat, path, walk->depth + 1,
                              walk->visited });
    }
    return true;
}

static void
list(struct walk *walk)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool found;

    if (vw_fat_list(walk->fat, walk->path, visit, walk, &found, &err) < 0)
        fuzz_check_failure(&err);
}

static void
check_write(void *context, const struct vw_write *write)
{
    const struct vw_bytes *bytes = context;

    if (write->offset > bytes->size
        || write->size > bytes->size - write->offset)
        abort();
}

/* Put files one after the other; who fails with one goes on with the next. */
static void
put_files(const struct vw_bytes *bytes)
{
    static const struct {
        const char *path, *like;
        size_t size;
    } orders[] = {
        { "new.dll", NULL, 3000 },
        { "boot.ini", NULL, 5000 },
        { "like.dll", "boot.ini", 0 },
        { "windows/new.dll", "hal.dll", 100 },
        { "boot.ini", NULL, 10 },
        { "new.dll", NULL, 0 },
    };
    static const uint8_t data[5000] = "data";
    vt_auto(vw_capture_freep) struct vw_capture *capture = NULL;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_stretch stretch = { .size = bytes->size };
    struct vw_bytes shown;
    struct vw_sink sink;

    if (vw_capture_new(bytes, 512, &capture, &err) < 0)
        abort();
    stretch.capture = capture;
    shown = vw_stretch_bytes(&stretch);
    sink = vw_stretch_sink(&stretch);
    for (size_t i = 0; i < VT_COUNT(orders); i++) {
        vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;

        if (vw_fat_open(&shown, &fat, &err) < 0
            || vw_fat_put(fat, &sink, orders[i].path, orders[i].like, data,
                          orders[i].size, &err) < 0)
            fuzz_check_failure(&err);
        vtopo_error_clear(&err);
    }
    if (vw_capture_list(capture, check_write, (void *)(uintptr_t)bytes,
                        &err) < 0)
        fuzz_check_failure(&err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vw_memory memory = { data, size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;
    unsigned visited = 0;
    bool dirty;

    if (vw_fat_open(&bytes, &fat, &err) < 0) {
        fuzz_check_failure(&err);
        if (fat != NULL)
            abort();
        return 0;
    }
    if (vw_fat_is_dirty(fat, &dirty, &err) < 0)
        fuzz_check_failure(&err);
    list(&(struct walk) { fat, "", 0, &visited });
    put_files(&bytes);
    return 0;
}
