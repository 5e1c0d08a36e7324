/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * internal.h - what the files of image/ share
 */

#ifndef VT_IMAGE_INTERNAL_H
#define VT_IMAGE_INTERNAL_H

#include <sys/types.h>

#include "base/spawn.h"
#include "image/image.h"

/* ------------------------------------------------------------ the worker */

/* One that runs, waits for questions, and answers them one by one.  All that
 * one image says goes through one worker: whoever takes it over by one of its
 * files could have written the others.
 */
struct vt_worker {
    struct vt_process process;
    int channel;                /* where it hears; -1: there is none */
};

#define VT_WORKER_INIT { .process = VT_PROCESS_INIT, .channel = -1 }

/* Start one that runs on @cpus, or anywhere where that is NULL. */
int vt_worker_start(const struct vt_image_options *options,
                    const cpu_set_t *cpus, struct vt_worker *ret_worker,
                    struct vtopo_error *err)
    __attribute__((nonnull(1, 3, 4), warn_unused_result));

/* Ask @request, which names @fds by their place among them.  The answer is
 * what stands under "answer"; an error of the worker is ours.  After a failure
 * there is no worker.  @wall_ms 0: VT_IMAGE_WALL_MS.
 */
int vt_worker_ask(struct vt_worker *worker, unsigned wall_ms,
                  const struct vt_buf *request, const int *fds,
                  size_t fd_count, struct vt_buf *answer,
                  struct vt_image_cage *ret_cage, struct vtopo_error *err)
    __attribute__((nonnull(1, 3, 6, 7, 8), warn_unused_result));

/* Safe to call twice. */
void vt_worker_stop(struct vt_worker *worker);

