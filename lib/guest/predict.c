/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * predict.c - what becomes of every vCPU in a given guest
 *
 * The processors are gone through in the order in which the guest starts
 * them, that of the firmware's tables, which is the order of vCPUs.  Where a
 * limit is a range, this is done for its lower and for its upper end, and
 * what the two agree on is known.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "guest/count.h"
#include "guest/explain.h"
#include "topology/level.h"

const char *
vtopo_fate_name(enum vtopo_fate fate)
{
    static const char *const names[VTOPO_FATES] = {
        [VTOPO_USED] = "used",
        [VTOPO_UNLICENSED_SOCKET] = "unlicensed-socket",
        [VTOPO_OVER_LIMIT] = "over-limit",
        [VTOPO_BOOT_LIMIT] = "boot-limit",
        [VTOPO_UP_HAL] = "up-hal",
        [VTOPO_NOT_PRESENT] = "not-present",
        [VTOPO_FATE_UNKNOWN] = NULL,
    };

    return (size_t)fate < VT_COUNT(names) ? names[fate] : NULL;
}

void
vtopo_prediction_clear(struct vtopo_prediction *prediction)
{
    free(prediction->vcpus);
    prediction->vcpus = NULL;
    prediction->capacity = 0;
}

static int
reserve(struct vtopo_prediction *prediction, size_t count,
        struct vtopo_error *err)
{
    struct vtopo_vcpu *vcpus;

    if (prediction->capacity >= count)
        return 0;
    vcpus = realloc(prediction->vcpus, count * sizeof(*vcpus));
    if (vcpus == NULL)
        return vt_fail_memory(err);
    prediction->vcpus = vcpus;
    prediction->capacity = count;
    return 0;
}

/* ------------------------------------------------------ sets of packages */

/* An APIC id of VTOPO_CPUS_MAX vCPUs has at most 12 bits, and one more for
 * each of five fields that rounding widens.
 */
#define IDS_MAX (VTOPO_CPUS_MAX << 5)

struct id_set {
    uint64_t words[IDS_MAX / 64];
};

static void
set_empty(struct id_set *set, unsigned largest)
{
    memset(set->words, 0, (largest / 64 + 1) * sizeof(set->words[0]));
}

static bool
set_has(const struct id_set *set, unsigned id)
{
    return (set->words[id / 64] >> (id % 64) & 1) != 0;
}

/* Returns whether @id is new. */
static bool
set_add(struct id_set *set, unsigned id)
{
    bool is_new = !set_has(set, id);

    set->words[id / 64] |= UINT64_C(1) << (id % 64);
    return is_new;
}

/* ------------------------------------------------------------ one passage */

/* One end of the ranges, as plain numbers. */
struct ends {
    unsigned licence;           /* packages, or processors in NT and 2000 */
    unsigned logical;
    unsigned numproc;           /* or VTOPO_NO_LIMIT */
    unsigned package_mask;      /* of an APIC id */
};

struct passage {
    const struct vtopo_prediction *prediction;
    const struct vtopo_limits *limits;
    const struct vt_generation *generation;
    const struct vt_view *view;
    struct ends ends;
    unsigned present;           /* processors that are there */
    unsigned licensed;          /* processors that the licence lets pass */
    unsigned packages;          /* that the licence lets pass */
    unsigned used;
    unsigned used_packages;
    unsigned largest;           /* id that a package may have */
    struct id_set accepted;     /* packages that the licence lets pass */
    struct id_set in_use;       /* packages of used processors */
};

static unsigned
package_of(const struct passage *passage, const struct vtopo_vcpu *vcpu)
{
    const unsigned *level = passage->prediction->shape.level;

    if (!passage->prediction->x86)
        return (vcpu->place.drawer * level[VTOPO_BOOKS] + vcpu->place.book)
            * level[VTOPO_SOCKETS] + vcpu->place.socket;
    return vcpu->apic_id & passage->ends.package_mask;
}

/* Whether the licence lets this processor pass. */
static bool
is_licensed(struct passage *passage, const struct vtopo_vcpu *vcpu)
{
    unsigned licence = passage->ends.licence;
    unsigned package;

    switch (passage->view->counting) {
    case VTOPO_COUNT_LOGICAL:
        return passage->licensed < licence;
    case VTOPO_COUNT_HTT_DIVIDE:
        return passage->licensed / passage->view->divisor < licence;
    case VTOPO_COUNT_NOTHING:
    case VTOPO_COUNT_HTT_MASK:
    case VTOPO_COUNT_CORE_MASK:
    case VTOPO_COUNT_CORE_MASK_POW2:
        break;
    }
    package = package_of(passage, vcpu);
    if (set_has(&passage->accepted, package))
        return true;
    if (passage->packages >= licence)
        return false;
    (void)set_add(&passage->accepted, package);
    passage->packages++;
    return true;
}

