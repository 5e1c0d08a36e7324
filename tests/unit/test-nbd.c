/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-nbd.c - an NBD server is understood, or refused with a reason
 *
 * Each row is all that a server says, whatever it is asked; what the client
 * said is compared with what the protocol's specification has.
 */

#include <sys/socket.h>
#include <sys/time.h>

#include "blocks.h"
#include "unit.h"

/* The protocol's words.  Adjacent strings keep escapes apart. */
#define HELLO(flags)  "NBDMAGIC" "IHAVEOPT" "\0" flags
#define REPLY(type, size)                                                   \
    "\0\x03\xe8\x89\x04\x55\x65\xa9" "\0\0\0\7" type "\0\0" size
#define ACK           REPLY("\0\0\0\1", "\0\0")
#define INFO(size)    REPLY("\0\0\0\3", size)
#define ERROR(number) "\x80\0\0" number
#define EXPORT_4K     INFO("\0\14") "\0\0" "\0\0\0\0\0\0\x10\0" "\0\3"
#define BLOCKS(least, most)                                                 \
    INFO("\0\16") "\0\3" least "\0\0\x10\0" most
#define ANSWER(error, handle)                                               \
    "\x67\x44\x66\x98" "\0\0\0" error "\0\0\0\0\0\0\0" handle

/* What the client says: the flags, NBD_OPT_GO for "e", NBD_CMD_READ. */
#define GO                                                                  \
    "IHAVEOPT" "\0\0\0\7" "\0\0\0\11" "\0\0\0\1" "e" "\0\1" "\0\3"
#define READ(handle, offset, size)                                          \
    "\x25\x60\x95\x13" "\0\0" "\0\0" "\0\0\0\0\0\0\0" handle                \
    "\0\0\0\0\0\0" offset "\0\0" size
#define BY_NAME "IHAVEOPT" "\0\0\0\1" "\0\0\0\1" "e"
#define WRITABLE_4K   INFO("\0\14") "\0\0" "\0\0\0\0\0\0\x10\0" "\0\5"
#define WRITE(handle, offset, size)                                         \
    "\x25\x60\x95\x13" "\0\0" "\0\1" "\0\0\0\0\0\0\0" handle                \
    "\0\0\0\0\0\0" offset "\0\0" size
#define FLUSH(handle)                                                       \
    "\x25\x60\x95\x13" "\0\0" "\0\3" "\0\0\0\0\0\0\0" handle                \
    "\0\0\0\0\0\0\0\0" "\0\0\0\0"
#define LEAVE(handle)                                                       \
    "\x25\x60\x95\x13" "\0\0" "\0\2" "\0\0\0\0\0\0\0" handle                \
    "\0\0\0\0\0\0\0\0" "\0\0\0\0"

#define TEXT(literal) (literal), sizeof(literal) - 1

struct row {
    const char *says;
    const char *server;
    size_t server_size;
    const char *client;         /* NULL: not compared */
    size_t client_size;
    const char *read;           /* what 6 bytes at 256 are; NULL: no reading */
    const char *want;
};

