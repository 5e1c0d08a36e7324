/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-spawn.c - helpers get what is spelt out, and every ending is one error
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/landlock.h"
#include "base/spawn.h"
#include "unit.h"

static const char *const no_env[] = { NULL };

struct row {
    const char *says;
    const char *script;
    unsigned wall_ms;
    size_t output_max;
    const char *output;
    const char *want;
};

typedef int reader(struct vt_process *process, size_t output_max,
                   uint64_t deadline, struct vt_buf *output,
                   struct vtopo_error *err);

/* Run the script of @row with sh and hear it by @read. */
static int
run(const struct row *row, reader *read, struct vt_buf *output,
    struct vt_process *process, struct vtopo_error *err)
{
    const char *const argv[] = { "helper", "-c", row->script, NULL };
    const struct vt_spawn spawn = {
        .program = "/bin/sh", .argv = argv, .env = no_env, .landlock = -1,
    };

    if (vt_process_start(&spawn, process, err) < 0)
        return -1;
    return read(process, row->output_max, vt_deadline_in(row->wall_ms), output,
                err);
}

/* @goes_on: the helper still runs when it was heard. */
static void
check_row(const struct row *row, reader *read, bool goes_on)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf output = VT_BUF_INIT;
    vt_auto(vt_process_stop) struct vt_process process = VT_PROCESS_INIT;
    uint64_t start = vt_deadline_in(0);

    UNIT_RESULT(run(row, read, &output, &process, &err), &err, row->want);
    if (row->output != NULL)
        assert_string_equal(vt_buf_string(&output), row->output);
    assert_true(output.length <= row->output_max);
    assert_int_equal(process.pid > 0 && vt_process_look(&process),
                     goes_on);
    /* Whatever it does, we do not wait for it. */
    assert_true(vt_deadline_in(0) - start < 19000);
}

static const struct row rows[] = {
    { "all of its output is read", "echo one; echo two", 20000, 100,
      "one\ntwo\n", NULL },
    { "silence is an answer", "exit 0", 20000, 100, "", NULL },
    { "its input is empty", "read line || echo none", 20000, 100, "none\n",
      NULL },
    { "it has the environment it is given", "echo \"[$HOME]\"", 20000, 100,
      "[]\n", NULL },
    { "other descriptors are closed", "for fd in 3 4 5 6 7 8 9; do "
      "if true 2>/dev/null <&$fd; then echo $fd; fi; done 2>/dev/null; exit 0",
      20000, 100, "", NULL },
    { "a status is an error", "exit 3", 20000, 100, "",
      "helper ended with status 3" },
    { "with its last words", "echo one >&2; echo two >&2; exit 3", 20000, 100,
      "", "helper ended with status 3: two" },
    { "in which nothing controls a terminal", "printf 'a\\033b\\r\\n\\n' >&2; "
      "exit 3", 20000, 100, "", "helper ended with status 3: a?b" },
    { "a signal is an error", "kill -SEGV $$", 20000, 100, "",
      "helper was killed by signal 11 (Segmentation fault)" },
    { "the cage's signal says so", "kill -SYS $$", 20000, 100, "",
      "helper was killed by its cage: it tried a system call that it may not "
      "use" },
    { "too much output is an error", "while :; do echo xxxxxxxxx; done", 20000,
      1000, NULL, "helper said more than it may and was killed" },
    { "as much as allowed is none", "printf 12345", 20000, 5, "12345", NULL },
    { "one more is", "printf 123456", 20000, 5, "",
      "helper said more than it may and was killed" },
    { "a flood of errors is not kept",
      "i=0; while [ $i -lt 2000 ]; do echo 1234567890 >&2; i=$((i+1)); done; "
      "echo end >&2; exit 1", 20000, 100, "",
      "helper ended with status 1: end" },
    { "a hang is an error", "sleep 100", 100, 100, "",
      "helper did not answer in time and was killed" },
    { "also with its output closed", "exec >&-; sleep 100", 100, 100, "",
      "helper did not answer in time and was killed" },
    { "and behind a child", "sleep 100 & wait", 100, 100, "",
      "helper did not answer in time and was killed" },
    { "a child that stays is not waited for", "sleep 100 & echo done", 20000,
      100, "done\n", NULL },
};

static void
endings_are_one_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        UNIT_ROW(i, rows[i].says);
        check_row(&rows[i], vt_process_read, false);
    }
}

