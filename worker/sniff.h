/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * sniff.h - which format an image has, and which other files it asks for
 *
 * Read before any program that understands the format is started, so that
 * the parent can refuse what an image should not ask for.  Nothing here
 * follows a name.  What a header says and what it would mean to QEMU must be
 * the same; where a header is so broken that this cannot be known, it is
 * refused.
 */

#ifndef VW_SNIFF_H
#define VW_SNIFF_H

#include <stddef.h>

#include "base/json-write.h"
#include "bytes.h"

/* Limits.  QEMU's own are 1023 bytes of a name in qcow2 and qed, and 1 MiB of
 * a VMware descriptor.
 */
#define VW_SNIFF_NAME_MAX       4095u
#define VW_SNIFF_EXTENTS_MAX    1024u
#define VW_SNIFF_DESCRIPTOR_MAX 1048575u
#define VW_SNIFF_EXTENSIONS_MAX 64u
#define VW_SNIFF_VHDX_ENTRIES_MAX 2047u

struct vw_sniff_extent {
    char *name;
    bool flat;                  /* bytes of the disk, never a header */
};

struct vw_sniff {
    const char *format;         /* the name of QEMU's driver, static */
    const char *seen;           /* by the first bytes; static */
    uint64_t file_size;
    uint64_t virtual_size;      /* valid if has_virtual_size */
    bool has_virtual_size;
    bool encrypted;
    bool dirty;                 /* not closed cleanly, or known to be broken */
    bool can_be_dirty;          /* the format has a mark for that, of tables */
    bool differencing;          /* needs a parent that QEMU cannot follow */
    bool external_data;         /* the data is in another file */
    char *backing;              /* names as they stand, or NULL */
    char *backing_format;
    char *data_file;
    struct vw_sniff_extent *extents;    /* of a VMware descriptor */
    size_t extent_count;
};

#define VW_SNIFF_INIT { .format = NULL }

/* Tell what @bytes, a whole file, are.  With @format, a name that
 * vw_sniff_knows(), they are read as that format, and must be.
 *
 * Fails with VTOPO_BAD_INPUT when the header of that format is malformed or
 * asks for a file by a name that is no UTF-8.
 */
int vw_sniff(const struct vw_bytes *bytes, const char *format,
             struct vw_sniff *ret_sniff, struct vtopo_error *err)
    __attribute__((nonnull(1, 3, 4), warn_unused_result));

bool vw_sniff_knows(const char *format);

/* Release what @sniff holds.  Safe to call twice. */
void vw_sniff_clear(struct vw_sniff *sniff);

/* Add @sniff as one object. */
void vw_sniff_json(struct vt_json *json, const struct vw_sniff *sniff);

/* ---------------------------------------- between the files of sniffing */

/* Keep @size bytes at @text as a name: a string, UTF-8, not empty. */
int vw_sniff_name(const char *text, size_t size, const char *what,
                  char **ret_name, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Each reads the header of its format. */
int vw_sniff_qcow(const struct vw_bytes *bytes, struct vw_sniff *sniff,
                  struct vtopo_error *err) __attribute__((warn_unused_result));
int vw_sniff_qcow2(const struct vw_bytes *bytes, struct vw_sniff *sniff,
                   struct vtopo_error *err) __attribute__((warn_unused_result));
int vw_sniff_qed(const struct vw_bytes *bytes, struct vw_sniff *sniff,
                 struct vtopo_error *err) __attribute__((warn_unused_result));
int vw_sniff_vmdk(const struct vw_bytes *bytes, struct vw_sniff *sniff,
                  struct vtopo_error *err) __attribute__((warn_unused_result));
int vw_sniff_vhdx(const struct vw_bytes *bytes, struct vw_sniff *sniff,
                  struct vtopo_error *err) __attribute__((warn_unused_result));

#endif /* VW_SNIFF_H */
