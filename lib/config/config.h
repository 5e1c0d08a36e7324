/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * config.h - a shape in the words of a platform, an answer in those of setup
 */

#ifndef VT_CONFIG_H
#define VT_CONFIG_H

#include "base/buf.h"
#include "guest/tables.h"

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

/* The answer file that makes setup of the system of @limits take the computer
 * of @setup, which must have one; every line with its reason and its source.
 * ASCII with the line ends of DOS.
 */
void vt_config_answer_file(struct vt_buf *out, const struct vt_setup *setup,
                           const struct vtopo_limits *limits);

#define VT_FLOPPY_SIZE 1474560u

/* A floppy of 1.44 MB, VT_FLOPPY_SIZE bytes, with the file @name of @data in
 * it.  @name is that of its directory entry: "WINNT   SIF".  The BIOS goes on
 * to the next device where it tries to start from it.  The same file makes
 * the same bytes.  Fails with VTOPO_BAD_INPUT where it does not fit.
 */
int vt_config_floppy(struct vt_buf *out, const char name[12],
                     const void *data, size_t size, struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_CONFIG_H */
