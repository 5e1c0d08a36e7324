/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * install.h - what a new installation needs, for people and as JSON
 */

#ifndef VT_INSTALL_H
#define VT_INSTALL_H

#include "base/json-write.h"
#include "guest/tables.h"

struct vt_install {
    const struct vt_setup *setup;
    const struct vtopo_limits *limits;
    const struct vtopo_shape *shape;    /* that setup is given, too */
    const char *answer;         /* text of the answer file; NULL: none */
    const char *answer_file;    /* what was written; NULL: nothing */
    const char *floppy;         /* the same */
};

/* Whether something in the answer file is no more than inferred. */
bool vt_install_is_inferred(const struct vt_install *install);

void vt_install_write(struct vt_json *json, const struct vt_install *install);

/* @add_name adds a name of a file, escaped for a terminal. */
void vt_install_text(struct vt_buf *out, const struct vt_install *install,
                     void (*add_name)(struct vt_buf *out, const char *name));

#endif /* VT_INSTALL_H */
