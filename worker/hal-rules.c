/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * hal-rules.c - which HAL and kernels take the place of which (see
 * hal-rules.h)
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "hal-rules.h"

/* -------------------------------------------------------------- versions */

void
vw_build_of(const struct vw_pe_version *version, struct vw_build *ret_build)
{
    const char *from = strchr(version->file_version, '(');
    const char *to = from != NULL ? strchr(from, ')') : NULL;

    *ret_build = (struct vw_build) {
        .is_known = version->found == VW_PE_YES && version->has_numbers,
    };
    memcpy(ret_build->number, version->file, sizeof(ret_build->number));
    if (to != NULL)
        (void)snprintf(ret_build->branch, sizeof(ret_build->branch), "%.*s",
                       (int)(to - from - 1), from + 1);
}

const char *
vw_build_text(const struct vw_build *build, char text[VW_BUILD_TEXT_SIZE])
{
    bool has_branch = build->branch[0] != '\0';

    if (!build->is_known)
        return "unknown";
    (void)snprintf(text, VW_BUILD_TEXT_SIZE, "%u.%u.%u.%u%s%s%s",
                   build->number[0], build->number[1], build->number[2],
                   build->number[3], has_branch ? " (" : "", build->branch,
                   has_branch ? ")" : "");
    return text;
}

enum vw_fit
vw_build_fit(const struct vw_build *installed, const struct vw_build *other)
{
    if (!installed->is_known || !other->is_known)
        return VW_FIT_UNKNOWN;
    if (memcmp(installed->number, other->number,
               sizeof(installed->number)) != 0)
        return VW_FIT_OTHER_NUMBER;
    if (installed->branch[0] != '\0' && other->branch[0] != '\0'
        && strcasecmp(installed->branch, other->branch) != 0)
        return VW_FIT_OTHER_BRANCH;
    return VW_FIT_SAME;
}

/* A version below another one: release, then build and revision. */
struct point {
    uint16_t build, revision;
};

#define LAST  { UINT16_MAX, UINT16_MAX }

/* From a first version to before another one, of kernels and of the HALs that
 * go with them.  A service pack of XP and 2003 has all HALs; of 2000, the
 * first has some and the second none, and those before it stay.
 */
static const struct {
    uint16_t minor;             /* of version 5 */
    struct point kernel, kernel_end, hal, hal_end;
    const char *source;
} packs[] = {
    { 0, { 2195, 1 }, { 2195, 5438 }, { 2168, 1 }, { 2195, 4864 },
      "GC ntoskrnl/history and hal/history (2000, SP1; for SP2: inferred)" },
    { 0, { 2195, 5438 }, { 2195, 6717 }, { 2195, 4864 }, { 2195, 6655 },
      "the same (SP3)" },
    { 0, { 2195, 6717 }, LAST, { 2195, 6655 }, LAST, "the same (SP4)" },
    { 1, { 2600, 0 }, { 2600, 1106 }, { 2600, 0 }, { 2600, 1106 },
      "the same (XP)" },
    { 1, { 2600, 1106 }, { 2600, 2180 }, { 2600, 1106 }, { 2600, 2180 },
      "the same (SP1)" },
    { 1, { 2600, 2180 }, { 2600, 5512 }, { 2600, 2180 }, { 2600, 5512 },
      "the same (SP2)" },
    { 1, { 2600, 5512 }, LAST, { 2600, 5512 }, LAST, "the same (SP3)" },
    { 2, { 3790, 0 }, { 3790, 1830 }, { 3790, 0 }, { 3790, 1830 },
      "the same (Server 2003)" },
    { 2, { 3790, 1830 }, { 3790, 3959 }, { 3790, 1830 }, { 3790, 3959 },
      "the same (SP1)" },
    { 2, { 3790, 3959 }, LAST, { 3790, 3959 }, LAST, "the same (SP2)" },
};

static bool
is_before(const struct vw_build *build, struct point point)
{
    return build->number[2] != point.build
        ? build->number[2] < point.build : build->number[3] < point.revision;
}

static bool
is_within(const struct vw_build *build, struct point first,
          struct point end)
{
    return !is_before(build, first) && is_before(build, end);
}

