/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-fat.c - small FAT file systems, sound and broken
 */

#include <stdio.h>

#include "fat-builder.h"
#include "fat.h"
#include "unit.h"

static const unsigned both[] = { 12, 32 };

static struct fat_image image;

/* A file of four clusters in odd order, a directory with a file in it. */
static void
fill(unsigned bits)
{
    fat_start(&image, bits);
    fat_entry(&image, 0, "VOLUME     ", 8, 0, 0);
    fat_long(&image, 0, "A long name, longer than 13.txt",
             fat_sum("ALONGN~1TXT"));
    fat_entry(&image, 0, "ALONGN~1TXT", 0x20, 10, 2000);
    fat_entry(&image, 0, "\345ELETED TXT", 0x20, 10, 2000);
    fat_entry(&image, 0, "BOOT    INI", 0x27, 19, 5)[12] = 0x18;
    fat_entry(&image, 0, "EMPTY      ", 0x20, 0, 0);
    fat_entry(&image, 0, "WINDOWS    ", 0x10, 21, 0);
    fat_link(&image, 10, 12);
    fat_link(&image, 12, 11);
    fat_link(&image, 11, 40);
    fat_link(&image, 40, FAT_END);
    fat_link(&image, 19, FAT_END);
    fat_link(&image, 20, FAT_END);
    fat_link(&image, 21, 22);
    fat_link(&image, 22, FAT_END);
    memset(fat_cluster(&image, 10), 'a', FAT_SECTOR);
    memset(fat_cluster(&image, 12), 'b', FAT_SECTOR);
    memset(fat_cluster(&image, 11), 'c', FAT_SECTOR);
    memset(fat_cluster(&image, 40), 'd', FAT_SECTOR);
    memcpy(fat_cluster(&image, 19), "[boot", 5);
    memcpy(fat_cluster(&image, 20), "[boot", 5);
    fat_entry(&image, 21, ".          ", 0x10, 21, 0);
    fat_entry(&image, 21, "..         ", 0x10, 0, 0);
    for (unsigned i = 0; i < 14; i++) {
        char name[12];

        (void)snprintf(name, sizeof(name), "FILE%02u  DLL", i);
        fat_entry(&image, 21, name, 0x20, 20, 5);
    }
    fat_entry(&image, 22, "LAST    DLL", 0x20, 20, 4);
}

static struct vw_fat *
open_image(void)
{
    static struct vw_memory memory = { image.data, sizeof(image.data) };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    struct vw_fat *fat = NULL;

    UNIT_RESULT(vw_fat_open(&bytes, &fat, &err), &err, NULL);
    return fat;
}

/* What there is at @path, as text: "no", "dir", "size:begin..end". */
static const char *
look(struct vw_fat *fat, const char *path)
{
    static char text[64];
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char first = '-', last = '-';
    bool found;

    UNIT_RESULT(vw_fat_find(fat, path, &file, &found, &err), &err, NULL);
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
    { "boot.ini", "5:[..t" },
    { "\\BOOT.INI", "5:[..t" },
    { "Boot.in", "no" },
    { "Boot.ini2", "no" },
    { "boot.ini/x", "no" },
    { "a long NAME, longer than 13.TXT", "2000:a..d" },
    { "alongn~1.txt", "2000:a..d" },
    { "empty", "0:-..-" },
    { "VOLUME", "no" },
    { "windows", "dir" },
    { "windows/", "dir" },
    { "Windows\\File07.dll", "5:[..t" },
    { "Windows//last.DLL", "4:[..o" },
    { "Windows/.", "no" },
    { "Windows/..", "no" },
};

static void
paths_lead_to_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(both); i++) {
        vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;

        fill(both[i]);
        fat = open_image();
        assert_int_equal(vw_fat_bits(fat), both[i]);
        for (size_t j = 0; j < VT_COUNT(paths); j++) {
            UNIT_ROW(j, paths[j].path);
            assert_string_equal(look(fat, paths[j].path), paths[j].want);
        }
    }
}

/* Read at every offset, back and forth. */
static void
chains_are_followed(void **state)
{
    vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool found;

    (void)state;
    fill(12);
    fat = open_image();
    UNIT_RESULT(vw_fat_find(fat, "ALONGN~1.TXT", &file, &found, &err), &err,
                NULL);
    for (unsigned i = 0; i < 2000 * 3; i++) {
        unsigned at = i * 997 % 1990;
        char got[10];

        UNIT_RESULT(vw_bytes_read(&file.bytes, at, got, sizeof(got), &err),
                    &err, NULL);
        assert_int_equal(got[0], 'a' + (int)(at / FAT_SECTOR));
        assert_int_equal(got[9], 'a' + (int)((at + 9) / FAT_SECTOR));
    }
}

