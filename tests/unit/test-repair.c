/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-repair.c - words of limits go from load options and from boot.ini, and
 * nothing else does
 */

#include "base/error.h"
#include "repair-parts.h"
#include "unit.h"

/* ----------------------------------------------------------------- words */

static const struct {
    const char *before, *after;
} options[] = {
    { "", "" },
    { "/NUMPROC=2", "" },
    { " \t/ONECPU ", "" },
    { "NUMPROC=2", "" },
    { "a NUMPROC=2", "a" },
    { "NUMPROC=2 a", "a" },
    { "NUMPROC=2  ONECPU   a  b", "a  b" },
    { "ONECPU/NUMPROC=1/a", "/a" },
    { "a  onecpu  b", "a  b" },
    { "a\t/OneCpu", "a" },
    { "/a /ONECPU/b", "/a /b" },
    { "/a/ONECPU/b", "/a/b" },
    { "a -numproc=4 b", "a b" },
    { "a NUMPROC b", "a b" },
    { "a NUMPROC: b", "a b" },
    { "a NUMPROC=x b", "a b" },
    { "HYPERVISORNUMPROC=2 HYPERVISORROOTPROC=2 GROUPSIZE=2 "
      "hypervisorrootprocpernode=1", "" },
    { "NUMPROCS=2 XNUMPROC=2 MAXPROC BOOTPROC=1 HYPERVISORROOTPROCX=1",
      "NUMPROCS=2 XNUMPROC=2 MAXPROC BOOTPROC=1 HYPERVISORROOTPROCX=1" },
    { "/x=ONECPU a=NUMPROC=2", "/x=ONECPU a=NUMPROC=2" },
    /* More words than are kept at once. */
    { "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 "
      "ONECPU 5",
      "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 "
      "5" },
};

static void
words_are_cut_out_of_load_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(options); i++) {
        struct vw_span all = { .line = 1 };
        struct vw_cut cuts[VW_CUTS_MAX];
        char text[256];
        unsigned count;

        UNIT_ROW(i, options[i].before);
        (void)strcpy(text, options[i].before);
        all.length = (uint32_t)strlen(text);
        count = vw_cuts_find(text, all, false, cuts);
        while (count-- > 0)
            memmove(text + cuts[count].gone.offset,
                    text + cuts[count].gone.offset + cuts[count].gone.length,
                    strlen(text + cuts[count].gone.offset
                           + cuts[count].gone.length) + 1);
        assert_string_equal(text, options[i].after);
    }
}

/* -------------------------------------------------------------- boot.ini */

#define HEAD "[boot loader]\r\ndefault=C:\\W\r\n[operating systems]\r\n"

struct row {
    const char *before, *after;
    const char *entry;          /* NULL: the default */
    unsigned changes;
    const char *code;           /* of the refusal, or NULL */
};

