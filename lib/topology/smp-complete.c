/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * smp-complete.c - fill in and check a topology as QEMU 6.2 and later do
 *
 * One function per step, in QEMU's order, because the order decides which
 * refusal is heard.  Older releases are in smp-legacy.c.
 */

#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "topology/level.h"
#include "topology/smp.h"

#define RELEASE_9_0 VTOPO_RELEASE(9, 0)
#define RELEASE_6_2 VTOPO_RELEASE(6, 2)

const char *
vtopo_smp_note_text(enum vtopo_smp_note note)
{
    switch (note) {
    case VTOPO_NOTE_OCTAL:
        return "a number with a leading zero is octal to QEMU: 010 is 8";
    case VTOPO_NOTE_ZERO:
        return "this QEMU takes a count of 0 as not given; 9.0 and later "
               "refuse it";
    case VTOPO_NOTE_LEVEL_ONE:
        return "the machine has no such level; only 1 is taken, and QEMU 9.0 "
               "warns of it";
    case VTOPO_NOTE_PRODUCT:
        return "the levels do not multiply to maxcpus; QEMU 5.2 and later "
               "refuse that";
    case VTOPO_NOTE_OVERWRITTEN:
        return "QEMU before 2.3 replaces the threads given by cpus / "
               "(sockets * cores)";
    default:
        return "";
    }
}

void
vt_smp_describe(const struct vtopo_shape *shape,
                const struct vtopo_dialect *dialect, char *text, size_t size)
{
    struct vt_buf buf = VT_BUF_INIT;

    for (unsigned i = 0; i < VTOPO_LEVELS; i++) {
        if ((dialect->supported & VTOPO_LEVEL_BIT(i)) == 0
            && shape->level[i] == 1)
            continue;
        vt_buf_printf(&buf, "%s%s (%u)", buf.length != 0 ? " * " : "",
                      vt_levels[i].name, shape->level[i]);
    }
    (void)snprintf(text, size, "%s", vt_buf_string(&buf));
    vt_buf_clear(&buf);
}

/* Rules that single boards add.  Not here, because they depend on more than
 * -smp: the GIC version of Arm virt (8 vCPUs with GICv2), what pseries
 * refuses under TCG, and what x86 boards say of APIC ids (see cpuid.c).
 */
static int
check_board(const struct vtopo_shape *shape,
            const struct vtopo_dialect *dialect, struct vtopo_error *err)
{
    /* Run on QEMU 7.2 and 10.0. */
    if (dialect->arch == VTOPO_S390X && shape->level[VTOPO_THREADS] > 1
        && dialect->machine_version >= VTOPO_RELEASE(7, 2))
        return vt_fail(err, VTOPO_SMP_MACHINE_RULE,
                       "%s has 1 thread per core, not %u", dialect->machine,
                       shape->level[VTOPO_THREADS]);
    return 0;
}

int
vt_smp_check_counts(const struct vtopo_shape *shape,
                    const struct vtopo_dialect *dialect,
                    struct vtopo_error *err)
{
    const char *who = dialect->machine[0] != '\0' ? dialect->machine
                                                  : "this machine";

    if (shape->cpus < dialect->min_cpus)
        return vt_fail(err, VTOPO_SMP_TOO_FEW_CPUS,
                       "%s needs at least %u vCPUs, not %u",
                       who, dialect->min_cpus, shape->cpus);
    if (shape->maxcpus > dialect->max_cpus)
        return vt_fail(err, VTOPO_SMP_TOO_MANY_CPUS,
                       "%s takes at most %u vCPUs, not %u",
                       who, dialect->max_cpus, shape->maxcpus);
    return check_board(shape, dialect, err);
}

int
vt_smp_fail_product(const struct vtopo_shape *shape,
                    const struct vtopo_dialect *dialect,
                    struct vtopo_error *err)
{
    char levels[256];

    vt_smp_describe(shape, dialect, levels, sizeof(levels));
    (void)vt_fail(err, VTOPO_SMP_PRODUCT,
                  "the levels must multiply to maxcpus: %s is %llu, not %u",
                  levels, (unsigned long long)vt_shape_product(shape),
                  shape->maxcpus);
    return vt_hint(err, "leave one level out and QEMU computes it, or make "
                   "the product %u", shape->maxcpus);
}

static bool
is_zero(bool given, unsigned count)
{
    return given && count == 0;
}

/* Rule 1: zeros are an error from 9.0, and "not given" before. */
static int
settle_zeros(struct vtopo_smp *smp, const struct vtopo_dialect *dialect,
             unsigned *notes, struct vtopo_error *err)
{
    bool any = is_zero(smp->has_cpus, smp->cpus)
        || is_zero(smp->has_maxcpus, smp->maxcpus);

    for (unsigned i = 0; i < VTOPO_LEVELS; i++)
        any = any || is_zero((smp->has_level & VTOPO_LEVEL_BIT(i)) != 0,
                             smp->level[i]);
    if (!any)
        return 0;
    if (dialect->qemu >= RELEASE_9_0) {
        (void)vt_fail(err, VTOPO_SMP_ZERO,
                      "every count of -smp must be greater than 0");
        return vt_hint(err, "leave a count out to have it computed");
    }
    *notes |= VTOPO_NOTE_ZERO;
    smp->has_cpus = smp->has_cpus && smp->cpus != 0;
    smp->has_maxcpus = smp->has_maxcpus && smp->maxcpus != 0;
    for (unsigned i = 0; i < VTOPO_LEVELS; i++) {
        if (smp->level[i] == 0)
            smp->has_level &= ~VTOPO_LEVEL_BIT(i);
    }
    return 0;
}

