/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-error.c - error.c: an error is built once, extended, and released
 */

#include <errno.h>

#include "base/error.h"
#include "unit.h"

static void
failing_fills_in_all(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    assert_int_equal(vt_fail(&err, VTOPO_IMPOSSIBLE, "%d is no %s", 7, "six"),
                     -1);
    assert_int_equal(err.code, VTOPO_IMPOSSIBLE);
    assert_int_equal(err.errnum, 0);
    assert_string_equal(err.message, "7 is no six");
    assert_null(err.hint);
}

static void
errno_is_kept_and_named(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    errno = ENOENT;
    assert_int_equal(vt_fail_errno(&err, "cannot open '%s'", "x"), -1);
    assert_int_equal(err.code, VTOPO_SYSTEM);
    assert_int_equal(err.errnum, ENOENT);
    assert_string_equal(err.message,
                        "cannot open 'x': No such file or directory");
}

static void
memory_needs_no_memory(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    assert_int_equal(vt_fail_memory(&err), -1);
    assert_int_equal(err.code, VTOPO_SYSTEM);
    assert_int_equal(err.errnum, ENOMEM);
    assert_string_equal(err.message, "out of memory");
    assert_int_equal(vt_wrap(&err, "plan"), -1);
    assert_string_equal(err.message, "plan: out of memory");
}

static void
hints_replace_and_wraps_pile_up(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    (void)vt_fail(&err, VTOPO_BAD_INPUT, "inner");
    assert_int_equal(vt_hint(&err, "first"), -1);
    assert_int_equal(vt_hint(&err, "try %u", 2u), -1);
    assert_int_equal(vt_wrap(&err, "middle %d", 1), -1);
    assert_int_equal(vt_wrap(&err, "outer"), -1);
    assert_string_equal(err.message, "outer: middle 1: inner");
    assert_string_equal(err.hint, "try 2");
    assert_int_equal(err.code, VTOPO_BAD_INPUT);
}

static void
clearing_twice_is_harmless(void **state)
{
    struct vtopo_error err = VTOPO_ERROR_INIT;

    (void)state;
    vtopo_error_clear(&err);
    (void)vt_fail(&err, VTOPO_BAD_INPUT, "x");
    (void)vt_hint(&err, "y");
    vtopo_error_clear(&err);
    vtopo_error_clear(&err);
    assert_int_equal(err.code, VTOPO_OK);
    assert_null(err.message);
    assert_null(err.hint);
}

/* Every code has a name of its own, and a stranger is no crash. */
static void
codes_have_names(void **state)
{
    static const enum vtopo_code codes[] = {
#define CODE(constant, name, meaning) VTOPO_##constant,
        VTOPO_CODES(CODE)
#undef CODE
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(codes); i++) {
        assert_non_null(vtopo_code_name(codes[i]));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(vtopo_code_name(codes[i]),
                                    vtopo_code_name(codes[j]));
    }
    assert_string_equal(vtopo_code_name(VTOPO_BAD_INPUT), "bad-input");
    assert_string_equal(vtopo_code_name((enum vtopo_code)9999), "unknown-code");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(failing_fills_in_all),
    cmocka_unit_test(errno_is_kept_and_named),
    cmocka_unit_test(memory_needs_no_memory),
    cmocka_unit_test(hints_replace_and_wraps_pile_up),
    cmocka_unit_test(clearing_twice_is_harmless),
    cmocka_unit_test(codes_have_names),
};

UNIT_MAIN(tests)
