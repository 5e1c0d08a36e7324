/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * bcd-device.c - the devices of a boot store (see bcd.h)
 *
 * Pure: bytes in, facts out.  Only partitions are taken apart; a file on one,
 * as a recovery environment has it, is no place for a system.
 */

#include <inttypes.h>
#include <stdio.h>

#include "bcd.h"

/* Offsets in a device: options of 16 bytes, then a description of it. */
#define AT_KIND 16u
#define AT_SIZE 24u
#define AT_PARTITION 32u
#define AT_STYLE 52u
#define AT_DISK 56u
#define PARTITION_SIZE 88u

enum { KIND_BOOT = 5, KIND_PARTITION = 6, KIND_LOCATE = 8 };
enum { STYLE_GPT = 0, STYLE_MBR = 1 };

static void
format_guid(const unsigned char raw[16], char guid[VW_BCD_GUID_SIZE])
{
    (void)snprintf(guid, VW_BCD_GUID_SIZE,
                   "{%08" PRIx32 "-%04x-%04x-%02x%02x-"
                   "%02x%02x%02x%02x%02x%02x}",
                   vw_le32(raw), vw_le16(raw + 4), vw_le16(raw + 6),
                   raw[8], raw[9], raw[10], raw[11], raw[12], raw[13],
                   raw[14], raw[15]);
}

static struct vw_bcd_device
parse_partition(const unsigned char *data, size_t size)
{
    struct vw_bcd_device device = { .kind = VW_BCD_DEVICE_UNREADABLE };

    if (size < PARTITION_SIZE)
        return device;
    switch (vw_le32(data + AT_STYLE)) {
    case STYLE_MBR:
        device.kind = VW_BCD_DEVICE_MBR;
        device.disk_signature = vw_le32(data + AT_DISK);
        device.partition_offset = vw_le64(data + AT_PARTITION);
        break;
    case STYLE_GPT:
        device.kind = VW_BCD_DEVICE_GPT;
        format_guid(data + AT_DISK, device.disk_guid);
        format_guid(data + AT_PARTITION, device.partition_guid);
        break;
    default:
        device.kind = VW_BCD_DEVICE_OTHER;
        break;
    }
    return device;
}

struct vw_bcd_device
vw_bcd_parse_device(const unsigned char *data, size_t size)
{
    struct vw_bcd_device device = { .kind = VW_BCD_DEVICE_UNREADABLE };

    if (size < AT_SIZE + 4 || vw_le32(data + AT_SIZE) > size - AT_KIND)
        return device;
    switch (vw_le32(data + AT_KIND)) {
    case KIND_PARTITION:
        return parse_partition(data, AT_KIND + vw_le32(data + AT_SIZE));
    case KIND_BOOT:
        device.kind = VW_BCD_DEVICE_BOOT;
        break;
    case KIND_LOCATE:
        device.kind = VW_BCD_DEVICE_LOCATE;
        break;
    default:
        device.kind = VW_BCD_DEVICE_OTHER;
        break;
    }
    return device;
}
