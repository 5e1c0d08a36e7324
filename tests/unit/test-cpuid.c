/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-cpuid.c - the topology fields of CPUID, a row a machine
 *
 * The expected fields follow by hand from what was read off running QEMUs of
 * 5.2, 7.2, 10.0 and 11.1, under TCG and KVM, and for 8.2 to 9.1 from their
 * sources.  tests/integration/cpuid_differential.py asks QEMU again.
 *
 * A row is written as one line:
 *
 *   1: COUNT APIC-ID [htt] | 4: CORES L1D L1I L2 L3 | b: SHIFT/COUNT ... |
 *   1f: TYPE:SHIFT/COUNT ... | [cmp] [topoext] | 8: 80000008.ECX |
 *   1d: L1D L1I L2 L3 | 1e: EBX ECX
 *
 * with "-" for what does not exist and the registers in hexadecimal.
 */

#include "base/buf.h"
#include "unit.h"

#define R(major, minor) VTOPO_RELEASE(major, minor)

struct row {
    const char *says;
    unsigned qemu, micro;
    const char *machine;
    struct vtopo_cpu cpu;
    unsigned sockets, dies, modules, cores, threads;
    const char *want;
};

#define TCG .accel = VTOPO_TCG
#define KVM .accel = VTOPO_KVM

