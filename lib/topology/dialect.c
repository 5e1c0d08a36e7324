/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * dialect.c - what each machine type accepts in -smp
 *
 * Preference and maximum go with the machine type, the keys and the other
 * rules with the QEMU release.  To add a release: a row where something
 * changed, VT_NEWEST_QEMU in level.h, and the last minor release in level.c.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "topology/dialect.h"
#include "topology/level.h"

#define R(major, minor) VTOPO_RELEASE(major, minor)
#define NEWEST VT_NEWEST_QEMU
#define OLDEST VT_OLDEST_QEMU
#define BIT(level) VTOPO_LEVEL_BIT(VTOPO_##level)
#define PLAIN (BIT(SOCKETS) | BIT(CORES) | BIT(THREADS))
#define PC (PLAIN | BIT(DIES) | BIT(MODULES))

#define SOURCE_PC "QEMU hw/i386/pc_piix.c, pc_q35.c; query-machines of 7.2 and 10.0"
#define SOURCE_RUN "QEMU 7.2 and 10.0, query-machines"

const struct vt_dialect_row vt_dialects[] = {
    {
        .family = "pc-i440fx", .alias = "pc", .arch = VTOPO_X86_64,
        .first = R(2, 0), .last = R(6, 1), .since = OLDEST, .until = NEWEST,
        .levels = PC, .prefer_cores = false,
        .min_cpus = 1, .max_cpus = 255, .source = SOURCE_PC,
    },
    {
        .family = "pc-i440fx", .alias = "pc", .arch = VTOPO_X86_64,
        .first = R(6, 2), .last = NEWEST, .since = OLDEST, .until = NEWEST,
        .levels = PC, .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 255, .source = SOURCE_PC,
    },
    {
        .family = "pc-q35", .alias = "q35", .arch = VTOPO_X86_64,
        .first = R(2, 0), .last = R(2, 7), .since = OLDEST, .until = NEWEST,
        .levels = PC, .prefer_cores = false,
        .min_cpus = 1, .max_cpus = 255, .source = SOURCE_PC,
    },
    {
        .family = "pc-q35", .alias = "q35", .arch = VTOPO_X86_64,
        .first = R(2, 8), .last = R(6, 1), .since = OLDEST, .until = NEWEST,
        .levels = PC, .prefer_cores = false,
        .min_cpus = 1, .max_cpus = 288, .source = SOURCE_PC,
    },
    {
        .family = "pc-q35", .alias = "q35", .arch = VTOPO_X86_64,
        .first = R(6, 2), .last = R(8, 0), .since = OLDEST, .until = NEWEST,
        .levels = PC, .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 288, .source = SOURCE_PC,
    },
    {
        .family = "pc-q35", .alias = "q35", .arch = VTOPO_X86_64,
        .first = R(8, 1), .last = R(8, 2), .since = OLDEST, .until = NEWEST,
        .levels = PC, .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 1024, .source = SOURCE_PC,
    },
    {
        .family = "pc-q35", .alias = "q35", .arch = VTOPO_X86_64,
        .first = R(9, 0), .last = NEWEST, .since = OLDEST, .until = NEWEST,
        .levels = PC, .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 4096, .source = SOURCE_PC,
    },
    {
        .family = "isapc", .alias = NULL, .arch = VTOPO_X86_64,
        .since = OLDEST, .until = NEWEST,
        .levels = PC, .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 1, .source = SOURCE_RUN,
    },
    {
        .family = "microvm", .alias = NULL, .arch = VTOPO_X86_64,
        .since = R(4, 2), .until = NEWEST,
        .levels = PLAIN, .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 288, .source = SOURCE_RUN,
    },
    {
        .family = "virt", .alias = "virt", .arch = VTOPO_AARCH64,
        .first = R(2, 6), .last = R(2, 12), .since = R(2, 6), .until = NEWEST,
        .levels = PLAIN | BIT(CLUSTERS), .prefer_cores = false,
        .min_cpus = 1, .max_cpus = 255, .source = SOURCE_RUN,
    },
    {
        .family = "virt", .alias = "virt", .arch = VTOPO_AARCH64,
        .first = R(3, 0), .last = R(6, 1), .since = R(2, 6), .until = NEWEST,
        .levels = PLAIN | BIT(CLUSTERS), .prefer_cores = false,
        .min_cpus = 1, .max_cpus = 512, .source = SOURCE_RUN,
    },
    {
        .family = "virt", .alias = "virt", .arch = VTOPO_AARCH64,
        .first = R(6, 2), .last = NEWEST, .since = R(2, 6), .until = NEWEST,
        .levels = PLAIN | BIT(CLUSTERS), .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 512, .source = SOURCE_RUN,
    },
    {
        /* 8 in 5.2 and 512 in 7.2 were run; the step lies between. */
        .family = "virt", .alias = NULL, .arch = VTOPO_RISCV64,
        .since = R(2, 12), .until = R(6, 1),
        .levels = PLAIN, .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 8, .source = SOURCE_RUN,
    },
    {
        .family = "virt", .alias = NULL, .arch = VTOPO_RISCV64,
        .since = R(6, 2), .until = NEWEST,
        .levels = PLAIN, .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 512, .source = SOURCE_RUN,
    },
    {
        /* 1024 in 5.2 and 4096 in 7.2 were run; the step lies between. */
        .family = "pseries", .alias = "pseries", .arch = VTOPO_PPC64,
        .first = R(2, 1), .last = R(6, 1), .since = R(2, 1), .until = R(6, 1),
        .levels = PLAIN, .prefer_cores = false,
        .min_cpus = 1, .max_cpus = 1024, .source = SOURCE_RUN,
    },
    {
        .family = "pseries", .alias = "pseries", .arch = VTOPO_PPC64,
        .first = R(2, 1), .last = R(6, 1), .since = R(6, 2), .until = NEWEST,
        .levels = PLAIN, .prefer_cores = false,
        .min_cpus = 1, .max_cpus = 4096, .source = SOURCE_RUN,
    },
    {
        .family = "pseries", .alias = "pseries", .arch = VTOPO_PPC64,
        .first = R(6, 2), .last = NEWEST, .since = R(6, 2), .until = NEWEST,
        .levels = PLAIN, .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 4096, .source = SOURCE_RUN,
    },
    {
        .family = "s390-ccw-virtio", .alias = "s390-ccw-virtio",
        .arch = VTOPO_S390X,
        .first = R(2, 4), .last = R(6, 1), .since = R(2, 4), .until = NEWEST,
        .levels = PLAIN, .prefer_cores = false,
        .min_cpus = 1, .max_cpus = 248, .source = SOURCE_RUN,
    },
    {
        .family = "s390-ccw-virtio", .alias = "s390-ccw-virtio",
        .arch = VTOPO_S390X,
        .first = R(6, 2), .last = R(8, 1), .since = R(2, 4), .until = NEWEST,
        .levels = PLAIN, .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 248, .source = SOURCE_RUN,
    },
    {
        .family = "s390-ccw-virtio", .alias = "s390-ccw-virtio",
        .arch = VTOPO_S390X,
        .first = R(8, 2), .last = NEWEST, .since = R(2, 4), .until = NEWEST,
        .levels = PLAIN | BIT(DRAWERS) | BIT(BOOKS), .prefer_cores = true,
        .min_cpus = 1, .max_cpus = 248, .source = SOURCE_RUN,
    },
};

