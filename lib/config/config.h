/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * config.h - a shape in the words of a platform
 */

#ifndef VT_CONFIG_H
#define VT_CONFIG_H

#include "base/buf.h"
#include "vtopo.h"

/* "8,sockets=1,cores=4,threads=2": every level that the machine supports and
 * that is not 1, sockets, cores and threads always, maxcpus where it differs.
 */
void vt_config_smp(struct vt_buf *out, const struct vtopo_shape *shape);

/* Options for the command line of QEMU, one a line. */
void vt_config_qemu(struct vt_buf *out, const struct vtopo_shape *shape,
                    const struct vtopo_dialect *dialect,
                    const struct vtopo_cpu *cpu);

/* The elements of a libvirt domain that say it. */
void vt_config_libvirt(struct vt_buf *out, const struct vtopo_shape *shape,
                       const struct vtopo_dialect *dialect,
                       const struct vtopo_cpu *cpu);

#endif /* VT_CONFIG_H */
