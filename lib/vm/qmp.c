/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * qmp.c - talk to a running QEMU (see qmp.h)
 *
 * A message is a JSON object on a line of its own.  Answers carry the id of
 * their command; what carries none is an event, of which a few are noted.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-read.h"
#include "base/json-write.h"
#include "base/spawn.h"
#include "vm/qmp.h"

/* One message, as far as it is looked at.  Texts point into the line. */
struct message {
    bool greets;
    unsigned release;
    const char *event;
    bool has_id;
    unsigned id;
    const char *returned;       /* not yet read */
    size_t returned_length;
    bool failed;
    const char *why;
};

/* -------------------------------------------------------------- reading */

static int
read_number_member(struct vt_json_reader *reader, const char *key, void *to,
                   struct vtopo_error *err)
{
    unsigned *release = to;
    unsigned number;

    if (strcmp(key, "major") != 0 && strcmp(key, "minor") != 0)
        return vt_json_skip(reader, err);
    if (vt_json_read_uint(reader, key, 0, 99, &number, err) < 0)
        return -1;
    *release += strcmp(key, "major") == 0 ? VTOPO_RELEASE(number, 0) : number;
    return 0;
}

static int
read_version_member(struct vt_json_reader *reader, const char *key, void *to,
                    struct vtopo_error *err)
{
    if (strcmp(key, "qemu") == 0)
        return vt_json_read_object(reader, read_number_member, to, err);
    return vt_json_skip(reader, err);
}

static int
read_greeting_member(struct vt_json_reader *reader, const char *key, void *to,
                     struct vtopo_error *err)
{
    if (strcmp(key, "version") == 0)
        return vt_json_read_object(reader, read_version_member, to, err);
    return vt_json_skip(reader, err);
}

static int
read_error_member(struct vt_json_reader *reader, const char *key, void *to,
                  struct vtopo_error *err)
{
    struct message *message = to;

    if (strcmp(key, "desc") == 0)
        return vt_json_read_string(reader, key, &message->why, err);
    return vt_json_skip(reader, err);
}

static int
skip_return(struct vt_json_reader *reader, struct message *message,
            struct vtopo_error *err)
{
    (void)vt_json_peek(reader);     /* past blanks */
    message->returned = reader->at;
    if (vt_json_skip(reader, err) < 0)
        return -1;
    message->returned_length = (size_t)(reader->at - message->returned);
    return 0;
}

/* Ours are numbers; libvirt gives words to those that it passes on. */
static int
read_id(struct vt_json_reader *reader, struct message *message,
        struct vtopo_error *err)
{
    if (vt_json_peek(reader) == '"')
        return vt_json_skip(reader, err);
    message->has_id = true;
    return vt_json_read_uint(reader, "id", 0, UINT32_MAX, &message->id, err);
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct message *message = to;

    if (strcmp(key, "return") == 0)
        return skip_return(reader, message, err);
    if (strcmp(key, "event") == 0)
        return vt_json_read_string(reader, key, &message->event, err);
    if (strcmp(key, "id") == 0)
        return read_id(reader, message, err);
    if (strcmp(key, "error") == 0) {
        message->failed = true;
        return vt_json_read_object(reader, read_error_member, message, err);
    }
    if (strcmp(key, "QMP") == 0) {
        message->greets = true;
        return vt_json_read_object(reader, read_greeting_member,
                                   &message->release, err);
    }
    return vt_json_skip(reader, err);
}

static void
note_event(struct vt_qmp *qmp, const char *name)
{
    static const struct {
        const char *name;
        enum vt_qmp_event event;
    } events[] = {
        { "RESET", VT_QMP_RESET },
        { "SHUTDOWN", VT_QMP_SHUTDOWN },
        { "STOP", VT_QMP_STOP },
        { "GUEST_PANICKED", VT_QMP_PANICKED },
        { "POWERDOWN", VT_QMP_POWERDOWN },
    };

    for (size_t i = 0; i < VT_COUNT(events); i++) {
        if (strcmp(events[i].name, name) == 0)
            qmp->events |= events[i].event;
    }
}

static int
parse(char *text, size_t length, struct message *message,
      struct vtopo_error *err)
{
    struct vt_json_reader reader;

    *message = (struct message) { .event = NULL };
    vt_json_reader_start(&reader, text, length);
    if (vt_json_read_object(&reader, read_member, message, err) < 0
        || vt_json_finish(&reader, err) < 0) {
        err->code = VTOPO_BAD_INPUT;
        return vt_wrap(err, "this does not speak QMP");
    }
    return 0;
}

