/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * file.h - what the readers of file systems answer with
 *
 * One form for FAT, NTFS and ISO 9660, so that those who look for a file need
 * not know where it lies.
 */

#ifndef VW_FILE_H
#define VW_FILE_H

#include <stdbool.h>

#include "bytes.h"

/* Limits: of a path, and of the entries of a directory that are looked at. */
#define VW_PATH_DEPTH_MAX   64u
#define VW_NAME_UNITS_MAX   255u                    /* UTF-16 units */
#define VW_NAME_SIZE        (VW_NAME_UNITS_MAX * 3u + 1u)   /* UTF-8 */
#define VW_DIR_ENTRIES_MAX  200000u

enum vw_file_flag {
    VW_FILE_DIRECTORY  = 1u << 0,
    VW_FILE_COMPRESSED = 1u << 1,   /* by NTFS itself (LZNT1) */
    VW_FILE_SPARSE     = 1u << 2,
    VW_FILE_WOF        = 1u << 3,   /* by "compact OS": not readable */
    VW_FILE_ENCRYPTED  = 1u << 4,   /* by EFS: not readable */
    VW_FILE_REPARSE    = 1u << 5,   /* a link, or data elsewhere: likewise */
    VW_FILE_PIECES     = 1u << 6,   /* in several places of an ISO: likewise */
};
#define VW_FILE_UNREADABLE                                                   \
    ((unsigned)VW_FILE_WOF | (unsigned)VW_FILE_ENCRYPTED                     \
     | (unsigned)VW_FILE_REPARSE | (unsigned)VW_FILE_PIECES)

/* A file that was found.  Its bytes can be read until it is closed, and must
 * be closed before the volume is.  Those of a directory, and of a file that
 * is not readable, are refused with a reason.
 */
struct vw_file {
    struct vw_bytes bytes;      /* .size is the size of the file */
    unsigned flags;             /* of enum vw_file_flag */
    unsigned attributes;        /* as DOS has them: 1 read-only, 2 hidden ... */
    void (*close)(void *context);
    void *context;
};

#define VW_FILE_INIT { .close = NULL }

/* Release @file.  Safe to call twice, and on VW_FILE_INIT. */
void vw_file_close(struct vw_file *file)
    __attribute__((nonnull));

/* What hiberfil.sys says of a volume. */
enum vw_hibernation {
    VW_HIBERNATION_NONE,        /* no such file, or nothing in it */
    VW_HIBERNATION_RESUMED,     /* its system has been woken since */
    VW_HIBERNATION_ASLEEP,      /* a system sleeps in it: do not write */
};

/* How a volume was left behind. */
struct vw_volume_state {
    bool dirty;                 /* marked to be checked */
    bool log_unclean;           /* NTFS: its journal has work to do */
    enum vw_hibernation hibernation;
};

/* One entry of a directory; lives as long as the call. */
struct vw_entry {
    const char *name;           /* UTF-8; what is none appears as U+FFFD */
    bool is_directory;
};

/* Called for each entry but "." and ".."; false ends the listing. */
typedef bool vw_visit(void *context, const struct vw_entry *entry);

/* Step over the next part of @path, between slashes of either kind.  False
 * at the end.  Paths are ours or come from the registry of a guest.
 */
bool vw_path_next(const char **path, const char **ret_part,
                  size_t *ret_length)
    __attribute__((nonnull));

/* Part @path into its folder, which is the caller's, and the name in that,
 * which points into @path and goes to its end or to a slash.  Fails with
 * VTOPO_BAD_INPUT where it has no parts.
 */
int vw_path_split(const char *path, char **ret_folder, const char **ret_name,
                  size_t *ret_length, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Fail with VTOPO_IMPOSSIBLE unless the @length bytes of @name are a name of
 * DOS: up to eight letters, digits and some signs, and an extension of up to
 * three.  New files get no others, which every file system and boot loader
 * knows as they are.
 */
int vw_name_check_dos(const char *name, size_t length,
                      struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* How a volume has no room for a file: both in bytes. */
int vw_file_fail_room(uint64_t needed, uint64_t available,
                      struct vtopo_error *err)
    __attribute__((nonnull));

/* Goes from the directory of @context to its entry @part; *@ret_found is false
 * where there is none.
 */
typedef int vw_path_step(void *context, const char *part, size_t length,
                         bool *ret_found, struct vtopo_error *err);

/* Take a step for each part of @path, as long as there is something.  Fails
 * with VTOPO_BAD_INPUT for more than VW_PATH_DEPTH_MAX parts.
 */
int vw_path_follow(const char *path, vw_path_step *step, void *context,
                   bool *ret_found, struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 4, 5), warn_unused_result));

/* Write @count UTF-16 units, little-endian at @units, as UTF-8 with a zero
 * byte behind; what is no UTF-16, and the zero unit, become U+FFFD.
 */
void vw_name_from_utf16(const unsigned char *units, unsigned count,
                        char ret_name[VW_NAME_SIZE])
    __attribute__((nonnull));

/* Whether @name is @part, which has @length bytes; the case of ASCII letters
 * does not count.
 */
bool vw_name_is(const char *name, const char *part, size_t length)
    __attribute__((nonnull));

/* How reads of a file end that has no readable data; @flags say why. */
int vw_file_refuse(unsigned flags, struct vtopo_error *err)
    __attribute__((nonnull));

#endif /* VW_FILE_H */
