/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-cabinet.c - cabinets and setup media, sound and broken
 */

#include "cabinet-builder.h"
#include "cabinet.h"
#include "unit.h"

#define MAX 1000u

static struct cabinet cabinet;

static const struct cabinet_file files[] = {
    { "hal.dll", "the first", 0 },
    { "i386\\HALMACPI.DLL", "multiprocessor", 0 },
    { "empty.txt", "", 0 },
    { "a/b\\ntkrnlmp.exe", "a kernel", 0 },
    { "HAL.DLL", "the second", 0 },
};

static struct vw_bytes
bytes_of(const struct cabinet *from)
{
    static struct vw_memory memory;

    memory = (struct vw_memory) { from->data, from->size };
    return vw_bytes_memory(&memory);
}

/* Take @name out of cabinet; it must be @want (NULL: not found), or fail. */
static void
extract(const char *name, size_t max, const char *want, const char *message)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree unsigned char *data = NULL;
    struct vw_bytes bytes = bytes_of(&cabinet);
    size_t size = 77;
    bool found = false;

    UNIT_RESULT(vw_cabinet_extract(&bytes, name, max, &data, &size, &found,
                                   &err), &err, message);
    assert_int_equal(found, message == NULL && want != NULL);
    if (!found) {
        assert_null(data);
        assert_int_equal(size, 77);
        return;
    }
    assert_int_equal(size, strlen(want));
    assert_memory_equal(data, want, size);
}

static const struct {
    const char *name, *want;
} names[] = {
    { "hal.dll", "the first" },
    { "Hal.DLL", "the first" },
    { "halmacpi.dll", "multiprocessor" },
    { "NTKRNLMP.EXE", "a kernel" },
    { "empty.txt", "" },
    { "i386\\halmacpi.dll", NULL },
    { "hal.dl", NULL },
    { "hal.dll2", NULL },
    { "", NULL },
};

static void
names_lead_to_files(void **state)
{
    (void)state;
    cabinet_make(&cabinet, files, VT_COUNT(files));
    for (size_t i = 0; i < VT_COUNT(names); i++) {
        UNIT_ROW(i, names[i].name);
        extract(names[i].name, MAX, names[i].want, NULL);
    }
    extract("hal.dll", 9, "the first", NULL);
}

/* @size bytes of @value at @at, counted from the CFDATA where it says so. */
static const struct {
    const char *says;
    size_t at;
    bool in_data;
    unsigned size;
    uint64_t value;
    const char *message;
} breaks[] = {
    { "no cabinet", 0, false, 1, 'X',
      "it does not begin as a cabinet does" },
    { "cut short", 8, false, 4, 1000,
      "a cabinet of 1000 bytes is cut short after 140" },
    { "more files than there are", 28, false, 2, 3,
      "'hal.dll' cannot be unpacked: it is damaged" },
    { "too many files", 28, false, 2, 20001,
      "a cabinet lists 20001 files in 1 folders, at most 20000 in 4096 are "
      "read" },
    { "too many folders", 26, false, 2, 4097,
      "a cabinet lists 2 files in 4097 folders, at most 20000 in 4096 are "
      "read" },
    { "no folders", 26, false, 2, 0,
      "'hal.dll' is in folder 0 of a cabinet that has 0" },
    { "the list is elsewhere", 16, false, 4, 1u << 31,
      "file 1 in the list of a cabinet has no name" },
    { "the list is later", 16, false, 4, CABINET_FILES + 24,
      "file 2 in the list of a cabinet has no name" },
    { "data beyond the end", CABINET_FOLDER, false, 4, 1u << 30,
      "'hal.dll' cannot be unpacked: it is cut short" },
    { "no blocks", CABINET_FOLDER + 4, false, 2, 0,
      "'hal.dll' cannot be unpacked: it is damaged" },
    { "Quantum", CABINET_FOLDER + 6, false, 2, 0x0a02,
      "'hal.dll' cannot be unpacked: its compression 0x0a02 is none of MSZIP "
      "and LZX" },
    { "a window of 2 GiB", CABINET_FOLDER + 6, false, 2, 0x1f03,
      "'hal.dll' cannot be unpacked: its compression 0x1f03 is none of MSZIP "
      "and LZX" },
    { "MSZIP that is none", CABINET_FOLDER + 6, false, 2, 1,
      "'hal.dll' cannot be unpacked: it is damaged" },
    { "LZX that is none", CABINET_FOLDER + 6, false, 2, 0x1503,
      "'hal.dll' cannot be unpacked: it is damaged" },
    { "larger than allowed", CABINET_FILES, false, 4, MAX + 1,
      "'hal.dll' has 1001 bytes, at most 1000 are taken out" },
    { "far into its folder", CABINET_FILES + 4, false, 4, 1u << 28,
      "'hal.dll' ends 268435459 bytes into its folder, at most 268435456 are "
      "unpacked" },
    { "larger than its folder", CABINET_FILES, false, 4, 60,
      "'hal.dll' cannot be unpacked: it is damaged" },
    { "in a folder that is not there", CABINET_FILES + 8, false, 2, 1,
      "'hal.dll' is in folder 1 of a cabinet that has 1" },
    { "begun in another cabinet", CABINET_FILES + 8, false, 2, 0xfffd,
      "a part of 'hal.dll' is in another cabinet of its set, and one cabinet "
      "alone is read" },
    { "goes on in another", CABINET_FILES + 8, false, 2, 0xfffe,
      "a part of 'hal.dll' is in another cabinet of its set, and one cabinet "
      "alone is read" },
    { "both", CABINET_FILES + 8, false, 2, 0xffff,
      "a part of 'hal.dll' is in another cabinet of its set, and one cabinet "
      "alone is read" },
    { "no name", CABINET_FILES + 16, false, 1, 0,
      "file 1 in the list of a cabinet has no name" },
    { "wrong checksum", 0, true, 1, 0xaa,
      "'hal.dll' cannot be unpacked: a checksum in it is wrong" },
    { "data changed", 9, true, 1, 0xaa,
      "'hal.dll' cannot be unpacked: a checksum in it is wrong" },
    { "a block beyond the end", 4, true, 2, 1000,
      "'hal.dll' cannot be unpacked: it is cut short" },
    { "a block that goes on elsewhere", 6, true, 2, 0,
      "'hal.dll' cannot be unpacked: a checksum in it is wrong" },
};

