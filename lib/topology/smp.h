/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * smp.h - what the two ways of completing a topology share
 */

#ifndef VT_SMP_H
#define VT_SMP_H

#include "vtopo.h"

/* Fill in and check as QEMU up to 6.1 does; adds to @notes. */
int vt_smp_complete_legacy(const struct vtopo_smp *smp,
                           const struct vtopo_dialect *dialect,
                           struct vtopo_shape *ret_shape, unsigned *notes,
                           struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* "sockets (2) * cores (4) * threads (1)" into @text, cut at @size. */
void vt_smp_describe(const struct vtopo_shape *shape,
                     const struct vtopo_dialect *dialect,
                     char *text, size_t size);

/* Hold @shape to the minimum and maximum of the machine. */
int vt_smp_check_counts(const struct vtopo_shape *shape,
                        const struct vtopo_dialect *dialect,
                        struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Always fail, with the numbers of @shape in the message. */
int vt_smp_fail_product(const struct vtopo_shape *shape,
                        const struct vtopo_dialect *dialect,
                        struct vtopo_error *err);
int vt_smp_fail_maxcpus(const struct vtopo_shape *shape,
                        struct vtopo_error *err);

#endif /* VT_SMP_H */
