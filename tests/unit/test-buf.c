/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-buf.c - buf.c: text that grows, and says once when it could not
 */

#include <stdio.h>

#include "base/buf.h"
#include "unit.h"

static void
text_is_what_was_added(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf buf = VT_BUF_INIT;

    (void)state;
    assert_string_equal(vt_buf_string(&buf), "");
    vt_buf_add_string(&buf, "a");
    vt_buf_add_char(&buf, 'b');
    vt_buf_add(&buf, "cde", 2);
    vt_buf_add(&buf, "", 0);
    vt_buf_printf(&buf, "<%s %u>", "f", 7u);
    vt_buf_add_uint(&buf, 42);
    assert_string_equal(vt_buf_string(&buf), "abcd<f 7>42");
    assert_int_equal(buf.length, strlen("abcd<f 7>42"));

    /* A string taken on the way does not end the text. */
    vt_buf_add_char(&buf, '!');
    assert_string_equal(vt_buf_string(&buf), "abcd<f 7>42!");
}

static void
numbers_are_those_of_printf(void **state)
{
    static const unsigned long long numbers[] = {
        0, 1, 9, 10, 99, 100, 4294967295ull, 4294967296ull,
        18446744073709551615ull,
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(numbers); i++) {
        vt_auto(vt_buf_clear) struct vt_buf buf = VT_BUF_INIT;
        char want[32];

        (void)snprintf(want, sizeof(want), "%llu", numbers[i]);
        vt_buf_add_uint(&buf, numbers[i]);
        assert_string_equal(vt_buf_string(&buf), want);
    }
}

/* Whatever the sizes of its parts, nothing is lost where it grows. */
static void
growing_loses_nothing(void **state)
{
    (void)state;
    for (size_t step = 1; step <= 700; step += 23) {
        vt_auto(vt_buf_clear) struct vt_buf buf = VT_BUF_INIT;
        char part[700];

        for (size_t round = 0; round < 40; round++) {
            memset(part, 'a' + (int)(round % 26), step);
            vt_buf_add(&buf, part, step);
        }
        assert_int_equal(buf.length, 40 * step);
        for (size_t at = 0; at < buf.length; at++)
            assert_int_equal(buf.data[at], 'a' + (int)(at / step % 26));
    }
}

static void
printf_grows_too(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf buf = VT_BUF_INIT;

    (void)state;
    vt_buf_printf(&buf, "%5000d", 1);
    vt_buf_printf(&buf, "%s", "");
    assert_int_equal(buf.length, 5000);
    assert_int_equal(buf.data[0], ' ');
    assert_int_equal(buf.data[4999], '1');
}

static void
failure_stays_and_is_told_once(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf buf = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    vt_buf_add_string(&buf, "before");
    assert_int_equal(vt_buf_check(&buf, &err), 0);
    assert_false(vt_buf_reserve(&buf, SIZE_MAX / 2));
    assert_false(vt_buf_reserve(&buf, 1));
    assert_string_equal(vt_buf_string(&buf), "");
    assert_int_equal(vt_buf_check(&buf, &err), -1);
    assert_int_equal(err.code, VTOPO_SYSTEM);
    assert_string_equal(err.message, "out of memory");

    vt_buf_clear(&buf);
    vt_buf_clear(&buf);
    vt_buf_add_string(&buf, "again");
    assert_string_equal(vt_buf_string(&buf), "again");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(text_is_what_was_added),
    cmocka_unit_test(numbers_are_those_of_printf),
    cmocka_unit_test(growing_loses_nothing),
    cmocka_unit_test(printf_grows_too),
    cmocka_unit_test(failure_stays_and_is_told_once),
};

UNIT_MAIN(tests)
