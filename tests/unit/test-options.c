/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-options.c - options.c, one row a promise, against a made-up command
 */

#include "options.h"
#include "output.h"
#include "unit.h"

#define WORDS_MAX 8

struct args {
    bool json;
    bool quiet;
    const char *os;
    unsigned vcpus;
    const char *format;
};

static const char *const formats[] = { "qemu", "libvirt", "xen", NULL };

static const struct option_row option_rows[] = {
    { .letter = 'n', .name = "vcpus", .arg = "N", .kind = OPTION_COUNT,
      .field = offsetof(struct args, vcpus), .min = 1, .max = 4096,
      .help = "number of vCPUs" },
    { .name = "os", .arg = "ID", .kind = OPTION_TEXT,
      .field = offsetof(struct args, os), .help = "guest system" },
    { .name = "for", .arg = "PLATFORM", .kind = OPTION_CHOICE,
      .field = offsetof(struct args, format), .choices = formats,
      .help = "print the configuration of" },
    { .letter = 'j', .name = "json", .kind = OPTION_FLAG,
      .field = offsetof(struct args, json), .help = "print JSON" },
    { .letter = 'q', .name = "quiet", .kind = OPTION_FLAG,
      .field = offsetof(struct args, quiet), .help = "say less" },
    { .name = "a-name-that-is-long-enough-to-need-its-own-line", .arg = "N",
      .kind = OPTION_TEXT, .field = offsetof(struct args, os),
      .help = "and a help text that goes on for so long that it cannot "
              "stand on one line of eighty columns" },
    { .name = NULL },
};

static const struct command command = {
    .name = "shape",
    .operands = "[IMAGE]",
    .summary = "find a shape",
    .description = "Finds a shape.\n\nA second paragraph, which is so long "
                   "that it must be broken into two lines of at most eighty "
                   "columns each.",
    .options = option_rows,
    .examples = "vtopo shape --vcpus 8\nvtopo shape -",
};

