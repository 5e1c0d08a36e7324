/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-image.c - what is believed of names, URIs and the worker's words
 */

#include "image/internal.h"
#include "unit.h"

/* ------------------------------------------------------------------ URIs */

struct uri {
    const char *text;
    const char *host;
    const char *port;
    const char *socket;
    const char *export_name;
    const char *want;
};

static const struct uri uris[] = {
    { .text = "nbd://host", .host = "host", .port = "10809",
      .export_name = "" },
    { .text = "NBD://host:1/", .host = "host", .port = "1",
      .export_name = "" },
    { .text = "nbd://[::1]:2/a/b", .host = "::1", .port = "2",
      .export_name = "a/b" },
    { .text = "nbd://[::1]", .host = "::1", .port = "10809",
      .export_name = "" },
    { .text = "nbd://h/a%20b%2F%c3%a9", .host = "h", .port = "10809",
      .export_name = "a b/\xc3\xa9" },
    { .text = "nbd+unix:///x?socket=/run/a%3fb", .socket = "/run/a?b",
      .export_name = "x" },
    { .text = "nbd+unix://?socket=s", .socket = "s", .export_name = "" },
    { .text = "nbd+unix:///?socket=%2", .want =
      "the socket of the NBD URI has a bad '%'" },
    { .text = "nbd://h/%", .want =
      "the export of the NBD URI has a bad '%'" },
    { .text = "nbd://h/%zz", .want =
      "the export of the NBD URI has a bad '%'" },
    { .text = "nbd://h/%00", .want =
      "the export of the NBD URI has a bad '%'" },
    { .text = "nbd://h/%ff", .want =
      "the export of the NBD URI is not UTF-8" },
    { .text = "nbd://", .want = "the NBD URI names no host" },
    { .text = "nbd:///x", .want = "the NBD URI names no host" },
    { .text = "nbd://u@h", .want =
      "the NBD URI names a user, which NBD does not have" },
    { .text = "nbd://[::1", .want = "the NBD URI has '[' without ']'" },
    { .text = "nbd://[::1]x", .want = "the NBD URI has 'x' behind the host" },
    { .text = "nbd://h:http", .want =
      "the port of the NBD URI must be a number, not 'http'" },
    { .text = "nbd://h:123456", .want =
      "the port of the NBD URI must be a number, not '123456'" },
    { .text = "nbd://h?socket=s", .want =
      "the NBD URI names a socket, but is not nbd+unix" },
    { .text = "nbd+unix:///x", .want =
      "the NBD URI names no socket: '?socket=PATH' is missing" },
    { .text = "nbd+unix:///x?socket=", .want =
      "the NBD URI names no socket: '?socket=PATH' is missing" },
    { .text = "nbd+unix://h/x?socket=s", .want =
      "the NBD URI names a host, but is nbd+unix" },
    { .text = "nbd://h/x?tls=1", .want =
      "the NBD URI asks for 'tls=1', which is not known" },
    { .text = "nbd://h/x#y", .want = "the NBD URI has a fragment" },
    { .text = "nbds://h/x", .want =
      "'nbds://h/x' is no NBD URI that can be opened" },
    { .text = "nbd:h:10809", .want =
      "'nbd:h:10809' is no NBD URI that can be opened" },
};

static void
check_text(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else
        assert_string_equal(got, want);
}

static void
uris_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(uris); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vt_nbd_uri_clear) struct vt_nbd_uri uri = { .host = NULL };

        UNIT_ROW(i, uris[i].text);
        assert_true(vt_nbd_is_uri(uris[i].text));
        UNIT_RESULT(vt_nbd_parse(uris[i].text, &uri, &err), &err,
                    uris[i].want);
        check_text(uri.host, uris[i].host);
        check_text(uri.port, uris[i].port);
        check_text(uri.socket, uris[i].socket);
        check_text(uri.export_name, uris[i].export_name);
    }
    assert_false(vt_nbd_is_uri("nbd.qcow2"));
    assert_false(vt_nbd_is_uri("./nbd:x"));
}

/* ----------------------------------------------------------------- names */

static void
names_are_judged(void **state)
{
    (void)state;
    assert_true(vt_has_protocol("nbd://x/y"));
    assert_true(vt_has_protocol("file:x"));
    assert_true(vt_has_protocol("json:{}"));
    assert_true(vt_has_protocol(":"));
    assert_false(vt_has_protocol("./a:b"));
    assert_false(vt_has_protocol("/a:b"));
    assert_false(vt_has_protocol("a"));
    assert_false(vt_has_protocol(""));

    assert_string_equal(vt_format_by_name("a.RAW"), "raw");
    assert_string_equal(vt_format_by_name("a.vhd"), "vpc");
    assert_null(vt_format_by_name("a.img"));
    assert_null(vt_format_by_name(".raw"));
    assert_null(vt_format_by_name("raw"));
}

