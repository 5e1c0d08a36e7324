/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * nbd.c - read and write a disk behind an NBD server (see nbd.h)
 */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/nbd.h"

/* Magic numbers of the protocol. */
#define GREETING       UINT64_C(0x4e42444d41474943)     /* "NBDMAGIC" */
#define NEWSTYLE       UINT64_C(0x49484156454f5054)     /* "IHAVEOPT" */
#define OLDSTYLE       UINT64_C(0x00420281861253)
#define OPTION_REPLY   UINT64_C(0x0003e889045565a9)
#define REQUEST        UINT32_C(0x25609513)
#define REPLY          UINT32_C(0x67446698)

#define FLAG_FIXED_NEWSTYLE 1u
#define FLAG_NO_ZEROES      2u

enum option { OPTION_EXPORT_NAME = 1, OPTION_GO = 7 };
enum info { INFO_EXPORT = 0, INFO_BLOCK_SIZE = 3 };
enum command {
    COMMAND_READ = 0, COMMAND_WRITE = 1, COMMAND_LEAVE = 2, COMMAND_FLUSH = 3,
};

/* Of an export. */
#define EXPORT_HAS_FLAGS 1u
#define EXPORT_READ_ONLY 2u
#define EXPORT_FLUSH     4u

#define REPLY_ACK   1u
#define REPLY_INFO  3u
#define REPLY_ERROR UINT32_C(0x80000000)
#define ERROR_UNSUPPORTED (REPLY_ERROR + 1)

/* What fits into a reply of a server that means well, and what a server must
 * take when it says nothing (the specification's default of 32 MiB).
 */
#define REPLY_MAX   8192u
#define LARGEST     (32u << 20)

/* ------------------------------------------------------------- the wire */

static unsigned
get16(const unsigned char *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t
get32(const unsigned char *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static uint64_t
get64(const unsigned char *at)
{
    return (uint64_t)get32(at) << 32 | get32(at + 4);
}

static void
put16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static void
put32(unsigned char *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffffu);
}

static void
put64(unsigned char *at, uint64_t value)
{
    put32(at, (uint32_t)(value >> 32));
    put32(at + 4, (uint32_t)value);
}

/* By errno; a socket may have a time limit. */
static int
fail_talking(const char *what, struct vtopo_error *err)
{
    if (errno == EAGAIN)
        return vt_fail(err, VTOPO_SYSTEM, "the NBD server does not answer");
    return vt_fail_errno(err, "cannot %s the NBD server", what);
}

static int
send_all(int socket, const unsigned char *data, size_t size,
         struct vtopo_error *err)
{
    while (size > 0) {
        ssize_t put = send(socket, data, size, MSG_NOSIGNAL);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail_talking("write to", err);
        data += put;
        size -= (size_t)put;
    }
    return 0;
}

static int
receive(int socket, void *buffer, size_t size, struct vtopo_error *err)
{
    unsigned char *to = buffer;

    while (size > 0) {
        ssize_t got = recv(socket, to, size, MSG_WAITALL);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_talking("read from", err);
        if (got == 0)
            return vt_fail(err, VTOPO_SYSTEM, "the NBD server hung up");
        to += got;
        size -= (size_t)got;
    }
    return 0;
}

/* ------------------------------------------------------ shaking hands */

/* One answer to an option. */
struct reply {
    uint32_t type;
    uint32_t size;
    unsigned char data[REPLY_MAX + 1];
};

static int
fail_language(struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "this does not speak the NBD protocol");
}

/* Read the server's first words, and say which of them we understand. */
static int
greet(int socket, bool *ret_no_zeroes, struct vtopo_error *err)
{
    unsigned char words[18];
    unsigned char answer[4];
    unsigned flags;

    if (receive(socket, words, 16, err) < 0)
        return -1;
    if (get64(words) != GREETING)
        return fail_language(err);
    if (get64(words + 8) == OLDSTYLE)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the NBD server speaks the old dialect of the protocol, "
                       "without options");
    if (get64(words + 8) != NEWSTYLE)
        return fail_language(err);
    if (receive(socket, words + 16, 2, err) < 0)
        return -1;
    flags = get16(words + 16);
    if ((flags & FLAG_FIXED_NEWSTYLE) == 0)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the NBD server speaks a dialect of the protocol in "
                       "which it cannot refuse");
    *ret_no_zeroes = (flags & FLAG_NO_ZEROES) != 0;
    put32(answer, flags & (FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES));
    return send_all(socket, answer, sizeof(answer), err);
}

static int
send_option(int socket, enum option option, const unsigned char *data,
            size_t size, struct vtopo_error *err)
{
    unsigned char head[16];

    put64(head, NEWSTYLE);
    put32(head + 8, option);
    put32(head + 12, (uint32_t)size);
    if (send_all(socket, head, sizeof(head), err) < 0)
        return -1;
    return send_all(socket, data, size, err);
}

