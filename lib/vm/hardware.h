/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * hardware.h - which devices a guest is started with, and why
 *
 * Chosen by what the disk says: a system starts only from a controller whose
 * driver it loads at boot, and is at its best on the processor and the devices
 * of its time.  Pure: nothing is started or looked at here.
 */

#ifndef VT_HARDWARE_H
#define VT_HARDWARE_H

#include "guest/facts.h"

/* How the guest reaches its disk. */
enum vt_bus { VT_BUS_IDE, VT_BUS_AHCI, VT_BUS_VIRTIO_BLK, VT_BUS_VIRTIO_SCSI };

/* What each choice is for; the order is that of the command line. */
enum vt_choice_of {
    VT_CHOICE_MACHINE,
    VT_CHOICE_FIRMWARE,
    VT_CHOICE_CPU,
    VT_CHOICE_MEMORY,
    VT_CHOICE_DISK,
    VT_CHOICE_NETWORK,
    VT_CHOICE_DISPLAY,
    VT_CHOICE_INPUT,
    VT_CHOICE_CLOCK,
    VT_CHOICES,
};

struct vt_choice {
    const char *value;          /* "virtio-net-pci"; static or in the struct;
                                 * NULL: none */
    char why[120];
};

struct vt_hardware {
    enum vt_bus bus;
    bool uefi;
    bool is_pc;                 /* i440fx, else q35 */
    unsigned memory_mib;
    char memory[16];            /* the same in words */
    char cpu[200];              /* model and features, for -cpu */
    struct vt_choice choice[VT_CHOICES];
};

/* The word for a choice: "machine", "disk" and so on; never NULL. */
const char *vt_choice_name(enum vt_choice_of what);

/* Choose for @fact, or for a guest that nobody knows (NULL), of the kernel
 * lineage @generation ("nt6.1-x86_64"; NULL or "" not known).  @accel is the
 * accelerator; @cpu a model that the user insists on, or NULL; @topoext that
 * AMD threads must show.
 */
void vt_hardware_choose(const struct vt_system_fact *fact,
                        const char *generation, enum vtopo_accel accel,
                        const char *cpu, bool topoext,
                        struct vt_hardware *ret_hardware)
    __attribute__((nonnull(6)));

#endif /* VT_HARDWARE_H */
