/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-json-read.c - json-read.c, one row a promise
 */

#include "base/json-read.h"
#include "unit.h"

/* A reader of a copy of @text, which the reader changes. */
static struct vt_json_reader
reader_of(const char *text, size_t length)
{
    struct vt_json_reader reader;
    char *copy = malloc(length + 1);

    assert_non_null(copy);
    memcpy(copy, text, length);
    vt_json_reader_start(&reader, copy, length);
    return reader;
}

static void
reader_clear(struct vt_json_reader *reader)
{
    free(reader->text);
}

static const struct {
    const char *says;
    const char *text;
    const char *message;        /* NULL when it is JSON */
} texts[] = {
    { "an object", "{\"a\":1,\"b\":{\"c\":[]}}", NULL },
    { "an array", "[1,\"x\",null,true,false,{}]", NULL },
    { "blanks everywhere", " \t\r\n{ \"a\" : [ 1 , 2 ] } \n", NULL },
    { "a number alone", "0", NULL },
    { "every part of a number", "-12.5e+3", NULL },
    { "a string alone", "\"\"", NULL },
    { "DEL is no control character", "\"\x7f\"", NULL },
    { "32 levels", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                   "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", NULL },

    { "33 levels", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                   "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
      "JSON is nested deeper than 32 levels" },
    { "nothing", "", "not JSON: a value expected, but the text ends" },
    { "blanks alone", "  ", "not JSON: a value expected, but the text ends" },
    { "a word of its own", "nul", "not JSON: a value expected at byte 0" },
    { "a word with a tail", "nullx", "not JSON: a value expected at byte 0" },
    { "single quotes", "'a'", "not JSON: a value expected at byte 0" },
    { "text behind", "{} {}",
      "not JSON: the end of the text expected at byte 3" },
    { "an open object", "{\"a\":1",
      "not JSON: ',' or '}' expected, but the text ends" },
    { "an open array", "[1", "not JSON: ',' or ']' expected, but the text ends" },
    { "an open string", "\"a",
      "not JSON: the end of a string expected, but the text ends" },
    { "a newline in a string", "\"a\nb\"",
      "not JSON: the end of a string expected at byte 2" },
    { "a comma before the end of an object", "{\"a\":1,}",
      "not JSON: a value after ',' expected at byte 7" },
    { "a comma before the end of an array", "[1,]",
      "not JSON: a value after ',' expected at byte 3" },
    { "a comma first", "[,1]", "not JSON: a value expected at byte 1" },
    { "two commas", "[1,,2]", "not JSON: a value expected at byte 3" },
    { "no comma", "[1 2]", "not JSON: ',' or ']' expected at byte 3" },
    { "no colon", "{\"a\" 1}", "not JSON: ':' expected at byte 5" },
    { "no value", "{\"a\":}", "not JSON: a value expected at byte 5" },
    { "a key without quotes", "{a:1}",
      "not JSON: a key in quotes expected at byte 1" },
    { "mixed brackets", "[1}", "not JSON: ',' or ']' expected at byte 2" },
    { "a leading zero", "[01]", "not JSON: a value expected at byte 1" },
    { "a plus", "+1", "not JSON: a value expected at byte 0" },
    { "a point without digits", "1.", "not JSON: a value expected at byte 0" },
    { "an exponent without digits", "1e",
      "not JSON: a value expected at byte 0" },
    { "infinity", "Infinity", "not JSON: a value expected at byte 0" },
    { "a comment", "/**/1", "not JSON: a value expected at byte 0" },
};

static void
text_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(texts); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(reader_clear) struct vt_json_reader reader =
            reader_of(texts[i].text, strlen(texts[i].text));
        int rc = vt_json_skip(&reader, &err);

        UNIT_ROW(i, texts[i].says);
        if (rc == 0)
            rc = vt_json_finish(&reader, &err);
        UNIT_RESULT(rc, &err, texts[i].message);
        assert_int_equal(err.code,
                         texts[i].message != NULL ? VTOPO_BAD_INPUT : VTOPO_OK);
    }
}

static const struct {
    const char *says;
    const char *text;
    const char *want;           /* NULL when it must fail */
} strings[] = {
    { "plain", "\"win7\"", "win7" },
    { "short escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
    { "a code point of each length",
      "\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"",
      "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
    { "hexadecimal in either case", "\"\\u00eE\"", "\xc3\xae" },
    { "UTF-8 passes", "\"\xe2\x82\xac\"", "\xe2\x82\xac" },
    { "escapes that shrink keep what follows", "\"\\u0061bc\\u0064\"", "abcd" },
    { "zero", "\"\\u0000\"", NULL },
    { "a lone high surrogate", "\"\\ud83d\"", NULL },
    { "a high surrogate with another", "\"\\ud83d\\ud83d\"", NULL },
    { "a lone low surrogate", "\"\\ude00\"", NULL },
    { "an unknown escape", "\"\\x41\"", NULL },
    { "a cut escape", "\"\\u00\"", NULL },
    { "an escape at the end", "\"\\", NULL },
    { "no hexadecimal", "\"\\u00g0\"", NULL },
};

static void
string_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(strings); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(reader_clear) struct vt_json_reader reader =
            reader_of(strings[i].text, strlen(strings[i].text));
        const char *got = NULL;
        int rc = vt_json_read_string(&reader, "os", &got, &err);

        UNIT_ROW(i, strings[i].says);
        assert_int_equal(rc, strings[i].want != NULL ? 0 : -1);
        if (rc < 0) {
            assert_null(got);
            assert_non_null(err.message);
            continue;
        }
        assert_string_equal(got, strings[i].want);
        assert_int_equal(vt_json_finish(&reader, &err), 0);
    }
}

