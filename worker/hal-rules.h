/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * hal-rules.h - which HAL and kernels take the place of which
 *
 * What a multiprocessor HAL and its kernels are called, and when a file from
 * elsewhere may stand beside those that are installed: the tables of a
 * repair.  Nothing here reads a disk.
 */

#ifndef VW_HAL_RULES_H
#define VW_HAL_RULES_H

#include <stdbool.h>

#include "pe.h"

/* -------------------------------------------------------------- versions */

/* A version resource, as far as it says what a file was built from. */
struct vw_build {
    bool is_known;
    uint16_t number[4];         /* 5.1.2600.5512 */
    char branch[64];            /* "xpsp_sp3_gdr.090206-1234"; may be "" */
};

void vw_build_of(const struct vw_pe_version *version,
                 struct vw_build *ret_build)
    __attribute__((nonnull));

/* "5.1.2600.5512 (xpsp.080413-2111)", or "unknown". */
#define VW_BUILD_TEXT_SIZE 96u
const char *vw_build_text(const struct vw_build *build,
                          char text[VW_BUILD_TEXT_SIZE])
    __attribute__((nonnull));

/* How a file that would be put in compares to the one that is there. */
enum vw_fit {
    VW_FIT_SAME,                /* of the same build: it may */
    VW_FIT_OTHER_NUMBER,
    VW_FIT_OTHER_BRANCH,        /* the same number from another branch */
    VW_FIT_UNKNOWN,             /* one of them does not say */
};

enum vw_fit vw_build_fit(const struct vw_build *installed,
                         const struct vw_build *other)
    __attribute__((nonnull));

/* Whether an installed kernel and HAL are of one service pack.  A hotfixed
 * kernel beside the HAL of its service pack is; so is, in Windows 2000, one
 * of a service pack that has no HAL of its own.
 */
enum vw_pair {
    VW_PAIR_GOOD,
    VW_PAIR_MIXED,
    VW_PAIR_UNKNOWN,            /* no row speaks of these versions */
};

enum vw_pair vw_build_pair(const struct vw_build *kernel,
                           const struct vw_build *hal)
    __attribute__((nonnull));

/* ------------------------------------------------------------------ HALs */

enum vw_hal_way {
    VW_HAL_IS_MP,               /* nothing to do */
    VW_HAL_CAN,                 /* there is a multiprocessor one for it */
    VW_HAL_WITH_FORCE,          /* there is, and its maker advises against */
    VW_HAL_CANNOT,              /* see the row's text */
};

struct vw_hal_row {
    const char *file;           /* on the media: its OriginalFilename */
    const char *name;           /* as Device Manager has it */
    const char *id;             /* hardware id */
    enum vw_hal_way way;
    const char *mp_file;        /* what takes its place, or NULL */
    const char *mp_name;
    const char *mp_id;
    const char *text;           /* what there is to say, or NULL */
    const char *source;
};

/* The row of the HAL whose file is called @original; NULL: not known. */
const struct vw_hal_row *vw_hal_find(const char *original)
    __attribute__((nonnull));

/* --------------------------------------------------------------- systems */

enum vw_line {
    VW_LINE_UNKNOWN,
    VW_LINE_OLD,                /* NT 4.0 and before */
    VW_LINE_NT5,                /* 2000, XP, Server 2003: they are repaired */
    VW_LINE_NT6,                /* Vista and later: nothing to replace */
};

enum vw_line vw_line_of(const struct vw_build *kernel)
    __attribute__((nonnull));

/* -------------------------------------------------------------- kernels */

#define VW_KERNELS 2u           /* without PAE, with PAE */

struct vw_kernel_row {
    const char *installed;      /* in system32 */
    const char *mp_file;        /* on the media */
    const char *kept;           /* what the old one is kept as */
    const char *source;
};

extern const struct vw_kernel_row vw_kernel_rows[VW_KERNELS];

#define VW_HAL_KEPT "halup.dll"

#endif /* VW_HAL_RULES_H */
