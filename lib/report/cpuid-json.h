/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cpuid-json.h - the CPUID topology fields as JSON
 */

#ifndef VT_CPUID_JSON_H
#define VT_CPUID_JSON_H

#include "base/json-write.h"

/* A leaf that does not exist, or is all zero, is null; "1f" is left out. */
void vt_cpuid_write(struct vt_json *json, const struct vtopo_cpuid *cpuid);

#endif /* VT_CPUID_JSON_H */
