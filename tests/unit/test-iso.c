/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-iso.c - small ISO 9660 images, sound and broken
 */

#include <stdio.h>

#include "iso-builder.h"
#include "iso.h"
#include "unit.h"
#include "volume.h"

#define I386  19u               /* the directory; two sectors */
#define DATA  21u               /* of files */
#define INNER 25u               /* a directory in a directory */

static struct iso_image image;

static void
fill(void)
{
    iso_start(&image);
    iso_add(&image, ISO_ROOT, "I386", ISO_DIRECTORY, I386, 2 * ISO_SECTOR);
    iso_add(&image, ISO_ROOT, "TXTSETUP.SIF;1", ISO_HIDDEN, DATA, 3000);
    iso_add(&image, ISO_ROOT, "README.;1", 0, DATA + 1, 10);
    iso_add(&image, ISO_ROOT, "lower.case", 0, DATA, 1);
    iso_add(&image, ISO_ROOT, "A;B.C;12", 0, DATA, 2);
    iso_add(&image, ISO_ROOT, "NO\303\226.TXT;1", 0, DATA, 3);
    iso_add(&image, ISO_ROOT, "EMPTY.BIN;1", 0, 0, 0);
    iso_add(&image, ISO_ROOT, "TWICE.X;2", 0, DATA, 5);
    iso_add(&image, ISO_ROOT, "TWICE.X;1", 0, DATA, 4);
    iso_add(&image, ISO_ROOT, "FORK.X;1", 4, DATA, 4);
    iso_add(&image, ISO_ROOT, "LATER.X;1", 0, DATA - 1, 4)[1] = 1;
    iso_add(&image, ISO_ROOT, "LOOP", ISO_DIRECTORY, ISO_ROOT, ISO_SECTOR);
    iso_directory(&image, I386, ISO_ROOT);
    for (unsigned i = 0; i < 40; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "FILE%02u.DL_;1", i);
        iso_add(&image, I386, name, 0, DATA + 2, 7);
    }
    iso_add(&image, I386 + 1, "HALMACPI.DL_;1", 0, DATA + 2, 2048);
    iso_add(&image, I386 + 1, "INNER", ISO_DIRECTORY, INNER, ISO_SECTOR);
    iso_directory(&image, INNER, I386);
    iso_add(&image, INNER, "LAST.SY_;1", 0, DATA + 3, 9);
    memset(iso_sector(&image, DATA), 'a', ISO_SECTOR);
    memset(iso_sector(&image, DATA + 1), 'b', ISO_SECTOR);
    memset(iso_sector(&image, DATA + 2), 'c', ISO_SECTOR);
    memset(iso_sector(&image, DATA + 3), 'd', ISO_SECTOR);
}

static struct vw_bytes
bytes_of_image(void)
{
    static struct vw_memory memory = { image.data, sizeof(image.data) };

    return vw_bytes_memory(&memory);
}

static struct vw_iso *
open_image(void)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_bytes bytes = bytes_of_image();
    struct vw_iso *iso = NULL;

    UNIT_RESULT(vw_iso_open(&bytes, &iso, &err), &err, NULL);
    return iso;
}

/* What there is at @path, as text: "no", "dir", "size:begin..end". */
static const char *
look(struct vw_iso *iso, const char *path)
{
    static char text[64];
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char first = '-', last = '-';
    bool found;

    UNIT_RESULT(vw_iso_find(iso, path, &file, &found, &err), &err, NULL);
    if (!found)
        return "no";
    if ((file.flags & VW_FILE_DIRECTORY) != 0)
        return "dir";
    if (file.bytes.size > 0) {
        UNIT_RESULT(vw_bytes_read(&file.bytes, file.bytes.size - 1, &last, 1,
                                  &err), &err, NULL);
        UNIT_RESULT(vw_bytes_read(&file.bytes, 0, &first, 1, &err), &err,
                    NULL);
    }
    (void)snprintf(text, sizeof(text), "%llu:%c..%c",
                   (unsigned long long)file.bytes.size, first, last);
    return text;
}

