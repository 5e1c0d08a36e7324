/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-pe.c - pe.c, pe-version.c: what a kernel or a HAL says of itself
 *
 * The program files are made here, byte by byte, so that each thing that can
 * be wrong with one is wrong in one.
 *
 * Long, because every case stands on the builder at its beginning.
 */

#include <stdio.h>

#include "base/error.h"
#include "pe.h"
#include "raw-bytes.h"
#include "unit.h"

/* One section holds all: its bytes in the file, and its address. */
#define RAW 0x400u
#define RVA 0x1000u
#define FILE_SIZE 0x3000u

#define IMPORTS 0u              /* places in the section */
#define NAMES 0x100u
#define RESOURCES 0x800u
#define VERSION 0x900u

#define PE_AT 0x80u
#define OPTIONAL_AT (PE_AT + 24)

struct image {
    unsigned char data[FILE_SIZE];
    size_t size;
    bool is_64_bit;
};

/* -------------------------------------------------------------- making */

static size_t
directories_of(const struct image *image)
{
    return OPTIONAL_AT + (image->is_64_bit ? 112 : 96);
}

static void
put_directory(struct image *image, unsigned index, uint32_t address)
{
    put32(image->data + directories_of(image) + 8 * (size_t)index, address);
    put32(image->data + directories_of(image) + 8 * (size_t)index + 4, 0x100);
}

static struct image
make_image(bool is_64_bit)
{
    struct image image = { .size = FILE_SIZE, .is_64_bit = is_64_bit };
    size_t optional_size = is_64_bit ? 240 : 224;
    unsigned char *pe = image.data + PE_AT;
    unsigned char *optional = image.data + OPTIONAL_AT;
    unsigned char *section = optional + optional_size;

    memcpy(image.data, "MZ", 2);
    put32(image.data + 60, PE_AT);
    memcpy(pe, "PE\0\0", 4);
    put16(pe + 4, is_64_bit ? 0x8664 : 0x14c);
    put16(pe + 6, 1);
    put32(pe + 8, 0x3b7d84cf);
    put16(pe + 20, (unsigned)optional_size);
    put16(pe + 22, 0x210e);

    put16(optional, is_64_bit ? 0x20b : 0x10b);
    put32(optional + 60, RAW);
    put32(optional + 64, 0xdeadbeef);
    put16(optional + 68, 1);
    put32(image.data + directories_of(&image) - 4, 16);

    memcpy(section, "INIT", 4);
    put32(section + 8, FILE_SIZE - RAW);
    put32(section + 12, RVA);
    put32(section + 16, FILE_SIZE - RAW);
    put32(section + 20, RAW);
    return image;
}

/* An import: "library!symbol", or "library!" for one by its number. */
struct imports {
    struct image *image;
    uint32_t names;             /* the next free place */
    unsigned count;
    bool no_lookup;             /* as old linkers made them */
};

static uint32_t
put_name(struct imports *imports, const char *name, size_t length)
{
    uint32_t at = imports->names;

    memcpy(imports->image->data + RAW + at, name, length);
    imports->names += (uint32_t)length + 1;
    return RVA + at;
}

static void
add_import(struct imports *imports, const char *what)
{
    struct image *image = imports->image;
    size_t entry = image->is_64_bit ? 8 : 4;
    const char *symbol = strchr(what, '!') + 1;
    unsigned char *row = image->data + RAW + IMPORTS
                         + 20 * (size_t)imports->count++;
    uint32_t table = (imports->names + 7) & ~7u;

    imports->names = table + 3 * (uint32_t)entry;
    /* The first is always one by its number. */
    image->data[RAW + table] = 7;
    image->data[RAW + table + entry - 1] = 0x80;
    put32(row, imports->no_lookup ? 0 : RVA + table);
    put32(row + 16, RVA + table);
    put32(row + 12, put_name(imports, what, (size_t)(symbol - 1 - what)));
    if (symbol[0] == '\0')
        return;
    imports->names += 2;        /* the hint */
    put32(image->data + RAW + table + entry,
          put_name(imports, symbol, strlen(symbol)) - 2);
}

