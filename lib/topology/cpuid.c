/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cpuid.c - the CPUID topology fields that QEMU shows on vCPU 0
 *
 * Three eras: up to 8.1 QEMU counts the threads of one die where it should
 * count a package, 8.2 to 9.0 count the package, and from 9.1 on leaf 4
 * gives the width of APIC id fields instead of counts.  Measured over some
 * hundred leaf sets; tests/integration/cpuid_differential.py repeats that.
 */

#include <string.h>

#include "base/error.h"
#include "topology/cpu-model.h"
#include "topology/level.h"

#define R(major, minor) VTOPO_RELEASE(major, minor)

/* What the formulas are made of. */
struct terms {
    const struct vtopo_dialect *dialect;
    unsigned level;             /* highest basic leaf, as raised */
    struct vtopo_apic_layout at;
    unsigned threads, cores, modules, dies;
    unsigned die;               /* threads of a die */
    unsigned package;           /* threads of a package */
    unsigned counted;           /* of a package, as this release counts */
    bool is_82, is_91;          /* release is at least that */
};

/* Whether a machine type is at least @version; unversioned ones always are. */
static bool
type_since(const struct terms *t, unsigned version)
{
    unsigned of_type = t->dialect->machine_version;

    return of_type == 0 ? t->dialect->qemu >= version : of_type >= version;
}

/* Whether QEMU hides Intel's leaves 4 and 0x1F from this vendor, as types
 * from 6.1 on do of AMD (x-vendor-cpuid-only).
 */
static bool
hides_intel_leaves(const struct terms *t, const struct vt_cpu *cpu)
{
    return cpu->vendor == VTOPO_AMD && !cpu->hygon && type_since(t, R(6, 1));
}

/* A machine with dies or modules raises the highest leaf to 0x1F, on types
 * from 2.8 on (full-cpuid-auto-level).
 */
static unsigned
raised_level(const struct terms *t, const struct vt_cpu *cpu)
{
    bool raises = (t->dies > 1 || t->modules > 1) && type_since(t, R(2, 8))
        && (cpu->vendor == VTOPO_INTEL || !type_since(t, R(6, 1)));

    return raises && cpu->level < 0x1f ? 0x1f : cpu->level;
}

static struct terms
terms_of(const struct vtopo_shape *shape, const struct vtopo_dialect *dialect,
         const struct vt_cpu *cpu)
{
    struct terms t = {
        .dialect = dialect,
        .at = vtopo_apic_layout(shape),
        .threads = shape->level[VTOPO_THREADS],
        .cores = shape->level[VTOPO_CORES],
        .modules = shape->level[VTOPO_MODULES],
        .dies = shape->level[VTOPO_DIES],
        .is_82 = dialect->qemu >= R(8, 2),
        .is_91 = dialect->qemu >= R(9, 1),
    };

    t.die = t.threads * t.cores * t.modules;
    t.package = t.die * t.dies;
    t.counted = t.is_82 ? t.package : t.die;
    t.level = raised_level(&t, cpu);
    return t;
}

/* 10.1 changed how leaf 1 counts, and so did later releases of 10.0. */
static bool
has_new_count(const struct vtopo_dialect *dialect, unsigned micro_of_10_0)
{
    return dialect->qemu >= R(10, 1)
        || (dialect->qemu == R(10, 0) && dialect->qemu_micro >= micro_of_10_0);
}

static void
leaf_1(const struct terms *t, const struct vt_cpu *cpu,
       struct vtopo_cpuid *cpuid)
{
    unsigned count = t->counted > 1 ? t->counted : 0;

    cpuid->htt = count != 0;
    if (count != 0 && cpu->vendor == VTOPO_INTEL
        && has_new_count(t->dialect, 4))
        count = 1u << t->at.package;
    if (has_new_count(t->dialect, 3) && count > 255)
        count = 255;
    /* A count of 256 or more spills into the APIC id of that register. */
    cpuid->count = count & 0xff;
    cpuid->initial_apic = count >> 8 & 0xff;
}

static void
leaf_4(const struct terms *t, const struct vt_cpu *cpu,
       struct vtopo_cpuid *cpuid)
{
    bool l3 = type_since(t, R(2, 8));
    bool wide_l1 = t->is_91 && type_since(t, R(9, 1));
    unsigned core = (1u << t->at.core) - 1;
    unsigned cores;

    cpuid->has_leaf4 = t->level >= 4 && !hides_intel_leaves(t, cpu);
    if (!cpuid->has_leaf4)
        return;
    if (t->is_91)
        cores = (1u << (t->at.package - t->at.core)) - 1;
    else if (t->is_82)
        cores = t->package / t->threads - 1;
    else
        cores = t->cores - 1;
    cpuid->leaf4_cores = t->is_91 && cores > 63 ? 63 : cores & 63;
    cpuid->leaf4_share[VTOPO_L1D] = wide_l1 ? core : 0;
    cpuid->leaf4_share[VTOPO_L1I] = wide_l1 ? core : 0;
    cpuid->leaf4_share[VTOPO_L2] = t->is_91 ? core : t->threads - 1;
    cpuid->leaf4_share[VTOPO_L3] = l3 ? (1u << t->at.die) - 1 : VTOPO_ABSENT;
}