static const struct {
    const char *says;
    const char *words[WORDS_MAX];
    struct args want;
    const char *operands[WORDS_MAX];
    const char *message;        /* NULL when it must work */
    const char *hint;
} rows[] = {
    { .says = "nothing at all" },
    { .says = "a value in the next word",
      .words = { "--vcpus", "8" }, .want = { .vcpus = 8 } },
    { .says = "a value behind an equals sign",
      .words = { "--vcpus=8" }, .want = { .vcpus = 8 } },
    { .says = "a letter and the next word",
      .words = { "-n", "8" }, .want = { .vcpus = 8 } },
    { .says = "a letter with its value",
      .words = { "-n8" }, .want = { .vcpus = 8 } },
    { .says = "letters of flags in one word",
      .words = { "-jq" }, .want = { .json = true, .quiet = true } },
    { .says = "flags, then a letter with its value",
      .words = { "-jn4", "x" }, .want = { .json = true, .vcpus = 4 },
      .operands = { "x" } },
    { .says = "flags, then a letter whose value is the next word",
      .words = { "-jn", "4" }, .want = { .json = true, .vcpus = 4 } },
    { .says = "operands between options",
      .words = { "a", "--json", "b", "--os", "win7", "c" },
      .want = { .json = true, .os = "win7" }, .operands = { "a", "b", "c" } },
    { .says = "two dashes end the options",
      .words = { "a", "--", "--json", "-n", "--" },
      .operands = { "a", "--json", "-n", "--" } },
    { .says = "one dash is an operand",
      .words = { "-", "--json" }, .want = { .json = true },
      .operands = { "-" } },
    { .says = "an empty word is an operand",
      .words = { "" }, .operands = { "" } },
    { .says = "a value may look like an option",
      .words = { "--os", "--json" }, .want = { .os = "--json" } },
    { .says = "a value may be empty",
      .words = { "--os=" }, .want = { .os = "" } },
    { .says = "a value may hold an equals sign",
      .words = { "--os=a=b" }, .want = { .os = "a=b" } },
    { .says = "the last of two wins",
      .words = { "--vcpus=8", "-n2", "--os=a", "--os", "b" },
      .want = { .vcpus = 2, .os = "b" } },
    { .says = "a flag twice",
      .words = { "-j", "--json" }, .want = { .json = true } },
    { .says = "a choice",
      .words = { "--for", "xen" }, .want = { .format = "xen" } },
    { .says = "help is no one else's business",
      .words = { "--help", "-h" } },

    { .says = "another choice", .words = { "--for=vmware" },
      .message = "shape: --for must be 'qemu', 'libvirt' or 'xen', "
                 "not 'vmware'" },
    { .says = "the start of a choice", .words = { "--for=lib" },
      .message = "shape: --for must be 'qemu', 'libvirt' or 'xen', not 'lib'" },
    { .says = "a count that is too small", .words = { "-n0" },
      .message = "shape: --vcpus must be between 1 and 4096, not '0'" },
    { .says = "a count that wraps", .words = { "--vcpus", "4294967297" },
      .message = "shape: --vcpus must be between 1 and 4096, "
                 "not '4294967297'" },
    { .says = "a count that is a word", .words = { "--vcpus=all" },
      .message = "shape: --vcpus must be a whole number, not 'all'" },
    { .says = "a value that is missing", .words = { "a", "--vcpus" },
      .message = "shape: --vcpus needs a value (N)" },
    { .says = "a letter's value that is missing", .words = { "-n" },
      .message = "shape: --vcpus needs a value (N)" },
    { .says = "a flag with a value", .words = { "--json=1" },
      .message = "shape: --json takes no value, but '1' was given" },
    { .says = "a flag with an empty value", .words = { "--json=" },
      .message = "shape: --json takes no value, but '' was given" },
    { .says = "help with a value", .words = { "--help=me" },
      .message = "shape: --help takes no value, but 'me' was given" },
    { .says = "a name cut short", .words = { "--vcp=4" },
      .message = "shape: unknown option '--vcp'",
      .hint = "did you mean --vcpus?" },
    { .says = "one letter of a name", .words = { "--j" },
      .message = "shape: unknown option '--j'",
      .hint = "did you mean --json?" },
    { .says = "a misspelt name", .words = { "--vpcus", "4" },
      .message = "shape: unknown option '--vpcus'",
      .hint = "did you mean --vcpus?" },
    { .says = "a misspelt help", .words = { "--hepl" },
      .message = "shape: unknown option '--hepl'",
      .hint = "did you mean --help?" },
    { .says = "a name like no other", .words = { "--frobnicate=1" },
      .message = "shape: unknown option '--frobnicate'",
      .hint = "run 'vtopo shape --help' for its options" },
    { .says = "a name of one letter too many", .words = { "--oss" },
      .message = "shape: unknown option '--oss'",
      .hint = "did you mean --os?" },
    { .says = "no name at all", .words = { "--=1" },
      .message = "shape: unknown option '--'",
      .hint = "run 'vtopo shape --help' for its options" },
    { .says = "an unknown letter", .words = { "-x" },
      .message = "shape: unknown option '-x'",
      .hint = "run 'vtopo shape --help' for its options" },
    { .says = "an unknown letter behind a flag", .words = { "-j4" },
      .message = "shape: unknown option '-4'",
      .hint = "run 'vtopo shape --help' for its options" },
    { .says = "a negative number", .words = { "-4" },
      .message = "shape: unknown option '-4'",
      .hint = "run 'vtopo shape --help' for its options" },
};

/* Copy @words into @argv behind the command's name; returns argc. */
static int
fill_argv(const char *const *words, char **argv)
{
    int argc = 1;

    argv[0] = strdup("shape");
    for (; argc <= WORDS_MAX && words[argc - 1] != NULL; argc++)
        argv[argc] = strdup(words[argc - 1]);
    argv[argc] = NULL;
    return argc;
}

static void
free_all(char *(*words)[WORDS_MAX + 2])
{
    for (size_t i = 0; i < VT_COUNT(*words); i++)
        free((*words)[i]);
}

static void
assert_text(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else
        assert_string_equal(got, want);
}

