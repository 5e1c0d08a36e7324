/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * loader.h - the parts of the loader
 */

#ifndef PROBE_LOADER_H
#define PROBE_LOADER_H

#include <stdint.h>

#include "boot.h"

/* Read the file @name from fw_cfg, at most @size - 1 bytes, and end it with a
 * zero.  Returns how many bytes were read; 0 where there is no such file.
 */
uint32_t fw_cfg_read(const char *name, char *text, uint32_t size);

/* Find processors and the power button in ACPI.  @rsdp is 0 where the memory
 * of a BIOS is to be searched.  Returns what is missing, or NULL.
 */
const char *acpi_read(uint32_t rsdp, struct boot *boot);

/* Fill in page tables for @mode; returns what CR3 is to be. */
uint32_t paging_make(enum mode mode);

/* The loader is linked below 4 GiB and runs without paging, so an address is
 * a number.
 */
static inline void *
at_address(uint32_t address)
{
    return (void *)(uintptr_t)address;
}

#endif
