/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * content.c - what a disk or a partition holds (see content.h)
 *
 * A new signature is a row in the table.  FAT has none that can be trusted,
 * so its numbers are judged instead.
 */

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "content.h"

/* The first bytes; enough for every signature but those of ISO 9660, which
 * leaves the first 16 sectors to others, and of btrfs.
 */
#define HEAD_SIZE 4096u
#define ISO_HEAD  32768u
#define FAR_HEAD  65536u

static const struct signature {
    enum vw_content content;
    unsigned offset;            /* below FAR_HEAD + HEAD_SIZE */
    unsigned size;
    const char *bytes;
} signatures[] = {
    { VW_CONTENT_NTFS, 3, 8, "NTFS    " },
    { VW_CONTENT_EXFAT, 3, 8, "EXFAT   " },
    { VW_CONTENT_REFS, 3, 8, "ReFS\0\0\0\0" },
    { VW_CONTENT_BITLOCKER, 3, 8, "-FVE-FS-" },
    /* BitLocker To Go looks like FAT, but for its identifier. */
    { VW_CONTENT_BITLOCKER, 424, 16,
      "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01" },
    { VW_CONTENT_LUKS, 0, 6, "LUKS\xba\xbe" },
    { VW_CONTENT_XFS, 0, 4, "XFSB" },
    { VW_CONTENT_LVM, 512, 8, "LABELONE" },
    { VW_CONTENT_EXT, 1080, 2, "\x53\xef" },
    { VW_CONTENT_SWAP, 4086, 10, "SWAPSPACE2" },
    { VW_CONTENT_ISO9660, 32769, 5, "CD001" },
    { VW_CONTENT_BTRFS, 65600, 8, "_BHRfS_M" },
};

static const char *const names[] = {
#define VW_CONTENT(constant, name) name,
    VW_CONTENTS(VW_CONTENT)
#undef VW_CONTENT
};

static bool
is_power_of_two(unsigned value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Whether a boot sector's numbers are those of a FAT file system. */
static bool
is_fat(const unsigned char *head)
{
    unsigned sector = vw_le16(head + 11);

    return (head[0] == 0xeb || head[0] == 0xe9)
           && is_power_of_two(sector) && sector >= 512 && sector <= 4096
           && is_power_of_two(head[13])                 /* per cluster */
           && vw_le16(head + 14) != 0                   /* reserved */
           && (head[16] == 1 || head[16] == 2)          /* tables */
           && (head[21] == 0xf0 || head[21] >= 0xf8)    /* medium */
           && (vw_le16(head + 19) != 0 || vw_le32(head + 32) != 0)
           && (vw_le16(head + 22) != 0 || vw_le32(head + 36) != 0);
}

/* Read HEAD_SIZE bytes at @offset; beyond the end there are zeros. */
static int
read_head(const struct vw_bytes *bytes, uint64_t offset,
          unsigned char head[HEAD_SIZE], struct vtopo_error *err)
{
    uint64_t left = offset < bytes->size ? bytes->size - offset : 0;
    size_t size = left < HEAD_SIZE ? (size_t)left : HEAD_SIZE;

    memset(head, 0, HEAD_SIZE);
    return size == 0 ? 0 : vw_bytes_read(bytes, offset, head, size, err);
}

static enum vw_content
match(const unsigned char *head, uint64_t start)
{
    for (size_t i = 0; i < VT_COUNT(signatures); i++) {
        const struct signature *row = &signatures[i];

        if (row->offset >= start && row->offset + row->size <= start + HEAD_SIZE
            && memcmp(head + (row->offset - start), row->bytes,
                      row->size) == 0)
            return row->content;
    }
    return start == 0 && is_fat(head) ? VW_CONTENT_FAT : VW_CONTENT_UNKNOWN;
}

static bool
is_zero(const unsigned char *head)
{
    for (size_t i = 0; i < HEAD_SIZE; i++) {
        if (head[i] != 0)
            return false;
    }
    return true;
}

/* Called when the first bytes are zeros: are the others looked at, too? */
static int
look_for_zeros(const struct vw_bytes *bytes, bool *ret_empty,
               struct vtopo_error *err)
{
    unsigned char head[HEAD_SIZE];
    uint64_t places[18];
    size_t count = 0;

    for (uint64_t at = HEAD_SIZE; at <= FAR_HEAD; at += HEAD_SIZE)
        places[count++] = at;
    places[count++] = 1u << 20;
    places[count++] = bytes->size > HEAD_SIZE ? bytes->size - HEAD_SIZE : 0;
    for (size_t i = 0; i < count; i++) {
        if (read_head(bytes, places[i], head, err) < 0)
            return -1;
        if (!is_zero(head)) {
            *ret_empty = false;
            return 0;
        }
    }
    *ret_empty = true;
    return 0;
}

int
vw_content_probe(const struct vw_bytes *bytes,
                 enum vw_content *ret_content, struct vtopo_error *err)
{
    static const unsigned heads[] = { 0, ISO_HEAD, FAR_HEAD };
    enum vw_content content = VW_CONTENT_UNKNOWN;
    unsigned char head[HEAD_SIZE];
    bool empty = true;

    for (size_t i = 0; content == VW_CONTENT_UNKNOWN && i < VT_COUNT(heads);
         i++) {
        if (read_head(bytes, heads[i], head, err) < 0)
            return -1;
        content = match(head, heads[i]);
        empty = empty && is_zero(head);
    }
    if (content == VW_CONTENT_UNKNOWN && empty
        && look_for_zeros(bytes, &empty, err) < 0)
        return -1;
    *ret_content = content == VW_CONTENT_UNKNOWN && empty ? VW_CONTENT_EMPTY
                                                          : content;
    return 0;
}

const char *
vw_content_name(enum vw_content content)
{
    size_t index = (size_t)content;

    return names[index < VT_COUNT(names) ? index : 0];
}
