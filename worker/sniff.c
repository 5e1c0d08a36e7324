/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sniff.c - which format an image has (see sniff.h)
 *
 * One row a signature.  What no row knows is raw: the bytes are the disk.
 * A new format is a row; if its header can name other files it also needs a
 * reader, or must be refused.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/utf8.h"
#include "sniff.h"

#define SECTOR 512u

/* Where the bytes of a signature stand. */
enum place {
    AT_START,
    AT_END,                     /* in the last sector */
    NOWHERE,                    /* only if the user says so */
};

typedef int reader(const struct vw_bytes *bytes, struct vw_sniff *sniff,
                   struct vtopo_error *err);

struct signature {
    const char *format;
    const char *magic;
    size_t size;
    unsigned offset;            /* in the first or last sector */
    enum place place;
    reader *read;               /* NULL: cannot name other files */
};

#define MAGIC(text) .magic = (text), .size = sizeof(text) - 1

static reader read_luks, read_vdi, read_vhd, read_fixed_vhd, read_parallels;

/* In this order.  The magic numbers are those of the formats' own
 * specifications; QEMU's names for "vhd" and for encryption are its own.
 */
static const struct signature signatures[] = {
    { .format = "qcow", MAGIC("QFI\xfb\0\0\0\1"), .read = vw_sniff_qcow },
    { .format = "qcow2", MAGIC("QFI\xfb"), .read = vw_sniff_qcow2 },
    { .format = "qed", MAGIC("QED\0"), .read = vw_sniff_qed },
    { .format = "vmdk", MAGIC("KDMV"), .read = vw_sniff_vmdk },
    { .format = "vmdk", MAGIC("COWD"), .read = vw_sniff_vmdk },
    { .format = "vmdk", MAGIC("# Disk DescriptorFile"),
      .read = vw_sniff_vmdk },
    { .format = "vdi", MAGIC("\x7f\x10\xda\xbe"), .offset = 64,
      .read = read_vdi },
    { .format = "vhdx", MAGIC("vhdxfile"), .read = vw_sniff_vhdx },
    { .format = "vpc", MAGIC("conectix"), .read = read_vhd },
    { .format = "luks", MAGIC("LUKS\xba\xbe"), .read = read_luks },
    { .format = "parallels", MAGIC("WithoutFreeSpace"),
      .read = read_parallels },
    { .format = "parallels", MAGIC("WithouFreSpacExt"),
      .read = read_parallels },
    { .format = "bochs", MAGIC("Bochs Virtual HD Image") },
    { .format = "cloop", MAGIC("#!/bin/sh\n#V2.0 Format\n") },
    { .format = "vpc", MAGIC("conectix"), .place = AT_END,
      .read = read_fixed_vhd },
    { .format = "dmg", .magic = "", .place = NOWHERE },
    { .format = "raw", .magic = "", .place = NOWHERE },
};

/* The first and the last sector; what a short file lacks is zero. */
struct ends {
    unsigned char first[SECTOR];
    unsigned char last[SECTOR];
};

static int
read_ends(const struct vw_bytes *bytes, struct ends *ends,
          struct vtopo_error *err)
{
    size_t size = bytes->size < SECTOR ? (size_t)bytes->size : SECTOR;

    *ends = (struct ends) { .first = { 0 } };
    if (vw_bytes_read(bytes, 0, ends->first, size, err) < 0)
        return -1;
    if (bytes->size < 2 * SECTOR)
        return 0;
    return vw_bytes_read(bytes, bytes->size - SECTOR, ends->last, SECTOR, err);
}

/* ------------------------------------------------------- small headers */

static int
read_luks(const struct vw_bytes *bytes, struct vw_sniff *sniff,
          struct vtopo_error *err)
{
    (void)bytes;
    (void)err;
    sniff->encrypted = true;
    return 0;
}

static int
read_vdi(const struct vw_bytes *bytes, struct vw_sniff *sniff,
         struct vtopo_error *err)
{
    unsigned char header[SECTOR];
    static const unsigned char none[16];