static const struct {
    const char *says;
    const char *text;
    unsigned want;
    const char *message;
} numbers[] = {
    { "the smallest", "1", 1, NULL },
    { "the largest", "4096", 4096, NULL },
    { "zero", "0", 0, "'vcpus' must be a whole number between 1 and 4096, "
                      "not 0" },
    { "too large", "4097", 0,
      "'vcpus' must be a whole number between 1 and 4096, not 4097" },
    { "a number that wraps", "4294967297", 0,
      "'vcpus' must be a whole number between 1 and 4096, not 4294967297" },
    { "a number that wraps 64 bits", "18446744073709551617", 0,
      "'vcpus' must be a whole number between 1 and 4096, "
      "not 18446744073709551617" },
    { "negative", "-1", 0,
      "'vcpus' must be a whole number between 1 and 4096, not -1" },
    { "a fraction", "1.5", 0,
      "'vcpus' must be a whole number between 1 and 4096, not 1.5" },
    { "an exponent", "1e2", 0,
      "'vcpus' must be a whole number between 1 and 4096, not 1e2" },
    { "a string", "\"4\"", 0, "'vcpus' must be a whole number" },
    { "nothing", "", 0, "not JSON: a value expected, but the text ends" },
};

static void
number_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(numbers); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(reader_clear) struct vt_json_reader reader =
            reader_of(numbers[i].text, strlen(numbers[i].text));
        unsigned got = 0;

        UNIT_ROW(i, numbers[i].says);
        UNIT_RESULT(vt_json_read_uint(&reader, "vcpus", 1, 4096, &got, &err),
                    &err, numbers[i].message);
        assert_int_equal(got, numbers[i].want);
    }
}

/* A request read as a command reads it. */
static void
object_is_walked_in_order(void **state)
{
    static const char text[] = "{\"smp\":\"4,sockets=2\",\"n\":8,\"on\":true,"
                               "\"none\":null,\"list\":[1,2],\"f\":-1.50,"
                               "\"more\":{\"a\":[{}]}}";
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(reader_clear) struct vt_json_reader reader =
        reader_of(text, strlen(text));
    const char *key, *smp = NULL;
    char number[16] = "";
    unsigned n = 0, sum = 0, element;
    bool on = false, none = false, more;

    (void)state;
    assert_int_equal(vt_json_peek(&reader), '{');
    assert_int_equal(vt_json_enter(&reader, '{', &err), 0);
    for (;;) {
        assert_int_equal(vt_json_next_key(&reader, &key, &err), 0);
        if (key == NULL)
            break;
        if (strcmp(key, "smp") == 0) {
            assert_int_equal(vt_json_read_string(&reader, key, &smp, &err), 0);
        } else if (strcmp(key, "n") == 0) {
            assert_int_equal(vt_json_read_uint(&reader, key, 1, 9, &n, &err), 0);
        } else if (strcmp(key, "on") == 0) {
            assert_false(vt_json_read_null(&reader));
            assert_int_equal(vt_json_read_bool(&reader, key, &on, &err), 0);
        } else if (strcmp(key, "none") == 0) {
            none = vt_json_read_null(&reader);
        } else if (strcmp(key, "f") == 0) {
            assert_int_equal(vt_json_read_number_text(&reader, key, number,
                                                      sizeof(number), &err), 0);
        } else if (strcmp(key, "list") == 0) {
            assert_int_equal(vt_json_enter(&reader, '[', &err), 0);
            for (;;) {
                assert_int_equal(vt_json_next_element(&reader, &more, &err), 0);
                if (!more)
                    break;
                assert_int_equal(vt_json_read_uint(&reader, key, 0, 9, &element,
                                                   &err), 0);
                sum += element;
            }
        } else {
            assert_int_equal(vt_json_skip(&reader, &err), 0);
        }
    }
    assert_int_equal(vt_json_finish(&reader, &err), 0);
    assert_string_equal(smp, "4,sockets=2");
    assert_string_equal(number, "-1.50");
    assert_int_equal(n, 8);
    assert_int_equal(sum, 3);
    assert_true(on);
    assert_true(none);
}

static void
wrong_types_are_named(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(reader_clear) struct vt_json_reader reader =
        reader_of("7", 1);
    const char *text = NULL;
    char digits[1];
    bool flag = false;

    (void)state;
    UNIT_RESULT(vt_json_read_string(&reader, "os", &text, &err), &err,
                "'os' must be a string");
    vtopo_error_clear(&err);
    UNIT_RESULT(vt_json_read_bool(&reader, "on", &flag, &err), &err,
                "'on' must be true or false");
    vtopo_error_clear(&err);
    UNIT_RESULT(vt_json_enter(&reader, '{', &err), &err,
                "not JSON: an object expected at byte 0");
    vtopo_error_clear(&err);
    UNIT_RESULT(vt_json_read_number_text(&reader, "n", digits, sizeof(digits),
                                         &err), &err,
                "'n' is a number of more than 0 digits");
}

static void
zero_characters_end_nothing(void **state)
{
    static const char text[] = "{\0}";
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(reader_clear) struct vt_json_reader reader =
        reader_of(text, sizeof(text) - 1);

    (void)state;
    UNIT_RESULT(vt_json_skip(&reader, &err), &err,
                "not JSON: a key in quotes expected at byte 1");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(text_rows),
    cmocka_unit_test(string_rows),
    cmocka_unit_test(number_rows),
    cmocka_unit_test(object_is_walked_in_order),
    cmocka_unit_test(wrong_types_are_named),
    cmocka_unit_test(zero_characters_end_nothing),
};

UNIT_MAIN(tests)
