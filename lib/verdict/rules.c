/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rules.c - whose a vCPU is, by its registers alone (see rules.h)
 *
 * One rule for all guests: it asks how a processor is set up, never which
 * system it is.  Firmware runs low in memory, without a task register, most
 * of it without paging; systems keep the high half for themselves, need a
 * task register to come back from user mode, and nothing but a system runs
 * user mode.
 */

#include <string.h>

#include "base/cleanup.h"
#include "verdict/rules.h"

/* Where the high half begins: of 48-bit addresses, and of 32-bit ones. */
#define HIGH_64 ((uint64_t)1 << 47)
#define HIGH_32 ((uint64_t)1 << 31)

/* Xen's code and data, in all 64-bit releases.  Narrower than all that Xen
 * keeps for itself, because Windows puts its own tables anywhere.
 */
#define XEN_FIRST 0xffff82d040000000u
#define XEN_END 0xffff82d0c0000000u

static uint64_t
code_address(const struct vt_registers *registers)
{
    uint64_t at = registers->cs_base + registers->ip;

    return (registers->efer & VT_EFER_LMA) != 0 ? at : at & 0xffffffffu;
}

static bool
is_high(const struct vt_registers *registers, uint64_t address)
{
    return address >= ((registers->efer & VT_EFER_LMA) != 0 ? HIGH_64
                                                            : HIGH_32);
}

static bool
is_paged(const struct vt_registers *registers)
{
    return (registers->cr0 & VT_CR0_PG) != 0;
}

bool
vt_is_high_code(const struct vt_registers *registers)
{
    return is_paged(registers) && is_high(registers, code_address(registers));
}

/* ------------------------------------------------------------------ whose */

static bool
cannot_be(const struct vt_registers *registers)
{
    bool protected = (registers->cr0 & VT_CR0_PE) != 0;

    /* ET is wired to 1 since the i486. */
    return (registers->cr0 & VT_CR0_ET) == 0 || registers->cpl > 3
        || (!protected && (is_paged(registers) || registers->cpl != 0))
        || ((registers->efer & VT_EFER_LMA) != 0 && !is_paged(registers));
}

static bool
is_in_smm(const struct vt_registers *registers)
{
    return registers->smm != 0;
}

static bool
is_at_reset(const struct vt_registers *registers)
{
    return registers->ip == 0xfff0 && (registers->cr0 & VT_CR0_PE) == 0;
}

static bool
is_user(const struct vt_registers *registers)
{
    return registers->cpl == 3;
}

static bool
is_high_up(const struct vt_registers *registers)
{
    return vt_is_high_code(registers)
        || (is_paged(registers) && is_high(registers, registers->gdt));
}

static bool
has_task(const struct vt_registers *registers)
{
    return is_paged(registers) && registers->tr != 0;
}

static bool
always(const struct vt_registers *registers)
{
    (void)registers;
    return true;
}

const struct vt_rule vt_rules[] = {
    {
        .id = "cannot-be",
        .class = VT_CLASS_CANNOT_BE,
        .fits = cannot_be,
        .says = "no processor has such registers",
        .source = VT_SOURCE(CONFIRMED,
            "SDM volume 3, Control registers and Initializing IA-32e mode"),
    },
    {
        .id = "smm",
        .class = VT_CLASS_PASSED_OVER,
        .fits = is_in_smm,
        .says = "in the firmware's SMM handler when looked at",
        .source = VT_SOURCE(INFERRED,
            "SDM volume 3, System management mode; INFERRED: an SMI goes to "
            "every processor, started or not"),
    },
    {
        .id = "reset",
        .class = VT_CLASS_NOTHING,
        .fits = is_at_reset,
        .says = "at the reset vector",
        .source = VT_SOURCE(CONFIRMED,
            "MEASURED QEMU 7.2, TCG and KVM; SDM volume 3, First instruction "
            "executed"),
    },
    {
        .id = "user-mode",
        .class = VT_CLASS_SYSTEM,
        .fits = is_user,
        .says = "in user mode",
        .source = VT_SOURCE(INFERRED,
            "MEASURED Linux 6.1; INFERRED: no firmware runs user mode"),
    },
    {
        .id = "high-half",
        .class = VT_CLASS_SYSTEM,
        .fits = is_high_up,
        .says = "code or descriptors in the half of the kernel",
        .source = VT_SOURCE(INFERRED,
            "MEASURED Linux 6.1, 32-bit, PAE and 64-bit; INFERRED: of "
            "Windows and the BSDs, whose kernels are there too"),
    },
    {
        .id = "task",
        .class = VT_CLASS_LOW,
        .fits = has_task,
        .says = "a task register, but all of it low in memory",
        .source = VT_SOURCE(INFERRED,
            "INFERRED: systems need a task register, but a firmware with "
            "guarded stacks, or a boot loader, may have one as well"),
    },
    {
        .id = "firmware",
        .class = VT_CLASS_FIRMWARE,
        .fits = always,
        .says = "in firmware",
        .source = VT_SOURCE(CONFIRMED,
            "MEASURED SeaBIOS 1.16, OVMF 2022.11 and 2025.02"),
    },
};

