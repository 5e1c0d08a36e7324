/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * setups.c - how setup of Windows comes to a HAL for several processors
 *
 * Up to Server 2003 setup installs one HAL, and with it the kernel for one
 * processor or for several.  It looks at the machine and decides; F5 in its
 * text part, or an answer file, decides for it.
 *
 * Where a lineage has several rows, the first suits QEMU's machines best.
 */

#include "base/cleanup.h"
#include "guest/tables.h"

#define SEES_ACPI                                                           \
    "Windows takes this HAL by itself where setup sees two processors or "  \
    "more and ACPI, which QEMU's machines have unless told otherwise"
#define SEES_MPS                                                            \
    "Windows takes this HAL by itself where setup sees two processors or "  \
    "more and no ACPI (-machine acpi=off)"

const struct vt_setup vt_setups[] = {
    {
        .lineage = "nt4.0-x86",
        .hal = "mps_mp",
        .computer = "MPS Multiprocessor PC",
        .computer_source = VT_SOURCE(CONFIRMED, "KB 155197 (the list)"),
        .detects_from = 2,
        .detects =
            "Windows takes this HAL by itself where setup sees two "
            "processors or more",
        .detects_source = VT_SOURCE(INFERRED,
            "WEB a report on Windows 2000 SP4 under QEMU; INFERRED: NT 4.0 "
            "looks for them in the same way"),
    },
    {
        .lineage = "nt5.0-x86",
        .hal = "acpiapic_mp",
        .computer = "ACPI Multiprocessor PC",
        .computer_source = VT_SOURCE(INFERRED,
            "GC studies/windows/km/hal/history/index.htm (the name in Device "
            "Manager); INFERRED: that is the text in [Computer], too"),
        .detects_from = 2,
        .detects = SEES_ACPI,
        .detects_source = VT_SOURCE(WEAK,
            "WEB a report on Windows 2000 SP4 under QEMU"),
    },
    {
        .lineage = "nt5.0-x86",
        .hal = "mps_mp",
        .computer = "MPS Multiprocessor PC",
        .computer_source = VT_SOURCE(INFERRED,
            "KB 155197 (of NT 4.0); INFERRED: the text is still that"),
        .detects_from = 2,
        .detects = SEES_MPS,
        .detects_source = VT_SOURCE(WEAK,
            "WEB a report on Windows 2000 SP4 under QEMU"),
    },
    {
        .lineage = "nt5.1-x86",
        .hal = "acpiapic_mp",
        .computer = "ACPI Multiprocessor PC",
        .computer_source = VT_SOURCE(INFERRED,
            "GC studies/windows/km/hal/history/index.htm (the name in Device "
            "Manager); INFERRED: that is the text in [Computer], too"),
        .detects_from = 2,
        .detects = SEES_ACPI,
        .detects_source = VT_SOURCE(INFERRED,
            "WEB a report on Windows 2000 SP4 under QEMU; INFERRED: XP looks "
            "for them in the same way"),
    },
    {
        .lineage = "nt5.1-x86",
        .hal = "mps_mp",
        .computer = "MPS Multiprocessor PC",
        .computer_source = VT_SOURCE(INFERRED,
            "KB 155197 (of NT 4.0); INFERRED: the text is still that"),
        .detects_from = 2,
        .detects = SEES_MPS,
        .detects_source = VT_SOURCE(INFERRED,
            "WEB a report on Windows 2000 SP4 under QEMU; INFERRED: XP looks "
            "for them in the same way"),
    },
    {
        .lineage = "nt5.2-x86",
        .hal = "acpiapic_mp",
        .computer = "ACPI Multiprocessor PC",
        .computer_source = VT_SOURCE(INFERRED,
            "GC studies/windows/km/hal/history/index.htm (the name in Device "
            "Manager); INFERRED: that is the text in [Computer], too"),
        .detects_from = 2,
        .detects = SEES_ACPI,
        .detects_source = VT_SOURCE(INFERRED,
            "WEB a report on Windows 2000 SP4 under QEMU; INFERRED: Server "
            "2003 looks for them in the same way"),
    },
    {
        .lineage = "nt5.2-x86",
        .hal = "mps_mp",
        .computer = "MPS Multiprocessor PC",
        .computer_source = VT_SOURCE(INFERRED,
            "KB 155197 (of NT 4.0); INFERRED: the text is still that"),
        .detects_from = 2,
        .detects = SEES_MPS,
        .detects_source = VT_SOURCE(INFERRED,
            "WEB a report on Windows 2000 SP4 under QEMU; INFERRED: Server "
            "2003 looks for them in the same way"),
    },
    {
        .lineage = "nt5.2-x86_64",
        .hal = NULL,
        .computer = NULL,
        .detects_from = 2,
        .detects =
            "this build has one HAL, but a kernel for one processor and one "
            "for several: setup takes that for several where it sees two "
            "processors or more",
        .detects_source = VT_SOURCE(INFERRED,
            "GC studies/windows/km/ntoskrnl/history/index.htm (both kernels, "
            "one HAL); INFERRED: setup chooses by the processors that it "
            "sees"),
    },
    {
        .lineage = "nt6",
        .hal = NULL,
        .computer = NULL,
        .detects_from = 0,
        .detects =
            "since Windows Vista there are only kernels for several "
            "processors, so setup can choose no wrong one",
        .detects_source = VT_SOURCE(CONFIRMED,
            "GC studies/windows/km/ntoskrnl/history/index.htm"),
    },
    {
        .lineage = "nt10",
        .hal = NULL,
        .computer = NULL,
        .detects_from = 0,
        .detects =
            "since Windows Vista there are only kernels for several "
            "processors, so setup can choose no wrong one",
        .detects_source = VT_SOURCE(CONFIRMED,
            "GC studies/windows/km/ntoskrnl/history/index.htm"),
    },
};

