/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * gpt.c - the GUID partition table (UEFI specification, chapter 5)
 *
 * A table is believed when both of its checksums are right and its numbers
 * are within the limits; else the other copy is tried.
 */

#include <string.h>

#include "base/crc32.h"
#include "gpt.h"

#define HEADER_SIZE 92u
#define SECTOR_MAX  4096u

static const unsigned sector_sizes[] = { 512, SECTOR_MAX };

struct header {
    uint64_t entries_at;        /* in bytes */
    uint32_t entries;
    uint32_t entry_size;
    uint32_t entries_crc;
    unsigned sector_size;
    unsigned char disk_guid[16];
};

/* Whether @sector, of @sector_size bytes at @lba, is a sound header. */
static bool
parse_header(unsigned char *sector, unsigned sector_size, uint64_t lba,
             struct header *ret_header)
{
    uint32_t size = vw_le32(sector + 12);
    uint32_t crc = vw_le32(sector + 16);
    struct header header = {
        .entries = vw_le32(sector + 80),
        .entry_size = vw_le32(sector + 84),
        .entries_crc = vw_le32(sector + 88),
        .sector_size = sector_size,
    };

    if (memcmp(sector, "EFI PART", 8) != 0
        || size < HEADER_SIZE || size > sector_size
        || vw_le64(sector + 24) != lba)
        return false;
    memset(sector + 16, 0, 4);      /* the sum is made without itself */
    if (vt_crc32(0, sector, size) != crc)
        return false;
    if (header.entries > VW_GPT_ENTRIES_MAX
        || header.entry_size < 128 || header.entry_size % 8 != 0
        || header.entry_size > VW_GPT_ENTRY_SIZE_MAX
        || __builtin_mul_overflow(vw_le64(sector + 72), sector_size,
                                  &header.entries_at))
        return false;
    memcpy(header.disk_guid, sector + 56, sizeof(header.disk_guid));
    *ret_header = header;
    return true;
}

static int
read_header(const struct vw_bytes *disk, unsigned sector_size, bool primary,
            struct header *ret_header, bool *ret_found,
            struct vtopo_error *err)
{
    unsigned char sector[SECTOR_MAX];
    uint64_t sectors = disk->size / sector_size;
    uint64_t lba = primary ? 1 : sectors - 1;

    *ret_found = false;
    if (sectors < 3)
        return 0;
    if (vw_bytes_read(disk, lba * sector_size, sector, sector_size, err) < 0)
        return -1;
    *ret_found = parse_header(sector, sector_size, lba, ret_header);
    return 0;
}

static void
add_entry(struct vw_partitions *list, const struct header *header,
          uint64_t disk_size, unsigned index, const unsigned char *raw)
{
    static const unsigned char unused[16] = { 0 };
    struct vw_partition entry = {
        .number = index + 1,
        .active = (raw[48] & 4) != 0,
    };
    uint64_t first = vw_le64(raw + 32);
    uint64_t last = vw_le64(raw + 40);

    if (memcmp(raw, unused, sizeof(unused)) == 0)
        return;
    if (first > last || last == UINT64_MAX
        || __builtin_mul_overflow(first, header->sector_size, &entry.offset)
        || __builtin_mul_overflow(last - first + 1, header->sector_size,
                                  &entry.size)) {
        list->damaged = true;
        return;
    }
    memcpy(entry.type_guid, raw, sizeof(entry.type_guid));
    memcpy(entry.guid, raw + 16, sizeof(entry.guid));
    vw_partitions_add(list, disk_size, &entry);
}

/* Read the entries into @list; *@ret_sound tells whether their sum is right. */
static int
read_entries(const struct vw_bytes *disk, const struct header *header,
             struct vw_partitions *list, bool *ret_sound,
             struct vtopo_error *err)
{
    unsigned char raw[VW_GPT_ENTRY_SIZE_MAX];
    uint64_t size = (uint64_t)header->entries * header->entry_size;
    uint32_t crc = 0;

    *ret_sound = false;
    if (header->entries_at > disk->size
        || size > disk->size - header->entries_at)
        return 0;
    for (unsigned i = 0; i < header->entries; i++) {
        if (vw_bytes_read(disk,
                          header->entries_at + (uint64_t)i * header->entry_size,
                          raw, header->entry_size, err) < 0)
            return -1;
        crc = vt_crc32(crc, raw, header->entry_size);
        add_entry(list, header, disk->size, i, raw);
    }
    *ret_sound = crc == header->entries_crc;
    return 0;
}

static void
forget_entries(struct vw_partitions *list, bool was_damaged)
{
    list->count = 0;
    list->more = false;
    list->damaged = was_damaged;
}

int
vw_gpt_read(const struct vw_bytes *disk, bool primary,
            struct vw_partitions *list, bool *ret_found,
            struct vtopo_error *err)
{
    bool was_damaged = list->damaged;

    *ret_found = false;
    for (size_t i = 0; i < 2; i++) {
        struct header header = { 0 };
        bool found, sound;

        if (read_header(disk, sector_sizes[i], primary, &header, &found,
                        err) < 0)
            return -1;
        if (!found)
            continue;
        if (read_entries(disk, &header, list, &sound, err) < 0)
            return -1;
        if (!sound) {
            forget_entries(list, was_damaged);
            continue;
        }
        list->table = VW_TABLE_GPT;
        list->sector_size = header.sector_size;
        list->from_backup = !primary;
        memcpy(list->disk_guid, header.disk_guid, sizeof(list->disk_guid));
        *ret_found = true;
        return 0;
    }
    return 0;
}
