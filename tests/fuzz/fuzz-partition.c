/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-partition.c - whatever a disk holds, its table is an answer in bounds
 *
 * The first byte of the input says what is made of the rest: bit 0, the
 * checksums of a GPT are put right, because no fuzzer finds them; bit 1, the
 * last 1536 bytes are the end of a larger disk; bits 2 to 7, its size in
 * steps of 2 KiB.  Reading from memory cannot fail, so nothing may.
 */

#include "fuzz.h"
#include "partition.h"
#include "../unit/raw-bytes.h"

#define TAIL 1536u

/* Make the sums of a header at @at right, if there is one. */
static void
mend(uint8_t *disk, size_t size, size_t at, size_t sector)
{
    uint64_t entries, length;
    uint32_t head;

    if (size < 512 || at > size - 512 || memcmp(disk + at, "EFI PART", 8) != 0)
        return;
    entries = vw_le64(disk + at + 72) * sector;
    length = (uint64_t)vw_le32(disk + at + 80) * vw_le32(disk + at + 84);
    if (entries <= size && length <= size - entries)
        put32(disk + at + 88, crc32_of(disk + entries, (size_t)length));
    head = vw_le32(disk + at + 12);
    if (head > size - at)
        return;
    put32(disk + at + 16, 0);
    put32(disk + at + 16, crc32_of(disk + at, head));
}

static void
check_partition(const struct vw_bytes *disk, const struct vw_partition *part)
{
    struct vw_slice slice = vw_partition_slice(disk, part);
    struct vw_bytes bytes = vw_slice_bytes(&slice);
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    enum vw_content content;

    if (part->number == 0 || part->size == 0
        || part->logical != (part->logical && part->number > 4))
        abort();
    if (part->cut_short != (bytes.size < part->size))
        abort();
    if (bytes.size > 0 && (slice.offset >= disk->size
                           || bytes.size > disk->size - slice.offset))
        abort();
    if (vw_content_probe(&bytes, &content, &err) < 0
        || vw_content_name(content)[0] == '\0')
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vw_partitions list;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree uint8_t *disk = NULL;
    struct vw_memory memory;
    struct vw_bytes bytes;
    size_t room;

    if (size == 0 || size > 65536)
        return 0;
    room = (size_t)(data[0] >> 2) * 2048;
    if (room < size - 1)
        room = size - 1;
    disk = calloc(1, room + 1);
    if (disk == NULL)
        abort();
    memcpy(disk, data + 1, size - 1);
    if ((data[0] & 2) != 0 && size > TAIL && room - (size - 1) >= TAIL) {
        memcpy(disk + room - TAIL, data + size - TAIL, TAIL);
        memset(disk + size - TAIL - 1, 0, TAIL);
    }
    if ((data[0] & 1) != 0) {
        mend(disk, room, 512, 512);
        mend(disk, room, 4096, 4096);
        mend(disk, room, room >= 512 ? room / 512 * 512 - 512 : 0, 512);
        mend(disk, room, room >= 4096 ? room / 4096 * 4096 - 4096 : 0, 4096);
    }
    memory = (struct vw_memory) { disk, room };
    bytes = vw_bytes_memory(&memory);
    if (vw_partitions_read(&bytes, &list, &err) < 0 || err.code != VTOPO_OK)
        abort();
    if (list.count > VW_PARTITIONS_MAX
        || (list.table == VW_TABLE_NONE && list.count != 0)
        || (list.sector_size != 512 && list.sector_size != 4096))
        abort();
    for (unsigned i = 0; i < list.count; i++)
        check_partition(&bytes, &list.entry[i]);
    return 0;
}
