/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-hal-search.c - how much is done to find multiprocessor files
 *
 * That they are found, and where, is held by tests/integration/hal_truth.py.
 */

#include <stdlib.h>
#include <string.h>

#include "cabinet-builder.h"
#include "empty-fat.h"
#include "hal-search.h"
#include "unit.h"

#define DEEP (250u << 20)       /* in a folder: below VW_CABINET_UNPACK_MAX */

static const struct cabinet_file files[] = {
    { "halmacpi.dll", "hal", 0 }, { "ntkrnlmp.exe", "kernel", 0 },
    { "ntkrpamp.exe", "kernel", 0 },
};

/* Let the files of @cabinet stand behind @before bytes of its folder. */
static void
move_files(struct cabinet *cabinet, uint32_t before)
{
    size_t at = CABINET_FILES;

    for (size_t i = 0; i < VT_COUNT(files); i++) {
        put32(cabinet->data + at + 4, before);
        at += 16 + strlen(files[i].name) + 1;
    }
}

static void
start(struct vw_search *search)
{
    memset(search, 0, sizeof(*search));
    for (size_t i = 0; i < VT_COUNT(files); i++)
        search->wanted[search->wanted_count++] = (struct vw_wanted) {
            .file = files[i].name, .machine = 0x14c,
        };
}

static unsigned
count_notes(const struct vw_search *search, const char *text)
{
    unsigned count = 0;

    for (unsigned i = 0; i < search->seen_count; i++)
        count += strstr(search->seen[i], text) != NULL;
    return count;
}

/* Cabinets whose files stand far behind in their folders, one after the other:
 * the processor time of the worker would not be enough for all.
 */
static void
no_more_is_unpacked_than_a_share(void **state)
{
    static const char *const names[] = {
        "i386/sp1.cab", "i386/sp2.cab", "i386/sp3.cab", "i386/sp4.cab",
        "i386/driver.cab", "sp1.cab", "sp2.cab", "sp3.cab", "sp4.cab",
        "driver.cab",
    };
    static struct cabinet cabinet;
    static struct empty_fat fat;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree struct vw_search *search = calloc(1, sizeof(*search));
    vt_autofree struct vw_media *media = calloc(1, sizeof(*media));
    vt_auto(vw_volume_closep) struct vw_volume *volume = empty_fat_open(&fat);
    unsigned fits = (unsigned)((VW_UNPACK_MAX + VW_UNPACK_MEDIA_MAX) / DEEP);
    struct vw_memory memory;

    (void)state;
    assert_true(search != NULL && media != NULL && volume != NULL);
    cabinet_make(&cabinet, files, VT_COUNT(files));
    move_files(&cabinet, DEEP);
    memory = (struct vw_memory) { cabinet.data, cabinet.size };
    for (size_t i = 0; i < VT_COUNT(names); i++) {
        strcpy(media->files[i].name, names[i]);
        media->files[media->files_count++].bytes = vw_bytes_memory(&memory);
    }
    start(search);
    UNIT_RESULT(vw_search_run(search, volume, "WINDOWS", media, &err), &err,
                NULL);
    assert_int_equal(count_notes(search, "cannot be unpacked"), fits);
    assert_int_equal(count_notes(search, "other cabinets took too long"),
                     VW_SEARCH_SEEN_MAX - fits);

    /* What earlier searches did counts. */
    start(search);
    search->unpacked = VW_UNPACK_MAX + VW_UNPACK_MEDIA_MAX;
    UNIT_RESULT(vw_search_run(search, volume, "WINDOWS", media, &err), &err,
                NULL);
    assert_int_equal(count_notes(search, "other cabinets took too long"),
                     VW_SEARCH_SEEN_MAX);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_more_is_unpacked_than_a_share),
};

UNIT_MAIN(tests)
