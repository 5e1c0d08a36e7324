/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-sniff.c - what a file is, and which others it asks for
 */

#include "sniff.h"
#include "unit.h"

/* One header, built in memory, of a file of @size bytes. */
struct file {
    unsigned char data[4096];
    size_t size;
};

static void
put(struct file *file, size_t at, const void *bytes, size_t size)
{
    assert_true(at + size <= sizeof(file->data));
    memcpy(file->data + at, bytes, size);
    if (file->size < at + size)
        file->size = at + size;
}

static void
put_be(struct file *file, size_t at, unsigned size, uint64_t value)
{
    unsigned char bytes[8];

    for (unsigned i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> (8 * (size - 1 - i)));
    put(file, at, bytes, size);
}

static void
put_le(struct file *file, size_t at, unsigned size, uint64_t value)
{
    unsigned char bytes[8];

    for (unsigned i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    put(file, at, bytes, size);
}

static int
sniff(const struct file *file, const char *format, struct vw_sniff *ret_sniff,
      struct vtopo_error *err)
{
    const struct vw_memory memory = { .data = file->data, .size = file->size };
    const struct vw_bytes bytes = vw_bytes_memory(&memory);

    return vw_sniff(&bytes, format, ret_sniff, err);
}

/* ----------------------------------------------------------- signatures */

struct signature {
    const char *says;
    size_t at;
    const char *bytes;
    size_t size;
    const char *format;
};

#define BYTES(text) .bytes = (text), .size = sizeof(text) - 1

static const struct signature signatures[] = {
    { .says = "nothing is raw", BYTES(""), .format = "raw" },
    { .says = "a boot sector is raw", BYTES("\xeb\x3c\x90"), .format = "raw" },
    { .says = "LUKS", BYTES("LUKS\xba\xbe\0\1"), .format = "luks" },
    { .says = "nearly LUKS is raw", BYTES("LUKS\xba\xbf"), .format = "raw" },
    { .says = "VDI stands at 64", .at = 64, BYTES("\x7f\x10\xda\xbe"),
      .format = "vdi" },
    { .says = "elsewhere it is raw", .at = 65, BYTES("\x7f\x10\xda\xbe"),
      .format = "raw" },
    { .says = "Parallels", BYTES("WithoutFreeSpace"), .format = "parallels" },
    { .says = "Parallels, extended", BYTES("WithouFreSpacExt"),
      .format = "parallels" },
    { .says = "Bochs", BYTES("Bochs Virtual HD Image"), .format = "bochs" },
    { .says = "cloop", BYTES("#!/bin/sh\n#V2.0 Format\n"), .format = "cloop" },
    { .says = "another script is raw", BYTES("#!/bin/sh\n"), .format = "raw" },
    { .says = "a VMware text", BYTES("# Disk DescriptorFile\n"),
      .format = "vmdk" },
};

static void
first_bytes_decide(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(signatures); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vw_sniff_clear) struct vw_sniff got = VW_SNIFF_INIT;
        struct file file = { .size = 1024 };

        UNIT_ROW(i, signatures[i].says);
        put(&file, signatures[i].at, signatures[i].bytes, signatures[i].size);
        UNIT_RESULT(sniff(&file, NULL, &got, &err), &err, NULL);
        assert_string_equal(got.format, signatures[i].format);
        assert_string_equal(got.seen, signatures[i].format);
        assert_int_equal(got.file_size, 1024);
    }
}

/* ---------------------------------------------------------------- qcow2 */

struct extension {
    uint32_t type;
    const char *value;
};

struct qcow2 {
    const char *says;
    unsigned version;
    const char *backing;
    struct extension extensions[3];
    uint64_t features;
    unsigned crypt;
    unsigned cluster_bits;      /* 0: 16 */
    uint64_t backing_offset;    /* 0: where it is */
    unsigned backing_size;      /* 0: what it is */
    size_t cut;                 /* 0: the whole file */

    const char *want;
    const char *want_format;
    const char *want_data;
    bool external_data;
    bool dirty;
    bool encrypted;
};

