/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-ntfs-put.c - no NTFS volume crashes who puts files there, keeps it for
 * ever, or makes it propose more than is allowed
 *
 * The input is a list of changes to a small volume with some files (see
 * ntfs-base.h).  All that is put goes to a capture, as in the worker.
 */

#include "capture.h"
#include "ntfs-base.h"
#include "ntfs.h"
#include "volume.h"

#define FILES     40u           /* enough for an index outside the record */
#define DATA_SIZE 40000u

int LLVMFuzzerInitialize(int *argc, char ***argv);

static uint8_t data_of[DATA_SIZE];

/* What is put one after the other; a path without a file there is new. */
static const struct {
    const char *path, *like;
    size_t size;
} orders[] = {
    { "boot.ini", NULL, 5000 },         /* out of its record */
    { "halmacpi.dll", "hal.dll", DATA_SIZE },
    { "hal.dll", NULL, 100 },           /* shorter */
    { "f20a.dll", "f03.dll", 0 },
    { "boot.ini", NULL, 20000 },
    { "folder/a.dll", NULL, 600 },
};

static void
apply(void *context, const struct vw_write *write)
{
    memcpy((uint8_t *)context + write->offset, write->data, write->size);
}

static void
check_write(void *context, const struct vw_write *write)
{
    size_t *total = context;

    *total += write->size;
    if (write->offset > BASE_SIZE || write->size > BASE_SIZE - write->offset
        || write->size > VW_CAPTURE_PIECE || *total > VW_CAPTURE_MAX)
        abort();
}

static int
put(struct vw_capture *capture, const char *path, const char *like,
    size_t size, struct vtopo_error *err)
{
    struct vw_stretch stretch = { capture, 0, BASE_SIZE };
    struct vw_bytes bytes = vw_stretch_bytes(&stretch);
    struct vw_sink sink = vw_stretch_sink(&stretch);

    return vw_volume_put(&bytes, &sink, path, like, data_of, size, err);
}

/* Put some of the files while the volume is open, which is faster. */
static void
put_some(struct vw_capture *capture, size_t from, size_t to)
{
    struct vw_stretch stretch = { capture, 0, BASE_SIZE };
    struct vw_bytes bytes = vw_stretch_bytes(&stretch);
    struct vw_sink sink = vw_stretch_sink(&stretch);
    vt_auto(vw_ntfs_closep) struct vw_ntfs *ntfs = NULL;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    if (vw_ntfs_open_to_write(&bytes, &sink, &ntfs, &err) < 0) {
        fuzz_check_failure(&err);
        return;
    }
    for (size_t i = from; i < to; i++) {
        if (vw_ntfs_put(ntfs, orders[i].path, orders[i].like, data_of,
                        orders[i].size, &err) < 0)
            fuzz_check_failure(&err);
        vtopo_error_clear(&err);
    }
    if (vw_ntfs_finish(&ntfs, &err) < 0)
        fuzz_check_failure(&err);
}

/* The files that the volume has before it is changed. */
static void
fill(uint8_t *volume)
{
    struct vw_memory memory = { volume, BASE_SIZE };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    vt_auto(vw_capture_freep) struct vw_capture *capture = NULL;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char name[16];

    for (size_t i = 0; i < DATA_SIZE; i++)
        data_of[i] = (uint8_t)(i * 7 + i / 256);
    if (vw_capture_new(&bytes, BLOCK, &capture, &err) < 0)
        abort();
    for (unsigned i = 0; i < FILES; i++) {
        (void)snprintf(name, sizeof(name), "f%02u.dll", i);
        if (put(capture, name, NULL, i * 100, &err) < 0)
            abort();
    }
    if (put(capture, "boot.ini", NULL, 300, &err) < 0
        || put(capture, "hal.dll", NULL, 9000, &err) < 0
        || vw_capture_list(capture, apply, volume, &err) < 0)
        abort();
}

static void
use_volume(const struct vw_bytes *bytes)
{
    vt_auto(vw_capture_freep) struct vw_capture *capture = NULL;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    size_t total = 0;

    if (vw_capture_new(bytes, BLOCK, &capture, &err) < 0)
        abort();
    put_some(capture, 0, VT_COUNT(orders) / 2);
    put_some(capture, VT_COUNT(orders) / 2, VT_COUNT(orders));
    if (vw_capture_list(capture, check_write, &total, &err) < 0)
        fuzz_check_failure(&err);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    prepare(fill);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prepare(fill);
    with_changes(data, size, use_volume);
    return 0;
}
