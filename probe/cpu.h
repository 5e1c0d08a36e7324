/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cpu.h - one processor: what it is, what becomes of it, what it showed
 */

#ifndef PROBE_CPU_H
#define PROBE_CPU_H

#include <stdint.h>

#include "boot.h"

#define LEAVES_MAX 30

enum fate { FATE_USED, FATE_PARKED, FATE_NEVER_STARTED };

/* What a processor is doing, written by itself alone. */
enum state { STATE_WAITING, STATE_ARRIVED, STATE_OFFLINE };

struct leaf {
    uint32_t number;
    uint32_t subleaf;
    uint32_t value[4];          /* EAX, EBX, ECX, EDX */
};

/* Of CPU_SIZE bytes at most; all of them lie in a row at CPUS_BASE. */
struct cpu {
    uint64_t gdt[5];            /* nothing, code, data, two for the TSS */
    uint8_t tss[104];
    uint32_t index;
    uint32_t apic_id;
    uint32_t node;
    uint32_t package;           /* as the guest counts them */
    uint32_t core;
    uint32_t thread;
    enum fate fate;
    volatile enum state state;
    volatile uint32_t must_leave;       /* set by the boot processor */
    uint32_t leaf_count;
    struct leaf leaves[LEAVES_MAX];
};

_Static_assert(sizeof(struct cpu) <= CPU_SIZE, "struct cpu is too large");

static inline struct cpu *
cpu_at(uint32_t index)
{
    return (struct cpu *)(HIGH_HALF + CPUS_BASE + index * (uintptr_t)CPU_SIZE);
}

/* Give this processor its own GDT and TSS, and the IDT of all. */
void cpu_load_tables(struct cpu *cpu);

/* The processor that asks. */
struct cpu *cpu_self(void);

/* Fill in the IDT of all. */
void cpu_make_idt(void);

/* Ask CPUID, on this processor. */
void cpu_identify(struct cpu *cpu);

/* The answer to a leaf, or one of zeros where it was not asked. */
const uint32_t *cpu_leaf(const struct cpu *cpu, uint32_t number,
                         uint32_t subleaf);

/* Decide the fate of all, from what the boot processor showed.  See fate.c. */
void fate_decide(const struct settings *settings, uint32_t count);

#endif