    if (vw_bytes_read(bytes, 0, header, sizeof(header), err) < 0)
        return vt_wrap(err, "the VDI header is cut short");
    sniff->virtual_size = vw_le64(header + 0x170);
    sniff->has_virtual_size = true;
    /* A parent is named by its UUID alone, and QEMU does not follow it. */
    sniff->differencing = memcmp(header + 0x1a8, none, sizeof(none)) != 0;
    return 0;
}

/* The sum of the footer's bytes, less those of the sum itself. */
static bool
is_vhd_footer(const unsigned char *footer)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < SECTOR; i++) {
        if (i < 64 || i >= 68)
            sum += footer[i];
    }
    return vw_be32(footer + 64) == ~sum;
}

static int
take_vhd_footer(const unsigned char *footer, struct vw_sniff *sniff,
                struct vtopo_error *err)
{
    if (!is_vhd_footer(footer))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the VHD footer does not match its checksum");
    sniff->virtual_size = vw_be64(footer + 48);
    sniff->has_virtual_size = true;
    sniff->differencing = vw_be32(footer + 60) == 4;
    return 0;
}

static int
read_vhd(const struct vw_bytes *bytes, struct vw_sniff *sniff,
         struct vtopo_error *err)
{
    unsigned char footer[SECTOR];

    if (vw_bytes_read(bytes, 0, footer, sizeof(footer), err) < 0)
        return vt_wrap(err, "the VHD footer is cut short");
    return take_vhd_footer(footer, sniff, err);
}

static int
read_fixed_vhd(const struct vw_bytes *bytes, struct vw_sniff *sniff,
               struct vtopo_error *err)
{
    unsigned char footer[SECTOR];

    if (vw_bytes_read(bytes, bytes->size - SECTOR, footer, sizeof(footer),
                      err) < 0)
        return -1;
    return take_vhd_footer(footer, sniff, err);
}

static int
read_parallels(const struct vw_bytes *bytes, struct vw_sniff *sniff,
               struct vtopo_error *err)
{
    unsigned char header[64];
    uint64_t sectors;

    if (vw_bytes_read(bytes, 0, header, sizeof(header), err) < 0)
        return vt_wrap(err, "the Parallels header is cut short");
    sectors = header[6] == 't' ? vw_le32(header + 36) : vw_le64(header + 36);
    sniff->has_virtual_size =
        !__builtin_mul_overflow(sectors, SECTOR, &sniff->virtual_size);
    return 0;
}

/* ------------------------------------------------------------ deciding */

static bool
matches(const struct signature *row, const struct ends *ends)
{
    const unsigned char *sector =
        row->place == AT_END ? ends->last : ends->first;

    if (row->place == NOWHERE
        || memcmp(sector + row->offset, row->magic, row->size) != 0)
        return false;
    /* The last sector of a raw disk is the guest's: look closely. */
    return row->place != AT_END
           || (is_vhd_footer(sector) && vw_be32(sector + 60) == 2);
}

/* The row of what the bytes are; raw where no signature is found. */
static const struct signature *
find_by_bytes(const struct ends *ends)
{
    size_t last = VT_COUNT(signatures) - 1;

    for (size_t i = 0; i < last; i++) {
        if (matches(&signatures[i], ends))
            return &signatures[i];
    }
    return &signatures[last];
}

bool
vw_sniff_knows(const char *format)
{
    for (size_t i = 0; i < VT_COUNT(signatures); i++) {
        if (strcmp(signatures[i].format, format) == 0)
            return true;
    }
    return false;
}

/* The row for @format, which the user or another image named: the one that
 * matches, or one that needs no match.
 */
static const struct signature *
find_by_name(const char *format, const struct ends *ends)
{
    for (size_t i = 0; i < VT_COUNT(signatures); i++) {
        const struct signature *row = &signatures[i];

        if (strcmp(row->format, format) == 0
            && (row->place == NOWHERE || matches(row, ends)))
            return row;
    }
    return NULL;
}