static void
put_imports(struct image *image, bool no_lookup, const char *const *list)
{
    struct imports imports = {
        .image = image,
        .names = NAMES,
        .no_lookup = no_lookup,
    };

    put_directory(image, 1, RVA + IMPORTS);
    for (; *list != NULL; list++)
        add_import(&imports, *list);
}

/* A block of a version resource; returns where its inside begins. */
static size_t
open_node(unsigned char *data, size_t *at, const char *key)
{
    size_t start = *at = (*at + 3) & ~(size_t)3;

    *at += 6;
    for (; *key != '\0'; key++, *at += 2)
        put16(data + *at, (unsigned char)*key);
    *at = (*at + 2 + 3) & ~(size_t)3;
    return start;
}

static void
close_node(unsigned char *data, size_t start, size_t at)
{
    put16(data + start, (unsigned)(at - start));
}

static void
add_string(unsigned char *data, size_t *at, const char *key,
           const uint16_t *text)
{
    size_t start = open_node(data, at, key);
    unsigned units = 0;

    do {
        put16(data + *at, text[units]);
        *at += 2;
    } while (text[units++] != 0);
    put16(data + start + 2, units);
    put16(data + start + 4, 1);
    close_node(data, start, *at);
}

struct strings {
    const char *key;
    const uint16_t *text;
};

/* Strings without a value, which claim to have so many bytes. */
struct bare {
    unsigned count;
    unsigned length;
};

/* The version of a file; returns its size. */
static size_t
make_version(unsigned char *data, uint32_t flags, uint32_t mask,
             struct bare bare, const struct strings *strings)
{
    size_t at = 0;
    size_t root = open_node(data, &at, "VS_VERSION_INFO");
    size_t info;
    size_t table;

    put16(data + root + 2, 52);
    put32(data + at, 0xfeef04bd);
    put32(data + at + 8, 5 << 16 | 1);
    put32(data + at + 12, 2600u << 16 | 5512);
    put32(data + at + 16, 6 << 16 | 2);
    put32(data + at + 20, 7u << 16 | 8);
    put32(data + at + 24, mask);
    put32(data + at + 28, flags);
    at += 52;
    info = open_node(data, &at, "VarFileInfo");
    close_node(data, info, at);
    info = open_node(data, &at, "StringFileInfo");
    table = open_node(data, &at, "040704e4");
    for (; bare.count > 0; bare.count--)
        put16(data + open_node(data, &at, "x"), bare.length);
    for (; strings->key != NULL; strings++)
        add_string(data, &at, strings->key, strings->text);
    close_node(data, table, at);
    close_node(data, info, at);
    close_node(data, root, at);
    return at;
}

/* Resources: an icon, and under "version" one name with two languages, of
 * which the first leads nowhere.
 */
static void
put_version(struct image *image, uint32_t flags, uint32_t mask,
            const struct strings *strings)
{
    unsigned char *base = image->data + RAW + RESOURCES;
    size_t size = make_version(image->data + RAW + VERSION, flags, mask,
                               (struct bare) { 0, 0 }, strings);

    put_directory(image, 2, RVA + RESOURCES);
    put16(base + 14, 2);
    put32(base + 16, 3);
    put32(base + 20, 0x80000000);
    put32(base + 24, 16);
    put32(base + 28, 0x80000020);
    put16(base + 0x20 + 14, 1);
    put32(base + 0x20 + 16, 1);
    put32(base + 0x20 + 20, 0x80000040);
    put16(base + 0x40 + 14, 2);
    put32(base + 0x40 + 16, 0x407);
    put32(base + 0x40 + 20, 0x7ffffff0);
    put32(base + 0x40 + 24, 0x409);
    put32(base + 0x40 + 28, 0x60);
    put32(base + 0x60, RVA + VERSION);
    put32(base + 0x60 + 4, (uint32_t)size);
}

/* ------------------------------------------------------------- headers */

static struct vw_pe
open_bytes(const struct vw_bytes *bytes)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_pe pe;

    UNIT_RESULT(vw_pe_open(bytes, &pe, &err), &err, NULL);
    return pe;
}