const size_t vt_dialects_count = VT_COUNT(vt_dialects);

/* Versions that a release is known to have dropped.  Where the step lies
 * between two releases that were run, the later one stands here.
 */
static const struct {
    const char *family;
    unsigned below;             /* versions smaller than this */
    unsigned gone;              /* are not in this release, nor later */
} retired[] = {
    { .family = "pc-i440fx", .below = R(2, 4), .gone = R(10, 0) },
    { .family = "pc-q35", .below = R(2, 4), .gone = R(5, 2) },
    { .family = "pseries", .below = R(3, 0), .gone = R(10, 0) },
    { .family = "s390-ccw-virtio", .below = R(2, 9), .gone = R(10, 0) },
};

static bool
arch_matches(enum vtopo_arch row, enum vtopo_arch asked)
{
    return asked == VTOPO_ARCH_UNKNOWN || asked == row
        || (row == VTOPO_X86_64 && asked == VTOPO_X86);
}

/* Whether @machine names a type of the family of @row: its version, 0 where
 * the family has none, in *ret_version.
 */
static bool
family_matches(const struct vt_dialect_row *row, const char *machine,
               unsigned qemu, unsigned *ret_version)
{
    size_t length = strlen(row->family);

    if (row->first == 0) {
        *ret_version = 0;
        return strcmp(row->family, machine) == 0;
    }
    if (row->alias != NULL && strcmp(row->alias, machine) == 0) {
        *ret_version = qemu != 0 ? qemu : NEWEST;
        return true;
    }
    if (strncmp(row->family, machine, length) != 0 || machine[length] != '-')
        return false;
    *ret_version = vt_release_parse(machine + length + 1, NULL);
    return vt_release_exists(*ret_version);
}