static bool
join(void *context, const struct vw_entry *entry)
{
    char *text = context;

    (void)snprintf(text + strlen(text), 600 - strlen(text), "%s%s ",
                   entry->name, entry->is_directory ? "/" : "");
    return strcmp(entry->name, "FILE11.DLL") != 0;
}

static void
directories_are_listed(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;
    char text[600] = "";
    bool found;

    (void)state;
    fill(32);
    fat = open_image();
    UNIT_RESULT(vw_fat_list(fat, "", join, text, &found, &err), &err, NULL);
    assert_true(found);
    assert_string_equal(text, "A long name, longer than 13.txt boot.ini "
                              "EMPTY WINDOWS/ ");
    text[0] = '\0';
    UNIT_RESULT(vw_fat_list(fat, "windows", join, text, &found, &err), &err,
                NULL);
    assert_true(found);
    assert_non_null(strstr(text, "FILE11.DLL"));
    assert_null(strstr(text, "FILE12.DLL"));    /* the visitor had enough */
    UNIT_RESULT(vw_fat_list(fat, "boot.ini", join, text, &found, &err), &err,
                NULL);
    assert_false(found);
}

/* A long name that does not belong to its short one is not believed. */
static void
orphans_are_ignored(void **state)
{
    vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;

    (void)state;
    fat_start(&image, 12);
    fat_long(&image, 0, "wrong sum.txt", fat_sum("SHORT   TXT") ^ 1);
    fat_entry(&image, 0, "SHORT   TXT", 0x20, 0, 0);
    fat_long(&image, 0, "a first part that is missing.txt",
             fat_sum("OTHER   TXT"));
    fat_directory(&image, 0)[32 * 2] = 0xe5;
    fat_entry(&image, 0, "OTHER   TXT", 0x20, 0, 0);
    fat = open_image();
    assert_string_equal(look(fat, "wrong sum.txt"), "no");
    assert_string_equal(look(fat, "short.txt"), "0:-..-");
    assert_string_equal(look(fat, "a first part that is missing.txt"), "no");
    assert_string_equal(look(fat, "OTHER.TXT"), "0:-..-");
}

/* The reason why reading the last byte of the long file fails. */
static void
expect_failure(const char *want)
{
    vt_auto(vw_fat_closep) struct vw_fat *fat = open_image();
    vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool found = false;
    char byte;
    int rc = vw_fat_find(fat, "ALONGN~1.TXT", &file, &found, &err);

    if (rc == 0)
        rc = vw_bytes_read(&file.bytes, file.bytes.size - 1, &byte, 1, &err);
    UNIT_RESULT(rc, &err, want);
}

static void
broken_chains_are_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(both); i++) {
        fill(both[i]);
        fat_link(&image, 11, FAT_END);
        expect_failure("a file ends after 3 clusters, before its size is "
                       "reached");
        fill(both[i]);
        fat_link(&image, 12, 66);
        expect_failure("a chain of clusters leads from 12 to 66, which is "
                       "none");
        fill(both[i]);
        fat_link(&image, 12, 0);
        expect_failure("a chain of clusters leads from 12 to 0, which is "
                       "none");
        fill(both[i]);
        fat_link(&image, 12, 12);       /* ends with the size */
        expect_failure(NULL);
    }
    fill(12);
    put(fat_directory(&image, 0) + 32 * 4 + 28, ~0u, 4);
    expect_failure("a file of 4294967295 bytes begins at cluster 10 of 64");
}

static void
an_endless_directory_ends(void **state)
{
    vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char text[600] = "";
    bool found;

    (void)state;
    fill(12);
    fat_link(&image, 21, 21);
    memset(fat_directory(&image, 21), 0xe5, FAT_SECTOR);
    fat = open_image();
    UNIT_RESULT(vw_fat_list(fat, "windows", join, text, &found, &err), &err,
                "a directory has more than 65536 entries");
}

static void
dirt_is_seen(void **state)
{
    (void)state;
    for (unsigned marked = 0; marked < 3; marked++) {
        vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        bool dirty;

        fill(32);
        if (marked == 1)
            image.data[65] = 1;
        if (marked == 2)
            fat_link(&image, 1, 0x07ffffff);
        fat = open_image();
        UNIT_RESULT(vw_fat_is_dirty(fat, &dirty, &err), &err, NULL);
        assert_int_equal(dirty, marked != 0);
    }
}

