/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * level.h - the levels of a topology, and releases of QEMU
 */

#ifndef VT_LEVEL_H
#define VT_LEVEL_H

#include <stdint.h>

#include "vtopo.h"

struct vt_level_row {
    const char *name;           /* the key of -smp */
    unsigned since;             /* QEMU release that first knew the key */
    const char *source;
};

extern const struct vt_level_row vt_levels[VTOPO_LEVELS];

/* The newest QEMU release, and so machine version, that is known here. */
#define VT_NEWEST_QEMU VTOPO_RELEASE(10, 2)
/* The oldest machine version, and QEMU release. */
#define VT_OLDEST_QEMU VTOPO_RELEASE(2, 0)

/* The level called @name (@length bytes), or -1. */
int vt_level_find(const char *name, size_t length);

/* Bits of the levels whose keys release @qemu knows. */
unsigned vt_levels_known(unsigned qemu);

/* Whether QEMU @release was ever made ("9.2" yes, "9.3" no). */
bool vt_release_exists(unsigned release);

/* Read "7.2" or "7.2.22" as a VTOPO_RELEASE; 0 where it is none.  The third
 * number, 0 where there is none, goes to *@ret_micro unless that is NULL.
 */
unsigned vt_release_parse(const char *text, unsigned *ret_micro);

/* The product of all levels of @shape, UINT64_MAX where it overflows. */
uint64_t vt_shape_product(const struct vtopo_shape *shape);

#endif /* VT_LEVEL_H */
