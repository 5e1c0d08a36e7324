/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * image.h - open a disk, whatever it is kept in, and ask about its contents
 *
 * Nothing here reads a byte of an image.  The worker (a program of its own,
 * in a cage) says which format a file has and which others it asks for; this
 * side decides which of them may be opened, opens them, and hands them on as
 * descriptors: a raw disk to the worker itself, all else to qemu-nbd, which
 * is told the format of every file and is shut in, too.
 *
 * At any time only one of worker, server and caller is busy, so the helpers
 * stay on the processor that opened the image: to wake another one for every
 * request of a disk costs more than the request.  Who reads many images at a
 * time gives each its processor (sched_setaffinity) before it opens them.
 */

#ifndef VT_IMAGE_H
#define VT_IMAGE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/nbd.h"

/* Limits. */
#define VT_IMAGE_CHAIN_MAX   64u            /* files, the image included */
#define VT_IMAGE_EXTENTS_MAX 1024u          /* of one VMware disk */
#define VT_IMAGE_FILES_MAX   32u            /* loose files of one question */
#define VT_IMAGE_ANSWER_MAX  ((32u << 20) + 65536u) /* one line of the worker */
#define VT_IMAGE_REQUEST_MAX 65536u         /* bytes of one question */
#define VT_IMAGE_FDS_MAX     40u            /* that go with it */
#define VT_IMAGE_WALL_MS     60000u         /* for one question */
#define VT_IMAGE_BESIDE_MAX  65536u         /* files looked at for overlays */
#define VT_IMAGE_BESIDE_MS   60000u         /* for all of them */
#define VT_IMAGE_START_MS    20000u         /* for qemu-nbd to greet */
#define VT_IMAGE_NBD_MEMORY  (UINT64_C(4) << 30)
#define VT_IMAGE_NBD_CPU_S   120u
#define VT_IMAGE_NBD_FILES   1024u

struct vt_image_options {
    const char *format;         /* as qemu-img spells it; NULL: by the bytes */

    /* What an image may ask for beyond files in its own folder. */
    bool allow_outside;         /* files elsewhere */
    bool allow_data_file;       /* qcow2 with its data in another file */
    bool allow_json;            /* "json:" names, of files alone */
    bool allow_protocols;       /* nbd, http and https, as a raw backing disk */

    bool no_sandbox;            /* go on without seccomp and Landlock */
    bool write_first;           /* no server for reading until a question */
    bool no_flush;              /* the server flushes nothing: who makes a new
                                   file does, before anybody can rely on it */
    const char *worker;         /* the worker's path; NULL: looked for */
    const char *qemu_nbd;       /* likewise */
    unsigned wall_ms;           /* for one question; 0: VT_IMAGE_WALL_MS */
};

/* How much a finding matters. */
enum vt_image_severity {
    VT_IMAGE_NOTICE,
    VT_IMAGE_WARNING,
};

/* Something the user should know, though the image was read.  Codes:
 *
 *   name-says-raw    the bytes are of another format: has a guest written it?
 *   name-differs     the name speaks of another format than the bytes
 *   format-differs   the stated format (--format, or by an overlay) is used,
 *                    but the bytes are of another
 *   in-use           a running VM may change what is being read
 *   dirty            not closed cleanly, or marked as broken
 *   no-landlock, no-seccomp, no-sandbox
 *                    the cage is weaker than it could be
 */
struct vt_image_finding {
    const char *code;           /* static */
    enum vt_image_severity severity;
    char *text;                 /* one sentence, no full stop */
};

/* What the worker's cage was made of; all false until it was asked. */
struct vt_image_cage {
    bool seccomp;
    bool limits;
    unsigned landlock;          /* version of its interface; 0: none */
};

struct vt_image;

/* Find out what @name is (a file, a block device or an NBD URI), walk its
 * backing chain, and make ready to read the disk.
 *
 * Fails with VTOPO_BAD_INPUT when a header is malformed or a chain has no
 * end, VTOPO_IMPOSSIBLE when the image asks for what the options do not
 * allow, or cannot be read (encrypted, unknown parent), VTOPO_SYSTEM when a
 * file cannot be opened or a helper program not be run.
 */
int vt_image_open(const struct vt_image_options *options, const char *name,
                  struct vt_image **ret_image, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Close everything and end the helpers.  NULL is nothing to do. */
void vt_image_close(struct vt_image *image);

/* What was found out; all of it lives as long as @image. */
const char *vt_image_name(const struct vt_image *image);
const char *vt_image_format(const struct vt_image *image);
bool vt_image_virtual_size(const struct vt_image *image, uint64_t *ret_size);
const struct vt_image_finding *vt_image_findings(const struct vt_image *image,
                                                 size_t *ret_count);
const struct vt_image_cage *vt_image_cage(const struct vt_image *image);

/* The files of the chain, from the image down: false behind the last. */
bool vt_image_link(const struct vt_image *image, size_t index,
                   const char **ret_name, const char **ret_format);

/* Look for an image that has the first file of @image behind it, at any depth:
 * in the folder of that file and, unless NULL, in @elsewhere, a folder or an
 * image.  *ret_overlay is the name of the first that is found, which is the
 * caller's, or NULL.  Only backing files that QEMU would open by their names
 * count; files that cannot be opened, or are no images, are passed over.
 *
 * Fails with VTOPO_IMPOSSIBLE where a folder has too many files to tell.
 */
int vt_image_find_overlay(const struct vt_image *image, const char *elsewhere,
                          char **ret_overlay, struct vtopo_error *err)
    __attribute__((nonnull(1, 3, 4), warn_unused_result));

/* Ask the worker.  @request is one JSON value, which it finds as "ask".
 * @answer gets one JSON value, checked to be one, of at most
 * VT_IMAGE_ANSWER_MAX bytes.
 */
int vt_image_ask(struct vt_image *image, const char *request,
                 struct vt_buf *answer, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The same with another question than "facts": @members are members of the
 * question, as JSON has them inside an object.  They may speak of @fds, the
 * first of which is number 1.
 */
int vt_image_ask_for(struct vt_image *image, const char *question,
                     const char *members, const int *fds, size_t fd_count,
                     struct vt_buf *answer, struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 3, 6, 7), warn_unused_result));

/* Have the disk behind @image written: through a server of its own, which
 * takes QEMU's locks, so that this fails where a VM has the image.  Nothing is
 * written to files behind the first one.  vt_image_end_writing() waits until
 * all is on the medium and the server has gone, and must follow.
 */
int vt_image_write(struct vt_image *image, struct vt_nbd *ret_nbd,
                   struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));
int vt_image_end_writing(struct vt_image *image, struct vt_nbd *nbd,
                         struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The same about loose files, without a disk. */
struct vt_image_file {
    const char *role;           /* "system", "software", "bcd", "boot.ini" .. */
    const char *name;           /* opened for reading */
};
int vt_image_ask_files(const struct vt_image_options *options,
                       const struct vt_image_file *files, size_t count,
                       const char *request, struct vt_buf *answer,
                       struct vt_image_cage *ret_cage,
                       struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

static inline void
vt_image_closep(struct vt_image **image)
{
    vt_image_close(*image);
}

#endif /* VT_IMAGE_H */
