/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * facts-json.h - facts of an installed system, as "vtopo inspect" prints them
 */

#ifndef VT_FACTS_JSON_H
#define VT_FACTS_JSON_H

#include "report/setting.h"

/* Read facts into the guest half of @setting: the whole answer of inspect
 * (its first system counts), one system of it, or a setting of one's own
 * with os, edition, arch and limits.  Members that say nothing of processors
 * are passed over.
 */
int vt_facts_read(struct vt_json_reader *reader, struct vt_setting *setting,
                  struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_FACTS_JSON_H */