static const struct row rows[] = {
    /* Intel, and how counts were counted. */
    { "four cores", R(7, 2), 0, "pc-q35-7.2", { .model = "" },
      1, 1, 1, 4, 1,
      "1: 4 0 htt | 4: 3 0 0 0 3 | b: 0/1 2/4 | 1f: - | | 8: 2003 | 1d: - "
      "| 1e: 0 0" },
    { "four sockets of one thread count none", R(7, 2), 0, "pc-q35-6.1",
      { .model = "" }, 4, 1, 1, 1, 1,
      "1: 0 0 | 4: 0 0 0 0 0 | b: 0/1 0/1 | 1f: - | | 8: 0 | 1d: - | 1e: 0 0" },
    { "six cores are not rounded up", R(5, 2), 0, "pc-i440fx-5.2",
      { .model = "Skylake-Server-v1" }, 1, 1, 1, 6, 1,
      "1: 6 0 htt | 4: 5 0 0 0 7 | b: 0/1 3/6 | 1f: - | | 8: 3005 | 1d: - "
      "| 1e: 0 0" },
    { "nor with threads, whose cache is the second", R(8, 2), 0,
      "pc-q35-8.2", { .model = "" }, 1, 1, 1, 6, 2,
      "1: 12 0 htt | 4: 5 0 0 1 15 | b: 1/2 4/12 | 1f: - | | 8: 400b "
      "| 1d: - | 1e: 0 0" },
    { "from 9.1 on they are", R(9, 1), 0, "pc-q35-9.1", { .model = "" },
      1, 1, 1, 6, 1,
      "1: 6 0 htt | 4: 7 0 0 0 7 | b: 0/1 3/6 | 1f: - | | 8: 3005 | 1d: - "
      "| 1e: 0 0" },
    { "the program decides that, not the machine type", R(9, 1), 0,
      "pc-q35-7.2", { .model = "" }, 1, 1, 1, 3, 2,
      "1: 6 0 htt | 4: 3 0 0 1 7 | b: 1/2 3/6 | 1f: - | | 8: 3005 | 1d: - "
      "| 1e: 0 0" },
    { "but threads share the first cache from type 9.1 on", R(9, 1), 0,
      "pc-q35-9.1", { .model = "" }, 1, 1, 1, 3, 2,
      "1: 6 0 htt | 4: 3 1 1 1 7 | b: 1/2 3/6 | 1f: - | | 8: 3005 | 1d: - "
      "| 1e: 0 0" },
    { "a type without a version is as new as the program", R(8, 2), 0,
      "microvm", { .model = "" }, 1, 1, 1, 2, 2,
      "1: 4 0 htt | 4: 1 0 0 1 3 | b: 1/2 2/4 | 1f: - | | 8: 2003 | 1d: - "
      "| 1e: 0 0" },

    /* Dies and modules. */
    { "up to 8.1 a die is counted for the package", R(7, 2), 0,
      "pc-q35-7.2", { .model = "" }, 1, 2, 1, 4, 1,
      "1: 4 0 htt | 4: 3 0 0 0 3 | b: 0/1 3/4 | 1f: 1:0/1 2:2/4 5:3/8 | "
      "| 8: 3003 | 1d: - | 1e: 0 0" },
    { "from 8.2 on the package", R(8, 2), 0, "pc-q35-7.2",
      { .model = "" }, 1, 2, 1, 4, 1,
      "1: 8 0 htt | 4: 7 0 0 0 3 | b: 0/1 3/8 | 1f: 1:0/1 2:2/4 5:3/8 | "
      "| 8: 3007 | 1d: - | 1e: 0 0" },
    { "modules", R(9, 1), 0, "pc-q35-9.1", { .model = "" }, 1, 1, 2, 3, 2,
      "1: 12 0 htt | 4: 7 1 1 1 15 | b: 1/2 4/12 | 1f: 1:1/2 2:3/6 3:4/12 | "
      "| 8: 400b | 1d: - | 1e: 0 0" },
    { "modules in dies, in two sockets", R(10, 0), 2, "pc-q35-10.0",
      { .model = "" }, 2, 2, 2, 2, 2,
      "1: 16 0 htt | 4: 7 1 1 1 7 | b: 1/2 4/16 | 1f: 1:1/2 2:2/4 3:3/8 "
      "5:4/16 | | 8: 400f | 1d: - | 1e: 0 0" },
    { "dies raise the highest leaf of the oldest model", R(7, 2), 0,
      "pc-q35-7.2", { .model = "486", TCG }, 1, 2, 1, 1, 1,
      "1: 0 0 | 4: 0 0 0 0 0 | b: 0/1 1/1 | 1f: 1:0/1 2:0/1 5:1/2 | "
      "| 8: 0 | 1d: - | 1e: 0 0" },
    { "but not on the oldest types", R(5, 2), 0, "pc-i440fx-2.6",
      { .model = "Skylake-Server-v1", TCG }, 1, 2, 1, 2, 1,
      "1: 2 0 htt | 4: 1 0 0 0 - | b: - | 1f: - | | 8: 2001 | 1d: - "
      "| 1e: 0 0" },
    { "where only a model of that many leaves has it", R(7, 2), 0,
      "pc-q35-2.7", { .model = "SapphireRapids", TCG }, 1, 2, 1, 2, 1,
      "1: 2 0 htt | 4: 1 0 0 0 - | b: 0/1 2/2 | 1f: 1:0/1 2:1/2 5:2/4 | "
      "| 8: 2001 | 1d: - | 1e: 0 0" },
    { "which has none with one die", R(7, 2), 0, "pc-q35-7.2",
      { .model = "SapphireRapids-v1" }, 1, 1, 1, 2, 1,
      "1: 2 0 htt | 4: 1 0 0 0 1 | b: 0/1 1/2 | 1f: - | | 8: 1001 | 1d: - "
      "| 1e: 0 0" },

    /* Models with few leaves. */
    { "no leaf 0xB", R(7, 2), 0, "pc-q35-7.2", { .model = "core2duo", TCG },
      1, 1, 1, 4, 1,
      "1: 4 0 htt | 4: 3 0 0 0 3 | b: - | 1f: - | | 8: 2003 | 1d: - "
      "| 1e: 0 0" },
    { "no leaf 4, and no extended leaves", R(7, 2), 0, "pc-q35-7.2",
      { .model = "pentium3", TCG }, 1, 1, 1, 2, 1,
      "1: 2 0 htt | 4: - | b: - | 1f: - | | 8: 0 | 1d: - | 1e: 0 0" },
    { "too few extended leaves", R(7, 2), 0, "pc-q35-7.2",
      { .model = "qemu32", TCG }, 1, 1, 1, 2, 1,
      "1: 2 0 htt | 4: 1 0 0 0 1 | b: - | 1f: - | | 8: 0 | 1d: - | 1e: 0 0" },

    /* AMD. */
    { "EPYC tells threads", R(7, 2), 0, "pc-q35-7.2",
      { .model = "EPYC", KVM }, 1, 1, 1, 4, 2,
      "1: 8 0 htt | 4: - | b: 1/2 3/8 | 1f: - | cmp topoext | 8: 3007 "
      "| 1d: 1 1 1 7 | 1e: 100 0" },
    { "not under TCG", R(7, 2), 0, "pc-q35-7.2", { .model = "EPYC", TCG },
      1, 1, 1, 4, 2,
      "1: 8 0 htt | 4: - | b: 1/2 3/8 | 1f: - | cmp | 8: 3007 "
      "| 1d: 1 1 1 7 | 1e: 100 0" },
    { "unless forced", R(7, 2), 0, "pc-q35-7.2",
      { .model = "EPYC", TCG, .force_features = true }, 1, 1, 1, 4, 2,
      "1: 8 0 htt | 4: - | b: 1/2 3/8 | 1f: - | cmp topoext | 8: 3007 "
      "| 1d: 1 1 1 7 | 1e: 100 0" },
    { "nor where it is switched off", R(7, 2), 0, "pc-q35-7.2",
      { .model = "EPYC", KVM, .topoext = VTOPO_NO }, 1, 1, 1, 4, 2,
      "1: 8 0 htt | 4: - | b: 1/2 3/8 | 1f: - | cmp | 8: 3007 "
      "| 1d: 1 1 1 7 | 1e: 100 0" },
    { "nor on types up to 2.12, which end sooner", R(5, 2), 0,
      "pc-i440fx-2.12", { .model = "EPYC", KVM }, 1, 1, 1, 2, 1,
      "1: 2 0 htt | 4: 1 0 0 0 1 | b: 0/1 1/2 | 1f: - | cmp | 8: 1001 "
      "| 1d: - | 1e: 0 0" },
    { "but for versions of the model", R(5, 2), 0, "pc-i440fx-2.12",
      { .model = "EPYC-v1", KVM }, 1, 1, 1, 2, 1,
      "1: 2 0 htt | 4: 1 0 0 0 1 | b: 0/1 1/2 | 1f: - | cmp | 8: 1001 "
      "| 1d: 0 0 0 1 | 1e: 0 0" },
    { "qemu64 takes threads for cores", R(7, 2), 0, "pc-q35-7.2",
      { .model = "qemu64", KVM }, 1, 1, 1, 2, 2,
      "1: 4 0 htt | 4: - | b: 1/2 2/4 | 1f: - | cmp | 8: 2003 | 1d: - "
      "| 1e: 0 0" },
    { "an old model on an old type", R(5, 2), 0, "pc-i440fx-2.6",
      { .model = "Opteron_G3", TCG }, 1, 1, 1, 2, 1,
      "1: 2 0 htt | 4: 1 0 0 0 - | b: - | 1f: - | cmp | 8: 1001 | 1d: - "
      "| 1e: 0 0" },
    { "on types up to 6.0 dies show Intel's leaves", R(7, 2), 0,
      "pc-q35-6.0", { .model = "Opteron_G3", TCG }, 1, 2, 1, 2, 1,
      "1: 2 0 htt | 4: 1 0 0 0 1 | b: 0/1 2/2 | 1f: 1:0/1 2:1/2 5:2/4 | cmp "
      "| 8: 2001 | 1d: - | 1e: 0 0" },
    { "from 6.1 on they do not", R(7, 2), 0, "pc-q35-6.1",
      { .model = "Opteron_G3", TCG }, 1, 2, 1, 2, 1,
      "1: 2 0 htt | 4: - | b: - | 1f: - | cmp | 8: 2001 | 1d: - | 1e: 0 0" },
    { "Hygon is hidden nothing", R(7, 2), 0, "pc-q35-7.2",
      { .model = "Dhyana", TCG }, 1, 1, 1, 2, 1,
      "1: 2 0 htt | 4: 1 0 0 0 1 | b: 0/1 1/2 | 1f: - | cmp | 8: 1001 "
      "| 1d: 0 0 0 1 | 1e: 0 0" },
    { "dies of EPYC", R(7, 2), 0, "pc-q35-7.2", { .model = "EPYC", KVM },
      1, 2, 1, 3, 2,
      "1: 6 0 htt | 4: - | b: 1/2 4/6 | 1f: - | cmp topoext | 8: 4005 "
      "| 1d: 1 1 1 5 | 1e: 100 100" },
    { "their number stays on types up to 9.0", R(9, 1), 0, "pc-q35-9.0",
      { .model = "EPYC", KVM }, 1, 2, 1, 3, 2,
      "1: 12 0 htt | 4: - | b: 1/2 4/12 | 1f: - | cmp topoext | 8: 400b "
      "| 1d: 1 1 1 7 | 1e: 100 100" },
    { "and is the package's from 9.1 on", R(9, 1), 0, "pc-q35-9.1",
      { .model = "EPYC", KVM }, 1, 2, 1, 3, 2,
      "1: 12 0 htt | 4: - | b: 1/2 4/12 | 1f: - | cmp topoext | 8: 400b "
      "| 1d: 1 1 1 7 | 1e: 100 0" },
    { "max is AMD under TCG", R(7, 2), 0, "pc-q35-7.2",
      { .model = "max", TCG }, 1, 1, 1, 1, 1,
      "1: 0 0 | 4: - | b: 0/1 0/1 | 1f: - | | 8: 0 | 1d: - | 1e: 0 0" },
    { "and of 10.0 has one bit always", R(10, 0), 2, "pc-q35-10.0",
      { .model = "max", TCG }, 1, 1, 1, 1, 1,
      "1: 0 0 | 4: - | b: 0/1 0/1 | 1f: - | cmp | 8: 0 | 1d: - | 1e: 0 0" },
    { "an Intel model on a host of AMD", R(7, 2), 0, "pc-q35-7.2",
      { .model = "Skylake-Server-v1", .vendor = VTOPO_AMD, KVM },
      1, 1, 1, 2, 1,
      "1: 2 0 htt | 4: - | b: 0/1 1/2 | 1f: - | cmp | 8: 1001 | 1d: - "
      "| 1e: 0 0" },

    /* More than a field holds. */
    { "254 fit", R(7, 2), 0, "pc-q35-7.2", { .model = "", KVM },
      1, 1, 1, 127, 2,
      "1: 254 0 htt | 4: 62 0 0 1 255 | b: 1/2 8/254 | 1f: - | | 8: 80fd "
      "| 1d: - | 1e: 0 0" },
    { "256 spill", R(7, 2), 0, "pc-q35-7.2", { .model = "", KVM },
      1, 1, 1, 256, 1,
      "1: 0 1 htt | 4: 63 0 0 0 255 | b: 0/1 8/256 | 1f: - | | 8: 80ff "
      "| 1d: - | 1e: 0 0" },
    { "65 cores fall to 0 of six bits", R(7, 2), 0, "pc-q35-7.2",
      { .model = "", KVM }, 1, 1, 1, 65, 1,
      "1: 65 0 htt | 4: 0 0 0 0 127 | b: 0/1 7/65 | 1f: - | | 8: 7040 "
      "| 1d: - | 1e: 0 0" },
    { "from 9.1 on they stay at 63", R(9, 1), 0, "pc-q35-9.1",
      { .model = "", KVM }, 1, 1, 1, 65, 1,
      "1: 65 0 htt | 4: 63 0 0 0 127 | b: 0/1 7/65 | 1f: - | | 8: 7040 "
      "| 1d: - | 1e: 0 0" },
    { "390 spill in 10.0.2", R(10, 0), 2, "pc-q35-10.0", { .model = "", KVM },
      1, 1, 1, 130, 3,
      "1: 134 1 htt | 4: 63 3 3 3 1023 | b: 2/3 10/390 | 1f: - | | 8: a185 "
      "| 1d: - | 1e: 0 0" },
    { "and not in 10.0.13", R(10, 0), 13, "pc-q35-10.0",
      { .model = "", KVM }, 1, 1, 1, 130, 3,
      "1: 255 0 htt | 4: 63 3 3 3 1023 | b: 2/3 10/390 | 1f: - | | 8: a185 "
      "| 1d: - | 1e: 0 0" },
    { "10.0.3 only held them back", R(10, 0), 3, "pc-q35-10.0",
      { .model = "", KVM }, 1, 1, 1, 6, 1,
      "1: 6 0 htt | 4: 7 0 0 0 7 | b: 0/1 3/6 | 1f: - | | 8: 3005 | 1d: - "
      "| 1e: 0 0" },
    { "10.0.4 gives Intel the room of the ids", R(10, 0), 4, "pc-q35-10.0",
      { .model = "", KVM }, 1, 1, 1, 6, 1,
      "1: 8 0 htt | 4: 7 0 0 0 7 | b: 0/1 3/6 | 1f: - | | 8: 3005 | 1d: - "
      "| 1e: 0 0" },
    { "10.1 leaves AMD's leaf to AMD", R(10, 1), 0, "pc-q35-10.1",
      { .model = "", KVM }, 1, 1, 1, 6, 1,
      "1: 8 0 htt | 4: 7 0 0 0 7 | b: 0/1 3/6 | 1f: - | | 8: 0 | 1d: - "
      "| 1e: 0 0" },
    { "but not on older types", R(10, 1), 0, "pc-q35-10.0",
      { .model = "", KVM }, 1, 1, 1, 6, 1,
      "1: 8 0 htt | 4: 7 0 0 0 7 | b: 0/1 3/6 | 1f: - | | 8: 3005 | 1d: - "
      "| 1e: 0 0" },
    { "AMD of 10.1 counts as before", R(10, 1), 0, "pc-q35-10.1",
      { .model = "EPYC", KVM }, 1, 1, 1, 6, 1,
      "1: 6 0 htt | 4: - | b: 0/1 3/6 | 1f: - | cmp topoext | 8: 3005 "
      "| 1d: 0 0 0 7 | 1e: 0 0" },
    { "up to 255", R(10, 1), 0, "pc-q35-10.1", { .model = "EPYC", KVM },
      1, 1, 1, 300, 1,
      "1: 255 0 htt | 4: - | b: 0/1 9/300 | 1f: - | cmp topoext | 8: 912b "
      "| 1d: 0 0 0 511 | 1e: 0 0" },
};