static void
headers_are_read(void **state)
{
    (void)state;
    for (unsigned bits = 32; bits <= 64; bits += 32) {
        struct image image = make_image(bits == 64);
        struct vw_memory memory = { image.data, image.size };
        struct vw_bytes bytes = vw_bytes_memory(&memory);
        struct vw_pe pe = open_bytes(&bytes);

        assert_int_equal(pe.status, VW_PE_IMAGE);
        assert_int_equal(pe.is_64_bit, bits == 64);
        assert_int_equal(pe.machine, bits == 64 ? 0x8664 : 0x14c);
        assert_int_equal(pe.timestamp, 0x3b7d84cf);
        assert_int_equal(pe.checksum, 0xdeadbeef);
        assert_int_equal(pe.characteristics, 0x210e);
        assert_int_equal(pe.subsystem, 1);
        assert_int_equal(pe.section_count, 1);
        assert_int_equal(pe.sections[0].memory.address, RVA);
        assert_int_equal(pe.sections[0].offset, RAW);
    }
}

/* A byte or two of a good image changed, and what it is then. */
struct damage_row {
    const char *says;
    size_t at;
    uint32_t value;             /* four bytes there */
    enum vw_pe_status status;
};

static const struct damage_row damage_rows[] = {
    { "not 'MZ'", 0, 0x5a4e, VW_PE_NOT_PE },
    { "the header is beyond the end", 60, FILE_SIZE - 20, VW_PE_NOT_PE },
    { "the header is far beyond", 60, 0xffffffff, VW_PE_NOT_PE },
    { "an NE program", PE_AT, 'N' | 'E' << 8, VW_PE_NOT_PE },
    { "no such magic", OPTIONAL_AT, 0x107, VW_PE_NOT_PE },
    { "no optional header", PE_AT + 20, 0, VW_PE_NOT_PE },
    { "97 sections", PE_AT + 4, 0x14c | 97u << 16, VW_PE_NOT_PE },
    { "96 sections", PE_AT + 4, 0x14c | 96u << 16, VW_PE_IMAGE },
    { "no sections", PE_AT + 4, 0x14c, VW_PE_IMAGE },
};

static void
damaged_headers_are_no_image(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(damage_rows); i++) {
        const struct damage_row *row = &damage_rows[i];
        struct image image = make_image(false);
        struct vw_memory memory = { image.data, image.size };
        struct vw_bytes bytes = vw_bytes_memory(&memory);

        UNIT_ROW(i, row->says);
        put32(image.data + row->at, row->value);
        assert_int_equal(open_bytes(&bytes).status, row->status);
    }
}

/* An image may end anywhere. */
static void
cut_images_are_told(void **state)
{
    size_t headers = OPTIONAL_AT + 224 + 40;

    (void)state;
    for (size_t size = 1; size <= headers + 1; size++) {
        struct image image = make_image(false);
        struct vw_memory memory = { image.data, size };
        struct vw_bytes bytes = vw_bytes_memory(&memory);

        assert_int_equal(open_bytes(&bytes).status,
                         size < headers ? VW_PE_NOT_PE : VW_PE_IMAGE);
    }
}

static void
zeros_are_told_from_others(void **state)
{
    vt_autofree unsigned char *zeros = calloc(1, VW_PE_ZEROS_LOOK + 100);
    struct vw_memory memory = { zeros, 0 };
    struct vw_bytes bytes = vw_bytes_memory(&memory);

    (void)state;
    assert_non_null(zeros);
    assert_int_equal(open_bytes(&bytes).status, VW_PE_EMPTY);
    memory.size = 1;
    bytes = vw_bytes_memory(&memory);
    assert_int_equal(open_bytes(&bytes).status, VW_PE_ZEROS);
    memory.size = VW_PE_ZEROS_LOOK + 100;
    bytes = vw_bytes_memory(&memory);
    assert_int_equal(open_bytes(&bytes).status, VW_PE_ZEROS);
    zeros[VW_PE_ZEROS_LOOK] = 1;
    assert_int_equal(open_bytes(&bytes).status, VW_PE_ZEROS);
    zeros[VW_PE_ZEROS_LOOK - 1] = 1;
    assert_int_equal(open_bytes(&bytes).status, VW_PE_NOT_PE);
}

/* ------------------------------------------------------------- imports */

#define LIST_MAX 4

struct import_row {
    const char *says;
    const char *list[LIST_MAX + 1];
    enum vw_pe_answer library;
    enum vw_pe_answer symbol;
};

