/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-volume.c - what a partition holds, and one way to look into it
 */

#include "fat-builder.h"
#include "unit.h"
#include "volume.h"

#define ROOM (2u << 20)

static const struct {
    const char *says;
    size_t at, size;
    const char *bytes;
    const char *name;
    const char *message;
} rows[] = {
    { "zeros", 0, 0, "", "empty",
      "the partition holds nothing: it is all zeros" },
    { "something at 1 MiB", 1u << 20, 1, "x", "unknown",
      "the partition holds no file system that is known" },
    { "something at the end", ROOM - 1, 1, "x", "unknown",
      "the partition holds no file system that is known" },
    { "BitLocker", 3, 8, "-FVE-FS-", "bitlocker",
      "the partition holds a volume that BitLocker encrypts" },
    { "LUKS", 0, 6, "LUKS\xba\xbe", "luks",
      "the partition holds a volume that LUKS encrypts" },
    { "ReFS", 3, 8, "ReFS\0\0\0\0", "refs",
      "the partition holds a ReFS file system" },
    { "exFAT", 3, 8, "EXFAT   ", "exfat",
      "the partition holds an exFAT file system" },
    { "ext", 1080, 2, "\x53\xef", "ext",
      "the partition holds an ext2, ext3 or ext4 file system" },
    { "Btrfs", 65600, 8, "_BHRfS_M", "btrfs",
      "the partition holds a Btrfs file system" },
    { "XFS", 0, 4, "XFSB", "xfs", "the partition holds an XFS file system" },
    { "LVM", 512, 8, "LABELONE", "lvm",
      "the partition holds a physical volume of LVM" },
    { "swap", 4086, 10, "SWAPSPACE2", "swap",
      "the partition holds swap space" },
    { "NTFS, but its name alone", 3, 8, "NTFS    ", "ntfs",
      "cannot open an NTFS volume: the volume is damaged" },
};

static void
contents_have_names(void **state)
{
    vt_autofree unsigned char *data = malloc(ROOM);

    (void)state;
    assert_non_null(data);
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_memory memory = { data, ROOM };
        struct vw_bytes bytes = vw_bytes_memory(&memory);
        enum vw_content content = VW_CONTENT_UNKNOWN;
        struct vw_volume *volume = NULL;

        UNIT_ROW(i, rows[i].says);
        memset(data, 0, ROOM);
        memcpy(data + rows[i].at, rows[i].bytes, rows[i].size);
        UNIT_RESULT(vw_volume_open(&bytes, &volume, &content, &err), &err,
                    rows[i].message);
        assert_string_equal(vw_content_name(content), rows[i].name);
        assert_null(volume);
    }
}

/* Nothing may be read beyond the end of what is very small. */
static void
small_things_are_read(void **state)
{
    (void)state;
    for (size_t size = 0; size < 5000; size += size < 20 ? 1 : 83) {
        vt_autofree unsigned char *data = calloc(1, size + 1);
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_memory memory = { data, size };
        struct vw_bytes bytes = vw_bytes_memory(&memory);
        enum vw_content content;

        assert_non_null(data);
        UNIT_RESULT(vw_content_probe(&bytes, &content, &err), &err, NULL);
        assert_int_equal(content, VW_CONTENT_EMPTY);
    }
}

static bool
count_one(void *context, const struct vw_entry *entry)
{
    unsigned *count = context;

    (void)entry;
    ++*count;
    return true;
}

static void
a_fat_volume_answers(void **state)
{
    static struct fat_image image;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_volume_closep) struct vw_volume *volume = NULL;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    struct vw_memory memory = { image.data, sizeof(image.data) };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    struct vw_volume_state left;
    enum vw_content content;
    unsigned count = 0;
    char got[5];
    bool found;

    (void)state;
    fat_start(&image, 12);
    fat_entry(&image, 0, "BOOT    INI", 0x27, 5, 5);
    fat_entry(&image, 0, "WINDOWS    ", 0x10, 6, 0);
    fat_link(&image, 5, FAT_END);
    fat_link(&image, 6, FAT_END);
    memcpy(fat_cluster(&image, 5), "hello", 5);
    UNIT_RESULT(vw_volume_open(&bytes, &volume, &content, &err), &err, NULL);
    assert_int_equal(content, VW_CONTENT_FAT);
    assert_string_equal(vw_volume_name(volume), "fat12");
    UNIT_RESULT(vw_volume_find(volume, "\\boot.ini", &file, &found, &err),
                &err, NULL);
    assert_true(found);
    assert_int_equal(file.attributes, 0x27);
    UNIT_RESULT(vw_bytes_read(&file.bytes, 0, got, 5, &err), &err, NULL);
    assert_memory_equal(got, "hello", 5);
    UNIT_RESULT(vw_volume_list(volume, "", count_one, &count, &found, &err),
                &err, NULL);
    assert_int_equal(count, 2);
    UNIT_RESULT(vw_volume_state(volume, &left, &err), &err, NULL);
    assert_false(left.dirty);
    vw_file_close(&file);
    UNIT_RESULT(vw_volume_find(volume, "windows", &file, &found, &err), &err,
                NULL);
    assert_int_equal(file.flags, VW_FILE_DIRECTORY);
    UNIT_RESULT(vw_volume_find(volume, "windows/nothing", &file, &found,
                               &err), &err, NULL);
    assert_false(found);
}