/* An id that only an x2APIC has, and no x2APIC in the kernel. */
static bool
is_too_wide(const struct passage *passage, const struct vtopo_vcpu *vcpu)
{
    return passage->prediction->x86 && !passage->generation->x2apic
        && vcpu->apic_id >= 255;
}

/* Some systems start one thread a core and leave the others alone. */
static bool
is_second_thread(const struct passage *passage, const struct vtopo_vcpu *vcpu)
{
    return passage->prediction->x86 && passage->generation->first_threads_only
        && (vcpu->apic_id & ((1u << passage->view->thread_shift) - 1)) != 0;
}

static enum vtopo_fate
judge(struct passage *passage, unsigned index)
{
    const struct vtopo_vcpu *vcpu = &passage->prediction->vcpus[index];
    const struct vtopo_limits *limits = passage->limits;

    if (index >= passage->present)
        return VTOPO_NOT_PRESENT;
    if (limits->multiprocessor == VTOPO_NO && index > 0)
        return VTOPO_UP_HAL;
    if (limits->onecpu && index > 0)
        return VTOPO_BOOT_LIMIT;
    if (is_too_wide(passage, vcpu))
        return VTOPO_OVER_LIMIT;
    if (is_second_thread(passage, vcpu))
        return VTOPO_OVER_LIMIT;
    if (!is_licensed(passage, vcpu))
        return passage->view->counting == VTOPO_COUNT_LOGICAL
            ? VTOPO_OVER_LIMIT : VTOPO_UNLICENSED_SOCKET;
    if (passage->licensed >= passage->ends.logical)
        return VTOPO_OVER_LIMIT;
    passage->licensed++;
    if (passage->used >= passage->ends.numproc)
        return VTOPO_BOOT_LIMIT;
    passage->used++;
    if (set_add(&passage->in_use, package_of(passage, vcpu)))
        passage->used_packages++;
    return VTOPO_USED;
}

static void
begin(struct passage *passage, struct ends ends)
{
    passage->ends = ends;
    passage->licensed = 0;
    passage->packages = 0;
    passage->used = 0;
    passage->used_packages = 0;
    set_empty(&passage->accepted, passage->largest);
    set_empty(&passage->in_use, passage->largest);
}

/* ------------------------------------------------------------- the guest */

static struct ends
ends_of(const struct passage *passage, bool upper)
{
    const struct vtopo_limits *limits = passage->limits;
    const struct vt_generation *row = passage->generation;
    struct ends ends = {
        .package_mask = upper ? passage->view->package_mask
                              : passage->view->narrow_mask,
        .licence = upper ? limits->sockets.most : limits->sockets.least,
        .logical = upper ? limits->logical.most : limits->logical.least,
        .numproc = limits->numproc != 0 ? limits->numproc : VTOPO_NO_LIMIT,
    };

    /* It caps processors, or it lowers the number of licensed packages. */
    if (row->numproc == VT_NUMPROC_UNCERTAIN && upper && limits->numproc != 0) {
        ends.numproc = VTOPO_NO_LIMIT;
        if (limits->numproc < ends.licence)
            ends.licence = limits->numproc;
    }
    return ends;
}

static bool
same_ends(struct ends a, struct ends b)
{
    return a.licence == b.licence && a.logical == b.logical
        && a.numproc == b.numproc && a.package_mask == b.package_mask;
}

/* How many packages the kernel takes the used processors to be in. */
static unsigned
used_packages(const struct passage *passage)
{
    if (passage->view->counting == VTOPO_COUNT_LOGICAL)
        return VTOPO_ABSENT;
    if (passage->view->counting == VTOPO_COUNT_HTT_DIVIDE)
        return (passage->used + passage->view->divisor - 1)
            / passage->view->divisor;
    return passage->used_packages;
}

static struct vtopo_range
range_of(unsigned a, unsigned b)
{
    return a < b ? (struct vtopo_range) { a, b }
                 : (struct vtopo_range) { b, a };
}

/* How many would be used with everything present that can be added. */
static void
look_at_hot_add(struct passage *passage, struct vtopo_prediction *prediction,
                struct ends low, struct ends high)
{
    unsigned count = prediction->shape.maxcpus;
    unsigned least;

