/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libvirt.c - a shape as elements of a libvirt domain
 *
 * Names of machines and CPU models come from our tables or were checked
 * against them, so nothing here needs XML escapes; models that are not known
 * are escaped all the same.
 */

#include "config/config.h"
#include "topology/cpu-model.h"
#include "topology/level.h"

static void
add_escaped(struct vt_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            vt_buf_add_string(out, "&lt;");
        else if (*text == '&')
            vt_buf_add_string(out, "&amp;");
        else if (*text == '\'')
            vt_buf_add_string(out, "&apos;");
        else
            vt_buf_add_char(out, *text);
    }
}

static const char *
machine_arch(enum vtopo_arch arch)
{
    switch (arch) {
    case VTOPO_AARCH64:
        return "aarch64";
    case VTOPO_RISCV64:
        return "riscv64";
    case VTOPO_PPC64:
        return "ppc64";
    case VTOPO_S390X:
        return "s390x";
    case VTOPO_X86:
    case VTOPO_X86_64:
    case VTOPO_ARCH_UNKNOWN:
        break;
    }
    return "x86_64";
}

static void
add_cpu(struct vt_buf *out, const struct vtopo_shape *shape,
        const struct vtopo_dialect *dialect, const struct vtopo_cpu *cpu)
{
    const unsigned *level = shape->level;
    struct vt_cpu settled;
    bool topoext;

    vt_cpu_settle(cpu, dialect, &settled);
    topoext = dialect->arch == VTOPO_X86_64 && settled.vendor == VTOPO_AMD
        && settled.topoext && level[VTOPO_THREADS] > 1;
    if (cpu->model[0] == '\0') {
        vt_buf_add_string(out, topoext ? "<cpu mode='host-passthrough'>\n"
                          : "<cpu>\n");
    } else {
        vt_buf_add_string(out, "<cpu mode='custom' match='exact'>\n  <model>");
        add_escaped(out, cpu->model);
        vt_buf_add_string(out, "</model>\n");
    }
    vt_buf_printf(out, "  <topology sockets='%u' ", level[VTOPO_SOCKETS]);
    if (level[VTOPO_DIES] > 1)
        vt_buf_printf(out, "dies='%u' ", level[VTOPO_DIES]);
    vt_buf_printf(out, "cores='%u' threads='%u'/>\n", level[VTOPO_CORES],
                  level[VTOPO_THREADS]);
    if (topoext)
        vt_buf_add_string(out,
                          "  <feature policy='require' name='topoext'/>\n");
    vt_buf_add_string(out, "</cpu>\n");
}

void
vt_config_libvirt(struct vt_buf *out, const struct vtopo_shape *shape,
                  const struct vtopo_dialect *dialect,
                  const struct vtopo_cpu *cpu)
{
    vt_buf_add_string(out, "<vcpu placement='static'");
    if (shape->cpus != shape->maxcpus)
        vt_buf_printf(out, " current='%u'", shape->cpus);
    vt_buf_printf(out, ">%u</vcpu>\n", shape->maxcpus);
    if (dialect->machine[0] != '\0')
        vt_buf_printf(out, "<os>\n  <type arch='%s' machine='%s'>hvm</type>\n"
                      "</os>\n", machine_arch(dialect->arch),
                      dialect->machine);
    add_cpu(out, shape, dialect, cpu);
}