static const struct {
    const char *path;
    const char *parts[4];
} paths[] = {
    { "", { NULL } },
    { "//", { NULL } },
    { "a", { "a", NULL } },
    { "/a/b", { "a", "b", NULL } },
    { "a\\b//c\\", { "a", "b", "c", NULL } },
};

static void
paths_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(paths); i++) {
        const char *path = paths[i].path;
        const char *part;
        size_t length, count = 0;

        UNIT_ROW(i, paths[i].path);
        while (vw_path_next(&path, &part, &length)) {
            assert_true(vw_name_is(paths[i].parts[count], part, length));
            count++;
        }
        assert_null(paths[i].parts[count]);
    }
    assert_true(vw_name_is("SYSTEM32", "system32/x", 8));
    assert_false(vw_name_is("SYSTEM32", "system3", 7));
    assert_false(vw_name_is("SYSTEM3", "system32", 8));
}

static const struct {
    const char *says, *units;
    unsigned count;
    const char *want;
} names[] = {
    { "ASCII", "A\0b", 2, "Ab" },
    { "two and three bytes", "\xfc\0\xe5\x65", 2, "\u00fc\u65e5" },
    { "a pair", "\x3d\xd8\x00\xde", 2, "\U0001f600" },
    { "half a pair at the end", "\x3d\xd8", 1, "\ufffd" },
    { "half a pair inside", "\x3d\xd8" "A\0", 2, "\ufffdA" },
    { "the second half first", "\x00\xde\x3d\xd8", 2, "\ufffd\ufffd" },
    { "zero", "A\0\0\0B\0", 3, "A\ufffdB" },
    { "nothing", "", 0, "" },
};

static void
names_become_utf8(void **state)
{
    unsigned char longest[2 * 300];
    char name[VW_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < VT_COUNT(names); i++) {
        UNIT_ROW(i, names[i].says);
        vw_name_from_utf16((const unsigned char *)names[i].units,
                           names[i].count, name);
        assert_string_equal(name, names[i].want);
    }
    memset(longest, 0xee, sizeof(longest));
    vw_name_from_utf16(longest, 300, name);
    assert_int_equal(strlen(name), VW_NAME_SIZE - 1);
}

static const struct {
    const char *path, *folder, *name;
    size_t length;
} splits[] = {
    { "boot.ini", "", "boot.ini", 8 },
    { "/boot.ini", "/", "boot.ini", 8 },
    { "WINNT/system32/hal.dll", "WINNT/system32/", "hal.dll", 7 },
    { "WINNT\\system32\\\\hal.dll", "WINNT\\system32\\\\", "hal.dll", 7 },
    { "a/b//", "a/", "b//", 1 },
    { "", NULL, NULL, 0 },
    { "//", NULL, NULL, 0 },
};

static void
paths_are_folder_and_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(splits); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree char *folder = NULL;
        const char *name = NULL;
        size_t length = 0;

        UNIT_ROW(i, splits[i].path);
        UNIT_RESULT(vw_path_split(splits[i].path, &folder, &name, &length,
                                  &err), &err,
                    splits[i].name == NULL ? "a path names no file" : NULL);
        if (splits[i].name == NULL)
            continue;
        assert_string_equal(folder, splits[i].folder);
        assert_string_equal(name, splits[i].name);
        assert_int_equal(length, splits[i].length);
    }
}

static const struct {
    const char *name;
    bool good;
} dos_names[] = {
    { "hal.dll", true }, { "NTKRNLMP.EXE", true }, { "ntdetect.com", true },
    { "NTLDR", true }, { "a", true }, { "a.b", true }, { "12345678.123", true },
    { "$mft~1.!", true },
    { "", false }, { ".", false }, { "..", false }, { ".dll", false },
    { "a.", false }, { "123456789", false }, { "123456789.a", false },
    { "a.text", false }, { "a.b.c", false }, { "a b", false },
    { "a:b", false }, { "a*", false }, { "\xc3\xa4", false }, { "a/b", false },
};

static void
names_of_dos_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(dos_names); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree char *message = NULL;

        UNIT_ROW(i, dos_names[i].name);
        if (asprintf(&message, "a new file must have a name of DOS, of up to "
                     "eight letters and an extension of up to three, not "
                     "'%s'", dos_names[i].name) < 0)
            message = NULL;
        UNIT_RESULT(vw_name_check_dos(dos_names[i].name,
                                      strlen(dos_names[i].name), &err), &err,
                    dos_names[i].good ? NULL : message);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(contents_have_names),
    cmocka_unit_test(small_things_are_read),
    cmocka_unit_test(a_fat_volume_answers),
    cmocka_unit_test(paths_are_split),
    cmocka_unit_test(names_become_utf8),
    cmocka_unit_test(paths_are_folder_and_name),
    cmocka_unit_test(names_of_dos_are_known),
};

UNIT_MAIN(tests)