static void
leaf_b(const struct terms *t, struct vtopo_cpuid *cpuid)
{
    cpuid->has_leaf_b = t->level >= 0xb && type_since(t, R(2, 7));
    cpuid->leaf_b[0] = (struct vtopo_cpuid_level) {
        .type = 1, .shift = t->at.core, .count = t->threads,
    };
    cpuid->leaf_b[1] = (struct vtopo_cpuid_level) {
        .type = 2, .shift = t->at.package, .count = t->counted,
    };
}

static void
add_1f(struct vtopo_cpuid *cpuid, unsigned type, unsigned shift,
       unsigned count)
{
    cpuid->leaf_1f[cpuid->leaf_1f_levels++] = (struct vtopo_cpuid_level) {
        .type = type, .shift = shift, .count = count,
    };
}

/* Each level that exists says where the next one begins, and how many
 * threads one of those has.
 */
static void
leaf_1f(const struct terms *t, struct vtopo_cpuid *cpuid)
{
    cpuid->leaf_1f_levels = 0;
    if (t->level < 0x1f || (t->dies == 1 && t->modules == 1))
        return;
    add_1f(cpuid, 1, t->at.core, t->threads);
    if (t->modules > 1)
        add_1f(cpuid, 2, t->at.module, t->threads * t->cores);
    else
        add_1f(cpuid, 2, t->at.die, t->die);
    if (t->modules > 1)
        add_1f(cpuid, 3, t->at.die, t->die);
    if (t->dies > 1)
        add_1f(cpuid, 5, t->at.package, t->package);
}

static void
leaf_80000008(const struct terms *t, const struct vt_cpu *cpu,
              struct vtopo_cpuid *cpuid)
{
    cpuid->has_80000008 = cpu->xlevel >= 0x80000008;
    cpuid->ecx_80000008 = 0;
    if (!cpuid->has_80000008 || t->counted == 1)
        return;
    if (cpu->vendor == VTOPO_INTEL && t->dialect->qemu >= R(10, 1)
        && type_since(t, R(10, 1)))
        return;
    cpuid->ecx_80000008 = t->at.package << 12 | (t->counted - 1);
}

static void
leaf_8000001d(const struct terms *t, const struct vt_cpu *cpu,
              struct vtopo_cpuid *cpuid)
{
    unsigned threads = t->is_91 ? 1u << t->at.core : t->threads;
    unsigned die = t->is_91 ? 1u << t->at.die : t->cores * t->threads;
    bool old_form = !t->is_91 || !type_since(t, R(9, 1));

    cpuid->has_8000001d = cpu->xlevel >= 0x8000001d;
    cpuid->ebx_8000001e = 0;
    cpuid->ecx_8000001e = 0;
    if (!cpuid->has_8000001d)
        return;
    cpuid->share_8000001d[VTOPO_L1D] = threads - 1;
    cpuid->share_8000001d[VTOPO_L1I] = threads - 1;
    cpuid->share_8000001d[VTOPO_L2] = threads - 1;
    cpuid->share_8000001d[VTOPO_L3] = die - 1;
    cpuid->ebx_8000001e = (t->threads - 1) << 8;
    cpuid->ecx_8000001e = old_form ? (t->dies - 1) << 8 : 0;
}

/* The first vCPU whose APIC id needs x2APIC, or VTOPO_ABSENT. */
static unsigned
first_wide(const struct vtopo_shape *shape, unsigned count)
{
    if (count == 0 || vtopo_apic_id(shape, count - 1) < 255)
        return VTOPO_ABSENT;
    for (unsigned i = 0; i < count; i++) {
        if (vtopo_apic_id(shape, i) >= 255)
            return i;
    }
    return VTOPO_ABSENT;
}

/* TCG before 9.0 counts absent vCPUs too, and has no x2APIC at all; later it
 * needs the feature in the model, for those present.  Under KVM ids above
 * 254 came with QEMU 2.8.
 */
static int
check_x2apic(const struct vtopo_shape *shape,
             const struct vtopo_dialect *dialect, const struct vt_cpu *cpu,
             struct vtopo_error *err)
{
    bool tcg = cpu->accel == VTOPO_TCG;
    bool late = dialect->qemu >= R(9, 0);
    unsigned index = first_wide(shape, tcg && late ? shape->cpus
                                                   : shape->maxcpus);