const size_t vt_setups_count = VT_COUNT(vt_setups);

/* UnattendMode is not among them: where it is there, the text part of setup
 * asks nothing.
 */
const struct vt_answer_line vt_answer_lines[] = {
    {
        .lineage = "nt5",
        .section = "Data",
        .key = "MsDosInitiated",
        .value = "\"0\"",
        .why = "Setup was started from the CD.",
        .source = VT_SOURCE(CONFIRMED,
            "DEPLOY [Data] (of XP and Server 2003)"),
    },
    {
        .lineage = "nt5",
        .section = "Data",
        .key = "UnattendedInstall",
        .value = "\"Yes\"",
        .why = "It runs from there with an answer file.",
        .source = VT_SOURCE(CONFIRMED,
            "DEPLOY [Data] (of XP and Server 2003)"),
    },
    {
        .lineage = "nt5",
        .section = "Data",
        .key = "AutoPartition",
        .value = "0",
        .why = "You choose the partition; setup must not.",
        .source = VT_SOURCE(WEAK,
            "DEPLOY [Data] (what 1 does); WEB lists.hodgsonfamily.org "
            "(blind-sysadmins, 2008-09: what 0 does)"),
    },
    {
        .lineage = "nt4",
        .section = "Unattended",
        .key = "OemPreinstall",
        .value = "Yes",
        .why = "ComputerType counts only with this.",
        .source = VT_SOURCE(CONFIRMED, "KB 155197"),
    },
    {
        .lineage = "nt5.0",
        .section = "Unattended",
        .key = "OemPreinstall",
        .value = "Yes",
        .why = "ComputerType counts only with this.",
        .source = VT_SOURCE(CONFIRMED,
            "DEPLOY ComputerType (which adds that it is there for HALs of "
            "vendors)"),
    },
    {
        .lineage = "nt5.1",
        .section = "Unattended",
        .key = "OemPreinstall",
        .value = "Yes",
        .why = "ComputerType counts only with this.",
        .source = VT_SOURCE(INFERRED,
            "KB 155197 (of NT 4.0); DEPLOY ComputerType (of 2000); "
            "INFERRED: XP does the same"),
    },
    {
        .lineage = "nt5.2",
        .section = "Unattended",
        .key = "OemPreinstall",
        .value = "Yes",
        .why = "ComputerType counts only with this.",
        .source = VT_SOURCE(INFERRED,
            "KB 155197 (of NT 4.0); DEPLOY ComputerType (of 2000); "
            "INFERRED: Server 2003 does the same"),
    },
    {
        .lineage = "nt4",
        .section = "Unattended",
        .key = "ComputerType",
        .value = NULL,
        .why = "What F5 would choose, of those on the CD.",
        .source = VT_SOURCE(CONFIRMED, "KB 155197"),
    },
    {
        .lineage = "nt5",
        .section = "Unattended",
        .key = "ComputerType",
        .value = NULL,
        .why = "What F5 would choose, of those on the CD.",
        .source = VT_SOURCE(CONFIRMED, "DEPLOY ComputerType"),
    },
};

const size_t vt_answer_lines_count = VT_COUNT(vt_answer_lines);

const struct vt_answer_note vt_answer_notes[] = {
    {
        .lineage = "nt4",
        .by_hand = true,
        .text =
            "By hand: press F5 in the text part of setup, and choose that "
            "name.",
        .source = VT_SOURCE(CONFIRMED, "KB 123732; KB 132512"),
    },
    {
        .lineage = "nt5",
        .by_hand = true,
        .text =
            "By hand: press F5 where the text part of setup asks for F6, and "
            "choose that name.",
        .source = VT_SOURCE(CONFIRMED, "KB 216251; KB 299340"),
    },
    {
        .lineage = "nt4",
        .text =
            "For setup of NT 4.0 to read the file, start it under DOS by "
            "winnt /u:A:\\WINNT.SIF /s:D:\\I386, where D: is the CD.",
        .source = VT_SOURCE(CONFIRMED, "KB 155197"),
    },
    {
        .lineage = "nt5",
        .text =
            "Start from the CD with the floppy in drive A: setup reads "
            "A:\\WINNT.SIF.",
        .source = VT_SOURCE(FROM_MEMORY,
            "DEPLOY [Data] (which is for setup from the CD); MEMORY: it looks "
            "on the floppy then"),
    },
    {
        .lineage = "nt5",
        .text =
            "With OemPreinstall setup may not offer F6 for drivers: give the "
            "disk a bus that the CD has a driver for, such as IDE.",
        .source = VT_SOURCE(WEAK,
            "WEB lists.hodgsonfamily.org (blind-sysadmins, 2008-09)"),
    },
    {
        .lineage = "",
        .text =
            "The name must be one of [Computer] in I386\\TXTSETUP.SIF on your "
            "CD; on one in another language it is another. Setup passes over "
            "what it does not find there, and decides by itself.",
        .source = VT_SOURCE(INFERRED,
            "KB 155197; DEPLOY ComputerType; INFERRED: the languages"),
    },
    {
        .lineage = "",
        .text =
            "The file answers nothing else, but with any answer file setup "
            "may ask less than without: give it an empty disk.",
        .source = VT_SOURCE(FROM_MEMORY,
            "DEPLOY UnattendMode (left out, for it would silence the text "
            "part); MEMORY: some questions of the text part are passed over"),
    },
};

const size_t vt_answer_notes_count = VT_COUNT(vt_answer_notes);