static void
add_share(struct vt_buf *out, const unsigned share[VTOPO_CACHES])
{
    for (unsigned i = 0; i < VTOPO_CACHES; i++) {
        if (share[i] == VTOPO_ABSENT)
            vt_buf_add_string(out, " -");
        else
            vt_buf_printf(out, " %u", share[i]);
    }
}

static void
add_basic(struct vt_buf *out, const struct vtopo_cpuid *cpuid)
{
    vt_buf_printf(out, "1: %u %u%s | 4:", cpuid->count, cpuid->initial_apic,
                  cpuid->htt ? " htt" : "");
    if (cpuid->has_leaf4) {
        vt_buf_printf(out, " %u", cpuid->leaf4_cores);
        add_share(out, cpuid->leaf4_share);
    } else {
        vt_buf_add_string(out, " -");
    }
    vt_buf_add_string(out, " | b:");
    for (unsigned i = 0; cpuid->has_leaf_b && i < 2; i++)
        vt_buf_printf(out, " %u/%u", cpuid->leaf_b[i].shift,
                      cpuid->leaf_b[i].count);
    vt_buf_add_string(out, cpuid->has_leaf_b ? " | 1f:" : " - | 1f:");
    for (unsigned i = 0; i < cpuid->leaf_1f_levels; i++)
        vt_buf_printf(out, " %u:%u/%u", cpuid->leaf_1f[i].type,
                      cpuid->leaf_1f[i].shift, cpuid->leaf_1f[i].count);
    if (cpuid->leaf_1f_levels == 0)
        vt_buf_add_string(out, " -");
}

