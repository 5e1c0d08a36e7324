/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sniff-vhdx.c - the header of a VHDX file (see sniff.h)
 *
 * After "[MS-VHDX]: Virtual Hard Disk v2 (VHDX) File Format".  Of it only
 * the disk's size is read and whether there is a parent, which QEMU does not
 * follow; the log is not replayed.
 */

#include <string.h>

#include "base/error.h"
#include "sniff.h"

/* Two copies of the region table. */
#define REGION_TABLE_1 (192u * 1024u)
#define REGION_TABLE_2 (256u * 1024u)
#define HAS_PARENT     2u

/* GUIDs as they lie on disk. */
static const unsigned char metadata_region[16] = {
    0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b,
    0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e,
};
static const unsigned char virtual_disk_size[16] = {
    0x24, 0x42, 0xa5, 0x2f, 0x1b, 0xcd, 0x76, 0x48,
    0xb2, 0x11, 0x5d, 0xbe, 0xd8, 0x3b, 0xf4, 0xb8,
};
static const unsigned char file_parameters[16] = {
    0x37, 0x67, 0xa1, 0xca, 0x36, 0xfa, 0x43, 0x4d,
    0xb3, 0xb6, 0x33, 0xf0, 0xaa, 0x44, 0xe7, 0x6b,
};

/* A table of 32-byte entries. */
struct table {
    uint64_t start;
    unsigned header;            /* bytes before the first entry */
    unsigned count;
};

/* Find @guid and read its entry. */
static int
find_entry(const struct vw_bytes *bytes, const struct table *table,
           const unsigned char guid[16], unsigned char entry[32],
           const char *what, struct vtopo_error *err)
{
    for (unsigned i = 0; i < table->count; i++) {
        if (vw_bytes_read(bytes, table->start + table->header + i * 32u,
                          entry, 32, err) < 0)
            return vt_wrap(err, "a VHDX table is cut short");
        if (memcmp(entry, guid, 16) == 0)
            return 0;
    }
    return vt_fail(err, VTOPO_BAD_INPUT, "the VHDX file has no %s", what);
}

static int
check_count(uint32_t count, struct vtopo_error *err)
{
    if (count <= VW_SNIFF_VHDX_ENTRIES_MAX)
        return 0;
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "a VHDX table has %u entries, it can have %u", count,
                   VW_SNIFF_VHDX_ENTRIES_MAX);
}

static int
find_metadata(const struct vw_bytes *bytes, uint64_t *ret_start,
              struct vtopo_error *err)
{
    struct table table = { .start = REGION_TABLE_1, .header = 16 };
    unsigned char head[16];
    unsigned char entry[32];

    if (vw_bytes_read(bytes, table.start, head, sizeof(head), err) < 0)
        return vt_wrap(err, "the VHDX region table is cut short");
    if (memcmp(head, "regi", 4) != 0) {
        table.start = REGION_TABLE_2;
        if (vw_bytes_read(bytes, table.start, head, sizeof(head), err) < 0)
            return vt_wrap(err, "the VHDX region table is cut short");
    }
    if (memcmp(head, "regi", 4) != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the VHDX file has no region table");
    table.count = vw_le32(head + 8);
    if (check_count(table.count, err) < 0
        || find_entry(bytes, &table, metadata_region, entry,
                      "metadata region", err) < 0)
        return -1;
    if (vw_le64(entry + 16) > bytes->size)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the VHDX metadata is not in the file");
    *ret_start = vw_le64(entry + 16);
    return 0;
}

/* Read the first @size bytes of the metadata item @guid. */
static int
read_item(const struct vw_bytes *bytes, const struct table *table,
          const unsigned char guid[16], unsigned char *value, uint32_t size,
          const char *what, struct vtopo_error *err)
{
    unsigned char entry[32];

    if (find_entry(bytes, table, guid, entry, what, err) < 0)
        return -1;
    if (vw_le32(entry + 20) < size)
        return vt_fail(err, VTOPO_BAD_INPUT, "the VHDX %s is too short", what);
    if (vw_bytes_read(bytes, table->start + vw_le32(entry + 16), value, size,
                      err) < 0)
        return vt_wrap(err, "the VHDX %s is not in the file", what);
    return 0;
}

int
vw_sniff_vhdx(const struct vw_bytes *bytes, struct vw_sniff *sniff,
              struct vtopo_error *err)
{
    struct table table = { .header = 32 };
    unsigned char head[32];
    unsigned char value[8];

    if (find_metadata(bytes, &table.start, err) < 0)
        return -1;
    if (vw_bytes_read(bytes, table.start, head, sizeof(head), err) < 0)
        return vt_wrap(err, "the VHDX metadata is cut short");
    if (memcmp(head, "metadata", 8) != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the VHDX metadata has no signature");
    table.count = vw_le16(head + 10);
    if (check_count(table.count, err) < 0
        || read_item(bytes, &table, virtual_disk_size, value, 8,
                     "disk size", err) < 0)
        return -1;
    sniff->virtual_size = vw_le64(value);
    sniff->has_virtual_size = true;
    if (read_item(bytes, &table, file_parameters, value, 8,
                  "file parameters", err) < 0)
        return -1;
    sniff->differencing = (vw_le32(value + 4) & HAS_PARENT) != 0;
    return 0;
}
