/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-fat.c - no FAT file system crashes its reader or keeps it for ever
 *
 * Every name that is listed is UTF-8 and is found again, and a file holds
 * the same bytes in whatever order it is read.  What is put there goes to a
 * capture, and stays inside the volume.
 */

#include "capture.h"
#include "fat.h"
#include "walk-files.h"

static int
find(void *files, const char *path, struct vw_file *ret_file, bool *ret_found,
     struct vtopo_error *err)
{
    return vw_fat_find(files, path, ret_file, ret_found, err);
}

static int
list_all(void *files, const char *path, vw_visit *visit_one, void *context,
         bool *ret_found, struct vtopo_error *err)
{
    return vw_fat_list(files, path, visit_one, context, ret_found, err);
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
    bool dirty;

    if (vw_fat_open(&bytes, &fat, &err) < 0) {
        fuzz_check_failure(&err);
        if (fat != NULL)
            abort();
        return 0;
    }
    if (vw_fat_is_dirty(fat, &dirty, &err) < 0)
        fuzz_check_failure(&err);
    fuzz_walk(&(struct fuzz_tree) {
        .files = fat, .find = find, .list = list_all,
    });
    put_files(&bytes);
    return 0;
}
