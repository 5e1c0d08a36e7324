/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-output.c - output.c: nothing drives a terminal, nothing is lost
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/error.h"
#include "base/file.h"
#include "output.h"
#include "unit.h"

static const struct {
    const char *says;
    const char *text;
    const char *want;
} rows[] = {
    { "plain text", "Windows 7 'x' \\Select", "Windows 7 'x' \\Select" },
    { "other alphabets", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
      "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
    { "lines and tabs", "a\r\n\tb", "a\\r\\n\\tb" },
    { "a colour", "\x1b[31mred", "\\x1b[31mred" },
    { "a bell and DEL", "\x07\x7f", "\\x07\\x7f" },
    { "the one-byte form of ESC [", "\xc2\x9b" "31m", "\\u009b31m" },
    { "text that turns around", "\xe2\x80\xae" "exe.txt", "\\u202eexe.txt" },
    { "an isolate", "\xe2\x81\xa6", "\\u2066" },
    { "nothing that is seen", "\xe2\x80\x8b\xef\xbb\xbf", "\\u200b\\ufeff" },
    { "tags", "\xf3\xa0\x81\x81", "\\ue0041" },
    { "no UTF-8", "a\xff\xc0\xaf", "a\\xff\\xc0\\xaf" },
    { "a cut sequence", "\xe2\x82", "\\xe2\\x82" },
};

static void
escape_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;

        UNIT_ROW(i, rows[i].says);
        output_add_escaped(&out, rows[i].text);
        assert_string_equal(vt_buf_string(&out), rows[i].want);
    }
}

static const struct {
    const char *says;
    size_t column, indent;
    const char *text;
    const char *want;
} wraps[] = {
    { "nothing is a line", 0, 0, "", "\n" },
    { "blanks run together", 0, 0, "a  b", "a b\n" },
    { "a newline breaks", 0, 2, "a\nb", "a\n  b\n" },
    { "a paragraph has no blanks", 0, 2, "a\n\nb", "a\n\n  b\n" },
    { "a newline at the end is one", 0, 0, "a\n", "a\n" },
    { "the last column is used", 77, 4, "abc d", "abc\n    d\n" },
    { "a word too long stands alone", 78, 1, "abcdef g", "abcdef\n g\n" },
};

static void
wrap_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(wraps); i++) {
        vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;

        UNIT_ROW(i, wraps[i].says);
        output_add_wrapped(&out, wraps[i].column, wraps[i].indent,
                           wraps[i].text);
        assert_string_equal(vt_buf_string(&out), wraps[i].want);
    }
}

static void
errors_are_json(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    (void)vt_fail(&err, VTOPO_SMP_ZERO, "'%s' is zero", "a\n\"");
    output_add_json_error(&out, &err);
    assert_string_equal(vt_buf_string(&out),
        "{\"error\":{\"code\":\"smp-zero\","
        "\"message\":\"'a\\n\\\"' is zero\"}}");

    out.length = 0;
    (void)vt_hint(&err, "try 1");
    output_add_json_error(&out, &err);
    assert_string_equal(vt_buf_string(&out),
        "{\"error\":{\"code\":\"smp-zero\","
        "\"message\":\"'a\\n\\\"' is zero\",\"hint\":\"try 1\"}}");
}

static void
a_full_disk_is_an_error(void **state)
{
    vt_autoclose int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    if (full < 0)
        skip();
    assert_int_equal(vt_write_all(full, "it", "", 0, &err), 0);
    UNIT_RESULT(vt_write_all(full, "it", "x", 1, &err), &err,
                "cannot write to it: No space left on device");
    assert_int_equal(err.errnum, ENOSPC);
}

static void
a_reader_that_left_is_epipe(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    int ends[2];

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    assert_int_equal(vt_write_all(ends[1], "it", "x", 1, &err), -1);
    assert_int_equal(err.errnum, EPIPE);
    (void)close(ends[1]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(escape_rows),
    cmocka_unit_test(wrap_rows),
    cmocka_unit_test(errors_are_json),
    cmocka_unit_test(a_full_disk_is_an_error),
    cmocka_unit_test(a_reader_that_left_is_epipe),
};

UNIT_MAIN(tests)