static const struct {
    unsigned at, value;
    const char *message;
} boots[] = {
    { 11, 3, "a FAT file system has sectors of 515 bytes and clusters of 1 "
             "sectors" },
    { 12, 0, "a FAT file system has sectors of 0 bytes and clusters of 1 "
             "sectors" },
    { 13, 3, "a FAT file system has sectors of 512 bytes and clusters of 3 "
             "sectors" },
    { 14, 0, "a FAT file system has 67 sectors, but 2 before its data" },
    { 16, 0, "a FAT file system has 67 sectors, but 2 before its data" },
    { 16, 255, "a FAT file system has 67 sectors, but 257 before its data" },
};

static void
boot_sectors_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(boots); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_memory memory = { image.data, sizeof(image.data) };
        struct vw_bytes bytes = vw_bytes_memory(&memory);
        struct vw_fat *fat = NULL;

        UNIT_ROW(i, boots[i].message);
        fill(12);
        image.data[boots[i].at] = (unsigned char)boots[i].value;
        UNIT_RESULT(vw_fat_open(&bytes, &fat, &err), &err, boots[i].message);
        assert_null(fat);
    }
}

/* -------------------------------------------------------------- put */

static struct vw_memory memory = { image.data, sizeof(image.data) };

static int
write_image(void *context, uint64_t offset, const void *data, size_t size,
            struct vtopo_error *err)
{
    (void)context;
    (void)err;
    assert_true(offset <= sizeof(image.data)
                && size <= sizeof(image.data) - offset);
    memcpy(image.data + offset, data, size);
    return 0;
}

static void
put_file(const char *path, const char *like, const unsigned char *data,
         size_t size, const char *want)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    struct vw_sink sink = { .write = write_image };

    UNIT_RESULT(vw_fat_open(&bytes, &fat, &err), &err, NULL);
    UNIT_RESULT(vw_fat_put(fat, &sink, path, like, data, size, &err), &err,
                want);
}

/* The same with letters that tell where a piece belongs. */
static void
put_letters(const char *path, const char *like, size_t size, const char *want)
{
    static unsigned char letters[FAT_CLUSTERS * FAT_SECTOR * 2];

    assert_true(size <= sizeof(letters));
    for (size_t i = 0; i < size; i++)
        letters[i] = (unsigned char)('a' + i / FAT_SECTOR % 26);
    put_file(path, like, letters, size, want);
}

/* The entry of @cluster in the table, as the specification has it. */
static unsigned
link_of(unsigned cluster)
{
    const unsigned char *table = image.data + FAT_SECTOR;
    const unsigned char *at = table + cluster * 3 / 2;
    unsigned pair = at[0] | (unsigned)at[1] << 8;

    if (image.bits == 32)
        return table[(size_t)cluster * 4]
               | (unsigned)table[(size_t)cluster * 4 + 1] << 8;
    return cluster % 2 != 0 ? pair >> 4 : pair & 0xfff;
}

static unsigned
free_clusters(void)
{
    unsigned count = 0;

    for (unsigned i = 2; i < FAT_CLUSTERS + 2; i++)
        count += link_of(i) == 0;
    return count;
}

/* What is put one after the other on the volume of fill(), and found then. */
static const struct {
    const char *path, *like;
    size_t size;
    const char *found;
    int taken;                  /* clusters, less those given back */
} puts_of[] = {
    { "new.dll", NULL, 0, "0:-..-", 0 },
    { "new.dll", NULL, 1, "1:a..a", 1 },
    { "new.dll", NULL, 512, "512:a..a", 0 },
    { "new.dll", NULL, 513, "513:a..b", 1 },
    { "boot.ini", NULL, 600, "600:a..b", 1 },
    { "boot.ini", NULL, 5, "5:a..a", -1 },
    { "boot.ini", NULL, 0, "0:-..-", -1 },
    { "A long name, longer than 13.txt", NULL, 3000, "3000:a..f", 2 },
    { "ALONGN~1.TXT", NULL, 1000, "1000:a..b", -4 },
    { "windows/one.dll", "last.dll", 1536, "1536:a..c", 3 },
    { "Windows/TWO.dll", "one.DLL", 1537, "1537:a..d", 4 },
    { "empty", NULL, 2048, "2048:a..d", 4 },
};

static void
files_are_put(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(both); i++) {
        fill(both[i]);
        for (size_t j = 0; j < VT_COUNT(puts_of); j++) {
            vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;
            int before = (int)free_clusters();

            UNIT_ROW(j, puts_of[j].path);
            put_letters(puts_of[j].path, puts_of[j].like, puts_of[j].size,
                        NULL);
            fat = open_image();
            assert_string_equal(look(fat, puts_of[j].path), puts_of[j].found);
            assert_int_equal(before - (int)free_clusters(), puts_of[j].taken);
            assert_string_equal(look(fat, "windows/file13.dll"), "5:[..t");
        }
    }
}

