/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * paging.c - page tables in the three forms that x86 has
 *
 * Each maps the 8 MiB that we use twice, at 0 and in the high half, and the
 * large page with the local APIC at its own address (in 64-bit form in the
 * high half).  Large pages suffice, so one or two levels of tables do.
 */

#include "loader.h"

#define PRESENT 0x01u
#define WRITABLE 0x02u
#define UNCACHED 0x18u          /* PCD and PWT */
#define LARGE 0x80u
#define TABLE (PRESENT | WRITABLE)
#define MEMORY (TABLE | LARGE)
#define DEVICE (MEMORY | UNCACHED)

#define APIC 0xfee00000u

/* Entries of 8 bytes; all addresses of ours are below 4 GiB. */
static uint64_t *
wide_table(uint32_t number)
{
    return at_address(TABLES_BASE + number * 0x1000);
}

static uint32_t
wide_address(uint32_t number)
{
    return TABLES_BASE + number * 0x1000;
}

static void
map_memory_2m(uint64_t *directory)
{
    for (uint32_t i = 0; i < MEMORY_END >> 21; i++)
        directory[i] = (i << 21) | MEMORY;
}

static void
map_apic_2m(uint64_t *directory)
{
    directory[APIC >> 21 & 511] = (APIC & ~0x1fffffu) | DEVICE;
}

static void
make_32(void)
{
    uint32_t *directory = at_address(TABLES_BASE);

    for (uint32_t i = 0; i < MEMORY_END >> 22; i++) {
        directory[i] = (i << 22) | MEMORY;
        directory[(0x80000000u >> 22) + i] = (i << 22) | MEMORY;
    }
    directory[APIC >> 22] = (APIC & ~0x3fffffu) | DEVICE;
}

/* Table 0 has 4 entries; 1 is for memory, 2 for the local APIC. */
static void
make_pae(void)
{
    uint64_t *pointers = wide_table(0);

    pointers[0] = wide_address(1) | PRESENT;
    pointers[0x80000000u >> 30] = wide_address(1) | PRESENT;
    pointers[APIC >> 30] = wide_address(2) | PRESENT;
    map_memory_2m(wide_table(1));
    map_apic_2m(wide_table(2));
}

/* One table of pointers does for both halves. */
static void
make_64(void)
{
    uint64_t *top = wide_table(0);
    uint64_t *pointers = wide_table(1);

    top[0] = wide_address(1) | TABLE;
    top[256] = wide_address(1) | TABLE;
    pointers[0] = wide_address(2) | TABLE;
    pointers[APIC >> 30] = wide_address(3) | TABLE;
    map_memory_2m(wide_table(2));
    map_apic_2m(wide_table(3));
}

uint32_t
paging_make(enum mode mode)
{
    uint32_t *tables = at_address(TABLES_BASE);

    for (uint32_t i = 0; i < 4 * 0x1000 / sizeof(*tables); i++)
        tables[i] = 0;
    if (mode == MODE_64)
        make_64();
    else if (mode == MODE_PAE)
        make_pae();
    else
        make_32();
    return TABLES_BASE;
}