static const struct import_row import_rows[] = {
    { "a multiprocessor kernel",
      { "HAL.dll!HalInitSystem", "HAL.dll!HalStartNextProcessor" },
      VW_PE_YES, VW_PE_YES },
    { "a uniprocessor kernel",
      { "BOOTVID.dll!VidSolidColorFill", "HAL.dll!HalInitSystem" },
      VW_PE_YES, VW_PE_NO },
    { "the symbol of another library",
      { "nothal.dll!HalStartNextProcessor", "hal.dll!" },
      VW_PE_YES, VW_PE_NO },
    { "another library", { "ntoskrnl.exe!KeBugCheck" }, VW_PE_NO, VW_PE_NO },
    { "a longer name", { "hal.dll!HalStartNextProcessorEx" },
      VW_PE_YES, VW_PE_NO },
    { "a shorter name", { "hal.dll!HalStartNext" }, VW_PE_YES, VW_PE_NO },
    { "symbols have a case", { "hal.dll!halstartnextprocessor" },
      VW_PE_YES, VW_PE_NO },
    { "a longer library", { "hal.dll2!HalStartNextProcessor" },
      VW_PE_NO, VW_PE_NO },
    { "nothing at all", { NULL }, VW_PE_NO, VW_PE_NO },
};

static struct vw_pe_import
find(struct image *image)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_memory memory = { image->data, image->size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    struct vw_pe pe = open_bytes(&bytes);
    struct vw_pe_import import;

    UNIT_RESULT(vw_pe_find_import(&pe, VW_PE_START_LIBRARY,
                                  VW_PE_START_SYMBOL, &import, &err),
                &err, NULL);
    return import;
}

static void
imports_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(import_rows); i++) {
        const struct import_row *row = &import_rows[i];

        UNIT_ROW(i, row->says);
        for (unsigned kind = 0; kind < 4; kind++) {
            struct image image = make_image((kind & 1) != 0);
            struct vw_pe_import import;

            put_imports(&image, (kind & 2) != 0, row->list);
            import = find(&image);
            assert_int_equal(import.library, row->library);
            assert_int_equal(import.symbol, row->symbol);
        }
    }
}

static void
no_import_directory_means_no_imports(void **state)
{
    struct image image = make_image(false);
    struct vw_pe_import import = find(&image);

    (void)state;
    assert_int_equal(import.library, VW_PE_NO);
    assert_int_equal(import.symbol, VW_PE_NO);
}

/* What leads outside is never "no". */
static void
broken_imports_are_unknown(void **state)
{
    static const char *const list[] = { "hal.dll!HalInitSystem", NULL };
    static const size_t places[] = {
        IMPORTS + 12,           /* the library's name */
        IMPORTS,                /* its table */
        NAMES + 4,              /* a symbol's name */
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(places); i++) {
        struct image image = make_image(false);

        put_imports(&image, false, list);
        put32(image.data + RAW + places[i], 0x7ffffff0);
        assert_int_equal(find(&image).symbol, VW_PE_UNKNOWN);
    }
    {
        struct image image = make_image(false);

        put_directory(&image, 1, RVA + FILE_SIZE);
        assert_int_equal(find(&image).library, VW_PE_UNKNOWN);
    }
    {
        /* As many symbols as there is room for, and no end. */
        struct image image = make_image(false);

        put_imports(&image, false, list);
        put32(image.data + RAW + IMPORTS, RVA + 0x400);
        for (size_t at = RAW + 0x400; at < FILE_SIZE; at += 4)
            put32(image.data + at, 0x80000001);
        assert_int_equal(find(&image).library, VW_PE_YES);
        assert_int_equal(find(&image).symbol, VW_PE_UNKNOWN);
    }
}

/* The header says how many directories there are. */
static void
directories_are_counted(void **state)
{
    static const char *const list[] = { "hal.dll!HalInitSystem", NULL };

    (void)state;
    for (unsigned count = 1; count <= 2; count++) {
        struct image image = make_image(false);

        put_imports(&image, false, list);
        put32(image.data + directories_of(&image) - 4, count);
        assert_int_equal(find(&image).library,
                         count < 2 ? VW_PE_NO : VW_PE_YES);
    }
}

/* ------------------------------------------------------------- version */