int
vw_sniff(const struct vw_bytes *bytes, const char *format,
         struct vw_sniff *ret_sniff, struct vtopo_error *err)
{
    vt_auto(vw_sniff_clear) struct vw_sniff sniff = VW_SNIFF_INIT;
    const struct signature *seen;
    const struct signature *row;
    struct ends ends;

    if (read_ends(bytes, &ends, err) < 0)
        return -1;
    seen = find_by_bytes(&ends);
    row = format != NULL ? find_by_name(format, &ends) : seen;
    if (row == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "this is said to be %s, but its first bytes are those "
                       "of %s", format, seen->format);
    sniff.format = row->format;
    sniff.seen = seen->format;
    sniff.file_size = bytes->size;
    if (strcmp(row->format, "raw") == 0) {
        sniff.virtual_size = bytes->size;
        sniff.has_virtual_size = true;
    }
    if (row->read != NULL && row->read(bytes, &sniff, err) < 0)
        return -1;
    *ret_sniff = sniff;
    sniff = (struct vw_sniff)VW_SNIFF_INIT;
    return 0;
}

/* -------------------------------------------------------------- values */

int
vw_sniff_name(const char *text, size_t size, const char *what,
              char **ret_name, struct vtopo_error *err)
{
    vt_autofree char *name = NULL;
    size_t length;

    if (size == 0 || size > VW_SNIFF_NAME_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the name of the %s has %zu bytes, it can have 1 to %u",
                       what, size, VW_SNIFF_NAME_MAX);
    if (memchr(text, '\0', size) != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the name of the %s has a zero byte in it", what);
    name = strndup(text, size);
    if (name == NULL)
        return vt_fail_memory(err);
    for (const char *at = name; *at != '\0'; at += length) {
        length = vt_utf8_length(at);
        if (length == 0)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the name of the %s is not UTF-8", what);
    }
    free(*ret_name);            /* said twice: the last one counts */
    *ret_name = vt_steal(&name);
    return 0;
}

void
vw_sniff_clear(struct vw_sniff *sniff)
{
    free(sniff->backing);
    free(sniff->backing_format);
    free(sniff->data_file);
    for (size_t i = 0; i < sniff->extent_count; i++)
        free(sniff->extents[i].name);
    free(sniff->extents);
    *sniff = (struct vw_sniff)VW_SNIFF_INIT;
}

void
vw_sniff_json(struct vt_json *json, const struct vw_sniff *sniff)
{
    vt_json_open(json, '{');
    vt_json_key(json, "format");
    vt_json_string(json, sniff->format);
    vt_json_key(json, "seen");
    vt_json_string(json, sniff->seen);
    vt_json_key(json, "file_size");
    vt_json_uint(json, sniff->file_size);
    vt_json_key(json, "virtual_size");
    if (sniff->has_virtual_size)
        vt_json_uint(json, sniff->virtual_size);
    else
        vt_json_null(json);
    vt_json_key(json, "encrypted");
    vt_json_bool(json, sniff->encrypted);
    vt_json_key(json, "dirty");
    vt_json_bool(json, sniff->dirty);
    vt_json_key(json, "can_be_dirty");
    vt_json_bool(json, sniff->can_be_dirty);
    vt_json_key(json, "differencing");
    vt_json_bool(json, sniff->differencing);
    vt_json_key(json, "external_data");
    vt_json_bool(json, sniff->external_data);
    vt_json_key(json, "backing");
    vt_json_string_or_null(json, sniff->backing);
    vt_json_key(json, "backing_format");
    vt_json_string_or_null(json, sniff->backing_format);
    vt_json_key(json, "data_file");
    vt_json_string_or_null(json, sniff->data_file);
    vt_json_key(json, "extents");
    vt_json_open(json, '[');
    for (size_t i = 0; i < sniff->extent_count; i++) {
        vt_json_open(json, '{');
        vt_json_key(json, "name");
        vt_json_string(json, sniff->extents[i].name);
        vt_json_key(json, "flat");
        vt_json_bool(json, sniff->extents[i].flat);
        vt_json_close(json, '}');
    }
    vt_json_close(json, ']');
    vt_json_close(json, '}');
}