/* Take the worker's line @text apart; it is changed. */
int vt_worker_parse(char *text, size_t length, struct vt_buf *answer,
                    struct vt_image_cage *ret_cage, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* ------------------------------------------------------------- sniffing */

struct vt_image;

struct vt_sniffed_extent {
    char *name;
    bool flat;                  /* bytes of the disk, never a header */
};

/* What the worker says of one file (see worker/sniff.h). */
struct vt_sniffed {
    char format[16];
    char seen[16];
    uint64_t virtual_size;
    bool has_virtual_size;
    bool encrypted;
    bool dirty;
    bool can_be_dirty;
    bool differencing;
    bool external_data;
    char *backing;
    char *backing_format;
    char *data_file;
    struct vt_sniffed_extent *extents;
    size_t extent_count;
};

void vt_sniffed_clear(struct vt_sniffed *sniffed);

/* Ask the worker of @image what @fd is; with @format, whether it is that. */
int vt_sniff(struct vt_image *image, int fd, const char *format,
             struct vt_sniffed *ret_sniffed, struct vtopo_error *err)
    __attribute__((nonnull(1, 4, 5), warn_unused_result));

/* Read the worker's words about a file; @text is changed. */
int vt_sniffed_parse(char *text, size_t length, struct vt_sniffed *ret_sniffed,
                     struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The format that the ending of @name speaks of, or NULL. */
const char *vt_format_by_name(const char *name);

/* Whether QEMU is told @format by us; a longer or other name is not ours. */
bool vt_format_is_known(const char *format);

/* Tell @err which formats are known; returns -1, as vt_hint does. */
int vt_format_hint(struct vtopo_error *err);

/* --------------------------------------------------------------- places */

/* The folder of the image: where it may ask for files without an option. */
struct vt_root {
    int fd;
    char *given;                /* absolute, as the user's name has it */
    char *real;                 /* without symbolic links */
};

/* A file that was found: by its path from the root where it is inside,
 * absolute where it is not.
 */
struct vt_place {
    char *path;
    int fd;                     /* open for reading */
    dev_t device;
    ino_t inode;
    bool is_device;             /* a block device, not a regular file */
};

#define VT_PLACE_INIT { .path = NULL, .fd = -1 }

void vt_root_clear(struct vt_root *root);
void vt_place_clear(struct vt_place *place);

/* Open a file or a block device for reading; nothing else is touched. */
int vt_file_open(const char *name, int *ret_fd, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Open the file that the user named, and its folder. */
int vt_root_open(const char *name, struct vt_root *ret_root,
                 struct vt_place *ret_place, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Open the file that the one at @from asks for as @name, its @what.  Without
 * @allow_outside no name leads out of the root, whatever links there are.
 */
int vt_place_open(const struct vt_root *root, const char *from,
                  const char *name, const char *what, bool allow_outside,
                  struct vt_place *ret_place, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Whether QEMU would take the text before a colon for a protocol. */
bool vt_has_protocol(const char *name);

/* Whether @name is a tree of drivers; the file and the format of one that is
 * no more than these two.
 */
bool vt_json_name_is(const char *name);
int vt_json_name_parse(const char *text, char **ret_filename,
                       char **ret_format, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* ---------------------------------------------------------------- chain */

struct vt_link {
    char *name;                 /* for messages: as it was asked for */
    char *format;
    struct vt_place place;      /* fd is -1 where it is a protocol */
    char *protocol;             /* a URI, or NULL */
    struct vt_place data;       /* of qcow2 with external data; fd may be -1 */
    struct vt_place *extents;   /* without descriptors; rules are made later */
    size_t extent_count;
    uint64_t virtual_size;
    bool has_virtual_size;
    bool can_be_dirty;          /* tables may be left to QEMU to mend */
};

/* A question that is not asked twice: an NBD server, as a URI has it. */
struct vt_nbd_uri {
    char *host;                 /* NULL: a Unix socket */
    char *port;
    char *socket;
    char *export_name;          /* "" is the default one */
};

void vt_nbd_uri_clear(struct vt_nbd_uri *uri);

/* Whether @name is meant as an NBD URI. */
bool vt_nbd_is_uri(const char *name);
int vt_nbd_parse(const char *text, struct vt_nbd_uri *ret_uri,
                 struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));
int vt_nbd_connect(const struct vt_nbd_uri *uri, int *ret_fd,
                   struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

struct vt_image {
    struct vt_image_options options;    /* its strings are below */
    char *strings[3];
    char *name;
    struct vt_root root;
    struct vt_link *links;
    size_t link_count;
    struct vt_nbd_uri uri;      /* where has_uri; then there are no files */
    bool has_uri;
    bool writable;              /* the server may write the first file */

    /* Where the disk is not raw: a server that nobody has talked to yet. */
    struct vt_process server;
    int socket;                 /* -1: none is ready */

    cpu_set_t cpus;             /* where the helpers run */
    struct vt_worker worker;
    struct vt_image_cage cage;
    struct vt_image_finding *findings;
    size_t finding_count;
};

/* Ask the worker of @image, which is started if there is none. */
int vt_image_question(struct vt_image *image, const struct vt_buf *request,
                      const int *fds, size_t fd_count, struct vt_buf *answer,
                      struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Add a finding; a second one of the same text is dropped. */
int vt_image_find(struct vt_image *image, const char *code,
                  enum vt_image_severity severity, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), warn_unused_result));

/* Fill in the links of @image, of which the root and first place are open. */
int vt_chain_walk(struct vt_image *image, struct vt_place *first,
                  struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Whether somebody has @fd open as QEMU does for writing. */
bool vt_lock_is_written(int fd);

/* ------------------------------------------------------------- programs */

/* Start qemu-nbd for the chain of @image: fills in its server and socket. */
int vt_server_start(struct vt_image *image, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The chain as QEMU is told it, ending in no further file. */
void vt_server_json(const struct vt_image *image, struct vt_buf *out);

/* The filters that qemu-nbd runs under, with or without a network; NULL on
 * an architecture that has none.
 */
struct sock_fprog;
const struct sock_fprog *vt_server_filters(bool network, size_t *ret_count);

#endif /* VT_IMAGE_INTERNAL_H */
