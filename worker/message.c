/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * message.c - hear what the parent asks (see message.h)
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "message.h"

static void
close_fds(struct vw_message *message)
{
    for (size_t i = 0; i < message->fd_count; i++)
        (void)close(message->fds[i]);
    message->fd_count = 0;
}

/* Keep the descriptors that came with @header. */
static void
take_fds(struct msghdr *header, struct vw_message *message)
{
    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item != NULL;
         item = CMSG_NXTHDR(header, item)) {
        size_t size = item->cmsg_len - CMSG_LEN(0);

        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS
            || size > sizeof(message->fds))
            continue;
        memcpy(message->fds, CMSG_DATA(item), size);
        message->fd_count = size / sizeof(message->fds[0]);
    }
}

int
vw_message_receive(struct vw_message *message, bool *ret_any,
                   struct vtopo_error *err)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(message->fds))];
    } control;
    struct iovec text = { message->text, VW_MESSAGE_MAX };
    struct msghdr header = {
        .msg_iov = &text, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof(control),
    };
    ssize_t got;

    close_fds(message);
    message->length = 0;
    do
        got = recvmsg(STDIN_FILENO, &header, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return vt_fail_errno(err, "cannot read the request");
    take_fds(&header, message);
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the request is too long: it can have %u bytes and %u "
                       "descriptors", VW_MESSAGE_MAX, VW_MESSAGE_FDS_MAX);
    message->length = (size_t)got;
    *ret_any = got > 0;
    return 0;
}

int
vw_message_read_fd(const struct vw_message *message,
                   struct vt_json_reader *reader, const char *key,
                   int *ret_fd, struct vtopo_error *err)
{
    unsigned place;

    if (message->fd_count == 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the request comes without descriptors");
    if (vt_json_read_uint(reader, key, 0, (unsigned)message->fd_count - 1,
                          &place, err) < 0)
        return -1;
    *ret_fd = message->fds[place];
    return 0;
}
