/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair-hal.h - multiprocessor files in the place of uniprocessor ones
 *
 * The gentle way puts them beside the old ones, under their own names, and
 * has a second boot entry start them; the replacing way puts them in the
 * place of the old ones, which are kept under other names.
 */

#ifndef VW_REPAIR_HAL_H
#define VW_REPAIR_HAL_H

#include "facts-find.h"
#include "hal-search.h"
#include "repair-parts.h"

struct vw_hal_options {
    bool wanted;                /* else nothing is looked at */
    bool replace;
    bool force;
    struct vw_media media;
    uint64_t unpacked;          /* see struct vw_search */
};

/* What is to be put in for one system. */
struct vw_hal_job {
    const struct vw_system *system;     /* borrowed */
    const struct vw_hal_row *row;       /* of the HAL that is there */
    const struct vw_hal_row *mp_row;    /* NULL: the HAL stays */
    struct vw_program hal;
    struct vw_program kernels[VW_KERNELS];
    char hal_name[VW_PROGRAM_NAME_SIZE];        /* in System32 */
    char kernel_names[VW_KERNELS][VW_PROGRAM_NAME_SIZE];
    bool pae;                   /* the last boot had it */
    bool kernels_stay;          /* they are multiprocessor ones */

    struct vw_search search;
    int hal_wanted;             /* index in the search, or -1 */
    int kernel_wanted[VW_KERNELS];      /* likewise */
};

void vw_hal_job_clear(struct vw_hal_job *job);

/* Look at @system, started with the files @names, and find what it needs.
 * *@ret_needed is false where there is nothing to do, or nothing that can be
 * done: @repair says then why.
 */
int vw_hal_prepare(struct vw_repair *repair, const struct vw_found *found,
                   const struct vw_system *system,
                   const struct vw_program_names *names,
                   const struct vw_hal_options *options,
                   struct vw_hal_job *ret_job, bool *ret_needed,
                   struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* What the search of @job found for a boot entry with or without PAE; -1
 * where that kernel was not found.  Not for kernels that stay.
 */
int vw_hal_kernel_for(const struct vw_hal_job *job, bool pae)
    __attribute__((nonnull));

/* A file that is to be written. */
struct vw_hal_file {
    char path[VW_ROOT_MAX + 80];
    char like[VW_PROGRAM_NAME_SIZE];    /* a neighbour */
    unsigned char *data;        /* owned */
    size_t size;
};

#define VW_HAL_FILES_MAX 8u
struct vw_hal_files {
    struct vw_hal_file list[VW_HAL_FILES_MAX];
    unsigned count;
};

void vw_hal_files_clear(struct vw_hal_files *files);

/* List what has to be written for @job, and note the changes: files beside
 * the old ones, or (@replace) in their place, with the registry.  The old
 * ones are read from @found.
 */
int vw_hal_list(struct vw_repair *repair, const struct vw_found *found,
                struct vw_hal_job *job, bool replace,
                struct vw_hal_files *ret_files, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Write the names of the HAL into the SYSTEM hive @image, as far as they fit,
 * and note the changes at @where.  See vw_edit_finish() for @logs_last.
 */
int vw_hal_registry(struct vw_repair *repair, const char *where,
                    unsigned char *image, size_t size, uint32_t logs_last,
                    const struct vw_hal_row *from, const struct vw_hal_row *to,
                    struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Advice for who has nothing to be replaced. */
void vw_hal_advise(struct vw_repair *repair, const struct vw_found *found);

#endif /* VW_REPAIR_HAL_H */