/* NBD_OPT_GO: the name, and that we want to hear of the sizes of blocks. */
static int
ask_to_go(int socket, const char *name, struct vtopo_error *err)
{
    unsigned char data[4 + VT_NBD_NAME_MAX + 4];
    size_t length = strlen(name);

    put32(data, (uint32_t)length);
    memcpy(data + 4, name, length);
    put16(data + 4 + length, 1);
    put16(data + 6 + length, INFO_BLOCK_SIZE);
    return send_option(socket, OPTION_GO, data, length + 8, err);
}

static int
receive_reply(int socket, struct reply *reply, struct vtopo_error *err)
{
    unsigned char head[20];

    if (receive(socket, head, sizeof(head), err) < 0)
        return -1;
    reply->type = get32(head + 12);
    reply->size = get32(head + 16);
    if (get64(head) != OPTION_REPLY || get32(head + 8) != OPTION_GO)
        return fail_language(err);
    if (reply->size > REPLY_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the NBD server answers with %" PRIu32 " bytes, it can "
                       "with %u", reply->size, REPLY_MAX);
    reply->data[reply->size] = '\0';
    return receive(socket, reply->data, reply->size, err);
}

struct refusal {
    uint32_t type;
    const char *why;
};

static const struct refusal refusals[] = {
    { REPLY_ERROR + 2, "its policy forbids it" },
    { REPLY_ERROR + 3, "it does not understand the request" },
    { REPLY_ERROR + 4, "it cannot on its platform" },
    { REPLY_ERROR + 5, "it wants TLS, which vtopo does not speak" },
    { REPLY_ERROR + 6, "it has no such export" },
    { REPLY_ERROR + 7, "it is shutting down" },
    { REPLY_ERROR + 8, "its blocks have another size" },
};

/* The server's own words go with it. */
static int
fail_refused(const struct reply *reply, const char *name,
             struct vtopo_error *err)
{
    const char *why = "it does not say why";
    char words[256];

    for (size_t i = 0; i < VT_COUNT(refusals); i++) {
        if (refusals[i].type == reply->type)
            why = refusals[i].why;
    }
    vt_utf8_copy_safe(words, sizeof(words), (const char *)reply->data);
    if (words[0] == '\0')
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the NBD server refuses the export '%s': %s", name,
                       why);
    return vt_fail(err, VTOPO_IMPOSSIBLE,
                   "the NBD server refuses the export '%s': %s (%s)", name,
                   why, words);
}

static void
take_flags(unsigned flags, struct vt_nbd *nbd)
{
    bool known = (flags & EXPORT_HAS_FLAGS) != 0;

    nbd->read_only = known && (flags & EXPORT_READ_ONLY) != 0;
    nbd->can_flush = known && (flags & EXPORT_FLUSH) != 0;
}

/* Take what a reply of information says; @has_size once it is known. */
static int
take_info(const struct reply *reply, struct vt_nbd *nbd, bool *has_size,
          struct vtopo_error *err)
{
    unsigned type = reply->size >= 2 ? get16(reply->data) : ~0u;

    if (type == INFO_EXPORT && reply->size == 12) {
        nbd->size = get64(reply->data + 2);
        take_flags(get16(reply->data + 10), nbd);
        *has_size = true;
    } else if (type == INFO_BLOCK_SIZE && reply->size == 14) {
        uint32_t smallest = get32(reply->data + 2);

        nbd->largest = get32(reply->data + 10);
        if (smallest > VT_NBD_BLOCK_MAX || nbd->largest < VT_NBD_BLOCK_MAX)
            return vt_fail(err, VTOPO_IMPOSSIBLE,
                           "the NBD server takes requests of %" PRIu32 " to %"
                           PRIu32 " bytes, %u are needed", smallest,
                           nbd->largest, VT_NBD_BLOCK_MAX);
    } else if (type == ~0u || type == INFO_EXPORT
               || type == INFO_BLOCK_SIZE) {
        return fail_language(err);
    }
    return 0;
}

/* NBD_OPT_EXPORT_NAME, for servers from before NBD_OPT_GO: they hang up
 * instead of refusing.
 */
static int
ask_by_name(struct vt_nbd *nbd, const char *name, bool no_zeroes,
            struct vtopo_error *err)
{
    unsigned char data[10 + 124];
    size_t size = no_zeroes ? 10 : sizeof(data);

    if (send_option(nbd->socket, OPTION_EXPORT_NAME,
                    (const unsigned char *)name, strlen(name), err) < 0
        || receive(nbd->socket, data, size, err) < 0)
        return vt_wrap(err, "the export '%s'", name);
    nbd->size = get64(data);
    take_flags(get16(data + 8), nbd);
    return 0;
}

static int
choose_export(struct vt_nbd *nbd, const char *name, bool no_zeroes,
              struct vtopo_error *err)
{
    struct reply reply;
    bool has_size = false;