    passage->present = count;
    begin(passage, low);
    for (unsigned i = 0; i < count; i++)
        (void)judge(passage, i);
    least = passage->used;
    begin(passage, high);
    for (unsigned i = 0; i < count; i++)
        (void)judge(passage, i);
    prediction->used_if_added = range_of(least, passage->used);
}

/* What is known of a processor from both ends of the limits.  Where neither
 * uses it, the reason that holds at the upper end holds throughout.
 */
static enum vtopo_fate
both(enum vtopo_fate low, enum vtopo_fate high)
{
    return low == high || (low != VTOPO_USED && high != VTOPO_USED)
        ? high : VTOPO_FATE_UNKNOWN;
}

static void
run_passages(struct passage *passage, struct vtopo_prediction *prediction)
{
    unsigned count = prediction->shape.maxcpus;
    struct ends low = ends_of(passage, false);
    struct ends high = ends_of(passage, true);
    unsigned used;
    unsigned packages;

    passage->present = prediction->shape.cpus;
    passage->largest = prediction->x86 ? prediction->vcpus[count - 1].apic_id
                                       : count;
    begin(passage, low);
    for (unsigned i = 0; i < count; i++)
        prediction->vcpus[i].fate = judge(passage, i);
    used = passage->used;
    packages = used_packages(passage);
    if (!same_ends(low, high)) {
        begin(passage, high);
        for (unsigned i = 0; i < count; i++) {
            enum vtopo_fate fate = judge(passage, i);

            prediction->vcpus[i].fate = both(prediction->vcpus[i].fate, fate);
        }
    }
    prediction->task_manager = range_of(used, passage->used);
    prediction->sockets_used = range_of(packages, used_packages(passage));
    prediction->used_if_added = prediction->task_manager;
    if (count > prediction->shape.cpus)
        look_at_hot_add(passage, prediction, low, high);
    prediction->wasted = (struct vtopo_range) {
        .least = prediction->shape.cpus - prediction->task_manager.most,
        .most = prediction->shape.cpus - prediction->task_manager.least,
    };
}

/* How many cores the fullest package has, and threads its fullest core. */
static void
look_at_cores(struct vtopo_prediction *prediction, const struct vt_view *view)
{
    const struct vtopo_vcpu *vcpus = prediction->vcpus;
    unsigned package = vt_view_package(view, vcpus[0].apic_id);
    unsigned core = VTOPO_ABSENT;
    unsigned cores = 0;
    unsigned threads = 0;
    unsigned most_threads = 0;

    prediction->cores_per_socket = VTOPO_ABSENT;
    prediction->threads_per_core = VTOPO_ABSENT;
    if (!prediction->x86 || !view->counts_cores)
        return;
    /* Ids of one core stand together, and packages are alike: the first
     * speaks for all.
     */
    for (unsigned i = 0; i < prediction->shape.cpus; i++) {
        unsigned here = vcpus[i].apic_id >> view->thread_shift;

        if (vt_view_package(view, vcpus[i].apic_id) != package)
            continue;
        threads = here == core ? threads + 1 : 1;
        cores += here == core ? 0 : 1;
        core = here;
        most_threads = threads > most_threads ? threads : most_threads;
    }
    prediction->cores_per_socket = cores;
    prediction->threads_per_core = most_threads;
}

/* Whether the kernel's packages are the sockets of the machine. */
static bool
has_true_packages(const struct passage *passage)
{
    const struct vtopo_prediction *prediction = passage->prediction;
    const struct vtopo_vcpu *vcpus = prediction->vcpus;
    const struct vtopo_shape *shape = &prediction->shape;
    unsigned package = 1;

    if (!prediction->x86 || passage->view->counting == VTOPO_COUNT_LOGICAL)
        return true;
    for (unsigned i = VTOPO_DIES; i < VTOPO_LEVELS; i++)
        package *= shape->level[i];
    if (passage->view->counting == VTOPO_COUNT_HTT_DIVIDE)
        return passage->view->divisor == package || shape->cpus <= package;
    for (unsigned i = 1; i < shape->cpus; i++) {
        bool same = vt_view_package(passage->view, vcpus[i].apic_id)
            == vt_view_package(passage->view, vcpus[i - 1].apic_id);

        if (same != (vcpus[i].place.socket == vcpus[i - 1].place.socket))
            return false;
    }
    return true;
}