struct json_row {
    const char *text;
    const char *filename;
    const char *format;
    const char *want;
};

#define ONLY(key)                                                           \
    "the image asks for a 'json:' name with '" key "', of which only "      \
    "'driver' and a 'file' with 'driver' and 'filename' are allowed"
#define NO_FILE                                                             \
    "the image asks for a 'json:' name that is no file with a known format"

static const struct json_row json_rows[] = {
    { .text = "{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\","
              "\"filename\":\"/a\"}}", .filename = "/a", .format = "qcow2" },
    { .text = "{\"file.filename\":\"a\",\"driver\":\"raw\"}",
      .filename = "a", .format = "raw" },
    { .text = "{\"driver\":\"nbd\",\"host\":\"h\"}", .want = ONLY("host") },
    { .text = "{\"driver\":\"raw\",\"file\":{\"driver\":\"nbd\","
              "\"filename\":\"nbd://h\"}}", .want = NO_FILE },
    { .text = "{\"driver\":\"raw\",\"file\":{\"driver\":\"file\","
              "\"filename\":\"a\",\"pr-manager\":\"x\"}}",
      .want = ONLY("pr-manager") },
    { .text = "{\"driver\":\"raw\",\"file\":\"node\"}", .want = ONLY("file") },
    { .text = "{\"driver\":\"raw\",\"file\":{\"filename\":\"a\"},"
              "\"backing\":null}", .want = ONLY("backing") },
    { .text = "{\"file.filename\":\"a\"}", .want = NO_FILE },
    { .text = "{\"driver\":\"quorum\",\"file.filename\":\"a\"}",
      .want = NO_FILE },
    { .text = "{", .want = "not JSON: a key in quotes expected, but the text "
                           "ends" },
};

static void
json_names_are_files_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(json_rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vt_buf_clear) struct vt_buf name = VT_BUF_INIT;
        vt_autofree char *filename = NULL;
        vt_autofree char *format = NULL;

        UNIT_ROW(i, json_rows[i].text);
        vt_buf_printf(&name, "json:%s", json_rows[i].text);
        assert_true(vt_json_name_is(vt_buf_string(&name)));
        UNIT_RESULT(vt_json_name_parse(vt_buf_string(&name), &filename,
                                       &format, &err), &err,
                    json_rows[i].want);
        check_text(filename, json_rows[i].filename);
        check_text(format, json_rows[i].format);
    }
}

/* ------------------------------------------------------ the worker's words */

struct words {
    const char *text;
    const char *answer;
    const char *want;
    const char *hint;
    enum vtopo_code code;
};

static const struct words words[] = {
    { .text = "{\"sandbox\":{\"seccomp\":true,\"landlock\":3,\"new\":[]},"
              "\"answer\": {\"a\\n\":[1,\"}\"]} }\n",
      .answer = "{\"a\\n\":[1,\"}\"]}" },
    { .text = "{\"answer\":null}", .answer = "null" },
    { .text = "{\"error\":{\"code\":\"bad-input\",\"message\":\"m\","
              "\"hint\":\"h\"}}",
      .want = "m", .hint = "h", .code = VTOPO_BAD_INPUT },
    { .text = "{\"error\":{\"code\":\"SURPRISE\",\"message\":\"m\","
              "\"hint\":null}}", .want = "m", .code = VTOPO_SYSTEM },
    { .text = "{\"answer\":1,\"error\":{}}", .code = VTOPO_SYSTEM,
      .want = "vtopo-worker does not say what is wrong" },
    { .text = "{}", .want = "vtopo-worker gave no answer",
      .code = VTOPO_SYSTEM },
    { .text = "", .code = VTOPO_SYSTEM,
      .want = "vtopo-worker answered in words of its own: not JSON: an object "
              "expected, but the text ends" },
    { .text = "{\"answer\":1}{\"answer\":2}", .code = VTOPO_SYSTEM,
      .want = "vtopo-worker answered in words of its own: not JSON: the end "
              "of the text expected at byte 12" },
    { .text = "{\"answer\":{\"a\":}}", .code = VTOPO_SYSTEM,
      .want = "vtopo-worker answered in words of its own: not JSON: a value "
              "expected at byte 15" },
};