static const struct row rows[] = {
    { "an export is opened and read",
      TEXT(HELLO("\3") EXPORT_4K ACK ANSWER("\0", "\1") "abcdef"),
      TEXT("\0\0\0\3" GO READ("\1", "\1\0", "\0\6") LEAVE("\2")),
      "abcdef", NULL },
    { "what is not asked for is skipped",
      TEXT(HELLO("\1") INFO("\0\4") "\0\1hi" EXPORT_4K ACK),
      TEXT("\0\0\0\1" GO LEAVE("\1")), NULL, NULL },
    { "a small largest request is heeded",
      TEXT(HELLO("\3") EXPORT_4K BLOCKS("\0\0\0\1", "\0\0\x20\0") ACK
           ANSWER("\0", "\1") "abcdef"),
      NULL, 0, "abcdef", NULL },
    { "one that is too small is refused",
      TEXT(HELLO("\3") EXPORT_4K BLOCKS("\0\0\0\1", "\0\0\x10\0") ACK),
      NULL, 0, NULL, "the NBD server takes requests of 1 to 4096 bytes, 8192 "
      "are needed" },
    { "and so are blocks that are too large",
      TEXT(HELLO("\3") EXPORT_4K BLOCKS("\0\1\0\0", "\1\0\0\0") ACK),
      NULL, 0, NULL, "the NBD server takes requests of 65536 to 16777216 "
      "bytes, 8192 are needed" },
    { "servers without NBD_OPT_GO are asked by name",
      TEXT(HELLO("\3") REPLY(ERROR("\1"), "\0\0")
           "\0\0\0\0\0\0\x10\0" "\0\3" ANSWER("\0", "\1") "abcdef"),
      TEXT("\0\0\0\3" GO BY_NAME READ("\1", "\1\0", "\0\6") LEAVE("\2")),
      "abcdef", NULL },
    { "and hang up where they have no such export",
      TEXT(HELLO("\3") REPLY(ERROR("\1"), "\0\0")), NULL, 0, NULL,
      "the export 'e': the NBD server hung up" },
    { "a refusal says why", TEXT(HELLO("\3") REPLY(ERROR("\6"), "\0\0")),
      NULL, 0, NULL,
      "the NBD server refuses the export 'e': it has no such export" },
    { "in the server's words, which control nothing",
      TEXT(HELLO("\3") REPLY(ERROR("\5"), "\0\5") "TLS\33!"), NULL, 0, NULL,
      "the NBD server refuses the export 'e': it wants TLS, which vtopo does "
      "not speak (TLS?!)" },
    { "a refusal of tomorrow", TEXT(HELLO("\3") REPLY(ERROR("\77"), "\0\0")),
      NULL, 0, NULL,
      "the NBD server refuses the export 'e': it does not say why" },
    { "the old dialect",
      TEXT("NBDMAGIC" "\0\0\x42\x02\x81\x86\x12\x53"), NULL, 0, NULL,
      "the NBD server speaks the old dialect of the protocol, without "
      "options" },
    { "the one before it was fixed", TEXT(HELLO("\2")), NULL, 0, NULL,
      "the NBD server speaks a dialect of the protocol in which it cannot "
      "refuse" },
    { "another protocol", TEXT("SSH-2.0-OpenSSH_9.2p1\r\n"), NULL, 0, NULL,
      "this does not speak the NBD protocol" },
    { "silence", TEXT(""), NULL, 0, NULL, "the NBD server hung up" },
    { "an export without a size", TEXT(HELLO("\3") ACK), NULL, 0, NULL,
      "this does not speak the NBD protocol" },
    { "a size of another length",
      TEXT(HELLO("\3") INFO("\0\4") "\0\0\0\0" ACK), NULL, 0, NULL,
      "this does not speak the NBD protocol" },
    { "a size that no file has",
      TEXT(HELLO("\3") INFO("\0\14") "\0\0" "\xff\0\0\0\0\0\0\0" "\0\3" ACK),
      NULL, 0, NULL,
      "the NBD server says that its disk has 18374686479671623680 bytes" },
    { "an answer without an end", TEXT(HELLO("\3") REPLY("\0\0\0\3", "\xff\0")),
      NULL, 0, NULL,
      "the NBD server answers with 65280 bytes, it can with 8192" },
    { "a read that fails",
      TEXT(HELLO("\3") EXPORT_4K ACK ANSWER("\5", "\1")), NULL, 0, "",
      "the NBD server cannot read 6 bytes at 256: Input/output error" },
    { "an answer to another request",
      TEXT(HELLO("\3") EXPORT_4K ACK ANSWER("\0", "\2") "abcdef"), NULL, 0,
      "", "this does not speak the NBD protocol" },
    { "half an answer",
      TEXT(HELLO("\3") EXPORT_4K ACK ANSWER("\0", "\1") "abc"), NULL, 0, "",
      "the NBD server hung up" },
};