/* Byte for byte: an entry, where it stands, and what it says. */
static void
an_entry_is_as_the_specification_has_it(void **state)
{
    unsigned char *at;

    (void)state;
    fill(12);
    put_letters("ntldr", "boot.ini", 700, NULL);
    at = fat_directory(&image, 0) + 32 * 5;     /* that of a deleted file */
    assert_memory_equal(at, "NTLDR      ", 11);
    assert_int_equal(at[11], 0x27);
    assert_int_equal(at[12], 0x08);
    assert_true(at[25] >> 1 >= 2024 - 1980);    /* the year */
    assert_memory_equal(at + 16, at + 24, 2);
    assert_memory_equal(at + 18, at + 24, 2);
    assert_int_equal(at[20] | at[21], 0);
    assert_int_equal(at[26], 3);                /* the first free one */
    assert_int_equal(at[28] | at[29] << 8, 700);
    assert_int_equal(link_of(3), 4);
    assert_true(link_of(4) >= 0xff8);
    /* As long as before, it keeps its time. */
    memset(at + 22, 0, 4);
    put_letters("ntldr", NULL, 700, NULL);
    assert_int_equal(at[24] | at[25], 0);
    put_letters("ntldr", NULL, 701, NULL);
    assert_int_not_equal(at[24] | at[25], 0);
}

/* Whoever finds the end of a directory moves it on, over what was there. */
static void
the_end_of_a_directory_moves(void **state)
{
    vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;

    (void)state;
    fill(12);
    memcpy(fat_cluster(&image, 22) + 2 * 32, "GARBAGE DLL ", 12);
    put_letters("windows/new.dll", NULL, 5, NULL);
    fat = open_image();
    assert_string_equal(look(fat, "windows/new.dll"), "5:a..a");
    assert_string_equal(look(fat, "windows/garbage.dll"), "no");
}

static const struct {
    const char *says, *path, *like;
    size_t size;
    const char *message;
} refusals[] = {
    { "no folder", "nowhere/a", NULL, 1, "there is no folder for nowhere/a" },
    { "a file as a folder", "boot.ini/a", NULL, 1,
      "there is no folder for boot.ini/a" },
    { "a folder", "windows", NULL, 1,
      "a file cannot be read: it is a directory" },
    { "no neighbour", "windows/a", "boot.ini", 1,
      "there is no file windows//boot.ini" },
    { "a long name", "a long name", NULL, 1,
      "a new file must have a name of DOS, of up to eight letters and an "
      "extension of up to three, not 'a long name'" },
    { "more than there are clusters", "new", NULL, 65 * 512,
      "the volume has no room: 33280 bytes are needed, and 32768 are free" },
    { "more than are free", "new", NULL, 58 * 512,
      "the volume has no room: 29696 bytes are needed, and 28160 are free" },
    { "more than are free, to grow", "boot.ini", NULL, 59 * 512,
      "the volume has no room: 29696 bytes are needed, and 28160 are free" },
};

static void
what_cannot_be_put_says_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(refusals); i++) {
        UNIT_ROW(i, refusals[i].says);
        fill(12);
        put_letters(refusals[i].path, refusals[i].like, refusals[i].size,
                    refusals[i].message);
    }
    fill(12);
    put_letters("new", NULL, 55 * 512, NULL);   /* just all of it */
    assert_int_equal(free_clusters(), 0);
    fill(12);
    for (unsigned i = 0; i < 8; i++) {
        char name[] = "0";

        name[0] = (char)('0' + i);
        put_letters(name, NULL, 0, NULL);
    }
    put_letters("8", NULL, 0, "the root directory has no room: all of its 16 "
                "entries are in use, and it cannot grow");
    fill(12);
    image.data[16] = 5;
    put(image.data + 19, 3 + 4 + FAT_CLUSTERS, 2);
    put_letters("new", NULL, 1, "a FAT file system has 5 tables of 512 bytes, "
                "not 1 to 4 of at least 99");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(paths_lead_to_files),
    cmocka_unit_test(chains_are_followed),
    cmocka_unit_test(directories_are_listed),
    cmocka_unit_test(orphans_are_ignored),
    cmocka_unit_test(broken_chains_are_reported),
    cmocka_unit_test(an_endless_directory_ends),
    cmocka_unit_test(dirt_is_seen),
    cmocka_unit_test(boot_sectors_are_judged),
    cmocka_unit_test(files_are_put),
    cmocka_unit_test(an_entry_is_as_the_specification_has_it),
    cmocka_unit_test(the_end_of_a_directory_moves),
    cmocka_unit_test(what_cannot_be_put_says_why),
};

UNIT_MAIN(tests)
