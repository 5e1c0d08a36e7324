/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * media.h - setup media of Windows, opened for the worker
 *
 * The files are opened here and read there: nobody else looks into them.
 */

#ifndef VT_MEDIA_H
#define VT_MEDIA_H

#include <stddef.h>

#include "base/buf.h"

/* All that is looked for, in a folder and in the two below it. */
#define VT_MEDIA_FILES_MAX 39u

struct vt_media {
    int image;                  /* an ISO image, or -1 */
    struct {
        char name[64];          /* "SP3.CAB", "i386/HALMACPI.DL_" */
        int fd;
    } files[VT_MEDIA_FILES_MAX];
    size_t count;
};

#define VT_MEDIA_INIT { .image = -1 }

void vt_media_close(struct vt_media *media);

/* Open the ISO image @path, or what may hold HALs and kernels in the folder
 * @path and in "i386" and "amd64" below it, whatever the case of their names.
 * Fails with VTOPO_BAD_INPUT where there is nothing of that kind.
 */
int vt_media_open(const char *path, struct vt_media *ret_media,
                  struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The descriptors, for vt_image_ask_for(); as many as are returned. */
#define VT_MEDIA_FDS_MAX (VT_MEDIA_FILES_MAX + 1u)
size_t vt_media_fds(const struct vt_media *media, int fds[VT_MEDIA_FDS_MAX]);

/* The members "media" and "files" of a question, for descriptors that begin
 * at number @first.
 */
struct vt_json;
void vt_media_write(const struct vt_media *media, unsigned first,
                    struct vt_json *json);

#endif /* VT_MEDIA_H */