/* Take the line of @length bytes at the start of the input apart. */
static int
parse_line(struct vt_qmp *qmp, size_t length, struct message *message,
           struct vtopo_error *err)
{
    if (parse(qmp->input.data, length - 1, message, err) < 0)
        return -1;
    if (message->event != NULL)
        note_event(qmp, message->event);
    return 0;
}

/* ------------------------------------------------------------- the wire */

static int
wait_for(int socket, short what, uint64_t deadline, struct vtopo_error *err)
{
    for (;;) {
        struct pollfd item = { .fd = socket, .events = what };
        uint64_t now = vt_deadline_in(0);
        int ready = poll(&item, 1, deadline > now ? (int)(deadline - now) : 0);

        if (ready > 0)
            return 0;
        if (ready == 0)
            return vt_fail(err, VTOPO_SYSTEM, "QEMU did not answer in time");
        if (errno != EINTR)
            return vt_fail_errno(err, "cannot wait for QEMU");
    }
}

/* Receive what is there; 0 bytes are none of its words. */
static int
receive(struct vt_qmp *qmp, struct vtopo_error *err)
{
    ssize_t got;

    if (qmp->input.length >= VT_QMP_MESSAGE_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "QEMU said more than %u bytes in one message",
                       VT_QMP_MESSAGE_MAX);
    if (!vt_buf_reserve(&qmp->input, 65536))
        return vt_fail_memory(err);
    do
        got = recv(qmp->socket, qmp->input.data + qmp->input.length, 65535,
                   MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    if (got < 0)
        return vt_fail_errno(err, "cannot hear QEMU");
    if (got == 0)
        return vt_fail(err, VTOPO_SYSTEM, "QEMU hung up");
    qmp->input.length += (size_t)got;
    return 0;
}

static int
send_all(struct vt_qmp *qmp, const struct vt_buf *text, uint64_t deadline,
         struct vtopo_error *err)
{
    size_t done = 0;

    while (done < text->length) {
        ssize_t put = send(qmp->socket, text->data + done,
                           text->length - done, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return vt_fail_errno(err, "cannot ask QEMU");
        if (put < 0 && wait_for(qmp->socket, POLLOUT, deadline, err) < 0)
            return -1;
        done += put > 0 ? (size_t)put : 0;
    }
    return 0;
}

/* The length of the line at the start of the input, 0 where none is whole. */
static size_t
line_length(const struct vt_qmp *qmp, size_t searched)
{
    const char *end = qmp->input.length <= searched ? NULL
        : memchr(qmp->input.data + searched, '\n',
                 qmp->input.length - searched);

    return end == NULL ? 0 : (size_t)(end - qmp->input.data) + 1;
}

static void
drop_line(struct vt_qmp *qmp, size_t length)
{
    qmp->input.length -= length;
    memmove(qmp->input.data, qmp->input.data + length, qmp->input.length);
}

/* Wait for a whole line. */
static int
receive_line(struct vt_qmp *qmp, uint64_t deadline, size_t *ret_length,
             struct vtopo_error *err)
{
    size_t searched = 0;
    size_t length;

    while ((length = line_length(qmp, searched)) == 0) {
        searched = qmp->input.length;
        if (wait_for(qmp->socket, POLLIN, deadline, err) < 0
            || receive(qmp, err) < 0)
            return -1;
    }
    *ret_length = length;
    return 0;
}

/* ------------------------------------------------------------- commands */

void
vt_qmp_write(struct vt_buf *out, const char *command, const char *arguments,
             unsigned id)
{
    struct vt_json json = VT_JSON_INIT(out);

    vt_json_open(&json, '{');
    vt_json_key(&json, "execute");
    vt_json_string(&json, command);
    if (arguments != NULL) {
        vt_json_key(&json, "arguments");
        vt_json_separate(&json);
        vt_buf_add_string(out, arguments);
    }
    if (id != 0) {
        vt_json_key(&json, "id");
        vt_json_uint(&json, id);
    }
    vt_json_close(&json, '}');
}

static int
send_command(struct vt_qmp *qmp, const char *command, const char *arguments,
             uint64_t deadline, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

    vt_qmp_write(&text, command, arguments, ++qmp->next_id);
    vt_buf_add_char(&text, '\n');
    if (vt_buf_check(&text, err) < 0)
        return -1;
    return send_all(qmp, &text, deadline, err);
}

/* What @message says of the command that was sent. */
static int
take_answer(const struct message *message, const char *command,
            struct vt_buf *answer, struct vtopo_error *err)
{
    if (message->failed)
        return vt_fail(err, VTOPO_IMPOSSIBLE, "QEMU refuses '%s': %s", command,
                       message->why != NULL ? message->why
                                            : "it does not say why");
    if (message->returned == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "this does not speak QMP: an answer says nothing");
    vt_buf_add(answer, message->returned, message->returned_length);
    return vt_buf_check(answer, err);
}

int
vt_qmp_run(struct vt_qmp *qmp, const char *command, const char *arguments,
           uint64_t deadline, struct vt_buf *answer, struct vtopo_error *err)
{
    if (send_command(qmp, command, arguments, deadline, err) < 0)
        return -1;
    for (unsigned i = 0; i < VT_QMP_EVENTS_MAX; i++) {
        struct message message;
        size_t length;
        int rc = 0;

        if (receive_line(qmp, deadline, &length, err) < 0
            || parse_line(qmp, length, &message, err) < 0)
            return -1;
        /* Answers to questions that were given up are passed over. */
        if (message.has_id && message.id == qmp->next_id) {
            rc = take_answer(&message, command, answer, err);
            drop_line(qmp, length);
            return rc;
        }
        drop_line(qmp, length);
    }
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "QEMU talks of other things and never answers '%s'",
                   command);
}

int
vt_qmp_read(char *text, size_t length, const char *command,
            struct vt_buf *answer, struct vtopo_error *err)
{
    struct message message;

    if (parse(text, length, &message, err) < 0)
        return -1;
    return take_answer(&message, command, answer, err);
}

int
vt_qmp_look(struct vt_qmp *qmp, struct vtopo_error *err)
{
    size_t length;

    if (receive(qmp, err) < 0)
        return -1;
    while ((length = line_length(qmp, 0)) != 0) {
        struct message message;

        if (parse_line(qmp, length, &message, err) < 0)
            return -1;
        drop_line(qmp, length);
    }
    return 0;
}

/* -------------------------------------------------- opening and closing */

void
vt_qmp_close(struct vt_qmp *qmp)
{
    if (qmp->socket >= 0)
        (void)close(qmp->socket);
    vt_buf_clear(&qmp->input);
    *qmp = (struct vt_qmp)VT_QMP_INIT;
}

/* The greeting, and our answer to it. */
static int
greet(struct vt_qmp *qmp, uint64_t deadline, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    struct message message;
    size_t length;

    if (receive_line(qmp, deadline, &length, err) < 0)
        return vt_hint(err, "a QMP socket serves one client at a time: is "
                       "another one connected?");
    if (parse_line(qmp, length, &message, err) < 0)
        return -1;
    if (!message.greets)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "this does not speak QMP: no greeting");
    qmp->release = message.release;
    drop_line(qmp, length);
    return vt_qmp_run(qmp, "qmp_capabilities", NULL, deadline, &answer, err);
}