/* Rule 2: a level that the machine lacks may be 1, no more. */
static int
check_levels(const struct vtopo_smp *smp, const struct vtopo_dialect *dialect,
             unsigned *notes, struct vtopo_error *err)
{
    for (unsigned i = 0; i < VTOPO_LEVELS; i++) {
        if ((smp->has_level & VTOPO_LEVEL_BIT(i)) == 0
            || (dialect->supported & VTOPO_LEVEL_BIT(i)) != 0)
            continue;
        if (smp->level[i] > 1) {
            (void)vt_fail(err, VTOPO_SMP_UNSUPPORTED_LEVEL,
                          "%s has no %s: the count must be 1, not %u",
                          dialect->machine[0] != '\0' ? dialect->machine
                                                      : "this machine",
                          vt_levels[i].name, smp->level[i]);
            return vt_hint(err, "leave '%s' out", vt_levels[i].name);
        }
        *notes |= VTOPO_NOTE_LEVEL_ONE;
    }
    return 0;
}

/* maxcpus divided by what is known so far; 0 where it does not go once. */
static unsigned
share(unsigned maxcpus, uint64_t middle, unsigned a, unsigned b)
{
    uint64_t divisor;

    if (__builtin_mul_overflow(middle, (uint64_t)a * b, &divisor))
        return 0;
    return (unsigned)(maxcpus / divisor);
}

/* Rules 4 and 5: the omitted ones of sockets, cores and threads. */
static void
fill(struct vtopo_shape *shape, bool prefer_cores)
{
    unsigned *sockets = &shape->level[VTOPO_SOCKETS];
    unsigned *cores = &shape->level[VTOPO_CORES];
    unsigned *threads = &shape->level[VTOPO_THREADS];
    unsigned *first = prefer_cores ? cores : sockets;
    unsigned *second = prefer_cores ? sockets : cores;
    uint64_t middle = (uint64_t)shape->level[VTOPO_DRAWERS]
        * shape->level[VTOPO_BOOKS] * shape->level[VTOPO_DIES]
        * shape->level[VTOPO_CLUSTERS] * shape->level[VTOPO_MODULES];

    if (*first == 0) {
        *second = *second != 0 ? *second : 1;
        *threads = *threads != 0 ? *threads : 1;
        *first = share(shape->maxcpus, middle, *second, *threads);
    } else if (*second == 0) {
        *threads = *threads != 0 ? *threads : 1;
        *second = share(shape->maxcpus, middle, *first, *threads);
    } else if (*threads == 0) {
        *threads = share(shape->maxcpus, middle, *first, *second);
    }
}

static bool
is_middle(unsigned level)
{
    return level != VTOPO_SOCKETS && level != VTOPO_CORES
        && level != VTOPO_THREADS;
}

/* Rule 3 on the way in: what is given, 1 for middle levels that are not, 0
 * for the others.
 */
static struct vtopo_shape
given(const struct vtopo_smp *smp)
{
    struct vtopo_shape shape = { .cpus = 0, .maxcpus = 0 };

    for (unsigned i = 0; i < VTOPO_LEVELS; i++)
        shape.level[i] = (smp->has_level & VTOPO_LEVEL_BIT(i)) != 0
            ? smp->level[i] : is_middle(i) ? 1 : 0;
    return shape;
}

static int
complete(const struct vtopo_smp *asked, const struct vtopo_dialect *dialect,
         struct vtopo_shape *ret_shape, unsigned *notes,
         struct vtopo_error *err)
{
    struct vtopo_smp smp = *asked;
    struct vtopo_shape shape;
    uint64_t product;

    if (settle_zeros(&smp, dialect, notes, err) < 0
        || check_levels(&smp, dialect, notes, err) < 0)
        return -1;

    shape = given(&smp);
    if (smp.has_cpus || smp.has_maxcpus) {
        shape.maxcpus = smp.has_maxcpus ? smp.maxcpus : smp.cpus;
        fill(&shape, dialect->prefer_cores);
    } else {
        for (unsigned i = 0; i < VTOPO_LEVELS; i++)
            shape.level[i] = shape.level[i] != 0 ? shape.level[i] : 1;
        product = vt_shape_product(&shape);
        if (product > VTOPO_CPUS_MAX)
            return vt_fail(err, VTOPO_SMP_TOO_MANY_CPUS,
                           "the levels make %llu vCPUs, and %u are the most",
                           (unsigned long long)product, dialect->max_cpus);
        shape.maxcpus = (unsigned)product;
    }
    shape.cpus = smp.has_cpus ? smp.cpus : shape.maxcpus;

    if (vt_shape_product(&shape) != shape.maxcpus)
        return vt_smp_fail_product(&shape, dialect, err);
    if (shape.maxcpus < shape.cpus)
        return vt_smp_fail_maxcpus(&shape, err);
    if (vt_smp_check_counts(&shape, dialect, err) < 0)
        return -1;
    *ret_shape = shape;
    return 0;
}

int
vt_smp_fail_maxcpus(const struct vtopo_shape *shape, struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_SMP_MAXCPUS_BELOW_CPUS,
                   "maxcpus must be at least cpus, %u, not %u",
                   shape->cpus, shape->maxcpus);
}

int
vtopo_smp_complete(const struct vtopo_smp *smp,
                   const struct vtopo_dialect *dialect,
                   struct vtopo_shape *ret_shape, unsigned *ret_notes,
                   struct vtopo_error *err)
{
    unsigned notes = smp->octal ? (unsigned)VTOPO_NOTE_OCTAL : 0;
    int rc = dialect->qemu >= RELEASE_6_2
        ? complete(smp, dialect, ret_shape, &notes, err)
        : vt_smp_complete_legacy(smp, dialect, ret_shape, &notes, err);

    if (rc == 0)
        *ret_notes = notes;
    return rc;
}
