/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * inspect-image.h - look at one image, for every command that needs to
 */

#ifndef VT_INSPECT_IMAGE_H
#define VT_INSPECT_IMAGE_H

#include "image/image.h"
#include "report/inspect.h"

/* An image that was looked at. */
struct inspected {
    struct vt_image *image;     /* owned; NULL for loose files */
    struct vt_facts *facts;     /* owned */
    struct vt_findings findings;        /* of the image */
};

#define INSPECTED_INIT { .image = NULL, .facts = NULL }

void inspected_clear(struct inspected *inspected);

/* Open @name and ask the worker about it. */
int inspected_read_image(const struct vt_image_options *options,
                         const char *name, struct inspected *ret_inspected,
                         struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* The same of loose files. */
int inspected_read_files(const struct vt_image_options *options,
                         const struct vt_image_file *files, size_t count,
                         struct inspected *ret_inspected,
                         struct vtopo_error *err)
    __attribute__((warn_unused_result));

#endif /* VT_INSPECT_IMAGE_H */
