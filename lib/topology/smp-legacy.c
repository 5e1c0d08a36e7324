/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * smp-legacy.c - fill in and check a topology as QEMU 2.0 to 6.1 do
 *
 * There one pass is driven by cpus, and what is checked grew over the years:
 * the releases where it changed stand beside each check.  The sockets of the
 * answer are those a guest counts, since these releases number processors by
 * cores and threads alone.
 */

#include "base/error.h"
#include "topology/level.h"
#include "topology/smp.h"

#define SINCE(dialect, major, minor) \
    ((dialect)->qemu >= VTOPO_RELEASE(major, minor))

struct work {
    uint64_t cpus, maxcpus;
    uint64_t sockets, dies, cores, threads;
};

static uint64_t
count_of(const struct vtopo_smp *smp, enum vtopo_level level)
{
    return (smp->has_level & VTOPO_LEVEL_BIT(level)) != 0
        ? smp->level[level] : 0;
}

static uint64_t
or_one(uint64_t count)
{
    return count != 0 ? count : 1;
}

/* Numbers are at most VTOPO_CPUS_MAX, so four of them fit in 64 bits. */
static uint64_t
product(const struct work *work)
{
    return work->sockets * work->dies * work->cores * work->threads;
}

static int
read_dies(const struct vtopo_smp *smp, const struct vtopo_dialect *dialect,
          struct work *work, unsigned *notes, struct vtopo_error *err)
{
    bool given = (smp->has_level & VTOPO_LEVEL_BIT(VTOPO_DIES)) != 0;
    unsigned dies = smp->level[VTOPO_DIES];

    work->dies = 1;
    if (!given)
        return 0;
    if ((dialect->supported & VTOPO_LEVEL_BIT(VTOPO_DIES)) != 0) {
        if (dies == 0)
            return vt_fail(err, VTOPO_SMP_ZERO,
                           "dies must be greater than 0 (this QEMU divides "
                           "by it)");
        work->dies = dies;
        return 0;
    }
    *notes |= VTOPO_NOTE_LEVEL_ONE;
    if (dies > 1 && SINCE(dialect, 6, 1))       /* ignored before */
        return vt_fail(err, VTOPO_SMP_UNSUPPORTED_LEVEL,
                       "%s has no dies: the count must be 1, not %u",
                       dialect->machine, dies);
    return 0;
}

/* Sockets, or cpus, are omitted. */
static void
fill_sockets(struct work *work, const struct vtopo_dialect *dialect)
{
    work->cores = or_one(work->cores);
    work->threads = or_one(work->threads);
    if (work->cpus == 0) {
        work->sockets = or_one(work->sockets);
        work->cpus = product(work);
    } else if (SINCE(dialect, 3, 1)) {
        work->sockets = work->maxcpus
            / (work->cores * work->threads * work->dies);
    } else {
        work->sockets = 1;
    }
}

static int
fail_less(const struct work *work, const struct vtopo_dialect *dialect,
          struct vtopo_error *err)
{
    struct vtopo_shape shape = { .level = { 1, 1, (unsigned)work->sockets,
        (unsigned)work->dies, 1, 1, (unsigned)work->cores,
        (unsigned)work->threads } };
    char levels[256];

    vt_smp_describe(&shape, dialect, levels, sizeof(levels));
    return vt_fail(err, VTOPO_SMP_LESS_THAN_CPUS,
                   "the levels hold fewer vCPUs than cpus: %s is %llu, not %llu",
                   levels, (unsigned long long)product(work),
                   (unsigned long long)work->cpus);
}

/* Cpus and sockets are given. */
static int
fill_cores(struct work *work, const struct vtopo_dialect *dialect,
           unsigned *notes, struct vtopo_error *err)
{
    unsigned least = SINCE(dialect, 2, 7) ? 1 : 0;

    if (work->cores == 0) {
        work->threads = or_one(work->threads);
        work->cores = work->cpus
            / (work->sockets * work->dies * work->threads);
        work->cores = work->cores > least ? work->cores : least;
    } else if (work->threads == 0 || !SINCE(dialect, 2, 3)) {
        uint64_t threads = work->cpus
            / (work->cores * work->dies * work->sockets);

        if (work->threads != 0 && work->threads != threads)
            *notes |= VTOPO_NOTE_OVERWRITTEN;
        work->threads = threads > least ? threads : least;
    } else if (product(work) < work->cpus) {
        return fail_less(work, dialect, err);
    }
    return 0;
}

/* The shape that a guest sees of @work. */
static struct vtopo_shape
seen(const struct work *work)
{
    uint64_t cores = or_one(work->cores);
    uint64_t threads = or_one(work->threads);
    uint64_t package = work->dies * cores * threads;

    return (struct vtopo_shape) {
        .cpus = (unsigned)work->cpus,
        .maxcpus = (unsigned)work->maxcpus,
        .level = { 1, 1,
                   (unsigned)((work->maxcpus + package - 1) / package),
                   (unsigned)work->dies, 1, 1,
                   (unsigned)cores, (unsigned)threads },
    };
}

/* The shape as it was asked for, for messages. */
static struct vtopo_shape
asked(const struct work *work)
{
    struct vtopo_shape shape = seen(work);

    shape.level[VTOPO_SOCKETS] = (unsigned)work->sockets;
    shape.level[VTOPO_CORES] = (unsigned)work->cores;
    shape.level[VTOPO_THREADS] = (unsigned)work->threads;
    return shape;
}

static int
check(const struct work *work, const struct vtopo_dialect *dialect,
      unsigned *notes, struct vtopo_error *err)
{
    struct vtopo_shape shape = asked(work);

    if (work->maxcpus < work->cpus)
        return vt_smp_fail_maxcpus(&shape, err);
    if (SINCE(dialect, 5, 2) && product(work) != work->maxcpus)
        return vt_smp_fail_product(&shape, dialect, err);
    if (SINCE(dialect, 2, 5) && product(work) > work->maxcpus)
        return vt_smp_fail_product(&shape, dialect, err);
    if (product(work) != work->maxcpus && SINCE(dialect, 3, 1))
        *notes |= VTOPO_NOTE_PRODUCT;
    return vt_smp_check_counts(&shape, dialect, err);
}

int
vt_smp_complete_legacy(const struct vtopo_smp *smp,
                       const struct vtopo_dialect *dialect,
                       struct vtopo_shape *ret_shape, unsigned *notes,
                       struct vtopo_error *err)
{
    struct work work = {
        .cpus = smp->has_cpus ? smp->cpus : 0,
        .sockets = count_of(smp, VTOPO_SOCKETS),
        .cores = count_of(smp, VTOPO_CORES),
        .threads = count_of(smp, VTOPO_THREADS),
    };
    bool has_max = smp->has_maxcpus
        && (smp->maxcpus != 0 || SINCE(dialect, 2, 5));

    if (read_dies(smp, dialect, &work, notes, err) < 0)
        return -1;
    work.maxcpus = has_max ? smp->maxcpus : work.cpus;
    if (work.cpus == 0 || work.sockets == 0)
        fill_sockets(&work, dialect);
    else if (fill_cores(&work, dialect, notes, err) < 0)
        return -1;
    if (work.cpus > VTOPO_CPUS_MAX)
        return vt_fail(err, VTOPO_SMP_TOO_MANY_CPUS,
                       "the levels make %llu vCPUs, and %u are the most",
                       (unsigned long long)work.cpus, dialect->max_cpus);
    work.maxcpus = has_max ? smp->maxcpus : work.cpus;
    if (check(&work, dialect, notes, err) < 0)
        return -1;
    *ret_shape = seen(&work);
    return 0;
}