    if (index == VTOPO_ABSENT)
        return 0;
    if (tcg ? late && cpu->x2apic : dialect->qemu >= R(2, 8))
        return 0;
    (void)vt_fail(err, VTOPO_SMP_X2APIC,
                  "vCPU %u would have APIC id %u, and QEMU %u.%u cannot give "
                  "ids above 254 %s", index, vtopo_apic_id(shape, index),
                  dialect->qemu / 100, dialect->qemu % 100,
                  tcg ? "under TCG" : "at all");
    if (tcg && late)
        return vt_hint(err, "add x2apic=on to -cpu");
    return vt_hint(err, "use fewer vCPUs, or counts that are powers of two");
}

static bool
is_microvm(const struct vtopo_dialect *dialect)
{
    return strcmp(dialect->machine, "microvm") == 0;
}

/* Up to 5.2 a microvm looks only for the id that stands for "all". */
static int
check_old_microvm(const struct vtopo_shape *shape, struct vtopo_error *err)
{
    for (unsigned i = 0; i < shape->cpus; i++) {
        if (vtopo_apic_id(shape, i) == 255)
            return vt_fail(err, VTOPO_SMP_X2APIC,
                           "vCPU %u would have APIC id 255, which is no "
                           "vCPU's before QEMU 6.0", i);
    }
    return 0;
}

/* What QEMU checks of APIC ids and of the tables that hold them, in its
 * order; run on 5.2, 7.2 and 10.0.
 */
static int
check_ids(const struct vtopo_shape *shape,
          const struct vtopo_dialect *dialect, const struct vt_cpu *cpu,
          struct vtopo_error *err)
{
    unsigned type = dialect->machine_version;
    unsigned last = vtopo_apic_id(shape, shape->maxcpus - 1);
    uint64_t package = vt_shape_product(shape) / shape->level[VTOPO_SOCKETS];

    if (cpu->accel == VTOPO_TCG && dialect->qemu < R(6, 0)
        && is_microvm(dialect))
        return check_old_microvm(shape, err);
    if (check_x2apic(shape, dialect, cpu, err) < 0)
        return -1;
    /* Hot-add of these types has room for 256 ids. */
    if (type != 0 && type <= R(2, 6) && last >= 256)
        return vt_fail(err, VTOPO_SMP_X2APIC,
                       "%s has no APIC ids above 255, and the last vCPU would "
                       "have %u", dialect->machine, last);
    /* 7.2 has no such check.  Up to 8.0 the types have a 32-bit SMBIOS entry
     * point, whose fields are a byte wide.
     */
    if (type != 0 && type <= R(8, 0) && dialect->qemu >= R(10, 0)
        && package >= 255) {
        (void)vt_fail(err, VTOPO_SMP_MACHINE_RULE,
                      "%s of QEMU %u.%u takes at most 254 vCPUs per socket, "
                      "not %llu", dialect->machine, dialect->qemu / 100,
                      dialect->qemu % 100, (unsigned long long)package);
        return vt_hint(err, "use a machine type from 8.1 on, or "
                       "-machine smbios-entry-point-type=64");
    }
    return 0;
}

int
vtopo_cpuid_make(const struct vtopo_shape *shape,
                 const struct vtopo_dialect *dialect,
                 const struct vtopo_cpu *asked,
                 struct vtopo_cpuid *ret_cpuid, struct vtopo_error *err)
{
    struct vtopo_cpuid cpuid = { 0 };
    struct terms t;
    struct vt_cpu cpu;

    if (dialect->arch != VTOPO_X86_64)
        return vt_fail(err, VTOPO_BAD_INPUT, "'%s' has no CPUID: it is no x86 "
                       "machine", dialect->machine);
    if (shape->level[VTOPO_DRAWERS] > 1 || shape->level[VTOPO_BOOKS] > 1
        || shape->level[VTOPO_CLUSTERS] > 1)
        return vt_fail(err, VTOPO_SMP_UNSUPPORTED_LEVEL,
                       "x86 has no drawers, books or clusters: the counts "
                       "must be 1");
    vt_cpu_settle(asked, dialect, &cpu);
    if (check_ids(shape, dialect, &cpu, err) < 0)
        return -1;
    t = terms_of(shape, dialect, &cpu);
    cpuid.vendor = cpu.vendor;
    cpuid.topoext = cpu.topoext;
    cpuid.cmp_legacy = cpu.xlevel >= 0x80000001
        && (cpu.always_cmp_legacy
            || (cpu.vendor != VTOPO_INTEL && t.counted > 1));
    leaf_1(&t, &cpu, &cpuid);
    leaf_4(&t, &cpu, &cpuid);
    leaf_b(&t, &cpuid);
    leaf_1f(&t, &cpuid);
    leaf_80000008(&t, &cpu, &cpuid);
    leaf_8000001d(&t, &cpu, &cpuid);
    *ret_cpuid = cpuid;
    return 0;
}