static const struct row rows[] = {
    { HEAD "C:\\W=\"x\" /NUMPROC=2\r\n", HEAD "C:\\W=\"x\"\r\n", NULL, 1,
      NULL },
    { HEAD "C:\\W=\"x\" /A  /numproc=2\t/B \r\n",
      HEAD "C:\\W=\"x\" /A\t/B \r\n", NULL, 1, NULL },
    { HEAD "C:\\W=\"x\"/ONECPU/A", HEAD "C:\\W=\"x\"/A", NULL, 1, NULL },
    { HEAD "C:\\W=\"x\" /ONECPU /A", HEAD "C:\\W=\"x\" /A", NULL, 1, NULL },
    { HEAD "C:\\W = \"x\" /ONECPU/A", HEAD "C:\\W = \"x\" /A", NULL, 1, NULL },
    { HEAD "C:\\W=x /ONECPU\n;/ONECPU\n", HEAD "C:\\W=x\n;/ONECPU\n", NULL, 1,
      NULL },
    { HEAD "C:\\W=/ONECPU\n", HEAD "C:\\W=\n", NULL, 1, NULL },
    { HEAD "C:\\W=\"/ONECPU\" /ONECPU\n", HEAD "C:\\W=\"/ONECPU\"\n", NULL, 1,
      NULL },
    { HEAD "C:\\W=\"/ONECPU /NUMPROC=1\n", HEAD "C:\\W=\"/ONECPU /NUMPROC=1\n",
      NULL, 0, NULL },
    { HEAD "C:\\W=\"x\" /NUMPROC=1 /NUMPROC=2 /ONECPU\r",
      HEAD "C:\\W=\"x\"\r", NULL, 3, NULL },
    { HEAD "C:\\V=\"y\" /ONECPU\nC:\\W=\"x\" /ONECPU\n",
      HEAD "C:\\V=\"y\" /ONECPU\nC:\\W=\"x\"\n", NULL, 1, NULL },
    { HEAD "C:\\V=\"y\" /ONECPU\nC:\\W=\"x\" /ONECPU\n",
      HEAD "C:\\V=\"y\"\nC:\\W=\"x\" /ONECPU\n", "0", 1, NULL },
    { HEAD "C:\\V=\"y\" /ONECPU\nC:\\W=\"x\" /ONECPU\n",
      HEAD "C:\\V=\"y\"\nC:\\W=\"x\"\n", "all", 2, NULL },
    /* The same path twice: the first one is meant. */
    { HEAD "C:\\W=\"x\" /ONECPU\nC:\\W=\"y\" /ONECPU\n",
      HEAD "C:\\W=\"x\"\nC:\\W=\"y\" /ONECPU\n", NULL, 1, NULL },
    /* No default is named: the only entry is it, of two none. */
    { "[operating systems]\nC:\\W=\"x\" /ONECPU", "[operating systems]\n"
      "C:\\W=\"x\"", NULL, 1, NULL },
    { "[operating systems]\nC:\\W=\"x\" /ONECPU\nC:\\V=\"y\" /ONECPU\n",
      "[operating systems]\nC:\\W=\"x\" /ONECPU\nC:\\V=\"y\" /ONECPU\n", NULL,
      0, "no-default" },
    /* What is named is in no entry, and is started without any. */
    { HEAD "C:\\V=\"x\" /ONECPU", HEAD "C:\\V=\"x\" /ONECPU", NULL, 0,
      "no-default" },
    /* Words of newer systems mean nothing here. */
    { HEAD "C:\\W=\"x\" /GROUPSIZE=1 /HYPERVISORNUMPROC=2\n",
      HEAD "C:\\W=\"x\" /GROUPSIZE=1 /HYPERVISORNUMPROC=2\n", NULL, 0, NULL },
};

static void
switches_are_cut_out_of_chosen_entries(void **state)
{
    vt_autofree struct vw_repair *repair = malloc(sizeof(*repair));

    (void)state;
    assert_non_null(repair);
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree char *text = strdup(rows[i].before);
        size_t size = strlen(rows[i].before);

        UNIT_ROW(i, rows[i].entry != NULL ? rows[i].entry : "default");
        memset(repair, 0, sizeof(*repair));
        if (rows[i].entry != NULL) {
            repair->choice.all = strcmp(rows[i].entry, "all") == 0;
            repair->choice.is_list = !repair->choice.all;
            repair->choice.count = repair->choice.is_list;
            (void)strcpy(repair->choice.names[0], rows[i].entry);
        }
        UNIT_RESULT(vw_repair_bootini(repair, "boot.ini", text, &size, &err),
                    &err, NULL);
        text[size] = '\0';
        assert_string_equal(text, rows[i].after);
        assert_int_equal(repair->changes_count, rows[i].changes);
        assert_int_equal(repair->refused_count, rows[i].code != NULL);
        if (rows[i].code != NULL)
            assert_string_equal(vw_refusal_code(repair->refused[0].reason),
                                rows[i].code);
        vw_repair_forget(repair, 0);
    }
}

