/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * repair.h - what would have to be written to a disk to free a guest's vCPUs
 */

#ifndef VW_REPAIR_H
#define VW_REPAIR_H

#include "base/json-write.h"
#include "message.h"

/* Work out the repair of the disk of @message, and propose its writes.  The
 * disk itself is only read.
 *
 * @reader stands before the question, an object that the parent wrote:
 *
 *   {"disk":{...},"boot_limits":true,"entries":"default","hal":"beside",
 *    "force":false,"media":1,"files":[{"name":"SP3.CAB","fd":2}]}
 *
 *   disk         as vw_facts_run() has it
 *   boot_limits  true: take limits on processors out of the boot stores
 *   entries      of which entries: "default", that of each store; "all"; or a
 *                list of names, of objects of boot stores ("{...}") and of
 *                lines of boot.ini, counted from 0 (0 or "0")
 *   hal          "no", "beside" or "replace": how multiprocessor files are
 *                put in where uniprocessor ones are; "no" where it is missing
 *   force        also where their maker advises against
 *   media        a descriptor: an ISO image to take them from, too
 *   files        likewise: files that may hold them, named as struct vw_media
 *                has it
 *
 * The answer:
 *
 *   {"changes":[{"where":"Boot/BCD on partition 1","what":"{...} numproc",
 *                "before":"2","after":null,"why":".."}],
 *    "refused":[{"code":"ntfs-dirty","text":".."}],
 *    "advice":[".."],
 *    "writes":[{"offset":1048576,"old_crc32":7,"data":"base64"}],
 *    "bytes":512}
 *
 *   changes      all that becomes different; "after" null is nothing
 *   refused      what would have had to change and does not, or may have to;
 *                the codes are in VW_REFUSALS
 *   writes       in the order of their offsets, not overlapping, each whole
 *                sectors of the disk, with the CRC of the bytes that are now
 *                there; "bytes" is all of them together, VW_CAPTURE_MAX at
 *                most.  All of them make the changes, some of them do not.
 *
 * The rest is as for vw_facts_run().
 */
int vw_repair_run(const struct vw_message *message,
                  struct vt_json_reader *reader, struct vt_json *answer,
                  struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_REPAIR_H */
