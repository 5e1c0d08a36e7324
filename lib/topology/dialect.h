/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * dialect.h - the table behind vtopo_dialect_lookup()
 */

#ifndef VT_DIALECT_H
#define VT_DIALECT_H

#include "vtopo.h"

/* A span of machine types that read -smp alike. */
struct vt_dialect_row {
    const char *family;         /* "pc-q35"; versions follow as "-6.1" */
    const char *alias;          /* "q35": the newest version */
    enum vtopo_arch arch;
    unsigned first, last;       /* versions of the span; 0: unversioned */
    unsigned since, until;      /* QEMU releases that have the type */
    unsigned levels;            /* bits; those the release knows are supported */
    bool prefer_cores;          /* unversioned types: from QEMU 6.2 on */
    unsigned min_cpus;
    unsigned max_cpus;
    const char *source;
};

extern const struct vt_dialect_row vt_dialects[];
extern const size_t vt_dialects_count;

#endif /* VT_DIALECT_H */
