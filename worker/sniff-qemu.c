/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sniff-qemu.c - the headers of QEMU's own formats (see sniff.h)
 *
 * After docs/interop/qcow2.txt and docs/interop/qed_spec.txt of QEMU.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "sniff.h"

/* Header extensions of qcow2. */
#define EXT_END            0u
#define EXT_BACKING_FORMAT 0xe2792acau
#define EXT_DATA_FILE      0x44415441u

/* Incompatible features of qcow2. */
#define QCOW2_DIRTY         (UINT64_C(1) << 0)
#define QCOW2_CORRUPT       (UINT64_C(1) << 1)
#define QCOW2_EXTERNAL_DATA (UINT64_C(1) << 2)

/* Features of qed. */
#define QED_BACKING     (UINT64_C(1) << 0)
#define QED_NEEDS_CHECK (UINT64_C(1) << 1)
#define QED_BACKING_RAW (UINT64_C(1) << 2)

#define QCOW_NAME_MAX 1023u

/* Read a name of @size bytes at @offset of the file. */
static int
read_name(const struct vw_bytes *bytes, uint64_t offset, uint32_t size,
          const char *what, char **ret_name, struct vtopo_error *err)
{
    char name[QCOW_NAME_MAX];

    if (size > sizeof(name))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the name of the %s has %u bytes, it can have %u",
                       what, size, QCOW_NAME_MAX);
    if (vw_bytes_read(bytes, offset, name, size, err) < 0)
        return vt_wrap(err, "the name of the %s is not in the image", what);
    return vw_sniff_name(name, size, what, ret_name, err);
}

int
vw_sniff_qcow(const struct vw_bytes *bytes, struct vw_sniff *sniff,
              struct vtopo_error *err)
{
    unsigned char header[48];
    uint64_t offset;

    if (vw_bytes_read(bytes, 0, header, sizeof(header), err) < 0)
        return vt_wrap(err, "the qcow header is cut short");
    sniff->virtual_size = vw_be64(header + 24);
    sniff->has_virtual_size = true;
    sniff->encrypted = vw_be32(header + 36) != 0;
    offset = vw_be64(header + 8);
    if (offset == 0)
        return 0;
    return read_name(bytes, offset, vw_be32(header + 16), "backing file",
                     &sniff->backing, err);
}

/* One extension of which the value stands at @offset. */
static int
take_extension(const struct vw_bytes *bytes, uint32_t type, uint64_t offset,
               uint32_t size, struct vw_sniff *sniff, struct vtopo_error *err)
{
    if (type == EXT_BACKING_FORMAT)
        return read_name(bytes, offset, size, "backing format",
                         &sniff->backing_format, err);
    if (type == EXT_DATA_FILE)
        return read_name(bytes, offset, size, "data file",
                         &sniff->data_file, err);
    return 0;
}

static int
read_extensions(const struct vw_bytes *bytes, uint64_t at, uint64_t end,
                struct vw_sniff *sniff, struct vtopo_error *err)
{
    unsigned char head[8];
    uint32_t size;

    for (unsigned i = 0; at < end; i++) {
        if (i == VW_SNIFF_EXTENSIONS_MAX)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "the qcow2 header has more than %u extensions",
                           VW_SNIFF_EXTENSIONS_MAX);
        if (vw_bytes_read(bytes, at, head, sizeof(head), err) < 0)
            return vt_wrap(err, "the qcow2 header extensions are cut short");
        if (vw_be32(head) == EXT_END)
            return 0;
        at += sizeof(head);
        size = vw_be32(head + 4);
        if (at > end || size > end - at)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "a qcow2 header extension of %u bytes does not fit",
                           size);
        if (take_extension(bytes, vw_be32(head), at, size, sniff, err) < 0)
            return -1;
        at += ((uint64_t)size + 7) & ~UINT64_C(7);
    }
    return 0;
}

/* What version 3 adds.  *ret_length is where the extensions begin. */
static int
read_version3(const struct vw_bytes *bytes, struct vw_sniff *sniff,
              uint32_t *ret_length, struct vtopo_error *err)
{
    unsigned char more[32];
    uint64_t features;

    if (vw_bytes_read(bytes, 72, more, sizeof(more), err) < 0)
        return vt_wrap(err, "the qcow2 header is cut short");
    features = vw_be64(more);
    sniff->dirty = (features & (QCOW2_DIRTY | QCOW2_CORRUPT)) != 0;
    sniff->can_be_dirty = true;
    sniff->external_data = (features & QCOW2_EXTERNAL_DATA) != 0;
    *ret_length = vw_be32(more + 28);
    if (*ret_length < 104)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the qcow2 header has %u bytes, it must have 104",
                       *ret_length);
    return 0;
}

int
vw_sniff_qcow2(const struct vw_bytes *bytes, struct vw_sniff *sniff,
               struct vtopo_error *err)
{
    unsigned char header[72];
    uint32_t length = 72;
    uint64_t offset;
    uint64_t end;

    if (vw_bytes_read(bytes, 0, header, sizeof(header), err) < 0)
        return vt_wrap(err, "the qcow2 header is cut short");
    if (vw_be32(header + 4) < 2 || vw_be32(header + 4) > 3)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the qcow2 header is of version %u, known are 2 and 3",
                       vw_be32(header + 4));
    if (vw_be32(header + 20) < 9 || vw_be32(header + 20) > 21)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the qcow2 cluster size is 2^%u, it must be 2^9 to 2^21",
                       vw_be32(header + 20));
    sniff->virtual_size = vw_be64(header + 24);
    sniff->has_virtual_size = true;
    sniff->encrypted = vw_be32(header + 32) != 0;
    if (vw_be32(header + 4) == 3
        && read_version3(bytes, sniff, &length, err) < 0)
        return -1;

    offset = vw_be64(header + 8);
    end = UINT64_C(1) << vw_be32(header + 20);
    if (offset > end)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the name of the backing file is not in the first "
                       "cluster");
    if (length > end)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the qcow2 header is longer than a cluster");
    if (read_extensions(bytes, length, offset != 0 ? offset : end, sniff,
                        err) < 0)
        return -1;
    if (offset == 0)
        return 0;
    return read_name(bytes, offset, vw_be32(header + 16), "backing file",
                     &sniff->backing, err);
}

int
vw_sniff_qed(const struct vw_bytes *bytes, struct vw_sniff *sniff,
             struct vtopo_error *err)
{
    unsigned char header[64];
    uint64_t features;

    if (vw_bytes_read(bytes, 0, header, sizeof(header), err) < 0)
        return vt_wrap(err, "the qed header is cut short");
    features = vw_le64(header + 16);
    sniff->virtual_size = vw_le64(header + 48);
    sniff->has_virtual_size = true;
    sniff->dirty = (features & QED_NEEDS_CHECK) != 0;
    if ((features & QED_BACKING) == 0)
        return 0;
    if ((features & QED_BACKING_RAW) != 0) {
        sniff->backing_format = strdup("raw");
        if (sniff->backing_format == NULL)
            return vt_fail_memory(err);
    }
    return read_name(bytes, vw_le32(header + 56), vw_le32(header + 60),
                     "backing file", &sniff->backing, err);
}
