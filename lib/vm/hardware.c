/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * hardware.c - which devices a guest is started with (see hardware.h)
 *
 * What suits a system is data: a row a kernel lineage, with where it is from
 * and how sure it is.  What is installed on the disk comes before it.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "vm/hardware.h"

/* What a lineage of Windows is at its best with.  The first row whose lineage
 * the generation begins with is taken; "" is everything else.
 */
struct era {
    const char *lineage;
    const char *name;
    const char *cpu_kvm;
    const char *cpu_tcg;
    const char *cpu_why;
    const char *enlightenments; /* under KVM */
    const char *network;        /* that it has a driver of its own for */
    const char *display;
    const char *input;          /* NULL: the mouse of every PC */
    unsigned memory_mib;
    bool ahci;                  /* has a driver of its own for AHCI */
    struct vt_source source;
};

/* From Vista on: what all of them know, and what came with Windows 8. */
#define HV_OLD "hv-relaxed,hv-vapic,hv-spinlocks=0x1fff,hv-time"
#define HV_NEW HV_OLD ",hv-vpindex,hv-runtime,hv-synic,hv-stimer," \
               "hv-frequencies,hv-tlbflush,hv-ipi"

static const struct era eras[] = {
    { .lineage = "nt3", .name = "Windows NT 3", .cpu_kvm = "pentium",
      .cpu_tcg = "pentium", .cpu_why = "a CPU of its time",
      .network = "pcnet", .display = "cirrus", .memory_mib = 64,
      .source = VT_SOURCE(FROM_MEMORY, "MEMORY devices of its time") },
    { .lineage = "nt4", .name = "Windows NT 4", .cpu_kvm = "pentium2",
      .cpu_tcg = "pentium2",
      .cpu_why = "its setup stops at CPUs with more CPUID leaves",
      .network = "pcnet", .display = "cirrus", .memory_mib = 256,
      .source = VT_SOURCE(FROM_MEMORY, "MEMORY devices of its time") },
    { .lineage = "nt5.0", .name = "Windows 2000", .cpu_kvm = "pentium3",
      .cpu_tcg = "pentium3", .cpu_why = "a CPU of its time",
      .network = "rtl8139", .display = "cirrus", .input = "usb-tablet",
      .memory_mib = 512,
      .source = VT_SOURCE(FROM_MEMORY, "MEMORY devices of its time") },
    { .lineage = "nt5.", .name = "Windows XP and Server 2003",
      .cpu_kvm = "core2duo", .cpu_tcg = "core2duo",
      .cpu_why = "a new CPU is no gift to it", .network = "rtl8139",
      .display = "cirrus", .input = "usb-tablet", .memory_mib = 1024,
      .source = VT_SOURCE(FROM_MEMORY, "MEMORY devices of its time") },
    { .lineage = "nt6.0", .name = "Windows Vista and Server 2008",
      .cpu_kvm = "host", .cpu_tcg = "Nehalem",
      .cpu_why = "64-bit CPUs of its time and later", .network = "e1000",
      .enlightenments = HV_OLD, .display = "VGA", .input = "usb-tablet",
      .memory_mib = 2048, .ahci = true,
      .source = VT_SOURCE(FROM_MEMORY, "MEMORY devices of its time") },
    { .lineage = "nt6.1", .name = "Windows 7 and Server 2008 R2",
      .cpu_kvm = "host", .cpu_tcg = "Nehalem",
      .cpu_why = "64-bit CPUs of its time and later", .network = "e1000",
      .enlightenments = HV_OLD, .display = "VGA", .input = "usb-tablet",
      .memory_mib = 2048, .ahci = true,
      .source = VT_SOURCE(FROM_MEMORY, "MEMORY devices of its time") },
    { .lineage = "nt", .name = "Windows 8 and later", .cpu_kvm = "host",
      .cpu_tcg = "max", .cpu_why = "it needs what new CPUs have",
      .enlightenments = HV_NEW, .network = "e1000e", .display = "VGA",
      .input = "usb-tablet", .memory_mib = 4096, .ahci = true,
      .source = VT_SOURCE(FROM_MEMORY, "MEMORY devices of its time") },
    { .lineage = "", .name = "a system that is not known", .cpu_kvm = "host",
      .cpu_tcg = "max", .cpu_why = "all that there is", .network = "e1000",
      .display = "VGA", .input = "usb-tablet", .memory_mib = 1024,
      .ahci = true,
      .source = VT_SOURCE(INFERRED, "INFERRED every PC system has these drivers") },
};

/* Drivers that start a system from a bus, the best first. */
static const struct {
    const char *driver;
    enum vt_bus bus;
} disk_drivers[] = {
    { "viostor", VT_BUS_VIRTIO_BLK },
    { "vioscsi", VT_BUS_VIRTIO_SCSI },
    { "storahci", VT_BUS_AHCI },
    { "msahci", VT_BUS_AHCI },
    { "intelide", VT_BUS_IDE },
    { "atapi", VT_BUS_IDE },
    { "pciide", VT_BUS_IDE },
};

static const char *const bus_names[] = {
    [VT_BUS_IDE] = "ide-hd",
    [VT_BUS_AHCI] = "ide-hd on ich9-ahci",
    [VT_BUS_VIRTIO_BLK] = "virtio-blk-pci",
    [VT_BUS_VIRTIO_SCSI] = "scsi-hd on virtio-scsi-pci",
};

static const char *const choice_names[] = {
    [VT_CHOICE_MACHINE] = "machine", [VT_CHOICE_FIRMWARE] = "firmware",
    [VT_CHOICE_CPU] = "CPU", [VT_CHOICE_MEMORY] = "memory",
    [VT_CHOICE_DISK] = "disk", [VT_CHOICE_NETWORK] = "network",
    [VT_CHOICE_DISPLAY] = "display", [VT_CHOICE_INPUT] = "input",
    [VT_CHOICE_CLOCK] = "clock",
};