static void
check_operands(char **argv, int operands, const char *const *want)
{
    for (int i = 0; i < operands; i++)
        assert_text(argv[i + 1], want[i]);
    assert_null(want[operands]);
}

static void
parse_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(free_all) char *owned[WORDS_MAX + 2] = { NULL };
        char *argv[WORDS_MAX + 2];
        struct args got = { .json = false };
        int argc = fill_argv(rows[i].words, owned);
        int operands = -1;

        UNIT_ROW(i, rows[i].says);
        memcpy(argv, owned, sizeof(argv));
        UNIT_RESULT(options_parse(&command, argc, argv, &got, &operands, &err),
                    &err, rows[i].message);
        assert_text(err.hint, rows[i].hint);
        if (rows[i].message != NULL) {
            assert_int_equal(operands, -1);
            continue;
        }
        assert_int_equal(got.json, rows[i].want.json);
        assert_int_equal(got.quiet, rows[i].want.quiet);
        assert_int_equal(got.vcpus, rows[i].want.vcpus);
        assert_text(got.os, rows[i].want.os);
        assert_text(got.format, rows[i].want.format);
        check_operands(argv, operands, rows[i].operands);
    }
}

static const struct {
    const char *says;
    const char *words[WORDS_MAX];
    bool want;
} help_rows[] = {
    { "no words", { NULL }, false },
    { "the long form", { "--help" }, true },
    { "the letter", { "-h" }, true },
    { "behind others", { "x", "--vcpus", "4", "--help" }, true },
    { "behind flags in one word", { "-jh" }, true },
    { "behind a mistake", { "--frobnicate", "-x", "--help" }, true },
    { "behind two dashes it is an operand", { "--", "--help" }, false },
    { "as a value it is a value", { "--os", "--help" }, false },
};

static void
help_is_seen_where_it_is_an_option(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(help_rows); i++) {
        vt_auto(free_all) char *owned[WORDS_MAX + 2] = { NULL };
        int argc = fill_argv(help_rows[i].words, owned);

        UNIT_ROW(i, help_rows[i].says);
        assert_int_equal(options_ask_help(&command, argc, owned),
                         help_rows[i].want);
    }
}

static void
help_says_all_in_eighty_columns(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    const char *text;

    (void)state;
    options_add_help(&out, &command);
    text = vt_buf_string(&out);
    assert_string_equal(text,
        "Usage: vtopo shape [OPTION]... [IMAGE]\n"
        "\n"
        "Finds a shape.\n"
        "\n"
        "A second paragraph, which is so long that it must be broken into two "
        "lines of at\n"
        "most eighty columns each.\n"
        "\n"
        "Options:\n"
        "  -n, --vcpus N           number of vCPUs\n"
        "      --os ID             guest system\n"
        "      --for PLATFORM      print the configuration of: qemu, libvirt "
        "or xen\n"
        "  -j, --json              print JSON\n"
        "  -q, --quiet             say less\n"
        "      --a-name-that-is-long-enough-to-need-its-own-line N\n"
        "                          and a help text that goes on for so long "
        "that it\n"
        "                          cannot stand on one line of eighty "
        "columns\n"
        "  -h, --help              print this help\n"
        "\n"
        "Examples:\n"
        "  vtopo shape --vcpus 8\n"
        "  vtopo shape -\n"
        "\n"
        "See vtopo-shape(1).\n");
    for (; *text != '\0'; text += strcspn(text, "\n") + 1)
        assert_true(strcspn(text, "\n") <= OUTPUT_COLUMNS);
}

static void
names_are_for_scripts(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;

    (void)state;
    options_add_names(&out, &command);
    assert_string_equal(vt_buf_string(&out),
        "--vcpus=N\n"
        "--os=ID\n"
        "--for=qemu|libvirt|xen\n"
        "--json\n"
        "--quiet\n"
        "--a-name-that-is-long-enough-to-need-its-own-line=N\n"
        "--help\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(parse_rows),
    cmocka_unit_test(help_is_seen_where_it_is_an_option),
    cmocka_unit_test(help_says_all_in_eighty_columns),
    cmocka_unit_test(names_are_for_scripts),
};

UNIT_MAIN(tests)
