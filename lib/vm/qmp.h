/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * qmp.h - talk to a running QEMU (the QEMU Machine Protocol)
 *
 * The peer may be anybody who listens on a socket: what it says is bounded in
 * size and in time, and is text until somebody reads it.  Nothing here ever
 * pauses or changes a guest; that is a matter of the command that is sent.
 */

#ifndef VT_QMP_H
#define VT_QMP_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

/* Limits: one message (a register dump of 4,096 vCPUs has some 6 MiB), and
 * how many messages may come before the one that is waited for.
 */
#define VT_QMP_MESSAGE_MAX (16u << 20)
#define VT_QMP_EVENTS_MAX  10000u

/* What happened to the guest since somebody last looked; bits. */
enum vt_qmp_event {
    VT_QMP_RESET = 1,
    VT_QMP_SHUTDOWN = 2,
    VT_QMP_STOP = 4,
    VT_QMP_PANICKED = 8,
    VT_QMP_POWERDOWN = 16,
};

struct vt_qmp {
    int socket;
    pid_t pid;                  /* of the peer, as the kernel says; 0: remote */
    unsigned next_id;
    unsigned events;            /* vt_qmp_event bits; the caller clears them */
    unsigned release;           /* VTOPO_RELEASE of QEMU; 0: it did not say */
    struct vt_buf input;        /* what was received and not yet read */
};

#define VT_QMP_INIT { .socket = -1, .input = VT_BUF_INIT }

/* Connect to the Unix socket @path and read the greeting.  Fails with
 * VTOPO_SYSTEM when nobody listens or answers by @deadline, and with
 * VTOPO_BAD_INPUT when what answers does not speak QMP.
 */
int vt_qmp_connect(const char *path, uint64_t deadline,
                   struct vt_qmp *ret_qmp, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The same over a connected @socket, which becomes the connection's. */
int vt_qmp_open(int socket, uint64_t deadline, struct vt_qmp *ret_qmp,
                struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Connect to a guest agent, which speaks the same language but greets nobody. */
int vt_qmp_connect_agent(const char *path, struct vt_qmp *ret_qmp,
                         struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The Unix socket that the command line of the QEMU @pid names; the caller
 * frees it.  Fails with VTOPO_IMPOSSIBLE where it names none.
 */
int vt_qmp_find(pid_t pid, char **ret_path, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Run @command, with @arguments (JSON, or NULL).  @answer gets the JSON text
 * of what it returned.  An error that QEMU states is VTOPO_IMPOSSIBLE with
 * its words; then, and only then, the connection can go on.
 */
int vt_qmp_run(struct vt_qmp *qmp, const char *command, const char *arguments,
               uint64_t deadline, struct vt_buf *answer,
               struct vtopo_error *err)
    __attribute__((nonnull(1, 2, 5, 6), warn_unused_result));

/* Read what has arrived, for its events; never waits.  Fails when the peer is
 * gone.
 */
int vt_qmp_look(struct vt_qmp *qmp, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* The same two ways for who passes commands on: write one, with @arguments and
 * @id where they are not NULL and 0; and take the answer out of QEMU's @text,
 * which is changed.
 */
void vt_qmp_write(struct vt_buf *out, const char *command,
                  const char *arguments, unsigned id);
int vt_qmp_read(char *text, size_t length, const char *command,
                struct vt_buf *answer, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Close the connection.  Safe to call twice. */
void vt_qmp_close(struct vt_qmp *qmp);

#endif /* VT_QMP_H */
