/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-bulk.c - bulk.c: a line in, a line out, in step, whatever comes
 *
 * bulk_run() writes to standard output, so a child runs it between two pipes
 * or files.
 */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/error.h"
#include "bulk.h"
#include "unit.h"

/* Answers a line by its length and first letter; refuses those with '!'. */
static int
answer(void *context, char *line, size_t length, struct vt_buf *out,
       struct vtopo_error *err)
{
    unsigned *calls = context;

    (*calls)++;
    line[length] = '\0';
    assert_int_equal(strlen(line), length);
    vt_buf_printf(out, "%zu%c", length, line[0]);
    if (line[0] == '!')
        return vt_fail(err, VTOPO_IMPOSSIBLE, "no");
    return 0;
}

#define EMPTY "{\"error\":{\"code\":\"bad-input\",\"message\":" \
              "\"the line is empty\"}}\n"
#define ZERO "{\"error\":{\"code\":\"bad-input\",\"message\":" \
             "\"the line holds a zero byte\"}}\n"
#define LONG "{\"error\":{\"code\":\"bad-input\",\"message\":" \
             "\"the line is longer than 1048576 bytes\"}}\n"
#define NO "{\"error\":{\"code\":\"impossible\",\"message\":\"no\"}}\n"

#define TEXT(text) (text), sizeof(text) - 1

static const struct {
    const char *says;
    const char *input;
    size_t length;
    size_t repeat;              /* bytes of 'x' before the input */
    const char *want;
} rows[] = {
    { "nothing in, nothing out", TEXT(""), 0, "" },
    { "one line", TEXT("abc\n"), 0, "3a\n" },
    { "the last line needs no newline", TEXT("abc\nde"), 0, "3a\n2d\n" },
    { "lines of another system", TEXT("abc\r\nde\r\n"), 0, "3a\n2d\n" },
    { "a blank line is answered", TEXT("\na\n \t\n\r\nb"), 0,
      EMPTY "1a\n" EMPTY EMPTY "1b\n" },
    { "a refusal replaces what was written", TEXT("a\n!x\nb\n"), 0,
      "1a\n" NO "1b\n" },
    { "a zero byte", TEXT("a\n{\0}\nb\n"), 0, "1a\n" ZERO "1b\n" },
    { "the longest line", TEXT("\nb\n"), BULK_LINE_MAX, "1048576x\n1b\n" },
    { "the longest line of another system", TEXT("\r\nb\n"), BULK_LINE_MAX,
      "1048576x\n1b\n" },
    { "the longest line without a newline", TEXT(""), BULK_LINE_MAX,
      "1048576x\n" },
    { "a byte too long", TEXT("\nb\n"), BULK_LINE_MAX + 1, LONG "1b\n" },
    { "a byte too long without a newline", TEXT(""), BULK_LINE_MAX + 1, LONG },
    { "two bytes too long", TEXT("\nb\n"), BULK_LINE_MAX + 2, LONG "1b\n" },
    { "far too long is one line", TEXT("\nb\n"), 5 * BULK_LINE_MAX,
      LONG "1b\n" },
    { "far too long without a newline", TEXT(""), 5 * BULK_LINE_MAX, LONG },
};

/* Run bulk_run() in a child on @in and @out; returns the child.  @ours is a
 * descriptor that the child must not keep open, or -1.
 */
static pid_t
start(int in, int out, int ours)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct vtopo_error err = VTOPO_ERROR_INIT;
        unsigned calls = 0;

        if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
            _exit(99);
        if (ours >= 0)
            (void)close(ours);
        _exit(bulk_run("-", answer, &calls, &err) == 0 ? 0 : 1);
    }
    return child;
}

static int
status_of(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static FILE *
input_of_row(size_t i)
{
    FILE *in = tmpfile();

    assert_non_null(in);
    for (size_t n = 0; n < rows[i].repeat; n++)
        assert_int_equal(fputc('x', in), 'x');
    assert_int_equal(fwrite(rows[i].input, 1, rows[i].length, in),
                     rows[i].length);
    assert_int_equal(fflush(in), 0);
    rewind(in);
    return in;
}

static void
line_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autofile FILE *in = input_of_row(i);
        vt_autofile FILE *out = tmpfile();
        char got[1024];
        size_t length;

        UNIT_ROW(i, rows[i].says);
        assert_int_equal(status_of(start(fileno(in), fileno(out), -1)), 0);
        rewind(out);
        length = fread(got, 1, sizeof(got) - 1, out);
        got[length] = '\0';
        assert_string_equal(got, rows[i].want);
    }
}

/* More output than one write, and lines that straddle blocks. */
static void
many_lines_stay_in_order(void **state)
{
    vt_autofile FILE *in = tmpfile();
    vt_autofile FILE *out = tmpfile();
    unsigned value;
    char letter;

    (void)state;
    for (unsigned i = 0; i < 200000; i++)
        assert_true(fprintf(in, "%c%*s\n", 'a' + (int)(i % 26),
                            (int)(i % 37), "") > 0);
    assert_int_equal(fflush(in), 0);
    rewind(in);
    assert_int_equal(status_of(start(fileno(in), fileno(out), -1)), 0);
    rewind(out);
    for (unsigned i = 0; i < 200000; i++) {
        assert_int_equal(fscanf(out, "%u%c\n", &value, &letter), 2);
        assert_int_equal(value, 1 + i % 37);
        assert_int_equal(letter, 'a' + (int)(i % 26));
    }
    assert_int_equal(fgetc(out), EOF);
}

/* A peer that sends one line and waits gets its answer. */
static void
a_waiting_peer_is_answered(void **state)
{
    int to[2], from[2];
    pid_t child;

    (void)state;
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    child = start(to[0], from[1], to[1]);
    for (unsigned i = 0; i < 100; i++) {
        struct pollfd ready = { .fd = from[0], .events = POLLIN };
        char got[8] = "";

        assert_int_equal(write(to[1], "abc\n", 4), 4);
        assert_int_equal(poll(&ready, 1, 10000), 1);
        assert_int_equal(read(from[0], got, sizeof(got)), 3);
        assert_string_equal(got, "3a\n");
    }
    (void)close(to[1]);
    assert_int_equal(status_of(child), 0);
    (void)close(to[0]);
    (void)close(from[0]);
    (void)close(from[1]);
}

static void
files_that_cannot_be_read_are_errors(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    unsigned calls = 0;

    (void)state;
    UNIT_RESULT(bulk_run("/nonexistent", answer, &calls, &err), &err,
                "cannot open '/nonexistent': No such file or directory");
    vtopo_error_clear(&err);
    UNIT_RESULT(bulk_run("/", answer, &calls, &err), &err,
                "cannot read '/': Is a directory");
    assert_int_equal(calls, 0);
}

static void
output_that_cannot_be_written_is_an_error(void **state)
{
    vt_autofile FILE *in = tmpfile();
    vt_autoclose int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    if (full < 0)
        skip();
    assert_true(fputs("abc\n", in) >= 0);
    assert_int_equal(fflush(in), 0);
    rewind(in);
    assert_int_equal(status_of(start(fileno(in), full, -1)), 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(line_rows),
    cmocka_unit_test(many_lines_stay_in_order),
    cmocka_unit_test(a_waiting_peer_is_answered),
    cmocka_unit_test(files_that_cannot_be_read_are_errors),
    cmocka_unit_test(output_that_cannot_be_written_is_an_error),
};

UNIT_MAIN(tests)