static void
add_extended(struct vt_buf *out, const struct vtopo_cpuid *cpuid)
{
    vt_buf_printf(out, " |%s%s | 8: %x | 1d:", cpuid->cmp_legacy ? " cmp" : "",
                  cpuid->topoext ? " topoext" : "", cpuid->ecx_80000008);
    if (cpuid->has_8000001d)
        add_share(out, cpuid->share_8000001d);
    else
        vt_buf_add_string(out, " -");
    vt_buf_printf(out, " | 1e: %x %x", cpuid->ebx_8000001e,
                  cpuid->ecx_8000001e);
}

static struct vtopo_shape
shape_of(const struct row *row)
{
    unsigned cpus = row->sockets * row->dies * row->modules * row->cores
        * row->threads;

    return (struct vtopo_shape) {
        .cpus = cpus, .maxcpus = cpus,
        .level = { 1, 1, row->sockets, row->dies, 1, row->modules, row->cores,
                   row->threads },
    };
}

static void
fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vt_buf_clear) struct vt_buf got = VT_BUF_INIT;
        const struct row *row = &rows[i];
        struct vtopo_shape shape = shape_of(row);
        struct vtopo_dialect dialect;
        struct vtopo_cpuid cpuid;
        int rc;

        UNIT_ROW(i, row->says);
        assert_int_equal(vtopo_dialect_lookup(row->machine,
                                              VTOPO_ARCH_UNKNOWN, row->qemu,
                                              &dialect, &err), 0);
        dialect.qemu_micro = row->micro;
        rc = vtopo_cpuid_make(&shape, &dialect, &row->cpu, &cpuid, &err);
        UNIT_RESULT(rc, &err, NULL);
        add_basic(&got, &cpuid);
        add_extended(&got, &cpuid);
        assert_string_equal(vt_buf_string(&got), row->want);
    }
}

