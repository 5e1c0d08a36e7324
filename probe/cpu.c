/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cpu.c - the tables that a processor of an operating system has, and CPUID
 */

#include "cpu.h"
#include "io.h"

#define CODE 0x08
#define GATE_PRESENT 0x8e00u    /* an interrupt gate of ring 0 */
#define VECTORS 256
#define STUB_SIZE 16

#ifdef __x86_64__
#define CODE_DESCRIPTOR 0x00af9b000000ffffu
#define GATE_WORDS 4
#define TSS_STACK 4             /* offset of the stack of ring 0 */
#else
#define CODE_DESCRIPTOR 0x00cf9b000000ffffu
#define GATE_WORDS 2
#define TSS_STACK 4
#endif
#define DATA_DESCRIPTOR 0x00cf93000000ffffu
#define TSS_DESCRIPTOR 0x0000890000000000u

struct table_register {
    uint16_t limit;
    uintptr_t base;
} __attribute__((packed));

/* Of entry.S.  Hidden: at an address that the linker knows, in no table. */
extern const char vector_stubs[] __attribute__((visibility("hidden")));
void load_segments(const struct table_register *gdt);

static uint32_t idt[VECTORS * GATE_WORDS] __attribute__((aligned(16)));

void
cpu_make_idt(void)
{
    for (uint32_t i = 0; i < VECTORS; i++) {
        uintptr_t stub = (uintptr_t)vector_stubs + i * STUB_SIZE;
        uint32_t *gate = &idt[i * GATE_WORDS];

        gate[0] = (uint32_t)CODE << 16 | (uint32_t)(stub & 0xffff);
        gate[1] = (uint32_t)(stub & 0xffff0000) | GATE_PRESENT;
#ifdef __x86_64__
        gate[2] = (uint32_t)(stub >> 32);
        gate[3] = 0;
#endif
    }
}

void
cpu_load_tables(struct cpu *cpu)
{
    struct table_register gdt = { sizeof(cpu->gdt) - 1, (uintptr_t)cpu->gdt };
    struct table_register interrupts = { sizeof(idt) - 1, (uintptr_t)idt };
    uint64_t tss = (uintptr_t)cpu->tss;
    uintptr_t stack = HIGH_HALF + STACKS_BASE
        + (cpu->index + 1) * (uintptr_t)STACK_SIZE;

    __builtin_memset(cpu->tss, 0, sizeof(cpu->tss));
    __builtin_memcpy(cpu->tss + TSS_STACK, &stack, sizeof(stack));
    cpu->tss[102] = sizeof(cpu->tss);   /* no map of ports */
#ifndef __x86_64__
    cpu->tss[8] = 16;                   /* SS of ring 0 */
#endif
    cpu->gdt[0] = 0;
    cpu->gdt[1] = CODE_DESCRIPTOR;
    cpu->gdt[2] = DATA_DESCRIPTOR;
    cpu->gdt[3] = TSS_DESCRIPTOR | (sizeof(cpu->tss) - 1)
        | (tss & 0xffffff) << 16 | (tss >> 24 & 0xff) << 56;
    cpu->gdt[4] = tss >> 32;
    load_segments(&gdt);
    __asm__ volatile("lidt %0" : : "m"(interrupts));
}

/* Each has a GDT of its own, at the beginning of its struct. */
struct cpu *
cpu_self(void)
{
    struct table_register gdt;

    __asm__ volatile("sgdt %0" : "=m"(gdt));
    return (struct cpu *)gdt.base;
}

/* --------------------------------------------------------------- CPUID */

static const uint32_t no_answer[4];

const uint32_t *
cpu_leaf(const struct cpu *cpu, uint32_t number, uint32_t subleaf)
{
    for (uint32_t i = 0; i < cpu->leaf_count; i++)
        if (cpu->leaves[i].number == number
            && cpu->leaves[i].subleaf == subleaf)
            return cpu->leaves[i].value;
    return no_answer;
}

/* Ask for a leaf and keep the answer, which is returned. */
static const uint32_t *
ask(struct cpu *cpu, uint32_t number, uint32_t subleaf)
{
    struct leaf *leaf;

    if (cpu->leaf_count >= LEAVES_MAX)
        return no_answer;
    leaf = &cpu->leaves[cpu->leaf_count++];
    leaf->number = number;
    leaf->subleaf = subleaf;
    read_cpuid(number, subleaf, leaf->value);
    return leaf->value;
}

/* Caches: EAX[4:0] is their kind, 0 behind the last. */
static void
ask_caches(struct cpu *cpu, uint32_t number)
{
    for (uint32_t i = 0; i < 6; i++)
        if ((ask(cpu, number, i)[0] & 0x1f) == 0)
            return;
}

/* Levels: ECX[15:8] is their kind, 0 behind the last. */
static void
ask_levels(struct cpu *cpu, uint32_t number)
{
    for (uint32_t i = 0; i < 6; i++)
        if ((ask(cpu, number, i)[2] & 0xff00) == 0)
            return;
}

/* A leaf above the limit is never asked for: what answers then is not the
 * same everywhere, and some machines do not survive it.
 */
void
cpu_identify(struct cpu *cpu)
{
    uint32_t limit[4];

    cpu->leaf_count = 0;
    __builtin_memcpy(limit, ask(cpu, 0, 0), sizeof(limit));
    if (limit[0] >= 1)
        (void)ask(cpu, 1, 0);
    if (limit[0] >= 4)
        ask_caches(cpu, 4);
    if (limit[0] >= 0xb)
        ask_levels(cpu, 0xb);
    if (limit[0] >= 0x1f)
        ask_levels(cpu, 0x1f);
    read_cpuid(0x80000000, 0, limit);
    if (limit[0] < 0x80000001 || limit[0] > 0x8000ffff)
        return;
    (void)ask(cpu, 0x80000001, 0);
    if (limit[0] >= 0x80000008)
        (void)ask(cpu, 0x80000008, 0);
    if (limit[0] >= 0x8000001d)
        ask_caches(cpu, 0x8000001d);
    if (limit[0] >= 0x8000001e)
        (void)ask(cpu, 0x8000001e, 0);
}