static void
a_line_is_heard(void **state)
{
    static const struct {
        struct row row;
        bool goes_on;
    } lines[] = {
        { { "a line, and it goes on", "echo one; exec sleep 100", 20000, 100,
          "one\n", NULL }, true },
        { { "a line in two pieces", "printf o; sleep 0.1; echo ne; "
          "exec sleep 100", 20000, 100, "one\n", NULL }, true },
        { { "an empty line", "echo; exec sleep 100", 20000, 100, "\n", NULL },
          true },
        { { "what follows at once is there, too", "printf 'one\\ntw'; "
          "exec sleep 100", 20000, 100, "one\ntw", NULL }, true },
        { { "a line without its end, of one that ended", "printf one", 20000,
          100, "one", NULL }, false },
        { { "of one that ended badly", "printf one; echo why >&2; exit 3",
          20000, 100, "one", "helper ended with status 3: why" }, false },
        { { "it ended without a word", "exit 0", 20000, 100, "",
          "helper ended without a word" }, false },
        { { "it ended badly, and without a word", "exit 3", 20000, 100, "",
          "helper ended with status 3" }, false },
        { { "it closed its output, and ended late", "exec >&-; sleep 0.1",
          20000, 100, "", "helper ended without a word" }, false },
        { { "a line as long as allowed", "echo 1234; exec sleep 100", 20000, 5,
          "1234\n", NULL }, true },
        { { "one character more", "echo 12345; exec sleep 100", 20000, 5, "",
          "helper said more than it may and was killed" }, false },
        { { "a line that does not end", "while :; do printf xxxxxxxxx; done",
          20000, 1000, NULL, "helper said more than it may and was killed" },
          false },
        { { "a hang", "exec sleep 100", 100, 100, "",
          "helper did not answer in time and was killed" }, false },
        { { "a hang within a line", "printf one; exec sleep 100", 100, 100,
          "one", "helper did not answer in time and was killed" }, false },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(lines); i++) {
        UNIT_ROW(i, lines[i].row.says);
        check_row(&lines[i].row, vt_process_read_line, lines[i].goes_on);
    }
}

/* The second line is written when somebody has heard the first one. */
static void
lines_come_one_by_one(void **state)
{
    vt_auto(vt_process_stop) struct vt_process process = VT_PROCESS_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    const char *const argv[] = {
        "helper", "-c", "echo one; read x; echo two; read x; printf three",
        NULL,
    };
    struct vt_spawn_fd fd = { .to = 0 };
    const struct vt_spawn spawn = {
        .program = "/bin/sh", .argv = argv, .env = no_env, .landlock = -1,
        .fds = &fd, .fd_count = 1,
    };
    static const char *const want[] = { "one\n", "two\n", "three" };
    int input[2];

    (void)state;
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    fd.from = input[0];
    UNIT_RESULT(vt_process_start(&spawn, &process, &err), &err, NULL);
    assert_int_equal(close(input[0]), 0);
    for (size_t i = 0; i < VT_COUNT(want); i++) {
        vt_auto(vt_buf_clear) struct vt_buf output = VT_BUF_INIT;

        UNIT_ROW(i, "a line");
        UNIT_RESULT(vt_process_read_line(&process, 100, vt_deadline_in(20000),
                                         &output, &err), &err, NULL);
        assert_string_equal(vt_buf_string(&output), want[i]);
        if (i + 1 < VT_COUNT(want))
            assert_int_equal(write(input[1], "\n", 1), 1);
    }
    assert_int_equal(process.pid, 0);
    assert_int_equal(close(input[1]), 0);
}

static void
a_missing_program_is_named(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    const char *const argv[] = { "helper", NULL };
    const struct vt_spawn spawn = {
        .program = "/nowhere/helper", .argv = argv, .env = no_env,
        .landlock = -1,
    };
    struct vt_process process = VT_PROCESS_INIT;

    (void)state;
    UNIT_RESULT(vt_process_start(&spawn, &process, &err), &err,
                "cannot run '/nowhere/helper': No such file or directory");
    assert_int_equal(err.code, VTOPO_SYSTEM);
    assert_int_equal(process.pid, 0);
}

/* Descriptors arrive where they should, even crosswise. */
static void
descriptors_are_placed(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf output = VT_BUF_INIT;
    const char *const argv[] = {
        "helper", "-c", "cat <&3; cat <&4; cat <&9; cat", NULL,
    };
    struct vt_process process = VT_PROCESS_INIT;
    struct vt_spawn_fd fds[4];
    struct vt_spawn spawn = {
        .program = "/bin/sh", .argv = argv, .env = no_env, .landlock = -1,
        .fds = fds, .fd_count = VT_COUNT(fds),
    };
    static const int to[] = { 4, 3, 9, 0 };
    int pipes[4][2];

    (void)state;
    for (size_t i = 0; i < VT_COUNT(fds); i++) {
        char c = (char)('a' + i);

        assert_int_equal(pipe2(pipes[i], O_CLOEXEC), 0);
        assert_int_equal(write(pipes[i][1], &c, 1), 1);
        assert_int_equal(close(pipes[i][1]), 0);
        fds[i] = (struct vt_spawn_fd) { .from = pipes[i][0], .to = to[i] };
    }
    UNIT_RESULT(vt_process_start(&spawn, &process, &err), &err, NULL);
    UNIT_RESULT(vt_process_read(&process, 100, vt_deadline_in(20000), &output,
                                &err), &err, NULL);
    assert_string_equal(vt_buf_string(&output), "bacd");
    for (size_t i = 0; i < VT_COUNT(fds); i++)
        assert_int_equal(close(pipes[i][0]), 0);
}

