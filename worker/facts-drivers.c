/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts-drivers.c - which drivers of virtual machines a Windows has
 *
 * A disk driver helps to boot only where its service starts at boot *and*
 * Windows knows a device for it before it can search: in the
 * CriticalDeviceDatabase up to Windows 7, in the DriverDatabase later.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "facts-parts.h"

#define CRITICAL_MAX 8192u      /* keys of the database that are looked at */

struct driver_row {
    const char *service;
    const char *class;
    const char *devices;        /* ids below PCI or VMBUS, by blanks; NULL: the
                                 * driver is no matter of booting */
};

/* Device ids: virtio specification 1.1 (PCI), PCI class codes, and the
 * documents of each device.
 */
static const struct driver_row rows[] = {
    { "viostor", "storage", "PCI\\VEN_1AF4&DEV_1001 PCI\\VEN_1AF4&DEV_1042" },
    { "vioscsi", "storage", "PCI\\VEN_1AF4&DEV_1004 PCI\\VEN_1AF4&DEV_1048" },
    { "storahci", "storage", "PCI\\CC_010601 PCI\\CC_0106" },
    { "msahci", "storage", "PCI\\CC_010601 PCI\\CC_0106" },
    { "iastorv", "storage", "PCI\\VEN_8086&CC_0104" },
    { "intelide", "storage", "PCI\\VEN_8086&DEV_7010 PCI\\CC_0101" },
    { "pciide", "storage", "PCI\\CC_0101" },
    { "atapi", "storage", "PCI\\CC_0101" },
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

/* Which of the rows the CriticalDeviceDatabase names as a service. */
static void
mark_critical(struct vw_hive *hive, const struct vw_key *set, bool *critical)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_key database;
    struct vw_key child;
    bool more = true;

    if (!vw_soft_key(hive, set, "Control\\CriticalDeviceDatabase", &database))
        return;
    struct vw_children children = VW_CHILDREN_INIT(database);

    for (unsigned i = 0; i < CRITICAL_MAX; i++) {
        vt_autofree char *service = NULL;

        if (vw_children_next(hive, &children, &child, &more, &err) < 0
            || !more)
            return;
        service = vw_soft_string(hive, &child, "Service");
        for (size_t j = 0; service != NULL && j < VT_COUNT(rows); j++) {
            if (strcasecmp(service, rows[j].service) == 0)
                critical[j] = true;
        }
    }
}

/* Whether the DriverDatabase knows one of the devices of @row. */
static bool
is_in_database(struct vw_hive *hive, const struct driver_row *row)
{
    const char *at = row->devices;

    while (at != NULL && *at != '\0') {
        char path[128] = "DriverDatabase\\DeviceIds\\";
        size_t length = strcspn(at, " ");
        struct vw_key key;

        if (strlen(path) + length < sizeof(path)) {
            strncat(path, at, length);
            if (vw_soft_key(hive, NULL, path, &key) && key.values > 0)
                return true;
        }
        at += length;
        at += strspn(at, " ");
    }
    return false;
}

static void
write_driver(struct vt_json *json, struct vw_hive *hive,
             const struct driver_row *row, const struct vw_key *service,
             bool critical)
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
                  && (critical || is_in_database(hive, row)));
    vw_write_text(json, "image", image);
    vt_json_close(json, '}');
}

void
vw_facts_drivers(struct vt_json *json, struct vw_hive *hive,
                 const struct vw_key *control_set)
{
    bool critical[VT_COUNT(rows)] = { false };
    struct vw_key services;
    struct vw_key service;

    vt_json_key(json, "drivers");
    vt_json_open(json, '[');
    if (vw_soft_key(hive, control_set, "Services", &services)) {
        mark_critical(hive, control_set, critical);
        for (size_t i = 0; i < VT_COUNT(rows); i++) {
            if (vw_soft_key(hive, &services, rows[i].service, &service))
                write_driver(json, hive, &rows[i], &service, critical[i]);
        }
    }
    vt_json_close(json, ']');
}
