/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * cabinet-list.h - what a cabinet holds, by its list of files
 *
 * Finds a file, bounds the work of unpacking it, and tells a set of cabinets
 * from a damaged one, before anything is unpacked.
 */

#ifndef VW_CABINET_LIST_H
#define VW_CABINET_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "cabinet.h"

#define VW_CABINET_HEADER_SIZE 36u
#define VW_CABINET_RECORD_SIZE 16u
#define VW_CABINET_NAME_SIZE   256u     /* with the zero byte behind */
#define VW_VIEW_SIZE           65536u

/* Bytes with a part of them in memory: many small reads become a few. */
struct vw_view {
    const struct vw_bytes *bytes;
    uint64_t start;             /* of data[] */
    size_t length;
    unsigned char data[VW_VIEW_SIZE];
};

/* Read what there is of @size bytes at @at: fewer at the end. */
int vw_view_read(struct vw_view *view, uint64_t at, void *buffer, size_t size,
                 size_t *ret_got, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

struct vw_cabinet_header {
    uint32_t files_at;
    unsigned folders, files;
};

/* A file as the cabinet lists it. */
struct vw_cabinet_record {
    unsigned index;             /* in the list */
    unsigned folder;
    uint32_t size, offset;      /* unpacked; offset is that in the folder */
    bool late;                  /* folder 0 begins in another cabinet */
    char name[VW_CABINET_NAME_SIZE];
};

/* Read what a cabinet begins with, within the limits of cabinet.h. */
int vw_cabinet_header(const struct vw_bytes *bytes,
                      struct vw_cabinet_header *ret_header,
                      struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Look for @name; NULL stands for the first file.  @record is defined where
 * *@ret_found is true.
 */
int vw_cabinet_find(const struct vw_bytes *bytes,
                    const struct vw_cabinet_header *header, const char *name,
                    struct vw_cabinet_record *record, bool *ret_found,
                    struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 4, 5, 6), warn_unused_result));

/* Whether the file of @record may be unpacked, to @max bytes: fails where it
 * may not.  @what is its name in a sentence.
 */
int vw_cabinet_check(const struct vw_cabinet_record *record,
                     const struct vw_cabinet_header *header, size_t max,
                     const char *what, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_CABINET_LIST_H */
