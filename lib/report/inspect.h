/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * inspect.h - what is on an image, for programs and for people
 */

#ifndef VT_INSPECT_H
#define VT_INSPECT_H

#include "base/json-write.h"
#include "guest/facts.h"

/* One image, looked at. */
struct vt_inspection {
    const char *image;          /* as the user names it; NULL: loose files */
    const char *format;         /* "qcow2"; NULL: loose files */
    const struct vt_facts *facts;
    const struct vt_findings *findings;     /* of the image itself */
};

/* One object, without a newline; see vtopo-inspect(1). */
void vt_inspect_write(struct vt_json *json,
                      const struct vt_inspection *inspection);

/* A page that is read in ten seconds. */
void vt_inspect_text(struct vt_buf *out,
                     const struct vt_inspection *inspection);

#endif /* VT_INSPECT_H */
