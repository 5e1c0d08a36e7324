/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * findings-json.h - findings, for programs and for people
 */

#ifndef VT_FINDINGS_JSON_H
#define VT_FINDINGS_JSON_H

#include "base/json-write.h"
#include "guest/facts.h"

/* Write the key "findings" and its array. */
void vt_findings_write(struct vt_json *json,
                       const struct vt_findings *findings);

/* A line or more for each, marked by severity, with its cure. */
void vt_findings_text(struct vt_buf *out, const struct vt_findings *findings);

#endif /* VT_FINDINGS_JSON_H */