/* Under KVM a named model has the host's vendor: Intel's leaf 4 is there, and
 * AMD's bit is not.
 */
static void
amd_model_on_intel_host(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vtopo_cpu cpu = { .model = "EPYC", .vendor = VTOPO_INTEL };
    struct vtopo_shape shape = {
        .cpus = 4, .maxcpus = 4, .level = { 1, 1, 1, 1, 1, 1, 4, 1 },
    };
    struct vtopo_dialect dialect;
    struct vtopo_cpuid cpuid;

    (void)state;
    assert_int_equal(vtopo_dialect_lookup("pc-q35-7.2", VTOPO_ARCH_UNKNOWN, 0,
                                          &dialect, &err), 0);
    assert_int_equal(vtopo_cpuid_make(&shape, &dialect, &cpu, &cpuid, &err),
                     0);
    assert_int_equal(cpuid.vendor, VTOPO_INTEL);
    assert_true(cpuid.has_leaf4);
    assert_false(cpuid.cmp_legacy);
}

static const struct {
    const char *says;
    unsigned qemu;
    const char *machine;
    struct vtopo_cpu cpu;
    unsigned cpus, maxcpus, sockets, cores, threads;
    enum vtopo_code code;
} id_rows[] = {
    { "254 is the last id without x2APIC", R(7, 2), "pc-q35-7.2",
      { .model = "", TCG }, 255, 255, 1, 255, 1, VTOPO_OK },
    { "TCG before 9.0 has none", R(7, 2), "pc-q35-7.2",
      { .model = "max", TCG }, 256, 256, 1, 256, 1, VTOPO_SMP_X2APIC },
    { "not even for vCPUs that are absent", R(7, 2), "pc-q35-7.2",
      { .model = "max", TCG }, 1, 256, 1, 256, 1, VTOPO_SMP_X2APIC },
    { "the highest id counts, not the number", R(7, 2), "pc-q35-7.2",
      { .model = "", TCG }, 200, 200, 5, 20, 2, VTOPO_SMP_X2APIC },
    { "KVM has it", R(7, 2), "pc-q35-7.2", { .model = "", KVM },
      256, 256, 1, 256, 1, VTOPO_OK },
    { "TCG from 9.0 on, where the model has it", R(10, 0), "pc-q35-10.0",
      { .model = "max", TCG }, 256, 256, 1, 256, 1, VTOPO_OK },
    { "and where it does not, no more", R(10, 0), "pc-q35-10.0",
      { .model = "qemu64", TCG }, 256, 256, 1, 256, 1, VTOPO_SMP_X2APIC },
    { "unless it is asked for", R(10, 0), "pc-q35-10.0",
      { .model = "qemu64", TCG, .x2apic = VTOPO_YES },
      256, 256, 1, 256, 1, VTOPO_OK },
    { "absent ones do not matter there", R(10, 0), "pc-q35-10.0",
      { .model = "qemu64", TCG }, 255, 256, 1, 256, 1, VTOPO_OK },
    { "Arm has no CPUID", R(7, 2), "virt-7.2", { .model = "" },
      4, 4, 1, 4, 1, VTOPO_BAD_INPUT },
};

