/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-num.c - num.c, one row a promise
 */

#include "base/num.h"
#include "unit.h"

static const struct {
    const char *says;
    const char *text;
    unsigned min, max;
    unsigned want;
    const char *message;        /* NULL when it must work */
} rows[] = {
    { "a plain number", "8", 1, 4096, 8, NULL },
    { "the smallest allowed", "1", 1, 4096, 1, NULL },
    { "the largest allowed", "4096", 1, 4096, 4096, NULL },
    { "zero where zero is allowed", "0", 0, 1, 0, NULL },
    { "leading zeros are decimal", "010", 1, 64, 10, NULL },
    { "the largest unsigned", "4294967295", 0, ~0u, ~0u, NULL },
    { "below the range", "0", 1, 4096, 0,
      "N must be between 1 and 4096, not '0'" },
    { "above the range", "4097", 1, 4096, 0,
      "N must be between 1 and 4096, not '4097'" },
    { "a number that wraps to one in 32 bits", "4294967297", 1, 4096, 0,
      "N must be between 1 and 4096, not '4294967297'" },
    { "a number that wraps to one in 64 bits", "18446744073709551617", 1, 64, 0,
      "N must be between 1 and 64, not '18446744073709551617'" },
    { "a sign", "-1", 1, 64, 0, "N must be a whole number, not '-1'" },
    { "a plus", "+1", 1, 64, 0, "N must be a whole number, not '+1'" },
    { "a blank before", " 1", 1, 64, 0, "N must be a whole number, not ' 1'" },
    { "a blank after", "1 ", 1, 64, 0, "N must be a whole number, not '1 '" },
    { "a fraction", "1.5", 1, 64, 0, "N must be a whole number, not '1.5'" },
    { "hexadecimal", "0x10", 1, 64, 0, "N must be a whole number, not '0x10'" },
    { "nothing", "", 1, 64, 0, "N must be a whole number, not ''" },
    { "a word", "four", 1, 64, 0, "N must be a whole number, not 'four'" },
    { "too large and then no number", "99999999999999999999x", 1, 64, 0,
      "N must be a whole number, not '99999999999999999999x'" },
};

static void
parse_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        unsigned got = 0;

        UNIT_ROW(i, rows[i].says);
        UNIT_RESULT(vt_parse_uint(rows[i].text, "N", rows[i].min, rows[i].max,
                                  &got, &err), &err, rows[i].message);
        assert_int_equal(got, rows[i].want);
    }
}

/* vt_bits_for() is the least width that numbers all; the power follows. */
static void
bits_are_just_enough(void **state)
{
    (void)state;
    assert_int_equal(vt_bits_for(0), 0);
    assert_int_equal(vt_bits_for(1), 0);
    for (unsigned count = 2; count <= 70000; count++) {
        unsigned bits = vt_bits_for(count);

        assert_true((1u << bits) >= count);
        assert_true((1u << (bits - 1)) < count);
        assert_int_equal(vt_round_up_pow2(count), 1u << bits);
    }
    assert_int_equal(vt_bits_for(1u << 31), 31);
    assert_int_equal(vt_round_up_pow2(1u << 31), 1u << 31);
    assert_int_equal(vt_round_up_pow2(1), 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(parse_rows),
    cmocka_unit_test(bits_are_just_enough),
};

UNIT_MAIN(tests)
