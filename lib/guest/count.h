/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * count.h - how a generation of kernels turns CPUID into packages and cores
 */

#ifndef VT_COUNT_H
#define VT_COUNT_H

#include "guest/tables.h"

/* What a kernel makes of the CPUID fields of one machine. */
struct vt_view {
    enum vtopo_counting counting;
    unsigned package_mask;      /* bits of an APIC id that name the package */
    unsigned narrow_mask;       /* the same if leaf 4 is all there is */
    unsigned thread_shift;      /* bits that name the thread */
    unsigned divisor;           /* logical processors a package, it thinks */
    bool counts_cores;          /* tells cores from threads at all */
};

/* The view of kernels of @generation.  @cpuid NULL: no x86, so packages are
 * what the firmware says.
 */
struct vt_view vt_view_make(const struct vt_generation *generation,
                            enum vtopo_counting counting,
                            const struct vtopo_cpuid *cpuid);

/* The package that the kernel takes a processor to be in. */
static inline unsigned
vt_view_package(const struct vt_view *view, unsigned apic_id)
{
    return apic_id & view->package_mask;
}

#endif /* VT_COUNT_H */
