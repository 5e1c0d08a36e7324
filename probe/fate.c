/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fate.c - which processors a guest with these settings uses
 *
 * No system is known here by name: how a generation of kernels counts is a
 * setting.  Processors are gone through in the order of the MADT, and what
 * CPUID shows on the boot processor holds for all.
 *
 * With L = CPUID 1 EBX[23:16], or 1 where the bit HTT is clear, and C the
 * cores of a package (leaf 4 EAX[31:26] + 1 of Intel, 80000008 ECX[7:0] + 1
 * of AMD), the package of a processor is
 *
 *      htt-mask        its APIC id without log2(L), rounded up, bits
 *      htt-divide      how many were accepted before it, divided by L
 *      cores           its APIC id & ~(C * (L / C) - 1)
 *      cores-pow2      the same with C and L rounded up to powers of two
 *      logical         there are none: every processor counts
 *
 * Core and thread within the package decide nothing; they are reported as a
 * present-day system would number them.
 */

#include "cpu.h"

#define HTT (1u << 28)
#define TOPOEXT (1u << 22)
#define AMD_EBX 0x68747541u     /* "Auth", of leaf 0 */
#define HYGON_EBX 0x6f677948u   /* "Hygo" */

/* How the guest splits APIC ids. */
struct view {
    uint32_t divisor;           /* L */
    uint32_t package_mask;
    uint32_t thread_bits;
};

static uint32_t
bits_for(uint32_t count)
{
    uint32_t bits = 0;

    while (bits < 31 && (1u << bits) < count)
        bits++;
    return bits;
}

static int
is_amd(const struct cpu *cpu)
{
    uint32_t vendor = cpu_leaf(cpu, 0, 0)[1];

    return vendor == AMD_EBX || vendor == HYGON_EBX;
}

static uint32_t
logical_per_package(const struct cpu *cpu)
{
    const uint32_t *leaf = cpu_leaf(cpu, 1, 0);
    uint32_t count = leaf[1] >> 16 & 0xff;

    return (leaf[3] & HTT) != 0 && count != 0 ? count : 1;
}

static uint32_t
cores_per_package(const struct cpu *cpu)
{
    if (is_amd(cpu))
        return (cpu_leaf(cpu, 0x80000008, 0)[2] & 0xff) + 1;
    return (cpu_leaf(cpu, 4, 0)[0] >> 26) + 1;
}

static uint32_t
core_mask(uint32_t logical, uint32_t cores)
{
    uint32_t threads = logical / cores;

    return ~(cores * (threads != 0 ? threads : 1) - 1);
}

/* Bits of an APIC id that tell the threads of a core apart. */
static uint32_t
thread_bits(const struct cpu *cpu)
{
    const uint32_t *levels = cpu_leaf(cpu, 0xb, 0);
    uint32_t threads;

    if (is_amd(cpu)) {
        if ((cpu_leaf(cpu, 0x80000001, 0)[2] & TOPOEXT) == 0)
            return 0;
        return bits_for((cpu_leaf(cpu, 0x8000001e, 0)[1] >> 8 & 0xff) + 1);
    }
    if ((levels[2] & 0xff00) != 0)
        return levels[0] & 0x1f;
    threads = logical_per_package(cpu) / cores_per_package(cpu);
    return bits_for(threads);
}

static struct view
make_view(const struct cpu *cpu, enum arithmetic arithmetic)
{
    uint32_t logical = logical_per_package(cpu);
    uint32_t cores = cores_per_package(cpu);
    struct view view = {
        .divisor = logical,
        .package_mask = ~0u << bits_for(logical),
        .thread_bits = thread_bits(cpu),
    };

    if (arithmetic == BY_CORES)
        view.package_mask = core_mask(logical, cores);
    else if (arithmetic == BY_CORES_POW2)
        view.package_mask = core_mask(1u << bits_for(logical),
                                      1u << bits_for(cores));
    return view;
}

/* Number packages in the order in which they are met.  Returns whether the
 * package of @cpu was met before, which then gets the number of that one.
 */
static int
was_met(struct cpu *cpu, const struct view *view, uint32_t next_package)
{
    for (uint32_t i = 0; i < cpu->index; i++) {
        const struct cpu *other = cpu_at(i);

        if (((cpu->apic_id ^ other->apic_id) & view->package_mask) != 0)
            continue;
        cpu->package = other->package;
        return 1;
    }
    cpu->package = next_package;
    return 0;
}

static void
place(const struct settings *settings, const struct view *view, uint32_t count)
{
    uint32_t packages = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct cpu *cpu = cpu_at(i);
        uint32_t inside = cpu->apic_id & ~view->package_mask;

        cpu->core = inside >> view->thread_bits;
        cpu->thread = inside & ((1u << view->thread_bits) - 1);
        if (settings->arithmetic == BY_LOGICAL) {
            cpu->package = i;
            cpu->core = 0;
            cpu->thread = 0;
        } else if (settings->arithmetic == BY_HTT_DIVIDE) {
            cpu->package = i / view->divisor;
        } else if (!was_met(cpu, view, packages)) {
            packages++;
        }
    }
}

/* How far the licence has been used up. */
struct tally {
    uint32_t licensed;          /* processors that it let pass */
    uint32_t used;
};

/* Packages are numbered in the order in which the processors are gone through,
 * so the ones that the licence takes are those with the lowest numbers.
 */
static int
is_licensed(const struct settings *settings, const struct view *view,
            const struct cpu *cpu, const struct tally *tally)
{
    if (settings->licence == LICENCE_NONE)
        return 1;
    if (settings->licence == LICENCE_LOGICAL
        || settings->arithmetic == BY_LOGICAL)
        return tally->licensed < settings->licence_count;
    if (settings->arithmetic == BY_HTT_DIVIDE)
        return tally->licensed / view->divisor < settings->licence_count;
    return cpu->package < settings->licence_count;
}

static enum fate
judge(const struct settings *settings, const struct view *view,
      const struct cpu *cpu, struct tally *tally)
{
    enum fate turned_down = settings->park ? FATE_PARKED : FATE_NEVER_STARTED;

    if (cpu->index == 0) {
        tally->licensed++;
        tally->used++;
        return FATE_USED;
    }
    if (settings->up_hal || settings->onecpu)
        return FATE_NEVER_STARTED;
    if (!is_licensed(settings, view, cpu, tally))
        return turned_down;
    if (settings->ceiling != 0 && tally->licensed >= settings->ceiling)
        return turned_down;
    tally->licensed++;
    if (settings->numproc != 0 && tally->used >= settings->numproc)
        return turned_down;
    tally->used++;
    return FATE_USED;
}

void
fate_decide(const struct settings *settings, uint32_t count)
{
    struct view view = make_view(cpu_at(0),
                                 (enum arithmetic)settings->arithmetic);
    struct tally tally = { .used = 0 };

    place(settings, &view, count);
    for (uint32_t i = 0; i < count; i++)
        cpu_at(i)->fate = judge(settings, &view, cpu_at(i), &tally);
}
