/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * qemu.c - a shape as options of QEMU's command line
 */

#include "config/config.h"
#include "topology/cpu-model.h"
#include "topology/level.h"

void
vt_config_smp(struct vt_buf *out, const struct vtopo_shape *shape)
{
    vt_buf_printf(out, "%u", shape->cpus);
    if (shape->maxcpus != shape->cpus)
        vt_buf_printf(out, ",maxcpus=%u", shape->maxcpus);
    for (unsigned i = 0; i < VTOPO_LEVELS; i++) {
        bool always = i == VTOPO_SOCKETS || i == VTOPO_CORES
            || i == VTOPO_THREADS;

        if (always || shape->level[i] != 1)
            vt_buf_printf(out, ",%s=%u", vt_levels[i].name, shape->level[i]);
    }
}

void
vt_config_qemu(struct vt_buf *out, const struct vtopo_shape *shape,
               const struct vtopo_dialect *dialect,
               const struct vtopo_cpu *cpu)
{
    struct vt_cpu settled;
    bool topoext;

    vt_buf_printf(out, "-machine %s\n-smp ", dialect->machine);
    vt_config_smp(out, shape);
    vt_buf_add_char(out, '\n');
    if (dialect->arch != VTOPO_X86_64)
        return;
    vt_cpu_settle(cpu, dialect, &settled);
    topoext = settled.vendor == VTOPO_AMD && settled.topoext
        && shape->level[VTOPO_THREADS] > 1;
    if (cpu->model[0] == '\0' && !topoext && cpu->x2apic != VTOPO_YES)
        return;
    vt_buf_printf(out, "-cpu %s%s%s\n", cpu->model[0] != '\0' ? cpu->model
                  : settled.accel == VTOPO_TCG ? "max" : "host",
                  topoext ? ",topoext=on" : "",
                  cpu->x2apic == VTOPO_YES ? ",x2apic=on" : "");
}