static const struct {
    const char *path, *want;
} paths[] = {
    { "", "dir" },
    { "/", "dir" },
    { "i386", "dir" },
    { "I386\\", "dir" },
    { "txtsetup.sif", "3000:a..b" },
    { "\\TXTSETUP.SIF", "3000:a..b" },
    { "txtsetup.sif;1", "no" },
    { "txtsetup.si", "no" },
    { "txtsetup.sif/x", "no" },
    { "readme", "10:b..b" },
    { "readme.", "no" },
    { "LOWER.CASE", "1:a..a" },
    { "a;b.c", "2:a..a" },
    { "no\357\277\275\357\277\275.txt", "3:a..a" },
    { "empty.bin", "0:-..-" },
    { "twice.x", "5:a..a" },
    { "fork.x", "no" },
    { "later.x", "4:a..a" },
    { "i386/file00.dl_", "7:c..c" },
    { "I386/FILE39.DL_", "7:c..c" },
    { "I386/halmacpi.dl_", "2048:c..c" },
    { "i386\\Inner\\last.sy_", "9:d..d" },
    { "i386/.", "no" },
    { "i386/..", "no" },
    { "loop/loop/loop/readme", "10:b..b" },
};

static void
paths_lead_to_files(void **state)
{
    vt_auto(vw_iso_closep) struct vw_iso *iso = NULL;

    (void)state;
    fill();
    iso = open_image();
    for (size_t i = 0; i < VT_COUNT(paths); i++) {
        UNIT_ROW(i, paths[i].path);
        assert_string_equal(look(iso, paths[i].path), paths[i].want);
    }
}

/* Blocks may be smaller than sectors. */
static void
small_blocks_are_counted(void **state)
{
    vt_auto(vw_iso_closep) struct vw_iso *iso = NULL;
    unsigned char *primary = image.data + ISO_PRIMARY;

    (void)state;
    iso_start(&image);
    put16(primary + 128, 512);
    put32(primary + 158, ISO_ROOT * 4);
    iso_add(&image, ISO_ROOT, "X;1", 0, DATA * 4 + 1, 3);
    memcpy(iso_sector(&image, DATA) + 512, "abc", 3);
    iso = open_image();
    assert_string_equal(look(iso, "x"), "3:a..c");
}

static bool
join(void *context, const struct vw_entry *entry)
{
    char *text = context;

    strcat(text, entry->name);
    strcat(text, entry->is_directory ? "/ " : " ");
    return strcmp(entry->name, "TWICE.X") != 0;
}

static void
directories_are_listed(void **state)
{
    vt_auto(vw_iso_closep) struct vw_iso *iso = NULL;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char text[2000] = "";
    bool found;

    (void)state;
    fill();
    iso = open_image();
    UNIT_RESULT(vw_iso_list(iso, "", join, text, &found, &err), &err, NULL);
    assert_true(found);
    assert_string_equal(text, "I386/ TXTSETUP.SIF README lower.case A;B.C "
                        "NO\357\277\275\357\277\275.TXT EMPTY.BIN TWICE.X ");
    text[0] = '\0';
    UNIT_RESULT(vw_iso_list(iso, "i386/inner", join, text, &found, &err),
                &err, NULL);
    assert_string_equal(text, "LAST.SY_ ");
    UNIT_RESULT(vw_iso_list(iso, "readme", join, text, &found, &err), &err,
                NULL);
    assert_false(found);
    UNIT_RESULT(vw_iso_list(iso, "nothing", join, text, &found, &err), &err,
                NULL);
    assert_false(found);
}