const size_t vt_rules_count = VT_COUNT(vt_rules);

const struct vt_rule *
vt_rule_find(const struct vt_look *look)
{
    static const struct vt_rule not_seen = {
        .id = "not-seen", .class = VT_CLASS_NOT_SEEN,
        .says = "registers were not given",
    };

    if (!look->has_registers)
        return &not_seen;
    for (size_t i = 0; i < vt_rules_count; i++) {
        if (vt_rules[i].fits(&look->registers))
            return &vt_rules[i];
    }
    return &not_seen;
}

/* ----------------------------------------------------------------- nested */

static bool
has_vmx(const struct vt_registers *registers)
{
    return (registers->cr4 & VT_CR4_VMXE) != 0;
}

static bool
has_svm(const struct vt_registers *registers)
{
    return (registers->efer & VT_EFER_SVME) != 0;
}

static bool
is_xen(uint64_t address)
{
    return address >= XEN_FIRST && address < XEN_END;
}

static bool
has_xen(const struct vt_registers *registers)
{
    return (registers->efer & VT_EFER_LMA) != 0
        && (is_xen(registers->ip) || is_xen(registers->idt));
}

const struct vt_nested_sign vt_nested_signs[] = {
    {
        .id = "vmx",
        .fits = has_vmx,
        .says = "VMX is switched on (CR4.VMXE)",
        .source = VT_SOURCE(CONFIRMED,
            "SDM volume 3, Enabling and entering VMX operation"),
    },
    {
        .id = "svm",
        .fits = has_svm,
        .says = "SVM is switched on (EFER.SVME)",
        .source = VT_SOURCE(CONFIRMED,
            "APM volume 2, Enabling SVM; MEASURED Linux 6.1 with KVM in use"),
    },
    {
        .id = "xen",
        .fits = has_xen,
        .says = "code or interrupt table where Xen has its own",
        .source = VT_SOURCE(FROM_MEMORY,
            "MEMORY: Xen's memory layout, ffff82d040000000 and "
            "ffff82d080000000"),
    },
};

const size_t vt_nested_signs_count = VT_COUNT(vt_nested_signs);

const struct vt_nested_sign *
vt_nested_sign_find(const struct vt_registers *registers)
{
    for (size_t i = 0; i < vt_nested_signs_count; i++) {
        if (vt_nested_signs[i].fits(registers))
            return &vt_nested_signs[i];
    }
    return NULL;
}

/* ----------------------------------------------------------------- status */

static const struct vt_status_row statuses[] = {
    { "paused", "the VM is paused" },
    { "prelaunch", "the VM has not been started" },
    { "preconfig", "the VM has not been started" },
    { "suspended", "the guest is suspended" },
    { "shutdown", "the guest has shut down" },
    { "debug", "the VM is stopped by a debugger" },
    { "inmigrate", "the VM waits for a migration to come in" },
    { "finish-migrate", "the VM is being migrated" },
    { "postmigrate", "the VM has been migrated away" },
    { "restore-vm", "the VM is being restored" },
    { "save-vm", "the VM is being saved" },
    { "colo", "the VM is being synchronised" },
    { "guest-panicked", "the guest has panicked" },
    { "internal-error", "QEMU stopped the VM on an internal error" },
    { "io-error", "QEMU stopped the VM on an I/O error" },
    { "watchdog", "the VM was stopped by its watchdog" },
};

const char *
vt_status_reason(const char *status)
{
    if (strcmp(status, "running") == 0)
        return NULL;
    for (size_t i = 0; i < VT_COUNT(statuses); i++) {
        if (strcmp(statuses[i].status, status) == 0)
            return statuses[i].reason;
    }
    return "the VM is not running";
}
