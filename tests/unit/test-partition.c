/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-partition.c - tables in memory, and what is made of them
 */

#include <stdio.h>

#include "blocks.h"
#include "partition.h"
#include "raw-bytes.h"
#include "unit.h"

#define SECTOR 512u
#define DISK   (64u * SECTOR)

struct entry {
    unsigned sector;            /* of the record it stands in */
    unsigned slot, flag, type;
    uint32_t start, sectors;
};

static const struct {
    const char *says;
    struct entry entry[8];
    const char *want;           /* "number:start+sectors" in sectors, flags */
} rows[] = {
    { "a table without partitions", { { 0, 0, 0, 0, 0, 0 } }, "mbr" },
    { "one active partition", { { 0, 0, 0x80, 7, 4, 8 } }, "mbr 1:4+8*" },
    { "a slot in between is empty",
      { { 0, 0, 0, 7, 4, 8 }, { 0, 3, 0, 12, 20, 4 } }, "mbr 1:4+8 4:20+4" },
    { "beyond the end", { { 0, 0, 0, 7, 60, 8 }, { 0, 1, 0, 7, ~0u, ~0u } },
      "mbr 1:60+8! 2:4294967295+4294967295!" },
    { "a flag that is none", { { 0, 0, 0x12, 7, 4, 8 } }, "none" },
    { "a partition over the table", { { 0, 0, 0, 7, 0, 8 } }, "none" },
    { "a chain of three",
      { { 0, 0, 0, 7, 1, 1 }, { 0, 1, 0, 15, 2, 20 },
        { 2, 0, 0, 7, 1, 1 }, { 2, 1, 0, 5, 4, 4 },
        { 6, 0, 0, 7, 1, 2 }, { 6, 1, 0, 5, 10, 4 },
        { 12, 0, 0, 7, 1, 3 } },
      "mbr 1:1+1 2:2+20 5:3+1 6:7+2 7:13+3" },
    { "a chain that bites its tail",
      { { 0, 0, 0, 15, 2, 20 }, { 2, 0, 0, 7, 1, 1 }, { 2, 1, 0, 5, 4, 4 },
        { 6, 0, 0, 7, 1, 2 }, { 6, 1, 0, 5, 4, 4 } },
      "mbr 1:2+20 5:3+1 6:7+2 damaged" },
    { "a chain that leads out of the disk",
      { { 0, 0, 0, 5, 2, 20 }, { 2, 0, 0, 7, 1, 1 }, { 2, 1, 0, 5, 99, 4 } },
      "mbr 1:2+20 5:3+1 damaged" },
    { "a chain that leads to nothing",
      { { 0, 0, 0, 5, 2, 20 }, { 2, 0, 0, 7, 1, 1 }, { 2, 1, 0, 5, 9, 4 } },
      "mbr 1:2+20 5:3+1 damaged" },
    { "protective, but no GPT", { { 0, 0, 0, 0xee, 1, 63 } }, "gpt damaged" },
};

static void
put_entry(unsigned char *disk, const struct entry *entry)
{
    unsigned char *sector = disk + (size_t)entry->sector * SECTOR;
    unsigned char *at = sector + 446 + (size_t)entry->slot * 16;

    sector[510] = 0x55;
    sector[511] = 0xaa;
    at[0] = (unsigned char)entry->flag;
    at[4] = (unsigned char)entry->type;
    put(at + 8, entry->start, 4);
    put(at + 12, entry->sectors, 4);
}

/* The table as one line of text. */
static const char *
describe(const unsigned char *disk, size_t size)
{
    static char text[512];
    static const char *const tables[] = { "none", "mbr", "gpt" };
    static struct vw_partitions list;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_memory memory = { disk, size };
    struct vw_bytes bytes = vw_bytes_memory(&memory);
    int length;

    UNIT_RESULT(vw_partitions_read(&bytes, &list, &err), &err, NULL);
    length = snprintf(text, sizeof(text), "%s", tables[list.table]);
    for (unsigned i = 0; i < list.count; i++) {
        const struct vw_partition *part = &list.entry[i];

        assert_int_equal(part->logical,
                         list.table == VW_TABLE_MBR && part->number > 4);
        length += snprintf(text + length, sizeof(text) - (size_t)length,
                           " %u:%llu+%llu%s%s", part->number,
                           (unsigned long long)part->offset / list.sector_size,
                           (unsigned long long)part->size / list.sector_size,
                           part->active ? "*" : "", part->cut_short ? "!" : "");
    }
    (void)snprintf(text + length, sizeof(text) - (size_t)length, "%s%s",
                   list.from_backup ? " backup" : "",
                   list.damaged ? " damaged" : "");
    return text;
}