/* Files that cannot be read are found all the same, once, and say why. */
static void
pieces_are_refused(void **state)
{
    static const char *const names[] = { "big.wim", "woven.x" };
    vt_auto(vw_iso_closep) struct vw_iso *iso = NULL;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char text[200] = "";
    bool found;

    (void)state;
    iso_start(&image);
    iso_add(&image, ISO_ROOT, "BIG.WIM;1", ISO_CONTINUES, DATA, 2048);
    iso_add(&image, ISO_ROOT, "BIG.WIM;1", ISO_CONTINUES, DATA + 1, 2048);
    iso_add(&image, ISO_ROOT, "BIG.WIM;1", 0, DATA + 2, 10);
    iso_add(&image, ISO_ROOT, "WOVEN.X;1", 0, DATA, 5000)[26] = 1;
    iso_add(&image, ISO_ROOT, "ODD", ISO_DIRECTORY | ISO_CONTINUES, I386,
            ISO_SECTOR);
    iso = open_image();
    UNIT_RESULT(vw_iso_list(iso, "", join, text, &found, &err), &err, NULL);
    assert_string_equal(text, "BIG.WIM WOVEN.X ODD/ ");
    for (size_t i = 0; i < VT_COUNT(names); i++) {
        vt_autoerror struct vtopo_error why = VTOPO_ERROR_INIT;
        vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
        char byte;

        UNIT_ROW(i, names[i]);
        UNIT_RESULT(vw_iso_find(iso, names[i], &file, &found, &why), &why,
                    NULL);
        assert_true(found);
        assert_int_equal(file.flags, VW_FILE_PIECES);
        UNIT_RESULT(vw_bytes_read(&file.bytes, 0, &byte, 1, &why), &why,
                    "a file cannot be read: it is in several pieces");
    }
    UNIT_RESULT(vw_iso_list(iso, "odd", join, text, &found, &err), &err,
                "a directory has 2048 bytes in several pieces, at most "
                "8388608 in one piece are read");
}

/* @size bytes of @value at @at; then opening, or else finding I386/LAST. */
static const struct {
    const char *says;
    size_t at;
    unsigned size;
    uint64_t value;
    const char *message;
} breaks[] = {
    { "no descriptor", ISO_PRIMARY + 1, 1, 'X',
      "an ISO 9660 file system has no primary descriptor" },
    { "another descriptor", ISO_PRIMARY, 1, 2,
      "an ISO 9660 file system has no primary descriptor" },
    { "blocks of no bytes", ISO_PRIMARY + 128, 2, 0,
      "an ISO 9660 file system has blocks of 0 bytes" },
    { "blocks of 4096 bytes", ISO_PRIMARY + 128, 2, 4096,
      "an ISO 9660 file system has blocks of 4096 bytes" },
    { "a root that is a file", ISO_PRIMARY + 156 + 25, 1, 0,
      "the root directory of an ISO 9660 file system is no directory" },
    { "a root beyond the end", ISO_PRIMARY + 158, 4, 0xffffffff,
      "a directory of 2048 bytes at 8796093020160 is beyond the end of its "
      "image, 81920" },
    { "a root too large", ISO_PRIMARY + 166, 4, (8u << 20) + 1,
      "a directory has 8388609 bytes, at most 8388608 in one piece are "
      "read" },
    { "a root larger than the image", ISO_PRIMARY + 166, 4, 8u << 20,
      "a directory of 8388608 bytes at 36864 is beyond the end of its image, "
      "81920" },
    { "a record as long as the next, too", ISO_ROOT * ISO_SECTOR, 1, 0xff,
      NULL },
    { "a record over the end of its directory", ISO_PRIMARY + 166, 4, 100,
      "a directory holds a record of 38 bytes, with 32 left in its sector" },
    { "a record shorter than its numbers", ISO_ROOT * ISO_SECTOR, 1, 33,
      "a directory holds a record of 33 bytes, with 2048 left in its "
      "sector" },
    { "a name longer than its record", ISO_ROOT * ISO_SECTOR + 32, 1, 2,
      "a directory holds a record of 34 bytes, with 2048 left in its "
      "sector" },
    { "a file beyond the end", ISO_ROOT * ISO_SECTOR + 2 * 34 + 2, 4, 100,
      "a file of 2048 bytes at 204800 is beyond the end of its image, "
      "81920" },
    { "a file longer than the image", ISO_ROOT * ISO_SECTOR + 2 * 34 + 10, 4,
      1u << 31,
      "a file of 2147483648 bytes at 43008 is beyond the end of its image, "
      "81920" },
};