static const struct qcow2 qcow2s[] = {
    { .says = "version 2 alone", .version = 2 },
    { .says = "version 3 alone", .version = 3 },
    { .says = "a backing file", .version = 2, .backing = "base.img" },
    { .says = "with a format", .version = 3, .backing = "base.img",
      .extensions = { { 0xe2792aca, "raw" } }, .want_format = "raw" },
    { .says = "after another extension", .version = 3, .backing = "b",
      .extensions = { { 0x6803f857, "feature names" },
                      { 0xe2792aca, "qcow2" } }, .want_format = "qcow2" },
    { .says = "a data file", .version = 3, .features = 4,
      .extensions = { { 0x44415441, "data.raw" } }, .want_data = "data.raw",
      .external_data = true },
    { .says = "a data file without a name", .version = 3, .features = 4,
      .external_data = true },
    { .says = "dirty", .version = 3, .features = 1, .dirty = true },
    { .says = "corrupt", .version = 3, .features = 2, .dirty = true },
    { .says = "encrypted", .version = 3, .crypt = 2, .encrypted = true },
    { .says = "a json: name is a name", .version = 3,
      .backing = "json:{\"driver\":\"nbd\"}" },
    { .says = "version 4", .version = 4,
      .want = "the qcow2 header is of version 4, known are 2 and 3" },
    { .says = "cut short", .version = 2, .cut = 40,
      .want = "the qcow2 header is cut short: 72 bytes at 0 are beyond the "
              "end, 40" },
    { .says = "cluster size", .version = 2, .cluster_bits = 63,
      .want = "the qcow2 cluster size is 2^63, it must be 2^9 to 2^21" },
    { .says = "a name far away", .version = 2, .backing = "b",
      .backing_offset = UINT64_MAX,
      .want = "the name of the backing file is not in the first cluster" },
    { .says = "a name beyond the end", .version = 2, .backing = "b",
      .backing_offset = 60000,
      .want = "the name of the backing file is not in the image: 1 bytes at "
              "60000 are beyond the end, 4096" },
    { .says = "a name too long", .version = 2, .backing = "b",
      .backing_size = 1024,
      .want = "the name of the backing file has 1024 bytes, it can have 1023" },
    { .says = "a zero byte in a name", .version = 2, .backing = "b",
      .backing_size = 5,
      .want = "the name of the backing file has a zero byte in it" },
    { .says = "a name that is no UTF-8", .version = 2, .backing = "b\xff",
      .want = "the name of the backing file is not UTF-8" },
};

static void
build_qcow2(const struct qcow2 *row, struct file *file)
{
    size_t at = row->version == 3 ? 104 : 72;

    put(file, 0, "QFI\xfb", 4);
    put_be(file, 4, 4, row->version);
    put_be(file, 20, 4, row->cluster_bits != 0 ? row->cluster_bits : 16);
    put_be(file, 24, 8, 1u << 20);
    put_be(file, 32, 4, row->crypt);
    put_be(file, 72, 8, row->version == 3 ? row->features : 0);
    put_be(file, 100, 4, row->version == 3 ? 104 : 0);
    for (size_t i = 0; row->extensions[i].value != NULL; i++) {
        size_t length = strlen(row->extensions[i].value);

        put_be(file, at, 4, row->extensions[i].type);
        put_be(file, at + 4, 4, length);
        put(file, at + 8, row->extensions[i].value, length);
        at += 8 + ((length + 7) & ~(size_t)7);
    }
    at += 8;
    if (row->backing != NULL) {
        size_t length = strlen(row->backing);

        put_be(file, 8, 8, row->backing_offset != 0 ? row->backing_offset : at);
        put_be(file, 16, 4, row->backing_size != 0 ? row->backing_size
                                                   : length);
        put(file, at, row->backing, length);
    }
    file->size = row->cut != 0 ? row->cut : sizeof(file->data);
}

static void
check_name(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else
        assert_string_equal(got, want);
}

static void
qcow2_headers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(qcow2s); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vw_sniff_clear) struct vw_sniff got = VW_SNIFF_INIT;
        const struct qcow2 *row = &qcow2s[i];
        struct file file = { .size = 0 };

        UNIT_ROW(i, row->says);
        build_qcow2(row, &file);
        UNIT_RESULT(sniff(&file, NULL, &got, &err), &err, row->want);
        if (row->want != NULL) {
            assert_int_equal(err.code, VTOPO_BAD_INPUT);
            assert_null(got.format);
            continue;
        }
        assert_string_equal(got.format, "qcow2");
        assert_int_equal(got.virtual_size, 1u << 20);
        check_name(got.backing, row->backing);
        check_name(got.backing_format, row->want_format);
        check_name(got.data_file, row->want_data);
        assert_int_equal(got.external_data, row->external_data);
        assert_int_equal(got.dirty, row->dirty);
        assert_int_equal(got.can_be_dirty, row->version == 3);
        assert_int_equal(got.encrypted, row->encrypted);
    }
}

