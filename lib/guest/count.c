/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * count.c - how a generation of kernels turns CPUID into packages and cores
 *
 * Only the fields that the guest reads are used, never the shape that was
 * wished for: that is how a socket can fall apart, or two can melt into one.
 */

#include "base/num.h"
#include "guest/count.h"

static unsigned
at_least_one(unsigned count)
{
    return count != 0 ? count : 1;
}

/* Logical processors a package, by CPUID.1; one where HTT is off. */
static unsigned
package_threads(const struct vtopo_cpuid *cpuid)
{
    return cpuid->htt ? at_least_one(cpuid->count) : 1;
}

/* Cores a package: leaf 4 on Intel, 80000008 on AMD.  AMD's ECX[7:0] is the
 * number of threads - 1, so without TopologyExtensions threads are cores.
 */
static unsigned
package_cores(const struct vtopo_cpuid *cpuid)
{
    if (cpuid->vendor == VTOPO_AMD)
        return cpuid->has_80000008 ? (cpuid->ecx_80000008 & 0xff) + 1 : 1;
    return cpuid->has_leaf4 ? cpuid->leaf4_cores + 1 : 1;
}

/* The mask of systems since Vista: the APIC id without the bits below cores
 * times threads.  Where that product is no power of two, the mask has holes.
 */
static unsigned
core_mask(const struct vtopo_cpuid *cpuid, bool round_up)
{
    unsigned threads = package_threads(cpuid);
    unsigned cores = package_cores(cpuid);

    if (round_up) {
        threads = vt_round_up_pow2(threads);
        cores = vt_round_up_pow2(cores);
    }
    return ~(cores * at_least_one(threads / cores) - 1);
}

/* How many bits of an APIC id tell the threads of a core apart. */
static unsigned
thread_shift(const struct vt_generation *generation,
             const struct vtopo_cpuid *cpuid)
{
    if (cpuid->vendor == VTOPO_AMD) {
        bool smt = cpuid->topoext && generation->amd_topoext;

        return smt ? vt_bits_for((cpuid->ebx_8000001e >> 8 & 0xff) + 1) : 0;
    }
    if (cpuid->has_leaf_b)
        return cpuid->leaf_b[0].shift;
    return vt_bits_for(at_least_one(package_threads(cpuid)
                                    / package_cores(cpuid)));
}

/* Systems without a licence read the package from the widest leaf there is. */
static unsigned
plain_mask(const struct vtopo_cpuid *cpuid)
{
    if (cpuid->leaf_1f_levels != 0)
        return ~0u << cpuid->leaf_1f[cpuid->leaf_1f_levels - 1].shift;
    if (cpuid->has_leaf_b)
        return ~0u << cpuid->leaf_b[1].shift;
    return ~0u << vt_bits_for(package_threads(cpuid));
}

/* A package of more cores than leaf 4 can tell (6 bits, on Intel) may fall
 * apart into packages of that many; whether it does is not established.
 */
static unsigned
narrow_mask(const struct vt_generation *generation,
            const struct vtopo_cpuid *cpuid, const struct vt_view *view)
{
    unsigned cores = generation->socket_cores_max;

    if (cores == 0 || cpuid->vendor == VTOPO_AMD
        || package_threads(cpuid) >> view->thread_shift <= cores)
        return view->package_mask;
    return view->package_mask | ~0u << (vt_bits_for(cores) + view->thread_shift);
}

/* Kernels without a known bound may read a wider leaf instead, where the old
 * fields are too small: then the widest view is the upper end.
 */
static void
widen_view(const struct vt_generation *generation,
           const struct vtopo_cpuid *cpuid, struct vt_view *view)
{
    unsigned wide = plain_mask(cpuid);

    view->narrow_mask = narrow_mask(generation, cpuid, view);
    if (view->counting != VTOPO_COUNT_CORE_MASK_POW2
        || generation->socket_cores_max != 0 || wide == view->package_mask)
        return;
    view->narrow_mask = view->package_mask;
    view->package_mask = wide;
}

struct vt_view
vt_view_make(const struct vt_generation *generation,
             enum vtopo_counting counting, const struct vtopo_cpuid *cpuid)
{
    struct vt_view view = {
        .counting = counting, .package_mask = ~0u, .narrow_mask = ~0u,
        .divisor = 1,
        .counts_cores = generation->counts_cores,
    };

    if (cpuid == NULL)
        return view;
    view.divisor = package_threads(cpuid);
    view.thread_shift = thread_shift(generation, cpuid);
    switch (counting) {
    case VTOPO_COUNT_HTT_MASK:
    case VTOPO_COUNT_HTT_DIVIDE:
        view.package_mask = ~0u << vt_bits_for(view.divisor);
        break;
    case VTOPO_COUNT_CORE_MASK:
        view.package_mask = core_mask(cpuid, false);
        break;
    case VTOPO_COUNT_CORE_MASK_POW2:
        view.package_mask = core_mask(cpuid, true);
        break;
    case VTOPO_COUNT_NOTHING:
        view.package_mask = plain_mask(cpuid);
        break;
    case VTOPO_COUNT_LOGICAL:
        break;
    }
    widen_view(generation, cpuid, &view);
    return view;
}