static void
the_worker_is_not_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(words); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
        vt_autofree char *text = strdup(words[i].text);
        struct vt_image_cage cage = { .landlock = 0 };

        UNIT_ROW(i, words[i].want != NULL ? words[i].want : "an answer");
        assert_non_null(text);
        UNIT_RESULT(vt_worker_parse(text, strlen(text), &answer, &cage, &err),
                    &err, words[i].want);
        check_text(err.hint, words[i].hint);
        assert_int_equal(err.code, words[i].code);
        assert_string_equal(vt_buf_string(&answer), words[i].answer != NULL
                            ? words[i].answer : "");
        assert_int_equal(cage.landlock, i == 0 ? 3 : 0);
        assert_int_equal(cage.seccomp, i == 0);
    }
}

/* --------------------------------------------------------- what QEMU hears */

/* Every format is named, every chain ends, and nothing is left to probing. */
static void
chains_are_spelt_out(void **state)
{
    char qcow2[] = "qcow2";
    char raw[] = "raw";
    char vmdk[] = "vmdk";
    char folder[] = "a.vmdk";
    struct vt_place extent = VT_PLACE_INIT;
    struct vt_link links[] = {
        { .format = qcow2, .place = { .fd = 10 }, .data = { .fd = -1 } },
        { .format = qcow2, .place = { .fd = 11 }, .data = { .fd = 12 } },
        { .format = raw, .place = { .fd = 13, .is_device = true },
          .data = { .fd = -1 } },
    };
    struct vt_link disk = {
        .format = vmdk, .place = { .fd = 10, .path = folder },
        .data = { .fd = -1 }, .extents = &extent, .extent_count = 1,
    };
    struct vt_image image = { .links = links, .link_count = 3 };
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

    (void)state;
    vt_server_json(&image, &text);
    assert_string_equal(
        vt_buf_string(&text),
        "{\"driver\":\"qcow2\",\"read-only\":true,\"force-share\":true,"
        "\"file\":{\"driver\":\"file\",\"filename\":\"/proc/self/fd/5\"},"
        "\"backing\":"
        "{\"driver\":\"qcow2\",\"read-only\":true,\"force-share\":true,"
        "\"file\":{\"driver\":\"file\",\"filename\":\"/proc/self/fd/6\"},"
        "\"data-file\":{\"driver\":\"file\",\"filename\":\"/proc/self/fd/7\"},"
        "\"backing\":"
        "{\"driver\":\"raw\",\"read-only\":true,\"force-share\":true,"
        "\"file\":{\"driver\":\"host_device\",\"filename\":"
        "\"/proc/self/fd/8\"}}}}");
    vt_buf_clear(&text);
    image.link_count = 1;
    vt_server_json(&image, &text);
    assert_non_null(strstr(vt_buf_string(&text), "\"backing\":null}"));
    vt_buf_clear(&text);
    image.links = &disk;
    vt_server_json(&image, &text);
    assert_non_null(strstr(vt_buf_string(&text),
                           "\"filename\":\"/proc/self/fd/4/a.vmdk\"},"
                           "\"backing\":null}"));
    /* One that is written is marked while it is, where it can be. */
    vt_buf_clear(&text);
    image.links = links;
    image.writable = true;
    links[0].can_be_dirty = true;
    vt_server_json(&image, &text);
    assert_string_equal(
        vt_buf_string(&text),
        "{\"driver\":\"qcow2\",\"read-only\":false,\"lazy-refcounts\":true,"
        "\"file\":{\"driver\":\"file\",\"filename\":\"/proc/self/fd/5\"},"
        "\"backing\":null}");
    /* A new one is flushed once, by who made it. */
    vt_buf_clear(&text);
    image.options.no_flush = true;
    vt_server_json(&image, &text);
    assert_non_null(strstr(vt_buf_string(&text),
                           "\"cache\":{\"no-flush\":true},\"file\":"));
    image.writable = false;
    vt_buf_clear(&text);
    vt_server_json(&image, &text);
    assert_null(strstr(vt_buf_string(&text), "no-flush"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(uris_are_taken_apart),
    cmocka_unit_test(names_are_judged),
    cmocka_unit_test(json_names_are_files_alone),
    cmocka_unit_test(the_worker_is_not_believed),
    cmocka_unit_test(chains_are_spelt_out),
};

UNIT_MAIN(tests)