static void
an_extension_beyond_the_header_is_refused(void **state)
{
    static const struct qcow2 row = { .version = 3, .backing = "base" };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_sniff_clear) struct vw_sniff got = VW_SNIFF_INIT;
    struct file file = { .size = 0 };

    (void)state;
    build_qcow2(&row, &file);
    put_be(&file, 104, 4, 0xe2792aca);
    put_be(&file, 108, 4, 0xffffffff);
    UNIT_RESULT(sniff(&file, NULL, &got, &err), &err,
                "a qcow2 header extension of 4294967295 bytes does not fit");
}

/* ----------------------------------------------------------------- vmdk */

struct vmdk {
    const char *says;
    const char *text;
    const char *parent;
    const char *extents[3];
    bool flat[3];
    uint64_t size;
    const char *want;
};

static const struct vmdk vmdks[] = {
    { .says = "one flat extent",
      .text = "version=1\nRW 4 FLAT \"a-flat.vmdk\" 0\n",
      .extents = { "a-flat.vmdk" }, .flat = { true }, .size = 2048 },
    { .says = "two sparse ones",
      .text = "RW 1 SPARSE \"a b.vmdk\"\r\nRW 2 SPARSE \"/c\"\r\n",
      .extents = { "a b.vmdk", "/c" }, .size = 1536 },
    { .says = "other accesses are extents, too",
      .text = "RDONLY 1 VMFS \"a\"\nNOACCESS 1 SESPARSE \"b\"\nrw 1 X \"c\"",
      .extents = { "a", "b", "c" }, .flat = { true, false, false },
      .size = 1536 },
    { .says = "zeros have no name", .text = "RW 8 ZERO\n", .size = 4096 },
    { .says = "a broken line may be one", .text = "RW \"x\nRW y \"z",
      .extents = { "x", "z" } },
    { .says = "a word too many is not trusted to be flat",
      .text = "RW 1 FLAT SPARSE \"x\" 0", .extents = { "x" },
      .flat = { false }, .size = 512 },
    { .says = "a comment is none", .text = "# RW 4 FLAT \"x\" 0\n" },
    { .says = "a parent", .text = "parentFileNameHint=\"p.vmdk\"\n",
      .parent = "p.vmdk" },
    { .says = "in any case", .text = "  PARENTFILENAMEHINT = \"p\"\n",
      .parent = "p" },
    { .says = "an empty name", .text = "RW 1 FLAT \"\" 0",
      .want = "the name of the extent has 0 bytes, it can have 1 to 4095" },
    { .says = "a parent without quotes", .text = "parentFileNameHint=p\n",
      .want = "the VMDK descriptor names a parent without quotes" },
};

static void
check_vmdk(const struct vmdk *row, const struct file *file)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_sniff_clear) struct vw_sniff got = VW_SNIFF_INIT;
    size_t count = 0;

    UNIT_RESULT(sniff(file, NULL, &got, &err), &err, row->want);
    if (row->want != NULL)
        return;
    assert_string_equal(got.format, "vmdk");
    check_name(got.backing, row->parent);
    assert_int_equal(got.virtual_size, row->size);
    while (count < VT_COUNT(row->extents) && row->extents[count] != NULL)
        count++;
    assert_int_equal(got.extent_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(got.extents[i].name, row->extents[i]);
        assert_int_equal(got.extents[i].flat, row->flat[i]);
    }
}

/* A text that stands alone and one inside a file without a size of its own
 * are the same.
 */
static void
vmware_texts_are_read(void **state)
{
    static const char head[] = "# Disk DescriptorFile\n";

    (void)state;
    for (size_t i = 0; i < VT_COUNT(vmdks); i++) {
        struct file alone = { .size = 0 };
        struct file hosted = { .size = 2048 };

        UNIT_ROW(i, vmdks[i].says);
        put(&alone, 0, head, strlen(head));
        put(&alone, alone.size, vmdks[i].text, strlen(vmdks[i].text));
        check_vmdk(&vmdks[i], &alone);
        put(&hosted, 0, "KDMV", 4);
        put_le(&hosted, 28, 8, 1);
        put(&hosted, 512, vmdks[i].text, strlen(vmdks[i].text));
        check_vmdk(&vmdks[i], &hosted);
    }
}