static void
limits_and_pid_are_set(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf output = VT_BUF_INIT;
    const char *const argv[] = {
        "helper", "-c",
        "ulimit -n; ulimit -Hn; [ \"${PID#\"${PID%%[!0]*}\"}\" = $$ ] && "
        "echo same", NULL,
    };
    static const struct vt_spawn_limit limits[] = {
        { .resource = RLIMIT_NOFILE, .value = 17 },
    };
    char pid[] = "PID=0000000000";
    const char *const env[] = { pid, NULL };
    struct vt_spawn spawn = {
        .program = "/bin/sh", .argv = argv, .env = env, .landlock = -1,
        .limits = limits, .limit_count = VT_COUNT(limits),
        .pid_digits = pid + 4,
    };
    struct vt_process process = VT_PROCESS_INIT;

    (void)state;
    UNIT_RESULT(vt_process_start(&spawn, &process, &err), &err, NULL);
    UNIT_RESULT(vt_process_read(&process, 100, vt_deadline_in(20000), &output,
                                &err), &err, NULL);
    assert_string_equal(vt_buf_string(&output), "17\n17\nsame\n");
}

/* A ruleset that gives nothing back does not even let the shell start. */
static void
landlock_holds(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    const char *const argv[] = { "helper", "-c", "echo here", NULL };
    struct vt_spawn spawn = {
        .program = "/bin/sh", .argv = argv, .env = no_env, .landlock = -1,
    };
    struct vt_process process = VT_PROCESS_INIT;
    vt_autoclose int ruleset = -1;

    (void)state;
    if (vt_landlock_version() == 0)
        skip();
    UNIT_RESULT(vt_landlock_open(false, &ruleset, &err), &err, NULL);
    spawn.landlock = ruleset;
    UNIT_RESULT(vt_process_start(&spawn, &process, &err), &err,
                "cannot run '/bin/sh': Permission denied");
}

/* It dies with the one who started it, whatever that one dies of. */
static void
nobody_is_left(void **state)
{
    int pipe_fds[2];
    char c;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        const char *const argv[] = { "helper", "-c", "exec sleep 100", NULL };
        const struct vt_spawn_fd fds[] = { { .from = pipe_fds[1], .to = 5 } };
        const struct vt_spawn spawn = {
            .program = "/bin/sh", .argv = argv, .env = no_env, .landlock = -1,
            .fds = fds, .fd_count = 1,
        };
        struct vt_process process = VT_PROCESS_INIT;

        /* Without a helper nobody would hold the pipe: say so. */
        if (vt_process_start(&spawn, &process, &err) < 0)
            (void)!write(pipe_fds[1], "!", 1);
        (void)raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(close(pipe_fds[1]), 0);
    /* The helper held the other end: it ends with it. */
    assert_int_equal(read(pipe_fds[0], &c, 1), 0);
    assert_int_equal(close(pipe_fds[0]), 0);
}

static void
readiness_is_waited_for(void **state)
{
    static const struct row waits[] = {
        { "it speaks", "printf x >&5; exec sleep 100", 20000, 0, "", NULL },
        { "it ends", "echo no >&2; exit 4", 20000, 0, "",
          "helper ended with status 4: no" },
        { "it ends well, but silent", "exit 0", 20000, 0, "",
          "helper ended at once" },
        { "it hangs", "exec sleep 100", 100, 0, "",
          "helper was not ready in time and was killed" },
        { "it hangs up", "exec 5>&-; exec sleep 100", 20000, 0, "",
          "helper hung up and was killed" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(waits); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        const char *const argv[] = { "helper", "-c", waits[i].script, NULL };
        struct vt_spawn_fd fd = { .to = 5 };
        const struct vt_spawn spawn = {
            .program = "/bin/sh", .argv = argv, .env = no_env, .landlock = -1,
            .fds = &fd, .fd_count = 1, .no_output = true,
        };
        struct vt_process process = VT_PROCESS_INIT;
        int pair[2];

        UNIT_ROW(i, waits[i].says);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
                                    pair), 0);
        fd.from = pair[1];
        UNIT_RESULT(vt_process_start(&spawn, &process, &err), &err, NULL);
        assert_int_equal(close(pair[1]), 0);
        UNIT_RESULT(vt_process_wait(&process, pair[0],
                                    vt_deadline_in(waits[i].wall_ms), &err),
                    &err, waits[i].want);
        vt_process_stop(&process);
        vt_process_stop(&process);
        assert_int_equal(close(pair[0]), 0);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(endings_are_one_error),
    cmocka_unit_test(a_line_is_heard),
    cmocka_unit_test(lines_come_one_by_one),
    cmocka_unit_test(a_missing_program_is_named),
    cmocka_unit_test(descriptors_are_placed),
    cmocka_unit_test(limits_and_pid_are_set),
    cmocka_unit_test(landlock_holds),
    cmocka_unit_test(nobody_is_left),
    cmocka_unit_test(readiness_is_waited_for),
};

UNIT_MAIN(tests)