static int
fail_unknown(const char *machine, struct vtopo_error *err)
{
    (void)vt_fail(err, VTOPO_UNKNOWN_MACHINE, "unknown machine type '%s'",
                  machine);
    return vt_hint(err, "known are pc-i440fx-2.0 to -%u.%u, pc-q35-2.0 to "
                   "-%u.%u, pc, q35, isapc, microvm, virt (aarch64, riscv64), "
                   "pseries and s390-ccw-virtio; or spell out a dialect",
                   NEWEST / 100, NEWEST % 100, NEWEST / 100, NEWEST % 100);
}

static int
check_release(const struct vt_dialect_row *row, const char *machine,
              unsigned version, unsigned qemu, struct vtopo_error *err)
{
    unsigned oldest = version > row->since ? version : row->since;

    if (qemu < oldest) {
        (void)vt_fail(err, VTOPO_UNKNOWN_MACHINE,
                      "QEMU %u.%u has no machine type '%s'",
                      qemu / 100, qemu % 100, machine);
        return vt_hint(err, "it came with QEMU %u.%u", oldest / 100,
                       oldest % 100);
    }
    for (size_t i = 0; version != 0 && i < VT_COUNT(retired); i++) {
        if (strcmp(retired[i].family, row->family) != 0
            || version >= retired[i].below || qemu < retired[i].gone)
            continue;
        (void)vt_fail(err, VTOPO_UNKNOWN_MACHINE,
                      "QEMU %u.%u no longer has machine type '%s'",
                      qemu / 100, qemu % 100, machine);
        return vt_hint(err, "its oldest type of that family is %s-%u.%u",
                       row->family, retired[i].below / 100,
                       retired[i].below % 100);
    }
    return 0;
}

static void
fill(const struct vt_dialect_row *row, const char *machine, unsigned version,
     unsigned qemu, struct vtopo_dialect *dialect)
{
    *dialect = (struct vtopo_dialect) {
        .arch = row->arch,
        .machine_version = version,
        .qemu = qemu,
        .known = vt_levels_known(qemu),
        .supported = row->levels & vt_levels_known(qemu),
        /* Before 6.2 every type prefers sockets. */
        .prefer_cores = row->prefer_cores && qemu >= R(6, 2),
        .min_cpus = row->min_cpus,
        .max_cpus = row->max_cpus,
    };
    if (version != 0 && row->alias != NULL && strcmp(row->alias, machine) == 0)
        (void)snprintf(dialect->machine, sizeof(dialect->machine), "%s-%u.%u",
                       row->family, version / 100, version % 100);
    else
        (void)snprintf(dialect->machine, sizeof(dialect->machine), "%s",
                       machine);
}

int
vtopo_dialect_lookup(const char *machine, enum vtopo_arch arch, unsigned qemu,
                     struct vtopo_dialect *ret_dialect,
                     struct vtopo_error *err)
{
    for (size_t i = 0; i < vt_dialects_count; i++) {
        const struct vt_dialect_row *row = &vt_dialects[i];
        unsigned version = 0;
        unsigned release;

        if (!arch_matches(row->arch, arch)
            || !family_matches(row, machine, qemu, &version))
            continue;
        release = qemu != 0 ? qemu : version != 0 ? version : NEWEST;
        if ((row->first != 0 && (version < row->first || version > row->last))
            || release > row->until)
            continue;
        if (check_release(row, machine, version, release, err) < 0)
            return -1;
        fill(row, machine, version, release, ret_dialect);
        return 0;
    }
    return fail_unknown(machine, err);
}