static void
broken_cabinets_are_refused(void **state)
{
    static const struct cabinet_file two[] = {
        { "hal.dll", "abc", 0 },
        { "x", "a second file, for what is behind the first", 0 },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(breaks); i++) {
        UNIT_ROW(i, breaks[i].says);
        cabinet_make(&cabinet, two, VT_COUNT(two));
        put(cabinet.data + breaks[i].at
            + (breaks[i].in_data ? cabinet.data_at : 0),
            breaks[i].value, breaks[i].size);
        extract("hal.dll", MAX, "abc", breaks[i].message);
    }
}

/* A folder that begins in another cabinet, and one that ends there: what is
 * wholly in the second is as good as any other.
 */
static void
sets_are_told_from_damage(void **state)
{
    static const struct cabinet_file begun[] = {
        { "first", "abc", 0xfffd }, { "second", "def", 0 },
    };
    static const struct cabinet_file ends[] = {
        { "first", "abc", 0 }, { "second", "def", 0xfffe },
    };

    (void)state;
    cabinet_make(&cabinet, begun, VT_COUNT(begun));
    extract("second", MAX, NULL,
            "a part of 'second' is in another cabinet of its set, and one "
            "cabinet alone is read");
    cabinet_make(&cabinet, ends, VT_COUNT(ends));
    extract("first", MAX, "abc", NULL);
}

/* libmspack takes the list to begin behind the folders. */
static void
two_lists_are_refused(void **state)
{
    unsigned char *at;

    (void)state;
    cabinet_make(&cabinet, files, VT_COUNT(files));
    put32(cabinet.data + 16, cabinet.size);
    at = cabinet.data + cabinet.size;
    memcpy(at, cabinet.data + CABINET_FILES, 16 + sizeof("hal.dll"));
    at[0]--;
    cabinet.size += 16 + sizeof("hal.dll");
    extract("hal.dll", MAX, NULL,
            "'hal.dll' cannot be unpacked: the list of files is not where it "
            "must be");
    at[0]++;
    extract("hal.dll", MAX, "the first", NULL);
}

/* A cut at any place is a failure, never a shorter file. */
static void
cut_cabinets_are_refused(void **state)
{
    struct cabinet whole;

    (void)state;
    cabinet_make(&whole, files, VT_COUNT(files));
    for (size_t size = 0; size < whole.size; size++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree unsigned char *data = NULL;
        struct vw_bytes bytes;
        size_t got;
        bool found;

        cabinet = whole;
        cabinet.size = size;
        if (size >= 12)
            put32(cabinet.data + 8, size);      /* and says so itself */
        bytes = bytes_of(&cabinet);
        assert_int_equal(vw_cabinet_extract(&bytes, "HALMACPI.DLL", MAX,
                                            &data, &got, &found, &err), -1);
        assert_int_equal(err.code, VTOPO_BAD_INPUT);
        assert_null(data);
    }
}

static int
fail_read(void *context, uint64_t offset, void *buffer, size_t size,
          struct vtopo_error *err)
{
    const struct cabinet *from = context;