static void
a_change_says_what_it_is(void **state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree struct vw_repair *repair = calloc(1, sizeof(*repair));
    char text[] = HEAD "C:\\V=\"y\"\nC:\\W=\"x\" /Numproc=2\n";
    size_t size = strlen(text);

    (void)state;
    assert_non_null(repair);
    UNIT_RESULT(vw_repair_bootini(repair, "boot.ini on partition 1", text,
                                  &size, &err), &err, NULL);
    assert_string_equal(repair->changes[0].where, "boot.ini on partition 1");
    assert_string_equal(repair->changes[0].what, "entry 1, line 5: /NUMPROC");
    assert_string_equal(repair->changes[0].before, "/Numproc=2");
    assert_null(repair->changes[0].after);
    vw_repair_forget(repair, 0);
}

/* ----------------------------------------------------------- new entries */

static const struct {
    const char *before, *after;
    struct vw_new_entry entry;
    const char *want;
} additions[] = {
    { HEAD "C:\\W=\"x\" /fastdetect\r\n",
      HEAD "C:\\W=\"x (multiprocessor)\" /fastdetect /KERNEL=k /HAL=h\r\n"
      "C:\\W=\"x\" /fastdetect\r\n", { 0, "k", "h", false }, NULL },
    { HEAD "C:\\W=\"x\" /pae /NoExecute=OptIn /HAL=old.dll /kernel=z\r\n",
      HEAD "C:\\W=\"x (multiprocessor)\" /NoExecute=OptIn /PAE /KERNEL=k "
      "/HAL=h\r\n"
      "C:\\W=\"x\" /pae /NoExecute=OptIn /HAL=old.dll /kernel=z\r\n",
      { 0, "k", "h", true }, NULL },
    /* One HAL for all: only the kernel is another. */
    { HEAD "C:\\W=\"x\"\n", HEAD "C:\\W=\"x (multiprocessor)\" /KERNEL=k\n"
      "C:\\W=\"x\"\n", { 0, "k", NULL, false }, NULL },
    /* Or only the HAL. */
    { HEAD "C:\\W=\"x\" /KERNEL=mp /HAL=old\n",
      HEAD "C:\\W=\"x (multiprocessor)\" /KERNEL=mp /HAL=h\n"
      "C:\\W=\"x\" /KERNEL=mp /HAL=old\n", { 0, NULL, "h", false }, NULL },
    /* The second of three, with blanks before it; comments stay. */
    { HEAD "C:\\V=\"v\"\r\n; c\r\n  C:\\W = \"x\"\r\nC:\\U=\"u\"",
      HEAD "C:\\V=\"v\"\r\n; c\r\nC:\\W=\"x (multiprocessor)\" /KERNEL=k "
      "/HAL=h\r\n  C:\\W = \"x\"\r\nC:\\U=\"u\"",
      { 1, "k", "h", false }, NULL },
    /* The last line has no end. */
    { HEAD "C:\\W=x", HEAD "C:\\W=\"x (multiprocessor)\" /KERNEL=k /HAL=h\r\n"
      "C:\\W=x", { 0, "k", "h", false }, NULL },
    { "[operating systems]\rC:\\W=\"x\"\r", "[operating systems]\r"
      "C:\\W=\"x (multiprocessor)\" /KERNEL=k /HAL=h\rC:\\W=\"x\"\r",
      { 0, "k", "h", false }, NULL },
    /* What forbids PAE does not go with a kernel that needs it. */
    { HEAD "C:\\W=\"x\" /NOPAE /NoExecute=OptIn\n",
      HEAD "C:\\W=\"x (multiprocessor)\" /NoExecute=OptIn /PAE /KERNEL=k "
      "/HAL=h\nC:\\W=\"x\" /NOPAE /NoExecute=OptIn\n",
      { 0, "k", "h", true }, NULL },
    { HEAD "C:\\W=\"x\" /NOPAE\n", HEAD "C:\\W=\"x (multiprocessor)\" /NOPAE "
      "/KERNEL=k /HAL=h\nC:\\W=\"x\" /NOPAE\n", { 0, "k", "h", false }, NULL },
    /* Quotes inside would end what the new ones begin. */
    { HEAD "C:\\W=my \"x\" y /A\n", HEAD "C:\\W=\"my x y (multiprocessor)\" /A "
      "/KERNEL=k /HAL=h\nC:\\W=my \"x\" y /A\n", { 0, "k", "h", false }, NULL },
    { HEAD "C:\\W=\"x\"\n", NULL, { 1, "k", "h", false },
      "boot.ini has no entry 1" },
    { HEAD "C:\\0=0\nC:\\1=1\nC:\\2=2\nC:\\3=3\nC:\\4=4\nC:\\5=5\n"
      "C:\\6=6\nC:\\7=7\nC:\\8=8\nC:\\9=9\n", NULL, { 0, "k", "h", false },
      "boot.ini has 10 entries, and no more than 10 are shown" },
    { HEAD "C:\\W=x /1 /2 /3 /4 /5 /6 /7 /8 /9 /0 /1 /2 /3 /4 /5 /6 /7 /8 /9 "
      "/0 /1 /2 /3 /4 /5 /6 /7 /8 /9 /0 /a /b /c", NULL,
      { 0, "k", "h", false },
      "entry 0 of boot.ini has more than 32 switches" },
};