/* What Device Manager shows: the processors that ACPI enumerates. */
static unsigned
device_manager(const struct vtopo_prediction *prediction,
               const struct vtopo_limits *limits,
               const struct vt_generation *generation)
{
    unsigned cpus = prediction->shape.cpus;

    if (!generation->has_device_manager || limits->acpi == VTOPO_NO)
        return VTOPO_ABSENT;
    /* Beyond what the kernel can take in, nobody has looked. */
    if (cpus > limits->logical.least && limits->arch == VTOPO_X86)
        return VTOPO_ABSENT;
    return cpus;
}

static unsigned
groups(const struct vtopo_prediction *prediction,
       const struct vt_generation *generation)
{
    unsigned used = prediction->task_manager.least;

    if (generation->group_size == 0
        || used != prediction->task_manager.most)
        return 0;
    return (used + generation->group_size - 1) / generation->group_size;
}

static enum vtopo_left
left_by(enum vtopo_fate fate, const struct vtopo_limits *limits,
        const struct vt_generation *generation)
{
    switch (fate) {
    case VTOPO_UNLICENSED_SOCKET:
        return generation->unlicensed_left;
    case VTOPO_OVER_LIMIT:
        return limits->counting == VTOPO_COUNT_LOGICAL
            ? generation->unlicensed_left : VTOPO_LEFT_UNKNOWN;
    case VTOPO_BOOT_LIMIT:
        /* numproc lowers the licence; onecpu starts nobody. */
        return limits->onecpu ? VTOPO_LEFT_NEVER_STARTED
                              : generation->unlicensed_left;
    case VTOPO_UP_HAL:
        return VTOPO_LEFT_NEVER_STARTED;
    case VTOPO_USED:
    case VTOPO_NOT_PRESENT:
    case VTOPO_FATE_UNKNOWN:
        break;
    }
    return VTOPO_LEFT_UNKNOWN;
}

static int
predict_guest(struct vtopo_prediction *prediction,
              const struct vtopo_limits *limits, struct vtopo_error *err)
{
    const struct vt_generation *generation =
        vt_generation_lookup(limits->generation);
    struct passage passage = { .prediction = prediction, .limits = limits,
                               .generation = generation };
    struct vt_view view;

    if (generation == NULL)
        return vt_fail(err, VTOPO_UNKNOWN_GUEST,
                       "no generation of kernels is called '%s'",
                       limits->generation);
    view = vt_view_make(generation, limits->counting,
                        prediction->x86 ? &prediction->cpuid : NULL);
    passage.view = &view;
    run_passages(&passage, prediction);
    for (unsigned i = 0; i < prediction->shape.maxcpus; i++)
        prediction->vcpus[i].left = is_too_wide(&passage,
                                                &prediction->vcpus[i])
            ? VTOPO_LEFT_UNKNOWN
            : left_by(prediction->vcpus[i].fate, limits, generation);
    prediction->true_packages = has_true_packages(&passage);
    prediction->tellable = view.narrow_mask == view.package_mask;
    look_at_cores(prediction, &view);
    prediction->device_manager = device_manager(prediction, limits, generation);
    prediction->groups = groups(prediction, generation);
    prediction->process_spans_groups = generation->process_spans_groups;
    vt_explain(prediction, limits, generation);
    return 0;
}

int
vtopo_predict(const struct vtopo_shape *shape,
              const struct vtopo_dialect *dialect, const struct vtopo_cpu *cpu,
              const struct vtopo_limits *limits,
              struct vtopo_prediction *prediction, struct vtopo_error *err)
{
    prediction->shape = *shape;
    prediction->x86 = dialect->arch == VTOPO_X86_64;
    prediction->has_guest = limits != NULL;
    if (reserve(prediction, shape->maxcpus, err) < 0)
        return -1;
    if (prediction->x86
        && vtopo_cpuid_make(shape, dialect, cpu, &prediction->cpuid, err) < 0)
        return -1;
    for (unsigned i = 0; i < shape->maxcpus; i++) {
        struct vtopo_vcpu *vcpu = &prediction->vcpus[i];

        vcpu->place = vtopo_place(shape, i);
        vcpu->apic_id = prediction->x86 ? vtopo_apic_id(shape, i)
                                        : VTOPO_ABSENT;
        vcpu->fate = VTOPO_FATE_UNKNOWN;
        vcpu->left = VTOPO_LEFT_UNKNOWN;
    }
    return limits != NULL ? predict_guest(prediction, limits, err) : 0;
}