static struct vw_pe_version
version_of(struct image *image)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_memory memory = { image->data, image->size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    struct vw_pe pe = open_bytes(&bytes);
    struct vw_pe_version version;

    UNIT_RESULT(vw_pe_read_version(&pe, &version, &err), &err, NULL);
    return version;
}

static const struct strings hal_strings[] = {
    { "CompanyName", u"Example" },
    { "FileDescription", u"K\u00e4se \U0001f9c0 HAL" },
    { "InternalName", u"halmacpi.dll" },
    { "originalfilename", u"halmacpi.dll" },
    { "FileVersion", u"5.1.2600.5512 (xpsp)" },
    { NULL, NULL },
};

static void
versions_are_read(void **state)
{
    (void)state;
    for (unsigned bits = 32; bits <= 64; bits += 32) {
        struct image image = make_image(bits == 64);
        struct vw_pe_version version;

        put_version(&image, 0x1, 0x3f, hal_strings);
        version = version_of(&image);
        assert_int_equal(version.found, VW_PE_YES);
        assert_true(version.has_numbers);
        assert_int_equal(version.file[0], 5);
        assert_int_equal(version.file[1], 1);
        assert_int_equal(version.file[2], 2600);
        assert_int_equal(version.file[3], 5512);
        assert_int_equal(version.product[0], 6);
        assert_int_equal(version.product[3], 8);
        assert_true(version.is_debug);
        assert_string_equal(version.original_filename, "halmacpi.dll");
        assert_string_equal(version.internal_name, "halmacpi.dll");
        assert_string_equal(version.file_description,
                            "K\u00e4se \U0001f9c0 HAL");
        assert_string_equal(version.file_version, "5.1.2600.5512 (xpsp)");
    }
}

static void
flags_need_their_mask(void **state)
{
    struct image image = make_image(false);

    (void)state;
    put_version(&image, 0x1, 0x3e, hal_strings);
    assert_false(version_of(&image).is_debug);
    assert_int_equal(version_of(&image).flags, 0);
}

static void
texts_are_cut_between_characters(void **state)
{
    uint16_t text[400];
    const struct strings strings[] = {
        { "OriginalFilename", text },
        { NULL, NULL },
    };
    struct image image = make_image(false);
    struct vw_pe_version version;

    (void)state;
    for (size_t i = 0; i < VT_COUNT(text); i++)
        text[i] = 0x20ac;       /* three bytes each */
    text[VT_COUNT(text) - 1] = 0;
    put_version(&image, 0, 0, strings);
    version = version_of(&image);
    assert_int_equal(strlen(version.original_filename), 255);

    /* Halves of a character become one that says so. */
    text[0] = 0xdc00;
    text[1] = 'a';
    text[2] = 0xd800;
    text[3] = 0;
    put_version(&image, 0, 0, strings);
    assert_string_equal(version_of(&image).original_filename,
                        "\ufffda\ufffd");
}

/* A resource that ends anywhere is read as far as it goes, or unknown. */
static void
cut_versions_do_no_harm(void **state)
{
    unsigned char data[1024] = { 0 };
    size_t size = make_version(data, 0, 0, (struct bare) { 0, 0 },
                               hal_strings);

    (void)state;
    for (size_t cut = 0; cut < size; cut++) {
        vt_autofree unsigned char *copy = malloc(cut + 1);
        struct vw_pe_version version;

        assert_non_null(copy);
        memcpy(copy, data, cut);
        vw_pe_parse_version(copy, cut, &version);
        assert_int_equal(version.found, VW_PE_UNKNOWN);
    }
}

static void
no_version_is_no_unknown_version(void **state)
{
    struct image image = make_image(false);
    unsigned char *base = image.data + RAW + RESOURCES;

    (void)state;
    assert_int_equal(version_of(&image).found, VW_PE_NO);
    put_directory(&image, 2, RVA + FILE_SIZE);
    assert_int_equal(version_of(&image).found, VW_PE_UNKNOWN);
    put_version(&image, 0, 0, hal_strings);
    put32(base + 24, 17);       /* of another type */
    assert_int_equal(version_of(&image).found, VW_PE_NO);
    put32(base + 24, 16);
    put32(base + 0x60 + 4, VW_PE_VERSION_MAX + 1);
    assert_int_equal(version_of(&image).found, VW_PE_UNKNOWN);
    put32(base + 0x60 + 4, 0);
    assert_int_equal(version_of(&image).found, VW_PE_UNKNOWN);
    /* A directory that is its own child ends, too. */
    put32(base + 0x40 + 20, 0x80000040);
    put32(base + 0x20 + 20, 0x80000020);
    assert_int_equal(version_of(&image).found, VW_PE_UNKNOWN);
}