static void
an_entry_is_added_before_its_model(void **state)
{
    vt_autofree struct vw_repair *repair = malloc(sizeof(*repair));

    (void)state;
    assert_non_null(repair);
    for (size_t i = 0; i < VT_COUNT(additions); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree char *text = strdup(additions[i].before);
        size_t size = strlen(additions[i].before);

        UNIT_ROW(i, "a new entry");
        memset(repair, 0, sizeof(*repair));
        UNIT_RESULT(vw_repair_add_entry(repair, "boot.ini",
                                        &additions[i].entry, &text, &size,
                                        &err), &err, additions[i].want);
        assert_int_equal(size, strlen(additions[i].after != NULL
                                      ? additions[i].after
                                      : additions[i].before));
        assert_memory_equal(text, additions[i].after != NULL
                            ? additions[i].after : additions[i].before, size);
        assert_int_equal(repair->changes_count, additions[i].want == NULL);
        vw_repair_forget(repair, 0);
    }
}

static void
pae_is_as_the_switches_say(void **state)
{
    static const struct {
        const char *switches;
        bool last_boot, want;
    } wants[] = {
        { "", false, false }, { "", true, true }, { "/PAE", false, true },
        { "/NOPAE", true, false }, { "/NoExecute=OptIn", false, true },
        { "/noexecute=ALWAYSON", false, true },
        { "/noexecute", false, true },
        { "/NoExecute=AlwaysOff", true, false },
        { "/NoExecute=AlwaysOff /PAE", false, true },
        { "/NOPAE /NoExecute=OptOut", false, true },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(wants); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree struct vw_bootini *bootini = calloc(1, sizeof(*bootini));
        char text[256];

        UNIT_ROW(i, wants[i].switches);
        assert_non_null(bootini);
        (void)snprintf(text, sizeof(text), HEAD "C:\\W=\"x\" %s\n",
                       wants[i].switches);
        UNIT_RESULT(vw_bootini_parse(text, strlen(text), bootini, &err), &err,
                    NULL);
        assert_int_equal(vw_entry_wants_pae(text, &bootini->entries[0],
                                            wants[i].last_boot),
                         wants[i].want);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_entry_is_added_before_its_model),
    cmocka_unit_test(pae_is_as_the_switches_say),
    cmocka_unit_test(words_are_cut_out_of_load_options),
    cmocka_unit_test(switches_are_cut_out_of_chosen_entries),
    cmocka_unit_test(a_change_says_what_it_is),
};

UNIT_MAIN(tests)
