/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * registers.h - what QEMU's monitor prints of a vCPU
 *
 * Of "info registers -a" (x86, QEMU 5.2 to 10.x) in its 32-bit and its 64-bit
 * form, and of "info lapic".  The text comes from a program that may lie or
 * be cut off: a block that lacks what a verdict needs counts as not there.
 */

#ifndef VT_REGISTERS_H
#define VT_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "vtopo.h"

struct vt_registers {
    uint64_t general[16];       /* RAX RBX RCX RDX RSI RDI RBP RSP R8.. */
    uint64_t ip, flags;
    uint64_t cr0, cr2, cr3, cr4, efer;
    uint64_t cs_base, gdt, idt;
    uint16_t cs, tr;
    uint8_t cpl, inhibit, a20, smm, halted;
    uint8_t code_bits;          /* 16, 32 or 64; 0 where it is not printed */
};

#define VT_FLAGS_IF 0x200u
#define VT_CR0_PE 0x1u
#define VT_CR0_ET 0x10u
#define VT_CR0_PG 0x80000000u
#define VT_CR4_VMXE 0x2000u
#define VT_EFER_LMA 0x400u
#define VT_EFER_SVME 0x1000u

/* Takes the registers of vCPU @index. */
typedef int (*vt_registers_fn)(unsigned index,
                               const struct vt_registers *registers,
                               void *to, struct vtopo_error *err);

/* Call @take for every whole block "CPU#n" of @text.  Fails with
 * VTOPO_BAD_INPUT for an index of VTOPO_CPUS_MAX or above.
 */
int vt_registers_parse(const char *text, vt_registers_fn take, void *to,
                       struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Read the spurious vector register out of "info lapic"; bit 8 says that
 * software has switched the local APIC on.  False where it is not there.
 */
bool vt_lapic_parse(const char *text, unsigned *ret_spiv);

#define VT_SPIV_ENABLED 0x100u

#endif /* VT_REGISTERS_H */
