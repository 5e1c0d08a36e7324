/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * partition.c - how a disk is divided (see partition.h)
 *
 * The order of the questions matters: a GPT has an MBR before it, a file
 * system without a table ends in the MBR's signature, too, and the boot code
 * of an MBR can be anything.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "gpt.h"

#define MBR_SIZE       512u
#define MBR_ENTRIES    4u
#define TYPE_PROTECTIVE 0xeeu

struct mbr_entry {
    unsigned char flag, type;
    uint32_t start, sectors;
};

struct mbr {
    uint32_t disk_signature;
    struct mbr_entry entry[MBR_ENTRIES];
};

void
vw_partitions_add(struct vw_partitions *list, uint64_t disk_size,
                  const struct vw_partition *partition)
{
    struct vw_partition *to;

    if (list->count == VW_PARTITIONS_MAX) {
        list->more = true;
        return;
    }
    to = &list->entry[list->count++];
    *to = *partition;
    to->cut_short = partition->offset > disk_size
                    || partition->size > disk_size - partition->offset;
}

static bool
is_extended(unsigned char type)
{
    return type == 0x05 || type == 0x0f || type == 0x85;
}

/* Read the table at the end of @sector; false where its signature is not. */
static bool
parse_mbr(const unsigned char sector[MBR_SIZE], struct mbr *ret_mbr)
{
    if (sector[510] != 0x55 || sector[511] != 0xaa)
        return false;
    ret_mbr->disk_signature = vw_le32(sector + 440);
    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        const unsigned char *at = sector + 446 + (size_t)i * 16;

        ret_mbr->entry[i] = (struct mbr_entry) {
            .flag = at[0],
            .type = at[4],
            .start = vw_le32(at + 8),
            .sectors = vw_le32(at + 12),
        };
    }
    return true;
}

static bool
is_used(const struct mbr_entry *entry)
{
    return entry->type != 0 && entry->sectors != 0;
}

/* Whether a table can be meant: Windows, too, demands proper boot flags.  A
 * disk that was given a table and no partition yet has zeros alone.
 */
static bool
is_believable(const struct mbr *mbr)
{
    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        const struct mbr_entry *entry = &mbr->entry[i];

        if ((entry->flag & 0x7f) != 0)
            return false;
        if (is_used(entry) && entry->start == 0)
            return false;
        if (!is_used(entry) && (entry->type | entry->start) != 0)
            return false;
    }
    return true;
}

/* Whether @content shows in the first sector, where no table can be beside
 * it.  The others may be left over from before the disk was divided.
 */
static bool
excludes_table(enum vw_content content)
{
    return content == VW_CONTENT_NTFS || content == VW_CONTENT_FAT
           || content == VW_CONTENT_EXFAT || content == VW_CONTENT_REFS
           || content == VW_CONTENT_BITLOCKER || content == VW_CONTENT_LUKS
           || content == VW_CONTENT_XFS;
}

static bool
is_protective(const struct mbr *mbr)
{
    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        if (mbr->entry[i].type == TYPE_PROTECTIVE)
            return true;
    }
    return false;
}

/* Add the MBR entry at sector @base + its start. */
static void
add_entry(struct vw_partitions *list, uint64_t disk_size, unsigned number,
          uint64_t base, const struct mbr_entry *entry)
{
    vw_partitions_add(list, disk_size, &(struct vw_partition) {
        .number = number,
        .logical = number > MBR_ENTRIES,
        .active = entry->flag == 0x80,
        .type = entry->type,
        .offset = (base + entry->start) * list->sector_size,
        .size = (uint64_t)entry->sectors * list->sector_size,
    });
}

/* Read the record at sector @at into @ret_mbr; false marks the list. */
static int
read_link(const struct vw_bytes *disk, uint64_t at,
          struct vw_partitions *list, struct mbr *ret_mbr, bool *ret_found,
          struct vtopo_error *err)
{
    unsigned char sector[MBR_SIZE];
    uint64_t offset = at * list->sector_size;

    *ret_found = false;
    if (disk->size < MBR_SIZE || offset > disk->size - MBR_SIZE) {
        list->damaged = true;
        return 0;
    }
    if (vw_bytes_read(disk, offset, sector, sizeof(sector), err) < 0)
        return -1;
    *ret_found = parse_mbr(sector, ret_mbr);
    if (!*ret_found)
        list->damaged = true;
    return 0;
}

static bool
was_visited(const uint64_t *visited, unsigned count, uint64_t at)
{
    for (unsigned i = 0; i < count; i++) {
        if (visited[i] == at)
            return true;
    }
    return false;
}

/* Follow the chain of logical drives of the extended partition at sector
 * @start.  Each record holds a drive, relative to itself, and a link to the
 * next record, relative to @start; their order within the record is custom.
 */
static int
read_chain(const struct vw_bytes *disk, uint64_t start, unsigned *number,
           struct vw_partitions *list, struct vtopo_error *err)
{
    uint64_t visited[VW_MBR_LOGICAL_MAX];
    uint64_t at = start;

    for (unsigned links = 0; ; links++) {
        struct mbr mbr = { 0 };
        uint64_t next = 0;
        bool found;

        if (links == VW_MBR_LOGICAL_MAX || was_visited(visited, links, at)) {
            list->damaged = true;
            return 0;
        }
        visited[links] = at;
        if (read_link(disk, at, list, &mbr, &found, err) < 0)
            return -1;
        for (unsigned i = 0; found && i < MBR_ENTRIES; i++) {
            const struct mbr_entry *entry = &mbr.entry[i];

            if (!is_used(entry))
                continue;
            if (!is_extended(entry->type))
                add_entry(list, disk->size, (*number)++, at, entry);
            else if (next == 0)
                next = start + entry->start;
        }
        if (next == 0)
            return 0;
        at = next;
    }
}

