/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-iso.c - no ISO 9660 image crashes its reader or keeps it for ever
 *
 * Every name that is listed is UTF-8 and is found again, and a file holds
 * the same bytes in whatever order it is read.  The input is what begins with
 * sector 16: what is before is not looked at, and would only be long.
 */

#include "iso.h"
#include "walk-files.h"

#define BEFORE 32768u

static int
find(void *files, const char *path, struct vw_file *ret_file, bool *ret_found,
     struct vtopo_error *err)
{
    return vw_iso_find(files, path, ret_file, ret_found, err);
}

static int
list_all(void *files, const char *path, vw_visit *visit_one, void *context,
         bool *ret_found, struct vtopo_error *err)
{
    return vw_iso_list(files, path, visit_one, context, ret_found, err);
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

    if (vw_iso_open(&bytes, &iso, &err) < 0) {
        fuzz_check_failure(&err);
        if (iso != NULL)
            abort();
        return 0;
    }
    fuzz_walk(&(struct fuzz_tree) {
        .files = iso, .find = find, .list = list_all, .reads_all = true,
    });
    return 0;
}