/* With a size of its own a file is its only extent; its parent counts. */
static void
a_sparse_file_has_no_extents(void **state)
{
    static const char text[] = "RW 4 FLAT \"x\" 0\nparentFileNameHint=\"p\"\n";
    static const struct vmdk row = { .parent = "p", .size = 4096 * 512 };
    struct file file = { .size = 4096 };

    (void)state;
    put(&file, 0, "KDMV", 4);
    put_le(&file, 12, 8, 4096);
    put_le(&file, 28, 8, 2);
    put(&file, 1024, text, strlen(text));
    check_vmdk(&row, &file);
    /* QEMU looks for the parent where it usually is. */
    put(&file, 1024, "parentFileNameHint=\"q\"\n\n\n\n\n\n\n\n\n\n\n\n", 35);
    put(&file, 512, text, strlen(text));
    check_vmdk(&row, &file);
}

/* ------------------------------------------------------------------ vhd */

static void
build_vhd(struct file *file, size_t at, unsigned type)
{
    uint32_t sum = 0;

    put(file, at, "conectix", 8);
    put_be(file, at + 48, 8, 1u << 20);
    put_be(file, at + 60, 4, type);
    put_be(file, at + 64, 4, 0);
    for (size_t i = at; i < at + 512; i++)
        sum += file->data[i];
    put_be(file, at + 64, 4, (uint32_t)~sum);
    if (file->size < at + 512)
        file->size = at + 512;
}

static void
vhd_footers_are_read(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_sniff_clear) struct vw_sniff got = VW_SNIFF_INIT;
    struct file dynamic = { .size = 0 };
    struct file child = { .size = 0 };
    struct file fixed = { .size = 1024 };
    struct file guest = { .size = 1024 };

    (void)state;
    build_vhd(&dynamic, 0, 3);
    UNIT_RESULT(sniff(&dynamic, NULL, &got, &err), &err, NULL);
    assert_string_equal(got.format, "vpc");
    assert_int_equal(got.virtual_size, 1u << 20);
    vw_sniff_clear(&got);

    build_vhd(&child, 0, 4);
    UNIT_RESULT(sniff(&child, NULL, &got, &err), &err, NULL);
    assert_true(got.differencing);
    vw_sniff_clear(&got);

    build_vhd(&fixed, 1024, 2);
    UNIT_RESULT(sniff(&fixed, NULL, &got, &err), &err, NULL);
    assert_string_equal(got.format, "vpc");
    vw_sniff_clear(&got);

    /* The last sector is the guest's: the word alone is not enough. */
    put(&guest, 1024, "conectix", 8);
    guest.size = 1536;
    UNIT_RESULT(sniff(&guest, NULL, &got, &err), &err, NULL);
    assert_string_equal(got.format, "raw");
    vw_sniff_clear(&got);

    dynamic.data[100] ^= 1;
    UNIT_RESULT(sniff(&dynamic, NULL, &got, &err), &err,
                "the VHD footer does not match its checksum");
}

/* -------------------------------------------------------- stated formats */

static void
a_stated_format_must_be_true(void **state)
{
    static const struct qcow2 row = { .version = 3, .backing = "/etc/shadow" };
    struct file file = { .size = 0 };
    struct {
        const char *format;
        const char *want;
    } stated[] = {
        { "qcow2", NULL },
        { "raw", NULL },
        { "dmg", NULL },
        { "vdi", "this is said to be vdi, but its first bytes are those of "
                 "qcow2" },
        { "qcow", "this is said to be qcow, but its first bytes are those of "
                  "qcow2" },
    };

    (void)state;
    build_qcow2(&row, &file);
    for (size_t i = 0; i < VT_COUNT(stated); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vw_sniff_clear) struct vw_sniff got = VW_SNIFF_INIT;

        UNIT_ROW(i, stated[i].format);
        assert_true(vw_sniff_knows(stated[i].format));
        UNIT_RESULT(sniff(&file, stated[i].format, &got, &err), &err,
                    stated[i].want);
        if (stated[i].want != NULL)
            continue;
        assert_string_equal(got.format, stated[i].format);
        assert_string_equal(got.seen, "qcow2");
        /* What is raw asks for nothing, whatever its bytes say. */
        check_name(got.backing, strcmp(stated[i].format, "qcow2") == 0
                                ? "/etc/shadow" : NULL);
    }
    assert_false(vw_sniff_knows("nbd"));
    assert_false(vw_sniff_knows(""));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(first_bytes_decide),
    cmocka_unit_test(qcow2_headers_are_read),
    cmocka_unit_test(an_extension_beyond_the_header_is_refused),
    cmocka_unit_test(vmware_texts_are_read),
    cmocka_unit_test(a_sparse_file_has_no_extents),
    cmocka_unit_test(vhd_footers_are_read),
    cmocka_unit_test(a_stated_format_must_be_true),
};

UNIT_MAIN(tests)