/* Only what the file holds of a section is there. */
static void
sections_end_and_begin_in_the_file(void **state)
{
    struct image image = make_image(false);
    unsigned char *section = image.data + OPTIONAL_AT + 224;

    (void)state;
    put_version(&image, 0, 0, hal_strings);
    put32(section + 20, RAW + 0x1ff);
    assert_int_equal(version_of(&image).found, VW_PE_YES);
    put32(section + 16, VERSION + 100);
    assert_int_equal(version_of(&image).found, VW_PE_UNKNOWN);
}

#define LARGE 16384u

static struct vw_pe_version
version_behind(unsigned count, unsigned length)
{
    static const struct strings strings[] = {
        { "OriginalFilename", u"first" },
        { "OriginalFilename", u"second" },
        { NULL, NULL },
    };
    vt_autofree unsigned char *data = calloc(1, LARGE);
    struct bare bare = { count, length };
    struct vw_pe_version version;

    assert_non_null(data);
    vw_pe_parse_version(data, make_version(data, 0, 0, bare, strings),
                        &version);
    return version;
}

static void
strings_are_looked_through(void **state)
{
    (void)state;
    assert_string_equal(version_behind(0, 12).original_filename, "first");
    assert_string_equal(version_behind(3, 12).original_filename, "first");
    assert_string_equal(version_behind(VW_PE_NODES_MAX, 12)
                        .original_filename, "");
    /* One without a length ends the walk. */
    assert_string_equal(version_behind(1, 0).original_filename, "");
    assert_string_equal(version_behind(1, 5).original_filename, "");
    assert_int_equal(version_behind(1, 0).found, VW_PE_YES);
}

/* ------------------------------------------------------------- kernels */

struct kernel_row {
    const char *says;
    enum vw_pe_answer library;
    enum vw_pe_answer symbol;
    enum vw_pe_answer found;
    uint16_t major;             /* 0: no numbers */
    const char *name;
    enum vw_pe_kernel kernel;
};

#define UNKNOWN VW_PE_UNKNOWN
#define NO VW_PE_NO
#define YES VW_PE_YES
#define UP VW_PE_KERNEL_UNIPROCESSOR
#define MP VW_PE_KERNEL_MULTIPROCESSOR
#define NOT_KNOWN VW_PE_KERNEL_UNKNOWN

static const struct kernel_row kernel_rows[] = {
    { "XP's multiprocessor kernel", YES, YES, YES, 5, "ntkrnlmp.exe", MP },
    { "the same with PAE", YES, YES, YES, 5, "NTKRPAMP.EXE", MP },
    { "XP's uniprocessor kernel", YES, NO, YES, 5, "ntoskrnl.exe", UP },
    { "the same with PAE", YES, NO, YES, 5, "ntkrnlpa.exe", UP },
    { "the import proves it, whatever the name",
      YES, YES, YES, 5, "ntoskrnl.exe", MP },
    { "and without a name", YES, YES, NO, 0, "", MP },
    { "name and imports disagree", YES, NO, YES, 5, "ntkrnlmp.exe",
      NOT_KNOWN },
    { "newer kernels need not import it", YES, NO, YES, 10, "ntkrnlmp.exe",
      MP },
    { "and need no HAL", NO, NO, YES, 10, "ntkrnlmp.exe", MP },
    { "there is no such newer one", YES, NO, YES, 6, "ntoskrnl.exe",
      NOT_KNOWN },
    { "before NT 3.5 there is no version", YES, NO, NO, 0, "", UP },
    { "a name, but no numbers", YES, NO, YES, 0, "ntoskrnl.exe", UP },
    { "no kernel at all", NO, NO, NO, 0, "", NOT_KNOWN },
    { "another program", YES, NO, YES, 5, "driver.sys", NOT_KNOWN },
    { "a version that cannot be read", YES, NO, UNKNOWN, 0, "", NOT_KNOWN },
    { "imports that cannot be read", UNKNOWN, UNKNOWN, YES, 5,
      "ntoskrnl.exe", UP },
    { "likewise", YES, UNKNOWN, YES, 5, "ntkrnlmp.exe", MP },
    { "nothing can be read", UNKNOWN, UNKNOWN, UNKNOWN, 0, "", NOT_KNOWN },
};

