/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * acpi.c - the processors and the power button, from the tables of ACPI
 *
 * Lengths in the tables are bounded before they are used: a table is looked
 * at up to TABLE_MAX bytes.  Tables above 4 GiB cannot be seen from here.
 */

#include <stddef.h>

#include "loader.h"

#define TABLE_MAX 0x100000u
#define HEADER_SIZE 36u

#define MADT_LOCAL_APIC 0
#define MADT_LOCAL_X2APIC 9
#define SRAT_LOCAL_APIC 0
#define SRAT_LOCAL_X2APIC 2
#define ENABLED 1u

/* Offsets of fields in the FADT. */
#define FADT_DSDT 40
#define FADT_SMI_COMMAND 48
#define FADT_ACPI_ENABLE 52
#define FADT_PM1A_EVENT 56
#define FADT_PM1A_CONTROL 64
#define FADT_PM1_EVENT_LENGTH 88

/* Tables are packed, so numbers in them need not be aligned. */
static uint32_t
read32(const uint8_t *at)
{
    uint32_t number;

    __builtin_memcpy(&number, at, sizeof(number));
    return number;
}

static int
is_signature(const uint8_t *at, const char *signature)
{
    return __builtin_memcmp(at, signature, 4) == 0;
}

static uint32_t
length_of(const uint8_t *table)
{
    uint32_t length = read32(table + 4);

    return length < TABLE_MAX ? length : TABLE_MAX;
}

/* ------------------------------------------------------ to find a table */

static int
is_rsdp(const uint8_t *at)
{
    uint8_t sum = 0;

    if (__builtin_memcmp(at, "RSD PTR ", 8) != 0)
        return 0;
    for (uint32_t i = 0; i < 20; i++)
        sum = (uint8_t)(sum + at[i]);
    return sum == 0;
}

/* The first KiB of the extended BIOS data area, then the BIOS itself. */
static const uint8_t *
search_rsdp(void)
{
    const uint16_t *segment = at_address(0x40e);
    uint32_t area;

    __asm__("" : "+r"(segment));        /* it is no NULL with an offset */
    area = (uint32_t)*segment << 4;
    for (uint32_t at = area; at >= 0x400 && at < area + 0x400; at += 16)
        if (is_rsdp(at_address(at)))
            return at_address(at);
    for (uint32_t at = 0xe0000; at < 0x100000; at += 16)
        if (is_rsdp(at_address(at)))
            return at_address(at);
    return NULL;
}

/* The table @signature of the RSDT, or of the XSDT where there is one. */
static const uint8_t *
find_table(const uint8_t *rsdp, const char *signature)
{
    uint32_t width = 4;
    const uint8_t *root = at_address(read32(rsdp + 16));

    if (rsdp[15] >= 2 && read32(rsdp + 24) != 0 && read32(rsdp + 28) == 0) {
        width = 8;
        root = at_address(read32(rsdp + 24));
    }
    for (uint32_t i = HEADER_SIZE; i + width <= length_of(root); i += width) {
        const uint8_t *table = at_address(read32(root + i));

        if (width == 8 && read32(root + i + 4) != 0)
            continue;
        if (is_signature(table, signature))
            return table;
    }
    return NULL;
}

/* ----------------------------------------------------------- processors */

static void
add_cpu(struct boot *boot, uint32_t apic_id, uint32_t flags)
{
    if ((flags & ENABLED) == 0 || boot->cpu_count >= CPUS_MAX)
        return;                 /* it can be added, but is not there */
    boot->cpus[boot->cpu_count].apic_id = apic_id;
    boot->cpus[boot->cpu_count].node = NO_NODE;
    boot->cpu_count++;
}

static void
read_madt(const uint8_t *madt, struct boot *boot)
{
    uint32_t length = length_of(madt);

    for (uint32_t i = HEADER_SIZE + 8; i + 8 <= length; i += madt[i + 1]) {
        const uint8_t *entry = madt + i;

        if (entry[1] < 2 || i + entry[1] > length)
            return;
        if (entry[0] == MADT_LOCAL_APIC && entry[1] >= 8)
            add_cpu(boot, entry[3], read32(entry + 4));
        else if (entry[0] == MADT_LOCAL_X2APIC && entry[1] >= 16)
            add_cpu(boot, read32(entry + 4), read32(entry + 8));
    }
}

static void
set_node(struct boot *boot, uint32_t apic_id, uint32_t node)
{
    for (uint32_t i = 0; i < boot->cpu_count; i++)
        if (boot->cpus[i].apic_id == apic_id)
            boot->cpus[i].node = node;
}

static void
read_srat(const uint8_t *srat, struct boot *boot)
{
    uint32_t length = length_of(srat);

    for (uint32_t i = HEADER_SIZE + 12; i + 16 <= length; i += srat[i + 1]) {
        const uint8_t *entry = srat + i;

        if (entry[1] < 2)
            return;
        if (entry[0] == SRAT_LOCAL_APIC && (read32(entry + 4) & ENABLED))
            set_node(boot, entry[3], entry[2] | (uint32_t)entry[9] << 8
                     | (uint32_t)entry[10] << 16 | (uint32_t)entry[11] << 24);
        else if (entry[0] == SRAT_LOCAL_X2APIC && (read32(entry + 12) & ENABLED))
            set_node(boot, read32(entry + 8), read32(entry + 4));
    }
}

/* --------------------------------------------------------- power button */

/* SLP_TYPa of \_S5: Name (_S5, Package (n) { a, ... }), where a number is a
 * byte behind 0x0a, or the operator Zero or One itself.
 */
static uint32_t
sleep_type_of(const uint8_t *dsdt)
{
    static const char name[4] = "_S5_";
    uint32_t length = length_of(dsdt);

    for (uint32_t i = HEADER_SIZE + 1; i + 16 <= length; i++) {
        const uint8_t *at = dsdt + i;

        if (__builtin_memcmp(at, name, 4) != 0 || at[4] != 0x12)
            continue;
        at += 5;
        at += 1 + (*at >> 6);   /* the length of the package */
        at++;                   /* the number of elements */
        return *at == 0x0a ? at[1] & 7 : *at & 1;
    }
    return 0;
}

static void
read_fadt(const uint8_t *fadt, struct boot *boot)
{
    uint32_t dsdt = read32(fadt + FADT_DSDT);

    boot->smi_command = read32(fadt + FADT_SMI_COMMAND);
    boot->acpi_enable = fadt[FADT_ACPI_ENABLE];
    boot->pm1_event = read32(fadt + FADT_PM1A_EVENT);
    boot->pm1_enable = boot->pm1_event + fadt[FADT_PM1_EVENT_LENGTH] / 2u;
    boot->pm1_control = read32(fadt + FADT_PM1A_CONTROL);
    if (dsdt != 0)
        boot->sleep_type = sleep_type_of(at_address(dsdt));
}

const char *
acpi_read(uint32_t rsdp_address, struct boot *boot)
{
    const uint8_t *rsdp = rsdp_address != 0 ? at_address(rsdp_address)
                                            : search_rsdp();
    const uint8_t *table;

    if (rsdp == NULL)
        return "there is no RSDP";
    table = find_table(rsdp, "APIC");
    if (table == NULL)
        return "there is no MADT";
    read_madt(table, boot);
    if (boot->cpu_count == 0)
        return "the MADT names no processor";
    table = find_table(rsdp, "SRAT");
    if (table != NULL)
        read_srat(table, boot);
    table = find_table(rsdp, "FACP");
    if (table != NULL)
        read_fadt(table, boot);
    return NULL;
}