/* Whether a file system is where the entries of @mbr point to. */
static int
sectors_fit(const struct vw_bytes *disk, const struct mbr *mbr,
            unsigned sector_size, bool *ret_fit, struct vtopo_error *err)
{
    *ret_fit = false;
    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        const struct mbr_entry *entry = &mbr->entry[i];
        uint64_t offset = (uint64_t)entry->start * sector_size;
        unsigned char head[MBR_SIZE];

        if (!is_used(entry) || disk->size < sizeof(head)
            || offset > disk->size - sizeof(head))
            continue;
        if (vw_bytes_read(disk, offset, head, sizeof(head), err) < 0)
            return -1;
        if (head[510] == 0x55 && head[511] == 0xaa) {
            *ret_fit = true;
            return 0;
        }
    }
    return 0;
}

/* Fill in @list from @mbr. */
static int
read_mbr(const struct vw_bytes *disk, const struct mbr *mbr,
         struct vw_partitions *list, struct vtopo_error *err)
{
    unsigned number = MBR_ENTRIES + 1;
    bool small, large = false;

    if (sectors_fit(disk, mbr, 512, &small, err) < 0
        || (!small && sectors_fit(disk, mbr, 4096, &large, err) < 0))
        return -1;
    list->table = VW_TABLE_MBR;
    list->sector_size = large ? 4096 : 512;
    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        if (is_used(&mbr->entry[i]))
            add_entry(list, disk->size, i + 1, 0, &mbr->entry[i]);
    }
    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        const struct mbr_entry *entry = &mbr->entry[i];

        if (is_used(entry) && is_extended(entry->type)
            && read_chain(disk, entry->start, &number, list, err) < 0)
            return -1;
    }
    return 0;
}

/* A GPT: announced by a protective MBR, or without any MBR.  Windows takes a
 * disk for MBR where no entry of the MBR is protective.
 */
static int
read_gpt(const struct vw_bytes *disk, bool announced,
         struct vw_partitions *list, bool *ret_found, struct vtopo_error *err)
{
    if (vw_gpt_read(disk, true, list, ret_found, err) < 0)
        return -1;
    if (!*ret_found && vw_gpt_read(disk, false, list, ret_found, err) < 0)
        return -1;
    if (!*ret_found && !announced)
        return 0;
    if (!*ret_found || !announced || list->from_backup)
        list->damaged = true;
    list->table = VW_TABLE_GPT;
    *ret_found = true;
    return 0;
}

int
vw_partitions_read(const struct vw_bytes *disk,
                   struct vw_partitions *ret_partitions,
                   struct vtopo_error *err)
{
    vt_autofree struct vw_partitions *list = calloc(1, sizeof(*list));
    unsigned char sector[MBR_SIZE] = { 0 };
    struct mbr mbr = { 0 };
    bool table, found = false;

    if (list == NULL)
        return vt_fail_memory(err);
    list->sector_size = 512;
    if (disk->size >= MBR_SIZE
        && vw_bytes_read(disk, 0, sector, sizeof(sector), err) < 0)
        return -1;
    if (vw_content_probe(disk, &list->content, err) < 0)
        return -1;
    table = parse_mbr(sector, &mbr) && is_believable(&mbr);
    if (table && is_protective(&mbr)
        && read_gpt(disk, true, list, &found, err) < 0)
        return -1;
    if (!found && table && !excludes_table(list->content)
        && read_mbr(disk, &mbr, list, err) < 0)
        return -1;
    if (!found && !table && list->content == VW_CONTENT_UNKNOWN
        && read_gpt(disk, false, list, &found, err) < 0)
        return -1;
    if (list->table != VW_TABLE_NONE) {
        list->content = VW_CONTENT_UNKNOWN;
        list->disk_signature = mbr.disk_signature;
    }
    *ret_partitions = *list;
    return 0;
}

/* ------------------------------------------------------------- slices */

static int
read_slice(void *context, uint64_t offset, void *buffer, size_t size,
           struct vtopo_error *err)
{
    struct vw_slice *slice = context;

    return vw_bytes_read(&slice->whole, slice->offset + offset, buffer, size,
                         err);
}

struct vw_slice
vw_partition_slice(const struct vw_bytes *disk,
                   const struct vw_partition *partition)
{
    uint64_t left = partition->offset < disk->size
                    ? disk->size - partition->offset : 0;

    return (struct vw_slice) {
        .whole = *disk,
        .offset = partition->offset,
        .size = partition->size < left ? partition->size : left,
    };
}

struct vw_bytes
vw_slice_bytes(struct vw_slice *slice)
{
    return (struct vw_bytes) {
        .size = slice->size,
        .read = read_slice,
        .context = slice,
    };
}

void
vw_guid_format(const unsigned char guid[16],
               char ret_text[VW_GUID_TEXT_SIZE])
{
    (void)snprintf(ret_text, VW_GUID_TEXT_SIZE,
                   "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                   (unsigned)vw_le32(guid), (unsigned)vw_le16(guid + 4),
                   (unsigned)vw_le16(guid + 6), guid[8], guid[9], guid[10],
                   guid[11], guid[12], guid[13], guid[14], guid[15]);
}