static void
mbr_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        unsigned char disk[DISK] = { 0 };

        UNIT_ROW(i, rows[i].says);
        for (size_t j = 0; j < VT_COUNT(rows[i].entry); j++) {
            if (j == 0 || rows[i].entry[j].type != 0)
                put_entry(disk, &rows[i].entry[j]);
        }
        assert_string_equal(describe(disk, sizeof(disk)), rows[i].want);
    }
}

/* A chain longer than the limit ends there. */
static void
a_long_chain_ends(void **state)
{
    static unsigned char disk[SECTOR * 200];
    static struct vw_partitions list;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_memory memory = { disk, sizeof(disk) };
    struct vw_bytes bytes = vw_bytes_memory(&memory);

    (void)state;
    put_entry(disk, &(struct entry) { 0, 0, 0, 5, 2, 198 });
    for (unsigned i = 0; i < 90; i++) {
        put_entry(disk, &(struct entry) { 2 + 2 * i, 0, 0, 7, 1, 1 });
        put_entry(disk, &(struct entry) { 2 + 2 * i, 1, 0, 5, 2 * i + 2, 2 });
    }
    UNIT_RESULT(vw_partitions_read(&bytes, &list, &err), &err, NULL);
    assert_int_equal(list.count, 1 + VW_MBR_LOGICAL_MAX);
    assert_true(list.damaged);
}

/* --------------------------------------------------------------- GPT */

/* A table of four entries, two of them used, in sectors of @sector bytes. */
static void
put_gpt(unsigned char *disk, unsigned sector, unsigned lba, unsigned entries)
{
    unsigned char *head = disk + (size_t)lba * sector;
    unsigned char *array = disk + (size_t)entries * sector;

    memset(array, 0, 4 * 128);
    memset(array, 0xa1, 32);
    put(array + 32, 4, 8);
    put(array + 40, 7, 8);
    memset(array + 384, 0xa4, 32);
    put(array + 384 + 32, 8, 8);
    put(array + 384 + 40, 999, 8);
    put(array + 384 + 48, 4, 8);            /* legacy BIOS bootable */
    memcpy(head, "EFI PART", 8);
    put(head + 8, 0x10000, 4);
    put(head + 12, 92, 4);
    put(head + 16, 0, 4);
    put(head + 24, lba, 8);
    put(head + 72, entries, 8);
    put(head + 80, 4, 4);
    put(head + 84, 128, 4);
    put(head + 88, crc32_of(array, 512), 4);
    put(head + 16, crc32_of(head, 92), 4);
}

static void
gpt_copies(void **state)
{
    static const unsigned sectors[] = { 512, 4096 };
    static unsigned char disk[4096 * 16];

    (void)state;
    for (size_t i = 0; i < VT_COUNT(sectors); i++) {
        unsigned sector = sectors[i];

        memset(disk, 0, sizeof(disk));
        put_entry(disk, &(struct entry) { 0, 0, 0, 0xee, 1, ~0u });
        put_gpt(disk, sector, 1, 2);
        put_gpt(disk, sector, (unsigned)sizeof(disk) / sector - 1,
                (unsigned)sizeof(disk) / sector - 2);
        assert_string_equal(describe(disk, sizeof(disk)),
                            "gpt 1:4+4 4:8+992*!");
        disk[2 * sector + 40] ^= 1;         /* the sum of the entries */
        assert_string_equal(describe(disk, sizeof(disk)),
                            "gpt 1:4+4 4:8+992*! backup damaged");
        disk[2 * sector + 40] ^= 1;
        disk[sector + 60] ^= 1;             /* the sum of the header */
        assert_string_equal(describe(disk, sizeof(disk)),
                            "gpt 1:4+4 4:8+992*! backup damaged");
        memset(disk, 0, 3 * (size_t)sector);    /* all of the front */
        assert_string_equal(describe(disk, sizeof(disk)),
                            "gpt 1:4+4 4:8+992*! backup damaged");
    }
}

static const struct {
    unsigned at, size;
    uint64_t value;
    const char *says;
} bad_headers[] = {
    { 12, 4, 91, "a header too small" },
    { 12, 4, 513, "a header larger than its sector" },
    { 24, 8, 2, "a header that belongs elsewhere" },
    { 72, 8, UINT64_MAX, "entries at no place" },
    { 72, 8, 64, "entries beyond the end" },
    { 80, 4, 1025, "too many entries" },
    { 84, 4, 120, "entries too small" },
    { 84, 4, 2048, "entries too large" },
    { 84, 4, 132, "entries of no even size" },
};

