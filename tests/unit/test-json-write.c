/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-json-write.c - json-write.c: what is written is JSON, on one line
 */

#include "base/json-write.h"
#include "unit.h"

static const struct {
    const char *says;
    const char *text;
    const char *want;
} rows[] = {
    { "nothing", "", "\"\"" },
    { "plain text", "Windows 7", "\"Windows 7\"" },
    { "quotes and backslashes", "a\"b\\c", "\"a\\\"b\\\\c\"" },
    { "a slash stays", "a/b", "\"a/b\"" },
    { "short escapes", "\n\r\t", "\"\\n\\r\\t\"" },
    { "other control characters", "\x01\x1b\x7f",
      "\"\\u0001\\u001b\\u007f\"" },
    { "UTF-8 of every length", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
      "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
    { "a byte that is no UTF-8", "a\xff" "b", "\"a\xef\xbf\xbd" "b\"" },
    { "a sequence that is cut", "a\xe2\x82", "\"a\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "an overlong slash", "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "a surrogate", "\xed\xa0\x80",
      "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    { "beyond the last code point", "\xf4\x90\x80\x80",
      "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
};

static void
string_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
        struct vt_json json = VT_JSON_INIT(&out);

        UNIT_ROW(i, rows[i].says);
        vt_json_string(&json, rows[i].text);
        assert_string_equal(vt_buf_string(&out), rows[i].want);
    }
}

static void
commas_come_by_themselves(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&out);

    (void)state;
    vt_json_open(&json, '{');
    vt_json_key(&json, "empty");
    vt_json_open(&json, '{');
    vt_json_close(&json, '}');
    vt_json_key(&json, "list");
    vt_json_open(&json, '[');
    vt_json_uint(&json, 7);
    vt_json_uint(&json, 4294967296ull);
    vt_json_bool(&json, true);
    vt_json_open(&json, '[');
    vt_json_close(&json, ']');
    vt_json_null(&json);
    vt_json_close(&json, ']');
    vt_json_key(&json, "text");
    vt_json_string_or_null(&json, "x");
    vt_json_key(&json, "none");
    vt_json_string_or_null(&json, NULL);
    vt_json_key(&json, "no");
    vt_json_bool(&json, false);
    vt_json_close(&json, '}');
    assert_string_equal(vt_buf_string(&out),
        "{\"empty\":{},\"list\":[7,4294967296,true,[],null],\"text\":\"x\","
        "\"none\":null,\"no\":false}");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(string_rows),
    cmocka_unit_test(commas_come_by_themselves),
};

UNIT_MAIN(tests)
