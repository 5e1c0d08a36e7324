/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * boot.h - where things lie in memory, and what the loader tells the kernel
 *
 * The loader runs in 32-bit protected mode without paging, whatever started
 * it.  It reads all that lies scattered in memory (settings, ACPI), so that
 * the kernel, which sees 8 MiB and the local APIC, finds it in one struct.
 * The struct has fields of fixed size only: a 32-bit loader fills it in, a
 * 64-bit kernel may read it.
 *
 *      000000  page tables map what is below 8 MiB twice: here, for the few
 *              instructions that turn paging on, and in the high half
 *      008000  the page where processors start (EFI may choose another)
 *      100000  the loader, with both kernels inside
 *      180000  the kernel that was chosen
 *      200000  a struct cpu of 1 KiB for each processor
 *      300000  a stack of 4 KiB for each processor
 *      700000  page tables
 *      740000  struct boot
 *      800000  the end of what is used
 */

#ifndef PROBE_BOOT_H
#define PROBE_BOOT_H

#define LOADER_BASE 0x100000
#define KERNEL_BASE 0x180000
#define CPUS_BASE 0x200000
#define CPU_SIZE 0x400
#define STACKS_BASE 0x300000
#define STACK_SIZE 0x1000
#define TABLES_BASE 0x700000
#define BOOT_BASE 0x740000
#define MEMORY_END 0x800000

#define TRAMPOLINE_BASE 0x8000
#define CPUS_MAX 1024

/* What starts the loader, in EAX; EBX is an address that depends on it. */
#define BY_MULTIBOOT 0x2badb002         /* the multiboot information */
#define BY_DISK 0x4b534944              /* text of settings */
#define BY_EFI 0x21494645               /* struct efi_handoff */

#define SETTINGS_MAGIC "vtopo-probe-settings\n"
#define SETTINGS_SIZE 512

#ifdef __x86_64__
#define HIGH_HALF 0xffff800000000000
#else
#define HIGH_HALF 0x80000000
#endif

#ifndef __ASSEMBLER__

#include <stdint.h>

#include "settings.h"

/* What only EFI can tell; addresses are below 4 GiB. */
struct efi_handoff {
    uint32_t rsdp;
    uint32_t trampoline;
    uint32_t settings;          /* text, SETTINGS_SIZE bytes */
};

#define NO_NODE 0xffffffffu

struct boot_cpu {
    uint32_t apic_id;
    uint32_t node;              /* of SRAT, or NO_NODE */
};

struct boot {
    struct settings settings;
    uint32_t trampoline;
    uint32_t has_screen;        /* VGA text at 0xb8000 */
    uint32_t sleep_type;        /* SLP_TYPa of S5 */
    uint32_t pm1_event;         /* port of PM1a status, or 0 */
    uint32_t pm1_enable;        /* port of PM1a enable */
    uint32_t pm1_control;       /* port of PM1a control */
    uint32_t smi_command;       /* port and value that bring ACPI mode */
    uint32_t acpi_enable;
    uint32_t cpu_count;         /* present, in the order of the MADT */
    struct boot_cpu cpus[CPUS_MAX];
};

/* The local APIC, and what the loader found, as the kernel sees them. */
#define BOOT ((struct boot *)(HIGH_HALF + BOOT_BASE))

#endif
#endif
