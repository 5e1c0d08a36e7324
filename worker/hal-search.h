/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * hal-search.h - look for multiprocessor files on a disk and on setup media
 *
 * Windows keeps most of what it was installed from: service packs and
 * hotfixes as loose files, the rest in cabinets.  A file is taken where it is
 * of the same build as the one that is installed; every other one that was
 * met is noted, for who has to find out why none was taken.
 */

#ifndef VW_HAL_SEARCH_H
#define VW_HAL_SEARCH_H

#include "hal-rules.h"
#include "volume.h"

/* Limits of a search. */
#define VW_PROGRAM_SIZE_MAX  (8u << 20) /* of a kernel or a HAL */
#define VW_SEARCH_SEEN_MAX   24u        /* files that are noted */
#define VW_SEARCH_TEXT_SIZE  192u
#define VW_WANTED_MAX        3u
#define VW_MEDIA_FILES_MAX   39u

/* Of cabinets: each file costs what stands before it, too, at some 200 MB a
 * second.  The media that the user named have a share of their own.
 */
#define VW_UNPACK_MAX        (UINT64_C(1536) << 20)
#define VW_UNPACK_MEDIA_MAX  (UINT64_C(1024) << 20)

/* Of hotfixes, of which a system has hundreds: so that what is looked at after
 * them has its share, too.
 */
#define VW_HOTFIX_FOLDERS_MAX 4096u     /* that are looked through */
#define VW_HOTFIX_ENTRIES_MAX 400000u   /* in all of them */
#define VW_HOTFIX_BYTES_MAX   (256u << 20)      /* of files that are read */
#define VW_HOTFIX_SEEN_MAX    12u

/* -------------------------------------------------------------- programs */

/* What a HAL or a kernel says of itself. */
struct vw_program {
    bool is_there;
    bool is_read;               /* a PE image; the rest is filled in */
    uint16_t machine;
    uint32_t timestamp, checksum;
    char original[64];          /* OriginalFilename; may be "" */
    struct vw_build build;
    enum vw_pe_kernel kernel;   /* where it was asked */
};

/* Look at the file at @path; what cannot be read is not there, or not read. */
void vw_program_look(struct vw_volume *volume, const char *path,
                     bool is_kernel, struct vw_program *ret_program)
    __attribute__((nonnull));

/* -------------------------------------------------------------- searching */

/* Setup media: a volume, or files that somebody took from it, with "i386/" or
 * "amd64/" before the names of those that were in such a folder.
 */
struct vw_media {
    struct vw_volume *volume;   /* borrowed; NULL: none */
    struct {
        char name[64];
        struct vw_bytes bytes;
    } files[VW_MEDIA_FILES_MAX];
    unsigned files_count;
};

struct vw_wanted {
    const char *file;           /* "halmacpi.dll" */
    struct vw_build build;      /* the one it must be of */
    bool is_kernel;
    uint16_t machine;

    bool is_found;
    bool is_in_system;          /* it is in System32 by its name */
    unsigned char *data;        /* owned, until somebody takes it */
    size_t size;
    char from[VW_SEARCH_TEXT_SIZE];
};

struct vw_search {
    struct vw_wanted wanted[VW_WANTED_MAX];
    unsigned wanted_count;
    char seen[VW_SEARCH_SEEN_MAX][VW_SEARCH_TEXT_SIZE];
    unsigned seen_count;
    bool at_media;              /* now */
    uint64_t unpacked;          /* by this and earlier searches */
    bool at_hotfixes;           /* now, and what is left to spend there: */
    unsigned folders_left, entries_left;
    uint64_t bytes_left;
};

void vw_search_clear(struct vw_search *search);

/* Look for what @search wants: in the system at @root of @volume, in the root
 * directory of the volume, and on @media (NULL: none).  What cannot be read
 * is passed over; fails only where the disk itself cannot be read, or without
 * memory.
 */
int vw_search_run(struct vw_search *search, struct vw_volume *volume,
                  const char *root, const struct vw_media *media,
                  struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 3, 5), warn_unused_result));

#endif /* VW_HAL_SEARCH_H */