    if (ask_to_go(nbd->socket, name, err) < 0)
        return -1;
    for (unsigned i = 0; i < VT_NBD_REPLIES_MAX; i++) {
        if (receive_reply(nbd->socket, &reply, err) < 0)
            return -1;
        if (reply.type == REPLY_ACK)
            return has_size ? 0 : fail_language(err);
        if (reply.type == ERROR_UNSUPPORTED)
            return ask_by_name(nbd, name, no_zeroes, err);
        if ((reply.type & REPLY_ERROR) != 0)
            return fail_refused(&reply, name, err);
        if (reply.type == REPLY_INFO
            && take_info(&reply, nbd, &has_size, err) < 0)
            return -1;
    }
    return fail_language(err);
}

int
vt_nbd_open(int socket, const char *export_name, struct vt_nbd *ret_nbd,
            struct vtopo_error *err)
{
    struct vt_nbd nbd = { .socket = socket, .largest = LARGEST };
    bool no_zeroes = false;

    if (strlen(export_name) > VT_NBD_NAME_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the name of the export has %zu bytes, it can have %u",
                       strlen(export_name), VT_NBD_NAME_MAX);
    if (greet(socket, &no_zeroes, err) < 0
        || choose_export(&nbd, export_name, no_zeroes, err) < 0)
        return -1;
    if (nbd.size > INT64_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "the NBD server says that its disk has %" PRIu64
                       " bytes", nbd.size);
    *ret_nbd = nbd;
    return 0;
}

/* ------------------------------------------------------------- requests */

static int
send_request(struct vt_nbd *nbd, enum command command, uint64_t offset,
             uint32_t size, struct vtopo_error *err)
{
    unsigned char request[28] = { 0 };

    put32(request, REQUEST);
    put16(request + 6, command);
    put64(request + 8, ++nbd->requests);
    put64(request + 16, offset);
    put32(request + 24, size);
    return send_all(nbd->socket, request, sizeof(request), err);
}

/* The head of the reply to the last request, to do @what from @offset on. */
static int
receive_head(struct vt_nbd *nbd, const char *what, uint64_t offset,
             uint32_t size, struct vtopo_error *err)
{
    unsigned char head[16];
    uint32_t problem;

    if (receive(nbd->socket, head, sizeof(head), err) < 0)
        return -1;
    if (get32(head) != REPLY || get64(head + 8) != nbd->requests)
        return fail_language(err);
    problem = get32(head + 4);
    if (problem == 0)
        return 0;
    errno = problem < 4096 ? (int)problem : EIO;    /* Linux's numbers */
    if (size == 0)
        return vt_fail_errno(err, "the NBD server cannot %s its disk", what);
    return vt_fail_errno(err, "the NBD server cannot %s %" PRIu32 " bytes at %"
                         PRIu64, what, size, offset);
}

static int
read_piece(struct vt_nbd *nbd, uint64_t offset, void *buffer, uint32_t size,
           struct vtopo_error *err)
{
    if (send_request(nbd, COMMAND_READ, offset, size, err) < 0)
        return -1;
    if (receive_head(nbd, "read", offset, size, err) < 0)
        return -1;
    return receive(nbd->socket, buffer, size, err);
}

int
vt_nbd_read(struct vt_nbd *nbd, uint64_t offset, void *buffer, size_t size,
            struct vtopo_error *err)
{
    unsigned char *to = buffer;

    while (size > 0) {
        uint32_t piece = size < nbd->largest ? (uint32_t)size : nbd->largest;

        if (read_piece(nbd, offset, to, piece, err) < 0)
            return -1;
        to += piece;
        offset += piece;
        size -= piece;
    }
    return 0;
}

int
vt_nbd_write(struct vt_nbd *nbd, uint64_t offset, const void *data,
             size_t size, struct vtopo_error *err)
{
    const unsigned char *from = data;

    while (size > 0) {
        uint32_t piece = size < nbd->largest ? (uint32_t)size : nbd->largest;

        if (send_request(nbd, COMMAND_WRITE, offset, piece, err) < 0
            || send_all(nbd->socket, from, piece, err) < 0
            || receive_head(nbd, "write", offset, piece, err) < 0)
            return -1;
        from += piece;
        offset += piece;
        size -= piece;
    }
    return 0;
}

int
vt_nbd_flush(struct vt_nbd *nbd, struct vtopo_error *err)
{
    if (!nbd->can_flush)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "the NBD server cannot flush what was written");
    if (send_request(nbd, COMMAND_FLUSH, 0, 0, err) < 0)
        return -1;
    return receive_head(nbd, "flush", 0, 0, err);
}

void
vt_nbd_leave(struct vt_nbd *nbd)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    /* Whoever is gone already need not be told. */
    (void)send_request(nbd, COMMAND_LEAVE, 0, 0, &err);
}