int
vt_qmp_open(int socket, uint64_t deadline, struct vt_qmp *ret_qmp,
            struct vtopo_error *err)
{
    vt_auto(vt_qmp_close) struct vt_qmp qmp = VT_QMP_INIT;
    struct ucred peer = { .pid = 0 };
    socklen_t size = sizeof(peer);

    qmp.socket = socket;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
        qmp.pid = peer.pid;
    if (greet(&qmp, deadline, err) < 0)
        return -1;
    *ret_qmp = qmp;
    qmp = (struct vt_qmp)VT_QMP_INIT;
    return 0;
}

static int
connect_to(const char *path, int *ret_socket, struct vtopo_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    vt_autoclose int fd = -1;

    if (strlen(path) >= sizeof(address.sun_path))
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the name of the socket has %zu bytes, it can have %zu",
                       strlen(path), sizeof(address.sun_path) - 1);
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return vt_fail_errno(err, "cannot make a socket");
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return vt_fail_errno(err, "cannot connect to '%s'", path);
    *ret_socket = fd;
    fd = -1;
    return 0;
}

int
vt_qmp_connect(const char *path, uint64_t deadline, struct vt_qmp *ret_qmp,
               struct vtopo_error *err)
{
    int fd;

    if (connect_to(path, &fd, err) < 0)
        return -1;
    if (vt_qmp_open(fd, deadline, ret_qmp, err) < 0)
        return vt_wrap(err, "'%s'", path);
    return 0;
}

int
vt_qmp_connect_agent(const char *path, struct vt_qmp *ret_qmp,
                     struct vtopo_error *err)
{
    struct vt_qmp qmp = VT_QMP_INIT;

    if (connect_to(path, &qmp.socket, err) < 0)
        return -1;
    *ret_qmp = qmp;
    return 0;
}
