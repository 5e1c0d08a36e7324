/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cpu-model.h - what a CPU model of QEMU says of its vendor and leaves
 */

#ifndef VT_CPU_MODEL_H
#define VT_CPU_MODEL_H

#include "vtopo.h"

struct vt_cpu_model {
    const char *name;           /* "EPYC"; also serves "EPYC-v3" and such */
    enum vtopo_vendor vendor;   /* unknown: the host's */
    bool hygon;                 /* AMD's leaves, but another vendor string */
    unsigned level;             /* highest basic leaf */
    unsigned xlevel;            /* highest extended leaf */
    unsigned topoext_since;     /* machine version that has it; 0: never */
    bool x2apic;                /* listed by the model */
    const char *source;
};

extern const struct vt_cpu_model vt_cpu_models[];
extern const size_t vt_cpu_models_count;

/* The row of model @name, or NULL. */
const struct vt_cpu_model *vt_cpu_model_lookup(const char *name);

/* A CPU with nothing left open: what QEMU would make of @cpu. */
struct vt_cpu {
    enum vtopo_vendor vendor;   /* that the guest reads; never unknown */
    bool hygon;                 /* QEMU does not hide leaf 4 as it does of AMD */
    bool always_cmp_legacy;     /* "max" of 10.0 and later has the bit */
    enum vtopo_accel accel;     /* never unknown */
    unsigned level, xlevel;
    bool topoext;
    bool x2apic;
};

/* Settle what @cpu leaves open on a machine of @dialect.  @cpu NULL is a
 * plain Intel model under KVM.
 */
void vt_cpu_settle(const struct vtopo_cpu *cpu,
                   const struct vtopo_dialect *dialect,
                   struct vt_cpu *ret_cpu);

#endif /* VT_CPU_MODEL_H */