/* A refusal says why and leaves the fields alone. */
static void
ids(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(id_rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vtopo_shape shape = {
            .cpus = id_rows[i].cpus, .maxcpus = id_rows[i].maxcpus,
            .level = { 1, 1, id_rows[i].sockets, 1, 1, 1, id_rows[i].cores,
                       id_rows[i].threads },
        };
        struct vtopo_dialect dialect;
        struct vtopo_cpuid cpuid = { .count = 4711 };
        int rc;

        UNIT_ROW(i, id_rows[i].says);
        assert_int_equal(vtopo_dialect_lookup(id_rows[i].machine,
                                              VTOPO_ARCH_UNKNOWN,
                                              id_rows[i].qemu, &dialect,
                                              &err), 0);
        rc = vtopo_cpuid_make(&shape, &dialect, &id_rows[i].cpu, &cpuid, &err);
        assert_int_equal(err.code, id_rows[i].code);
        assert_int_equal(rc, id_rows[i].code == VTOPO_OK ? 0 : -1);
        if (rc < 0) {
            assert_non_null(err.message);
            assert_int_equal(cpuid.count, 4711);
        }
    }
}

static const struct {
    const char *model;
    bool known;
} model_rows[] = {
    { "EPYC", true }, { "EPYC-v3", true }, { "EPYC-Rome-v2", true },
    { "Skylake-Server-noTSX-IBRS", true }, { "host", true },
    { "486", true }, { "4867", false }, { "EPYCs", false },
    { "epyc", false }, { "Skylake", false }, { "", false },
};

static void
models(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(model_rows); i++) {
        UNIT_ROW(i, model_rows[i].model);
        assert_int_equal(vtopo_cpu_model_known(model_rows[i].model),
                         model_rows[i].known);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(fields),
    cmocka_unit_test(amd_model_on_intel_host),
    cmocka_unit_test(ids),
    cmocka_unit_test(models),
};

UNIT_MAIN(tests)
