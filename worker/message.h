/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * message.h - what the parent asks, and the descriptors that come with it
 *
 * Standard input is a SOCK_SEQPACKET socket.  Each message is one question,
 * and carries the descriptors that it speaks of, which it names by their
 * place among them, counted from 0.
 */

#ifndef VW_MESSAGE_H
#define VW_MESSAGE_H

#include <stdbool.h>

#include "base/json-read.h"

/* Limits of a message. */
#define VW_MESSAGE_MAX     65536u
#define VW_MESSAGE_FDS_MAX 40u

struct vw_message {
    char text[VW_MESSAGE_MAX + 1];
    size_t length;
    int fds[VW_MESSAGE_FDS_MAX];
    size_t fd_count;
};

/* Wait for the next message; false in @ret_any when there will be none.  The
 * descriptors of the one before are closed.  On failure the length is 0.
 */
int vw_message_receive(struct vw_message *message, bool *ret_any,
                       struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

/* Read a number that names a descriptor of @message; it stays the message's. */
int vw_message_read_fd(const struct vw_message *message,
                       struct vt_json_reader *reader, const char *key,
                       int *ret_fd, struct vtopo_error *err)
    __attribute__((nonnull, warn_unused_result));

#endif /* VW_MESSAGE_H */