static void
broken_images_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(breaks); i++) {
        vt_auto(vw_iso_closep) struct vw_iso *iso = NULL;
        vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_bytes bytes = bytes_of_image();
        bool found = false;
        int rc;

        UNIT_ROW(i, breaks[i].says);
        iso_start(&image);
        iso_add(&image, ISO_ROOT, "LAST", 0, DATA, 2048);
        put(image.data + breaks[i].at, breaks[i].value, breaks[i].size);
        rc = vw_iso_open(&bytes, &iso, &err);
        if (rc == 0)
            rc = vw_iso_find(iso, "last", &file, &found, &err);
        if (breaks[i].message == NULL) {
            assert_int_equal(rc, 0);    /* nothing is behind it */
            assert_false(found);
            continue;
        }
        UNIT_RESULT(rc, &err, breaks[i].message);
        assert_int_equal(err.code, VTOPO_BAD_INPUT);
        assert_false(found);
    }
}

static void
a_path_has_an_end(void **state)
{
    vt_auto(vw_iso_closep) struct vw_iso *iso = NULL;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char path[5 * (VW_PATH_DEPTH_MAX + 1) + 1] = "";
    bool found;

    (void)state;
    fill();
    iso = open_image();
    for (unsigned i = 0; i < VW_PATH_DEPTH_MAX; i++)
        strcat(path, "loop/");
    assert_string_equal(look(iso, path), "dir");
    strcat(path, "loop/");
    UNIT_RESULT(vw_iso_find(iso, path, &file, &found, &err), &err,
                "a path has more than 64 parts");
}

static int
write_nothing(void *context, uint64_t offset, const void *data, size_t size,
              struct vtopo_error *err)
{
    (void)context;
    (void)offset;
    (void)data;
    (void)size;
    (void)err;
    fail();
    return -1;
}

static void
an_image_is_a_volume(void **state)
{
    static const struct vw_sink sink = { .write = write_nothing };
    vt_auto(vw_volume_closep) struct vw_volume *volume = NULL;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_bytes bytes = bytes_of_image();
    struct vw_volume_state left = { .dirty = true };
    enum vw_content content;
    char text[2000] = "";
    bool found;

    (void)state;
    fill();
    UNIT_RESULT(vw_volume_open(&bytes, &volume, &content, &err), &err, NULL);
    assert_int_equal(content, VW_CONTENT_ISO9660);
    assert_string_equal(vw_content_name(content), "iso9660");
    assert_string_equal(vw_volume_name(volume), "iso9660");
    UNIT_RESULT(vw_volume_state(volume, &left, &err), &err, NULL);
    assert_false(left.dirty || left.log_unclean
                 || left.hibernation != VW_HIBERNATION_NONE);
    UNIT_RESULT(vw_volume_find(volume, "Txtsetup.sif", &file, &found, &err),
                &err, NULL);
    assert_true(found);
    assert_int_equal(file.attributes, 2);
    UNIT_RESULT(vw_volume_list(volume, "I386/INNER", join, text, &found,
                               &err), &err, NULL);
    assert_string_equal(text, "LAST.SY_ ");
    UNIT_RESULT(vw_volume_put(&bytes, &sink, "readme", NULL,
                                  (const unsigned char *)"x", 1, &err), &err,
                "the files of an ISO 9660 image are not written");
    assert_int_equal(err.code, VTOPO_IMPOSSIBLE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(paths_lead_to_files),
    cmocka_unit_test(small_blocks_are_counted),
    cmocka_unit_test(directories_are_listed),
    cmocka_unit_test(pieces_are_refused),
    cmocka_unit_test(broken_images_are_refused),
    cmocka_unit_test(a_path_has_an_end),
    cmocka_unit_test(an_image_is_a_volume),
};

UNIT_MAIN(tests)