/* 6 bytes are written to 256, and flushed. */
static const struct row written[] = {
    { "what is written is flushed",
      TEXT(HELLO("\3") WRITABLE_4K ACK ANSWER("\0", "\1")
           ANSWER("\0", "\2")),
      TEXT("\0\0\0\3" GO WRITE("\1", "\1\0", "\0\6") "uvwxyz" FLUSH("\2")
           LEAVE("\3")), NULL, NULL },
    { "a write that fails",
      TEXT(HELLO("\3") WRITABLE_4K ACK ANSWER("\34", "\1")), NULL, 0, NULL,
      "the NBD server cannot write 6 bytes at 256: No space left on device" },
    { "a flush that fails",
      TEXT(HELLO("\3") WRITABLE_4K ACK ANSWER("\0", "\1")
           ANSWER("\5", "\2")), NULL, 0, NULL,
      "the NBD server cannot flush its disk: Input/output error" },
    { "no flush, no promise",
      TEXT(HELLO("\3") EXPORT_4K ACK ANSWER("\0", "\1")), NULL, 0, NULL,
      "the NBD server cannot flush what was written" },
};

/* Play the client against @row's server. */
static int
play(const struct row *row, bool write, int socket, struct vtopo_error *err)
{
    struct vt_nbd nbd;
    struct vw_bytes bytes;
    char data[7] = "";
    int rc = 0;

    if (vt_nbd_open(socket, "e", &nbd, err) < 0)
        return -1;
    bytes = vw_nbd_bytes(&nbd);
    assert_int_equal(bytes.size, 4096);
    if (row->read != NULL) {
        rc = vw_bytes_read(&bytes, 256, data, 6, err);
        if (rc == 0)
            assert_string_equal(data, row->read);
    }
    if (write
        && (vt_nbd_write(&nbd, 256, "uvwxyz", 6, err) < 0
            || vt_nbd_flush(&nbd, err) < 0))
        rc = -1;
    vt_nbd_leave(&nbd);
    return rc;
}

static void
compare_client(const struct row *row, int socket)
{
    char said[4096];
    ssize_t size = recv(socket, said, sizeof(said), MSG_DONTWAIT);

    assert_int_equal(size, row->client_size);
    assert_memory_equal(said, row->client, row->client_size);
}

static void
play_all(const struct row *all, size_t count, bool writes)
{
    for (size_t i = 0; i < count; i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        const struct row *row = &all[i];
        int ends[2];

        UNIT_ROW(i, row->says);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        assert_int_equal(write(ends[1], row->server, row->server_size),
                         row->server_size);
        assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
        UNIT_RESULT(play(row, writes, ends[0], &err), &err, row->want);
        if (row->client != NULL)
            compare_client(row, ends[1]);
        (void)close(ends[0]);
        (void)close(ends[1]);
    }
}

static void
server_is_understood_or_refused(void **state)
{
    (void)state;
    play_all(rows, VT_COUNT(rows), false);
}

static void
what_is_written_is_safe_or_an_error(void **state)
{
    (void)state;
    play_all(written, VT_COUNT(written), true);
}

static void
talker_is_stopped(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    static const char info[] = INFO("\0\2") "\0\1";
    struct vt_nbd nbd;
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[1], HELLO("\3"), 18), 18);
    for (unsigned i = 0; i < VT_NBD_REPLIES_MAX + 1; i++)
        assert_int_equal(write(ends[1], info, sizeof(info) - 1),
                         sizeof(info) - 1);
    UNIT_RESULT(vt_nbd_open(ends[0], "", &nbd, &err), &err,
                "this does not speak the NBD protocol");
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void
a_limit_of_time_holds(void **state)
{
    static const struct timeval time = { .tv_usec = 20000 };
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vt_nbd nbd;
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time,
                                sizeof(time)), 0);
    UNIT_RESULT(vt_nbd_open(ends[0], "", &nbd, &err), &err,
                "the NBD server does not answer");
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(server_is_understood_or_refused),
    cmocka_unit_test(what_is_written_is_safe_or_an_error),
    cmocka_unit_test(talker_is_stopped),
    cmocka_unit_test(a_limit_of_time_holds),
};

UNIT_MAIN(tests)