const char *
vt_choice_name(enum vt_choice_of what)
{
    return choice_names[what];
}

static const struct era *
find_era(const char *generation)
{
    const struct era *era = eras;

    while (strncmp(generation, era->lineage, strlen(era->lineage)) != 0)
        era++;
    return era;
}

static const struct vt_driver_fact *
find_driver(const struct vt_system_fact *fact, const char *name)
{
    for (unsigned i = 0; fact != NULL && i < fact->drivers_count; i++) {
        if (strcasecmp(fact->drivers[i].name, name) == 0)
            return &fact->drivers[i];
    }
    return NULL;
}

#define CHOOSE(hardware, what, text, ...)                                   \
    ((hardware)->choice[what].value = (text),                               \
     (void)snprintf((hardware)->choice[what].why,                           \
                    sizeof((hardware)->choice[what].why), __VA_ARGS__))

/* Where no boot driver is known, what every PC system has: IDE on the old
 * board, AHCI on the new one.
 */
static void
choose_disk(const struct vt_system_fact *fact, const struct era *era,
            struct vt_hardware *hardware)
{
    for (size_t i = 0; i < VT_COUNT(disk_drivers); i++) {
        const struct vt_driver_fact *driver =
            find_driver(fact, disk_drivers[i].driver);

        if (driver == NULL || !driver->boot)
            continue;
        hardware->bus = disk_drivers[i].bus;
        CHOOSE(hardware, VT_CHOICE_DISK, bus_names[hardware->bus],
               "'%s' is a boot driver of the system",
               disk_drivers[i].driver);
        return;
    }
    hardware->bus = era->ahci ? VT_BUS_AHCI : VT_BUS_IDE;
    CHOOSE(hardware, VT_CHOICE_DISK, bus_names[hardware->bus],
           "no other boot driver is known, and %s has this one", era->name);
}

static void
choose_board(const struct vt_system_fact *fact, struct vt_hardware *hardware)
{
    const char *firmware = fact != NULL ? fact->firmware : NULL;

    hardware->uefi = firmware != NULL && strcmp(firmware, "uefi") == 0;
    CHOOSE(hardware, VT_CHOICE_FIRMWARE, hardware->uefi ? "OVMF" : "SeaBIOS",
           firmware == NULL ? "nothing says that it boots from UEFI"
           : hardware->uefi ? "the disk boots from UEFI"
           : "the disk boots from BIOS");
    hardware->is_pc = hardware->bus == VT_BUS_IDE && !hardware->uefi;
    CHOOSE(hardware, VT_CHOICE_MACHINE, hardware->is_pc ? "pc" : "q35",
           hardware->is_pc ? "its IDE is where the disk can be"
           : hardware->uefi ? "the board that OVMF is made for"
           : "PCI Express, and AHCI of its own");
}

static void
choose_cpu(const struct era *era, enum vtopo_accel accel, const char *cpu,
           bool topoext, struct vt_hardware *hardware)
{
    bool kvm = accel == VTOPO_KVM;
    const char *model = cpu != NULL ? cpu : kvm ? era->cpu_kvm : era->cpu_tcg;
    const char *enlightened = kvm ? era->enlightenments : NULL;

    (void)snprintf(hardware->cpu, sizeof(hardware->cpu), "%s%s%s%s", model,
                   topoext ? ",topoext=on" : "",
                   enlightened != NULL ? "," : "",
                   enlightened != NULL ? enlightened : "");
    CHOOSE(hardware, VT_CHOICE_CPU, hardware->cpu, "%s%s%s%s",
           cpu != NULL ? "as asked for" : era->name,
           cpu != NULL ? "" : ": ", cpu != NULL ? "" : era->cpu_why,
           enlightened != NULL ? ", and the Hyper-V interfaces it knows" : "");
}

static void
choose_rest(const struct vt_system_fact *fact, const struct era *era,
            struct vt_hardware *hardware)
{
    bool windows = era->lineage[0] != '\0';

    if (find_driver(fact, "netkvm") != NULL)
        CHOOSE(hardware, VT_CHOICE_NETWORK, "virtio-net-pci",
               "'netkvm' is installed");
    else
        CHOOSE(hardware, VT_CHOICE_NETWORK, era->network,
               "%s has its driver", era->name);
    CHOOSE(hardware, VT_CHOICE_DISPLAY, era->display, "%s has its driver",
           era->name);
    CHOOSE(hardware, VT_CHOICE_INPUT, era->input, era->input != NULL
           ? "the pointer follows the mouse" : "it knows no USB");
    CHOOSE(hardware, VT_CHOICE_CLOCK, windows ? "localtime" : "utc",
           windows ? "Windows keeps the clock in local time"
                   : "most systems keep the clock in UTC");
    hardware->memory_mib = era->memory_mib;
    (void)snprintf(hardware->memory, sizeof(hardware->memory), "%u MiB",
                   era->memory_mib);
    CHOOSE(hardware, VT_CHOICE_MEMORY, hardware->memory, "enough for %s",
           era->name);
}

void
vt_hardware_choose(const struct vt_system_fact *fact, const char *generation,
                   enum vtopo_accel accel, const char *cpu, bool topoext,
                   struct vt_hardware *ret_hardware)
{
    const struct era *era = find_era(generation != NULL ? generation : "");

    *ret_hardware = (struct vt_hardware) { .bus = VT_BUS_IDE };
    choose_disk(fact, era, ret_hardware);
    choose_board(fact, ret_hardware);
    choose_cpu(era, accel, cpu, topoext, ret_hardware);
    choose_rest(fact, era, ret_hardware);
}