static void
kernels_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(kernel_rows); i++) {
        const struct kernel_row *row = &kernel_rows[i];
        struct vw_pe_import start = { row->library, row->symbol };
        struct vw_pe_version version = {
            .found = row->found,
            .has_numbers = row->major != 0,
            .file = { row->major },
        };

        UNIT_ROW(i, row->says);
        (void)snprintf(version.original_filename,
                       sizeof(version.original_filename), "%s", row->name);
        assert_int_equal(vw_pe_judge_kernel(&start, &version), row->kernel);
    }
}

static void
kernels_are_read(void **state)
{
    static const char *const imports[] = { "HAL.dll!HalStartNextProcessor",
                                           NULL };
    static const struct strings names[] = {
        { "OriginalFilename", u"ntkrnlmp.exe" },
        { NULL, NULL },
    };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct image image = make_image(false);
    struct vw_memory memory = { image.data, image.size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    enum vw_pe_kernel kernel;
    struct vw_pe pe;

    (void)state;
    put_imports(&image, false, imports);
    put_version(&image, 0, 0, names);
    pe = open_bytes(&bytes);
    UNIT_RESULT(vw_pe_read_kernel(&pe, &kernel, &err), &err, NULL);
    assert_int_equal(kernel, MP);
}

/* ------------------------------------------------------------- reading */

static int
read_nothing(void *context, uint64_t offset, void *buffer, size_t size,
             struct vtopo_error *err)
{
    (void)context;
    (void)offset;
    (void)buffer;
    (void)size;
    return vt_fail(err, VTOPO_SYSTEM, "the disk is gone");
}

static void
reading_alone_fails(void **state)
{
    static const char *const imports[] = { "HAL.dll!HalInitSystem", NULL };
    struct image image = make_image(false);
    struct vw_memory memory = { image.data, image.size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    struct vw_bytes gone = { .size = FILE_SIZE, .read = read_nothing };
    struct vw_pe_version version = { .flags = 77 };
    struct vw_pe_import import = { .library = VW_PE_YES };
    struct vw_pe pe = { .checksum = 77 };

    (void)state;
    put_imports(&image, false, imports);
    put_version(&image, 0, 0, hal_strings);
    {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

        UNIT_RESULT(vw_pe_open(&gone, &pe, &err), &err, "the disk is gone");
        assert_int_equal(pe.checksum, 77);
    }
    pe = open_bytes(&bytes);
    pe.bytes = &gone;
    {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

        UNIT_RESULT(vw_pe_find_import(&pe, "hal.dll", "x", &import, &err),
                    &err, "the disk is gone");
        assert_int_equal(import.library, VW_PE_YES);
    }
    {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

        UNIT_RESULT(vw_pe_read_version(&pe, &version, &err), &err,
                    "the disk is gone");
        assert_int_equal(version.flags, 77);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(headers_are_read),
    cmocka_unit_test(damaged_headers_are_no_image),
    cmocka_unit_test(cut_images_are_told),
    cmocka_unit_test(zeros_are_told_from_others),
    cmocka_unit_test(imports_are_found),
    cmocka_unit_test(no_import_directory_means_no_imports),
    cmocka_unit_test(broken_imports_are_unknown),
    cmocka_unit_test(directories_are_counted),
    cmocka_unit_test(versions_are_read),
    cmocka_unit_test(flags_need_their_mask),
    cmocka_unit_test(texts_are_cut_between_characters),
    cmocka_unit_test(cut_versions_do_no_harm),
    cmocka_unit_test(no_version_is_no_unknown_version),
    cmocka_unit_test(sections_end_and_begin_in_the_file),
    cmocka_unit_test(strings_are_looked_through),
    cmocka_unit_test(kernels_are_judged),
    cmocka_unit_test(kernels_are_read),
    cmocka_unit_test(reading_alone_fails),
};

UNIT_MAIN(tests)
