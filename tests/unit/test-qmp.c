/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-qmp.c - a QEMU is understood; whoever only plays one is an error
 *
 * Each row is all that a peer says, whatever it is asked.
 */

#include <sys/socket.h>

#include "base/spawn.h"
#include "unit.h"
#include "vm/qmp.h"

#define GREETING                                                            \
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, "     \
    "\"major\": 7}, \"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n"
#define READY GREETING "{\"return\": {}, \"id\": 1}\r\n"

struct row {
    const char *says;
    const char *peer;
    const char *answer;         /* to "query-x"; NULL: not asked */
    unsigned events;
    const char *want;
};

static const struct row rows[] = {
    { "an answer is handed on as it stands",
      READY "{\"return\": [{\"a\": \"\\u0041\"}], \"id\": 2}\r\n",
      "[{\"a\": \"\\u0041\"}]", 0, NULL },
    { "events come in between, and are noted",
      READY "{\"event\": \"RESET\", \"data\": {\"guest\": true}, "
      "\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n"
      "{\"event\": \"STOP\"}\n{\"event\": \"NOVEL\"}\n"
      "{\"id\": 2, \"return\": 5}\n", "5", VT_QMP_RESET | VT_QMP_STOP, NULL },
    { "answers to other questions are passed over",
      READY "{\"return\": 1, \"id\": 1}\n{\"return\": 2, \"id\": 2}\n", "2", 0,
      NULL },
    { "a refusal is in QEMU's words",
      READY "{\"id\": 2, \"error\": {\"class\": \"CommandNotFound\", "
      "\"desc\": \"The command query-x has not been found\"}}\n", "", 0,
      "QEMU refuses 'query-x': The command query-x has not been found" },
    { "one without words, too", READY "{\"id\": 2, \"error\": {}}\n", "", 0,
      "QEMU refuses 'query-x': it does not say why" },
    { "an answer that says nothing", READY "{\"id\": 2}\n", "", 0,
      "this does not speak QMP: an answer says nothing" },
    { "half an answer", READY "{\"id\": 2, \"ret", "", 0, "QEMU hung up" },
    { "silence", "", NULL, 0, "QEMU hung up" },
    { "no greeting", "{\"return\": {}}\n", NULL, 0,
      "this does not speak QMP: no greeting" },
    { "another protocol", "SSH-2.0-OpenSSH_9.2p1\r\n", NULL, 0,
      "this does not speak QMP: not JSON: an object expected at byte 0" },
};

static int
play(const struct row *row, int socket, struct vtopo_error *err)
{
    vt_auto(vt_qmp_close) struct vt_qmp qmp = VT_QMP_INIT;
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;

    if (vt_qmp_open(socket, vt_deadline_in(2000), &qmp, err) < 0)
        return -1;
    assert_int_equal(qmp.release, VTOPO_RELEASE(7, 2));
    if (row->answer == NULL)
        return 0;
    if (vt_qmp_run(&qmp, "query-x", "{\"a\":1}", vt_deadline_in(2000),
                   &answer, err) < 0)
        return -1;
    assert_string_equal(vt_buf_string(&answer), row->answer);
    assert_int_equal(qmp.events, row->events);
    return 0;
}

static void
peers_are_understood_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        const struct row *row = &rows[i];
        size_t size = strlen(row->peer);
        int ends[2];

        UNIT_ROW(i, row->says);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        assert_int_equal(write(ends[1], row->peer, size), size);
        assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
        UNIT_RESULT(play(row, ends[0], &err), &err, row->want);
        (void)close(ends[1]);
    }
}

/* What the peer hears is what the protocol has. */
static void
commands_are_spelt_out(void **state)
{
    static const char want[] =
        "{\"execute\":\"qmp_capabilities\",\"id\":1}\n"
        "{\"execute\":\"human-monitor-command\",\"arguments\":"
        "{\"command-line\":\"info \\\"x\\\"\"},\"id\":2}\n";
    static const char peer[] = READY "{\"return\": \"y\", \"id\": 2}\n";
    vt_auto(vt_qmp_close) struct vt_qmp qmp = VT_QMP_INIT;
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char heard[512] = "";
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[1], peer, sizeof(peer) - 1),
                     sizeof(peer) - 1);
    UNIT_RESULT(vt_qmp_open(ends[0], vt_deadline_in(2000), &qmp, &err), &err,
                NULL);
    UNIT_RESULT(vt_qmp_run(&qmp, "human-monitor-command",
                           "{\"command-line\":\"info \\\"x\\\"\"}",
                           vt_deadline_in(2000), &answer, &err), &err, NULL);
    assert_true(recv(ends[1], heard, sizeof(heard) - 1, MSG_DONTWAIT) > 0);
    assert_string_equal(heard, want);
    (void)close(ends[1]);
}

static void
the_slow_are_not_waited_for(void **state)
{
    vt_auto(vt_qmp_close) struct vt_qmp qmp = VT_QMP_INIT;
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(write(ends[1], READY, sizeof(READY) - 1),
                     sizeof(READY) - 1);
    UNIT_RESULT(vt_qmp_open(ends[0], vt_deadline_in(2000), &qmp, &err), &err,
                NULL);
    UNIT_RESULT(vt_qmp_run(&qmp, "query-x", NULL, vt_deadline_in(50), &answer,
                           &err), &err, "QEMU did not answer in time");
    (void)close(ends[1]);
}

/* What libvirt brings of QEMU: its answer, with an id of libvirt's. */
static void
answers_that_were_passed_on(void **state)
{
    static const struct {
        const char *text;
        const char *answer;
        const char *error;
    } passed[] = {
        { "{\"return\": [{\"cpu-index\": 0}], \"id\": \"libvirt-14\"}",
          "[{\"cpu-index\": 0}]", NULL },
        { "{\"id\": \"libvirt-15\", \"error\": {\"class\": \"GenericError\", "
          "\"desc\": \"no such thing\"}}", "", "QEMU refuses 'query-x': no such thing" },
        { "{\"return\": {}}", "{}", NULL },
        { "{\"id\": \"libvirt-16\"}", "",
          "this does not speak QMP: an answer says nothing" },
        { "{\"return\": 1} x", "",
          "this does not speak QMP: not JSON: the end of the text expected at "
          "byte 14" },
        { "", "",
          "this does not speak QMP: not JSON: an object expected, but "
          "the text ends" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(passed); i++) {
        vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        char text[128];

        (void)strcpy(text, passed[i].text);
        UNIT_RESULT(vt_qmp_read(text, strlen(text), "query-x", &answer, &err),
                    &err, passed[i].error);
        assert_string_equal(vt_buf_string(&answer), passed[i].answer);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(peers_are_understood_or_refused),
    cmocka_unit_test(commands_are_spelt_out),
    cmocka_unit_test(the_slow_are_not_waited_for),
    cmocka_unit_test(answers_that_were_passed_on),
};

UNIT_MAIN(tests)