enum vw_pair
vw_build_pair(const struct vw_build *kernel, const struct vw_build *hal)
{
    if (!kernel->is_known || !hal->is_known)
        return VW_PAIR_UNKNOWN;
    if (kernel->number[0] != hal->number[0]
        || kernel->number[1] != hal->number[1])
        return VW_PAIR_MIXED;
    for (size_t i = 0; kernel->number[0] == 5 && i < VT_COUNT(packs); i++) {
        if (packs[i].minor == kernel->number[1]
            && is_within(kernel, packs[i].kernel, packs[i].kernel_end))
            return is_within(hal, packs[i].hal, packs[i].hal_end)
                ? VW_PAIR_GOOD : VW_PAIR_MIXED;
    }
    return kernel->number[2] == hal->number[2] ? VW_PAIR_UNKNOWN
                                               : VW_PAIR_MIXED;
}

/* ------------------------------------------------------------------ HALs */

#define HISTORY "GC studies/windows/km/hal/history; KB 309283"

static const struct vw_hal_row hals[] = {
    { .file = "halaacpi.dll", .name = "ACPI Uniprocessor PC",
      .id = "acpiapic_up", .way = VW_HAL_CAN,
      .mp_file = "halmacpi.dll", .mp_name = "ACPI Multiprocessor PC",
      .mp_id = "acpiapic_mp", .source = HISTORY },
    { .file = "halapic.dll", .name = "MPS Uniprocessor PC", .id = "mps_up",
      .way = VW_HAL_CAN,
      .mp_file = "halmps.dll", .mp_name = "MPS Multiprocessor PC",
      .mp_id = "mps_mp", .source = HISTORY },
    { .file = "halacpi.dll",
      .name = "Advanced Configuration and Power Interface (ACPI) PC",
      .id = "acpipic_up", .way = VW_HAL_WITH_FORCE,
      .mp_file = "halmacpi.dll", .mp_name = "ACPI Multiprocessor PC",
      .mp_id = "acpiapic_mp",
      .text = "Microsoft does not support the way from an ACPI PC to ACPI "
              "Multiprocessor: interrupts get other numbers, and all devices "
              "are found anew",
      .source = HISTORY "; done in practice: weak source" },
    { .file = "hal.dll", .name = "Standard PC", .id = "e_isa_up",
      .way = VW_HAL_CANNOT,
      .text = "files alone do not make a Standard PC an ACPI one, its device "
              "tree is another: on a machine without ACPI ('-machine "
              "acpi=off') choose 'MPS Multiprocessor PC' in Device Manager, "
              "else install anew with two or more vCPUs ('vtopo plan "
              "--install')",
      .source = HISTORY "; KB 237556" },
    { .file = "halmacpi.dll", .name = "ACPI Multiprocessor PC",
      .id = "acpiapic_mp", .way = VW_HAL_IS_MP, .source = HISTORY },
    { .file = "halmps.dll", .name = "MPS Multiprocessor PC", .id = "mps_mp",
      .way = VW_HAL_IS_MP, .source = HISTORY },
    { .file = "halsp.dll", .name = "Compaq SystemPro Multiprocessor or 100% "
      "Compatible", .id = "syspro_mp", .way = VW_HAL_IS_MP,
      .source = HISTORY },
    { .file = "halborg.dll", .name = "Silicon Graphics Visual Workstation",
      .id = "sgi_mps_mp", .way = VW_HAL_IS_MP, .source = HISTORY },
    { .file = "hal98mp.dll", .name = "NEC PC-98", .id = NULL,
      .way = VW_HAL_IS_MP, .source = HISTORY },
};

const struct vw_hal_row *
vw_hal_find(const char *original)
{
    for (size_t i = 0; i < VT_COUNT(hals); i++) {
        if (strcasecmp(hals[i].file, original) == 0)
            return &hals[i];
    }
    return NULL;
}

/* --------------------------------------------------------------- systems */

enum vw_line
vw_line_of(const struct vw_build *kernel)
{
    if (!kernel->is_known)
        return VW_LINE_UNKNOWN;
    return kernel->number[0] < 5 ? VW_LINE_OLD
        : kernel->number[0] == 5 ? VW_LINE_NT5 : VW_LINE_NT6;
}

/* -------------------------------------------------------------- kernels */

const struct vw_kernel_row vw_kernel_rows[VW_KERNELS] = {
    { .installed = "ntoskrnl.exe", .mp_file = "ntkrnlmp.exe",
      .kept = "ntkrnlup.exe", .source = "GC ntoskrnl/history" },
    { .installed = "ntkrnlpa.exe", .mp_file = "ntkrpamp.exe",
      .kept = "ntkrpaup.exe", .source = "GC ntoskrnl/history" },
};