static void
gpt_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(bad_headers); i++) {
        unsigned char disk[DISK] = { 0 };

        UNIT_ROW(i, bad_headers[i].says);
        put_entry(disk, &(struct entry) { 0, 0, 0, 0xee, 1, ~0u });
        put_gpt(disk, SECTOR, 1, 2);
        put(disk + SECTOR + bad_headers[i].at, bad_headers[i].value,
            bad_headers[i].size);
        put(disk + SECTOR + 16, 0, 4);
        put(disk + SECTOR + 16, crc32_of(disk + SECTOR, 92), 4);
        assert_string_equal(describe(disk, sizeof(disk)), "gpt damaged");
    }
}

/* -------------------------------------------------- slices and cache */

static void
slices_keep_to_the_disk(void **state)
{
    unsigned char disk[DISK] = { [1000] = 42 };
    struct vw_memory memory = { disk, sizeof(disk) };
    struct vw_bytes whole = vw_bytes_memory(&memory);
    struct vw_partition part = { .number = 1, .offset = 1000, .size = ~0ull };
    struct vw_slice slice = vw_partition_slice(&whole, &part);
    struct vw_bytes bytes = vw_slice_bytes(&slice);
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    unsigned char byte = 0;

    (void)state;
    assert_int_equal(bytes.size, DISK - 1000);
    UNIT_RESULT(vw_bytes_read(&bytes, 0, &byte, 1, &err), &err, NULL);
    assert_int_equal(byte, 42);
    part.offset = ~0ull;
    slice = vw_partition_slice(&whole, &part);
    assert_int_equal(slice.size, 0);
}

static int
read_pattern(void *context, uint64_t offset, void *buffer, size_t size,
             struct vtopo_error *err)
{
    unsigned char *to = buffer;

    (void)context;
    (void)err;
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)((offset + i) * 2654435761u >> 13);
    return 0;
}

/* Random reads through the cache are those of the disk. */
static void
the_cache_is_faithful(void **state)
{
    struct vw_bytes disk = { 40000003, read_pattern, NULL };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_blocks_freep) struct vw_blocks *blocks = NULL;
    static unsigned char got[700000], want[700000];
    struct vw_bytes bytes;
    uint64_t random = 1;

    (void)state;
    UNIT_RESULT(vw_blocks_new(&disk, &blocks, &err), &err, NULL);
    bytes = vw_blocks_bytes(blocks);
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t offset;
        size_t size;

        random = random * 6364136223846793005u + 1442695040888963407u;
        offset = (random >> 20) % disk.size;
        size = (size_t)(random >> 50) * (i % 100 == 0 ? 42 : 1);
        if (size > disk.size - offset)
            size = (size_t)(disk.size - offset);
        UNIT_RESULT(vw_bytes_read(&bytes, offset, got, size, &err), &err, NULL);
        (void)read_pattern(NULL, offset, want, size, &err);
        assert_memory_equal(got, want, size);
    }
}

/* Small steps forward become few requests. */
static void
the_cache_reads_ahead(void **state)
{
    struct vw_bytes disk = { 1u << 20, read_pattern, NULL };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_blocks_freep) struct vw_blocks *blocks = NULL;
    struct vw_bytes bytes;
    unsigned char byte;

    (void)state;
    UNIT_RESULT(vw_blocks_new(&disk, &blocks, &err), &err, NULL);
    bytes = vw_blocks_bytes(blocks);
    for (uint64_t at = 0; at < disk.size; at += 100)
        UNIT_RESULT(vw_bytes_read(&bytes, at, &byte, 1, &err), &err, NULL);
    assert_int_equal(vw_blocks_count(blocks).bytes, disk.size);
    assert_true(vw_blocks_count(blocks).requests <= 17);
}

static void
a_shrinking_file_is_noticed(void **state)
{
    char path[] = "/tmp/test-partition-XXXXXX";
    vt_autoclose int fd = mkstemp(path);
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_bytes bytes;
    unsigned char buffer[100];

    (void)state;
    assert_true(fd >= 0 && unlink(path) == 0 && ftruncate(fd, 1000) == 0);
    UNIT_RESULT(vw_raw_open(fd, &bytes, &err), &err, NULL);
    assert_int_equal(bytes.size, 1000);
    UNIT_RESULT(vw_bytes_read(&bytes, 900, buffer, 100, &err), &err, NULL);
    assert_int_equal(ftruncate(fd, 950), 0);
    UNIT_RESULT(vw_bytes_read(&bytes, 900, buffer, 100, &err), &err,
                "the image became shorter while it was read: it ends before "
                "1000");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(mbr_rows),
    cmocka_unit_test(a_long_chain_ends),
    cmocka_unit_test(gpt_copies),
    cmocka_unit_test(gpt_refuses),
    cmocka_unit_test(slices_keep_to_the_disk),
    cmocka_unit_test(the_cache_is_faithful),
    cmocka_unit_test(the_cache_reads_ahead),
    cmocka_unit_test(a_shrinking_file_is_noticed),
};

UNIT_MAIN(tests)