    if (offset + size > from->data_at) {
        err->code = VTOPO_SYSTEM;
        err->message = strdup("the disk is on fire");
        return -1;
    }
    memcpy(buffer, from->data + offset, size);
    return 0;
}

/* What goes wrong below is said as it is, not taken for a damage. */
static void
failed_reads_are_passed_up(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree unsigned char *data = NULL;
    struct vw_bytes bytes;
    size_t size;
    bool found;

    (void)state;
    cabinet_make(&cabinet, files, VT_COUNT(files));
    bytes = (struct vw_bytes) { cabinet.size, fail_read, &cabinet };
    UNIT_RESULT(vw_cabinet_extract(&bytes, "hal.dll", MAX, &data, &size,
                                   &found, &err), &err,
                "the disk is on fire");
    assert_int_equal(err.code, VTOPO_SYSTEM);
}

static const struct {
    const char *says;
    const char *bytes;
    size_t size;
    const char *want;
    const char *message;
} media[] = {
    { "plain", "MZ and so on", 12, "MZ and so on", NULL },
    { "empty", "", 0, "", NULL },
    { "a cabinet by three letters", "MSC", 3, "MSC", NULL },
    { "plain, and too long", NULL, MAX + 1, NULL,
      "a file has 1001 bytes, at most 1000 are read" },
    { "SZDD", "SZDD\x88\xf0\x27\x33" "AL\x0b\0\0\0\xffhello, s\xffmp!", 27,
      "hello, smp!", NULL },
    { "SZDD with a match", "SZDD\x88\xf0\x27\x33" "AL\x06\0\0\0\x07"
      "abc\xf0\xf0", 20, "abcabc", NULL },
    { "SZDD with bytes behind", "SZDD\x88\xf0\x27\x33" "AL\2\0\0\0\xff"
      "abcdefgh", 23, "ab", NULL },
    { "SZDD of no bytes", "SZDD\x88\xf0\x27\x33" "AL\0\0\0\0", 14, "", NULL },
    { "SZDD cut short", "SZDD\x88\xf0\x27\x33" "AL\x20\0\0\0\xff" "abc", 18,
      NULL, "a compressed file cannot be unpacked: it is cut short" },
    { "SZDD without a size", "SZDD\x88\xf0\x27\x33" "AL", 10, NULL,
      "a compressed file is cut short after 10 bytes" },
    { "SZDD of a kind that is not known",
      "SZDD\x88\xf0\x27\x33" "BL\x01\0\0\0\xff" "abc", 18, NULL,
      "a compressed file cannot be unpacked: it is damaged" },
    { "SZDD, and too long", "SZDD\x88\xf0\x27\x33" "AL\xe9\3\0\0\xff" "abc",
      18, NULL,
      "a compressed file holds 1001 bytes, at most 1000 are taken out" },
    { "KWAJ", "KWAJ\x88\xf0\x27\xd1\0\0\x0e\0\0\0abc", 17, NULL,
      "a file is compressed as MS-DOS 6 did (KWAJ), which is not read" },
};

static void
expand(const unsigned char *from, size_t from_size, const char *want,
       const char *message)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree unsigned char *data = NULL;
    struct vw_memory memory = { from, from_size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    size_t size = 77;

    UNIT_RESULT(vw_expand(&bytes, MAX, &data, &size, &err), &err, message);
    if (message != NULL) {
        assert_null(data);
        assert_int_equal(size, 77);
        return;
    }
    assert_int_equal(size, strlen(want));
    assert_memory_equal(data, want, size);
}

static void
setup_media_are_expanded(void **state)
{
    static const unsigned char zeros[MAX + 1];

    (void)state;
    for (size_t i = 0; i < VT_COUNT(media); i++) {
        UNIT_ROW(i, media[i].says);
        expand(media[i].bytes != NULL ? (const unsigned char *)media[i].bytes
               : zeros, media[i].size, media[i].want, media[i].message);
    }
    cabinet_make(&cabinet, files + 1, 1);
    expand(cabinet.data, cabinet.size, "multiprocessor", NULL);
    cabinet_make(&cabinet, files, 2);
    expand(cabinet.data, cabinet.size, NULL,
           "a cabinet of setup media holds 2 files, it must be one");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_lead_to_files),
    cmocka_unit_test(broken_cabinets_are_refused),
    cmocka_unit_test(sets_are_told_from_damage),
    cmocka_unit_test(two_lists_are_refused),
    cmocka_unit_test(cut_cabinets_are_refused),
    cmocka_unit_test(failed_reads_are_passed_up),
    cmocka_unit_test(setup_media_are_expanded),
};

UNIT_MAIN(tests)
