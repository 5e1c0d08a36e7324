/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-hal.c - no setup medium crashes the search for multiprocessor files,
 * and no hive the edit of the HAL's names
 *
 * An input is a head of 5 bytes, and then two files or a hive:
 *
 *   u8  0: two files of setup media, 1: a hive, 2: a hive whose checksum is
 *       put right
 *   u16 the size of the first file, u8 the name of each: see names[]
 *
 * What is taken from media is what was wanted by all that it says, with a
 * right checksum.  An edited hive is as large as before, and a second edit
 * finds nothing to do; a failed one changes nothing.  The first 512 bytes of a
 * hive are its base block, the others its bins, as in fuzz-regf.c.
 */

#include "fuzz.h"
#include "regf-hive.h"
#include "repair-hal.h"
#include "../unit/empty-fat.h"

#define HEAD 5u

static const char *const names[] = {
    "halmacpi.dll", "halmacpi.dl_", "ntkrnlmp.exe", "i386/NTKRPAMP.EX_",
    "sp3.cab", "i386/driver.cab", "amd64/ntkrnlmp.exe",
};

static void
check(bool promise)
{
    if (!promise)
        abort();
}

/* ------------------------------------------------------------------ media */

static const struct vw_build xp3 = {
    .is_known = true, .number = { 5, 1, 2600, 5512 },
    .branch = "xpsp.080413-2111",
};

static void
check_wanted(const struct vw_wanted *wanted)
{
    const struct vw_memory memory = { wanted->data, wanted->size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree struct vw_pe *pe = calloc(1, sizeof(*pe));

    check(wanted->is_found == (wanted->data != NULL));
    check(!wanted->is_in_system);
    if (!wanted->is_found)
        return;
    check(pe != NULL && wanted->size <= VW_PROGRAM_SIZE_MAX
          && vw_pe_open(&bytes, pe, &err) == 0
          && pe->status == VW_PE_IMAGE && pe->machine == wanted->machine
          && vw_pe_sum(wanted->data, wanted->size) == pe->checksum);
}

/* Look for all that is wanted among two files of @data. */
static void
check_media(const uint8_t *head, const uint8_t *data, size_t size)
{
    static const char *const files[VW_WANTED_MAX] = {
        "halmacpi.dll", "ntkrnlmp.exe", "ntkrpamp.exe",
    };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree struct vw_search *search = calloc(1, sizeof(*search));
    vt_autofree struct vw_media *media = calloc(1, sizeof(*media));
    vt_auto(vw_volume_closep) struct vw_volume *volume = NULL;
    size_t first = head[1] | (unsigned)head[2] << 8;
    struct vw_memory pieces[2];
    struct empty_fat fat;

    volume = empty_fat_open(&fat);
    check(search != NULL && media != NULL && volume != NULL);
    if (first > size)
        first = size;
    pieces[0] = (struct vw_memory) { data, first };
    pieces[1] = (struct vw_memory) { data + first, size - first };
    for (unsigned i = 0; i < 2; i++) {
        strcpy(media->files[i].name, names[head[3 + i] % VT_COUNT(names)]);
        media->files[i].bytes = vw_bytes_memory(&pieces[i]);
        media->files_count++;
    }
    for (unsigned i = 0; i < VW_WANTED_MAX; i++)
        search->wanted[search->wanted_count++] = (struct vw_wanted) {
            .file = files[i], .build = xp3, .is_kernel = i > 0,
            .machine = 0x14c,
        };
    if (vw_search_run(search, volume, "WINDOWS", media, &err) < 0)
        fuzz_check_failure(&err);
    check(search->seen_count <= VW_SEARCH_SEEN_MAX);
    for (unsigned i = 0; i < search->seen_count; i++)
        check(strlen(search->seen[i]) < VW_SEARCH_TEXT_SIZE);
    for (unsigned i = 0; i < search->wanted_count; i++)
        check_wanted(&search->wanted[i]);
    vw_search_clear(search);
}

/* ------------------------------------------------------------------- hive */

static int
edit(struct vw_repair *repair, unsigned char *image, size_t size,
     struct vtopo_error *err)
{
    return vw_hal_registry(repair, "SYSTEM", image, size, 0,
                           vw_hal_find("halaacpi.dll"),
                           vw_hal_find("halmacpi.dll"), err);
}

static void
check_hive(bool right, const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    size_t base = size < VW_BASE_SIZE ? size : VW_BASE_SIZE;
    size_t image_size = 4096 + (size - base + 4095) / 4096 * 4096;
    vt_autofree unsigned char *image = calloc(1, image_size);
    vt_autofree unsigned char *old = malloc(image_size);
    vt_autofree struct vw_repair *repair = calloc(1, sizeof(*repair));
    unsigned changes;

    check(image != NULL && old != NULL && repair != NULL);
    memcpy(image, data, base);
    if (size > base)
        memcpy(image + 4096, data + base, size - base);
    if (right)
        put32(image + 508, vw_base_sum(image));
    memcpy(old, image, image_size);
    if (edit(repair, image, image_size, &err) < 0) {
        fuzz_check_failure(&err);
        check(memcmp(image, old, image_size) == 0);
    } else {
        changes = repair->changes_count;
        check((changes == 0) == (memcmp(image, old, image_size) == 0));
        check(edit(repair, image, image_size, &err) == 0
              && repair->changes_count == changes);
    }
    vw_repair_forget(repair, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    if (data[0] % 3 == 0)
        check_media(data, data + HEAD, size - HEAD);
    else
        check_hive(data[0] % 3 == 2, data + HEAD, size - HEAD);
    return 0;
}
