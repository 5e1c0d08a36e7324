/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts-drivers.c - which drivers of virtual machines a Windows has
 *
 * A disk driver helps to boot only where its service starts at boot *and*
 * Windows knows a device for it before it can search: in the
 * CriticalDeviceDatabase up to Windows 7, in the DriverDatabase later.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "facts-parts.h"

#define CRITICAL_MAX 8192u      /* keys of the database that are looked at */

struct driver_row {
    const char *service;
    const char *class;
    const char *devices;        /* ids by blanks, the most common first; NULL:
                                 * the driver is no matter of booting */
};

/* Device ids: virtio specification 1.1 (PCI), PCI class codes, and the
 * documents of each device.  Those of virtio disks with their subsystems as
 * their .inf files and virt-v2v write them.
 */
#define PCI_BLK "PCI\\VEN_1AF4&DEV_1001"
#define PCI_SCSI "PCI\\VEN_1AF4&DEV_1004"
#define PCI_BLK_1 "PCI\\VEN_1AF4&DEV_1042"
#define PCI_SCSI_1 "PCI\\VEN_1AF4&DEV_1048"
#define IDE_CHANNELS "Internal_IDE_Channel Primary_IDE_Channel"

static const struct driver_row rows[] = {
    { "viostor", "storage",
      PCI_BLK "&SUBSYS_00021AF4&REV_00 " PCI_BLK_1 "&SUBSYS_11001AF4&REV_01 "
      PCI_BLK " " PCI_BLK_1 " " PCI_BLK "&SUBSYS_00021AF4" },
    { "vioscsi", "storage",
      PCI_SCSI "&SUBSYS_00081AF4&REV_00 " PCI_SCSI_1 "&SUBSYS_11001AF4&REV_01 "
      PCI_SCSI " " PCI_SCSI_1 " " PCI_SCSI "&SUBSYS_00081AF4" },
    { "storahci", "storage", "PCI\\CC_010601 PCI\\CC_0106" },
    { "msahci", "storage", "PCI\\CC_010601 PCI\\CC_0106" },
    { "iastorv", "storage", "PCI\\VEN_8086&CC_0104" },
    { "intelide", "storage",
      "PCI\\VEN_8086&DEV_7010 PCI\\VEN_8086&DEV_7111" },
    { "pciide", "storage", "PCI\\CC_0101" },
    { "atapi", "storage", IDE_CHANNELS },
    { "stornvme", "storage", "PCI\\CC_010802" },
    { "nvme", "storage", "PCI\\CC_010802" },
    { "lsi_sas", "storage", "PCI\\VEN_1000&DEV_0054" },
    { "lsi_sas2", "storage", "PCI\\VEN_1000&DEV_0072" },
    { "sym_hi", "storage", "PCI\\VEN_1000&DEV_000C" },
    { "pvscsi", "storage", "PCI\\VEN_15AD&DEV_07C0" },
    { "storvsc", "storage", "VMBUS\\{BA6163D9-04A1-4D29-B605-72E2FFB1DC7F}" },
    { "storflt", "storage", NULL },
    { "vmbus", "other", NULL },
    { "xenvbd", "storage", NULL },
    { "xenbus", "other", NULL },
    { "xennet", "network", NULL },
    { "netkvm", "network", NULL },
    { "netvsc", "network", NULL },
    { "vmxnet3", "network", NULL },
    { "e1g60", "network", NULL },
    { "e1express", "network", NULL },
    { "rtl8139", "network", NULL },
    { "balloon", "agent", NULL },
    { "vioserial", "agent", NULL },
    { "viorng", "other", NULL },
    { "vioinput", "other", NULL },
    { "qemu-ga", "agent", NULL },
};

/* Whether @device of the CriticalDeviceDatabase is for @service. */
static bool
is_critical(struct vw_hive *hive, const struct vw_key *device,
            const char *service)
{
    vt_autofree char *name = vw_soft_string(hive, device, "Service");

    return name != NULL && strcasecmp(name, service) == 0;
}

/* Whether either database knows the device with @id, "PCI\\CC_0101"; the
 * critical ones are spelt "PCI#CC_0101".
 */
static bool
knows_device(struct vw_hive *hive, const struct vw_key *critical,
             const char *id, const char *service)
{
    char path[128] = "DriverDatabase\\DeviceIds\\";
    char name[96];
    struct vw_key key;

    (void)snprintf(name, sizeof(name), "%s", id);
    for (char *at = name; *at != '\0'; at++)
        *at = *at == '\\' ? '#' : *at;
    if (critical != NULL && vw_soft_key(hive, critical, name, &key)
        && is_critical(hive, &key, service))
        return true;
    strncat(path, id, sizeof(path) - strlen(path) - 1);
    return vw_soft_key(hive, NULL, path, &key) && key.values > 0;
}

/* Look through the whole CriticalDeviceDatabase: of Windows 7 it is a
 * megabyte, so this is the last resort.
 */
static bool
names_service(struct vw_hive *hive, const struct vw_key *critical,
              const char *service)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_children children = VW_CHILDREN_INIT(*critical);
    struct vw_key child;
    bool more = true;

    for (unsigned i = 0; i < CRITICAL_MAX; i++) {
        if (vw_children_next(hive, &children, &child, &more, &err) < 0
            || !more)
            return false;
        if (is_critical(hive, &child, service))
            return true;
    }
    return false;
}

/* Whether Windows knows a device for the driver of @row before it searches. */
static bool
has_device(struct vw_hive *hive, const struct vw_key *critical,
           const struct driver_row *row)
{
    const char *at = row->devices;

    while (*at != '\0') {
        size_t length = strcspn(at, " ");
        char id[96];

        (void)snprintf(id, sizeof(id), "%.*s", (int)length, at);
        if (knows_device(hive, critical, id, row->service))
            return true;
        at += length;
        at += strspn(at, " ");
    }
    return critical != NULL && names_service(hive, critical, row->service);
}

static void
write_driver(struct vt_json *json, struct vw_hive *hive,
             const struct driver_row *row, const struct vw_key *service,
             const struct vw_key *critical)
{
    vt_autofree char *image = vw_soft_string(hive, service, "ImagePath");
    uint32_t start = 0;
    bool has_start = vw_soft_dword(hive, service, "Start", &start);

    vt_json_open(json, '{');
    vw_write_text(json, "name", row->service);
    vw_write_text(json, "class", row->class);
    if (has_start)
        vw_write_uint(json, "start", start);
    else
        vw_write_null(json, "start");
    vw_write_bool(json, "boot", has_start && start == 0
                  && row->devices != NULL
                  && has_device(hive, critical, row));
    vw_write_text(json, "image", image);
    vt_json_close(json, '}');
}

void
vw_facts_drivers(struct vt_json *json, struct vw_hive *hive,
                 const struct vw_key *control_set)
{
    struct vw_key services;
    struct vw_key service;
    struct vw_key critical;
    bool has_critical;

    vt_json_key(json, "drivers");
    vt_json_open(json, '[');
    if (vw_soft_key(hive, control_set, "Services", &services)) {
        has_critical = vw_soft_key(hive, control_set,
                                   "Control\\CriticalDeviceDatabase",
                                   &critical);
        for (size_t i = 0; i < VT_COUNT(rows); i++) {
            if (vw_soft_key(hive, &services, rows[i].service, &service))
                write_driver(json, hive, &rows[i], &service,
                             has_critical ? &critical : NULL);
        }
    }
    vt_json_close(json, ']');
}
