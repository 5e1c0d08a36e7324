/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-bootini.c - bootini.c: what NTLDR's list of systems says, and where
 */

#include "bootini.h"
#include "unit.h"

#define HEAD "[boot loader]\r\ntimeout=30\r\n" \
    "default=multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS\r\n" \
    "[operating systems]\r\n"
#define ENTRY "multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS=\"Windows\""

static struct vw_bootini *
parse(const char *text, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_bootini *bootini = malloc(sizeof(*bootini));

    assert_non_null(bootini);
    UNIT_RESULT(vw_bootini_parse(text, size, bootini, &err), &err, NULL);
    return bootini;
}

/* The span must be @want, at the place where @want stands last. */
static void
check_span(const char *text, struct vw_span span, const char *want)
{
    char copy[256];

    assert_true(vw_span_is_given(span) == (want != NULL));
    if (want == NULL)
        return;
    assert_string_equal(vw_span_copy(text, span, copy, sizeof(copy)), want);
    assert_memory_equal(text + span.offset, want, strlen(want));
}

/* ------------------------------------------------------------ switches */

struct switch_row {
    const char *says;
    const char *text;
    enum vw_switch_id id;
    const char *whole;          /* NULL: there is none */
    const char *value;
    long number;                /* -1: the value is none */
};

static const struct switch_row switch_rows[] = {
    { "a number", "/fastdetect /numproc=2", VW_SWITCH_NUMPROC,
      "/numproc=2", "2", 2 },
    { "any case", "/NuMPrOc=16", VW_SWITCH_NUMPROC, "/NuMPrOc=16", "16", 16 },
    { "no blank between", "/fastdetect/NUMPROC=4/PAE", VW_SWITCH_NUMPROC,
      "/NUMPROC=4", "4", 4 },
    { "tabs and more blanks", " \t /NUMPROC=1\t", VW_SWITCH_NUMPROC,
      "/NUMPROC=1", "1", 1 },
    { "no slash", "NUMPROC=3", VW_SWITCH_NUMPROC, "NUMPROC=3", "3", 3 },
    { "a minus for the slash", "-NUMPROC=3", VW_SWITCH_NUMPROC,
      "-NUMPROC=3", "3", 3 },
    { "the first one counts", "/NUMPROC=2 /NUMPROC=4", VW_SWITCH_NUMPROC,
      "/NUMPROC=2", "2", 2 },
    { "zero is a number", "/NUMPROC=0", VW_SWITCH_NUMPROC,
      "/NUMPROC=0", "0", 0 },
    { "the greatest number", "/NUMPROC=4294967295", VW_SWITCH_NUMPROC,
      "/NUMPROC=4294967295", "4294967295", 4294967295 },
    { "one above wraps not", "/NUMPROC=4294967296", VW_SWITCH_NUMPROC,
      "/NUMPROC=4294967296", "4294967296", -1 },
    { "no digits", "/NUMPROC=two", VW_SWITCH_NUMPROC,
      "/NUMPROC=two", "two", -1 },
    { "digits and more", "/NUMPROC=2x", VW_SWITCH_NUMPROC,
      "/NUMPROC=2x", "2x", -1 },
    { "no hexadecimal", "/NUMPROC=0x2", VW_SWITCH_NUMPROC,
      "/NUMPROC=0x2", "0x2", -1 },
    { "an empty value", "/NUMPROC= 2", VW_SWITCH_NUMPROC,
      "/NUMPROC=", "", -1 },
    { "no value", "/NUMPROC 2", VW_SWITCH_NUMPROC, "/NUMPROC", NULL, -1 },
    { "a longer name is another", "/NUMPROCS=2", VW_SWITCH_NUMPROC,
      NULL, NULL, -1 },
    { "a flag", "/pae /onecpu", VW_SWITCH_ONECPU, "/onecpu", NULL, -1 },
    { "PAE", "/nopae /pae", VW_SWITCH_PAE, "/pae", NULL, -1 },
    { "NOPAE", "/pae /NOPAE", VW_SWITCH_NOPAE, "/NOPAE", NULL, -1 },
    { "a file", "/hal=halmacpi.dll", VW_SWITCH_HAL,
      "/hal=halmacpi.dll", "halmacpi.dll", -1 },
    { "a kernel", "/KERNEL=ntkrnlmp.exe /HAL=x", VW_SWITCH_KERNEL,
      "/KERNEL=ntkrnlmp.exe", "ntkrnlmp.exe", -1 },
    { "a policy", "/NoExecute=OptOut", VW_SWITCH_NOEXECUTE,
      "/NoExecute=OptOut", "OptOut", -1 },
    { "a policy without a value", "/noexecute", VW_SWITCH_NOEXECUTE,
      "/noexecute", NULL, -1 },
    { "clusters", "/MAXPROCSPERCLUSTER=4", VW_SWITCH_MAXPROCSPERCLUSTER,
      "/MAXPROCSPERCLUSTER=4", "4", 4 },
    { "others are kept", "/PAE /baudrate=115200", VW_SWITCH_OTHER,
      "/baudrate=115200", "115200", 115200 },
    { "newer ones", "/BOOTPROC=2 MAXPROC", VW_SWITCH_BOOTPROC,
      "/BOOTPROC=2", "2", 2 },
    { "a colon", "/NUMPROC:2", VW_SWITCH_NUMPROC, "/NUMPROC:2", "2", 2 },
    { "nothing", "", VW_SWITCH_NUMPROC, NULL, NULL, -1 },
    { "slashes alone", "// / /", VW_SWITCH_NUMPROC, NULL, NULL, -1 },
};

static void
switches_are_found_as_kernels_find_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(switch_rows); i++) {
        const struct switch_row *row = &switch_rows[i];
        struct vw_span all = {
            .length = (uint32_t)strlen(row->text),
            .line = 7,
        };
        struct vw_switches switches;
        const struct vw_switch *found;

        UNIT_ROW(i, row->says);
        vw_switches_parse(row->text, all, &switches);
        assert_int_equal(switches.count, switches.seen);
        found = vw_switches_find(&switches, row->id);
        assert_true((found != NULL) == (row->whole != NULL));
        if (found == NULL)
            continue;
        check_span(row->text, found->whole, row->whole);
        check_span(row->text, found->value, row->value);
        assert_int_equal(found->whole.line, 7);
        assert_int_equal(found->has_number, row->number >= 0);
        if (row->number >= 0)
            assert_int_equal(found->number, row->number);
    }
}

static void
known_switches_have_their_names(void **state)
{
    (void)state;
    for (unsigned id = 0; id < VW_SWITCH_OTHER; id++) {
        const char *name = vw_switch_name((enum vw_switch_id)id);
        struct vw_span all = { .length = (uint32_t)strlen(name), .line = 1 };
        struct vw_switches switches;

        vw_switches_parse(name, all, &switches);
        assert_int_equal(switches.count, 1);
        assert_int_equal(switches.list[0].id, id);
    }
    assert_string_equal(vw_switch_name(VW_SWITCH_OTHER), "");
}

static void
too_many_switches_are_counted(void **state)
{
    char text[4 * (VW_SWITCHES_MAX + 8)];
    struct vw_span all = { .length = sizeof(text), .line = 1 };
    struct vw_switches switches;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = "/a b"[i % 4];
    vw_switches_parse(text, all, &switches);
    assert_int_equal(switches.count, VW_SWITCHES_MAX);
    assert_int_equal(switches.seen, 2 * (VW_SWITCHES_MAX + 8));
}

/* --------------------------------------------------------------- paths */

struct arc_row {
    const char *path;
    enum vw_arc_kind kind;
    uint32_t adapter, signature, disk, rdisk, partition;
    char drive;
    const char *directory;
};

static const struct arc_row arc_rows[] = {
    { "multi(0)disk(1)rdisk(2)partition(3)\\WINNT", VW_ARC_MULTI,
      0, 0, 1, 2, 3, 0, "\\WINNT" },
    { "SCSI(2)DISK(4)RDISK(0)PARTITION(1)\\WINDOWS", VW_ARC_SCSI,
      2, 0, 4, 0, 1, 0, "\\WINDOWS" },
    { "signature(8b467c12)disk(1)rdisk(0)partition(2)\\WINNT",
      VW_ARC_SIGNATURE, 0, 0x8b467c12, 1, 0, 2, 0, "\\WINNT" },
    { "multi()disk()rdisk()partition(1)\\A\\B", VW_ARC_MULTI,
      0, 0, 0, 0, 1, 0, "\\A\\B" },
    { "multi(0)disk(0)rdisk(0)partition(1)", VW_ARC_MULTI,
      0, 0, 0, 0, 1, 0, NULL },
    { "c:\\", VW_ARC_DRIVE, 0, 0, 0, 0, 0, 'C', "\\" },
    { "C:\\CMDCONS\\BOOTSECT.DAT", VW_ARC_DRIVE, 0, 0, 0, 0, 0, 'C',
      "\\CMDCONS\\BOOTSECT.DAT" },
    { "D:", VW_ARC_DRIVE, 0, 0, 0, 0, 0, 'D', NULL },
    { "multi(x)disk(0)rdisk(0)partition(1)\\W", VW_ARC_UNREADABLE,
      0, 0, 0, 0, 0, 0, NULL },
    { "multi(4294967296)disk(0)rdisk(0)partition(1)\\W", VW_ARC_UNREADABLE,
      0, 0, 0, 0, 0, 0, NULL },
    { "multi(-1)disk(0)\\W", VW_ARC_UNREADABLE, 0, 0, 0, 0, 0, 0, NULL },
    { "multi(0", VW_ARC_UNREADABLE, 0, 0, 0, 0, 0, 0, NULL },
    { "multi(0\\)", VW_ARC_UNREADABLE, 0, 0, 0, 0, 0, 0, NULL },
    { "net(0)\\W", VW_ARC_UNREADABLE, 0, 0, 0, 0, 0, 0, NULL },
    { "multi(0)WINDOWS", VW_ARC_UNREADABLE, 0, 0, 0, 0, 0, 0, NULL },
    { "multi()disk()disk()disk()disk()disk()disk()disk()disk()",
      VW_ARC_UNREADABLE, 0, 0, 0, 0, 0, 0, NULL },
    { "\\WINDOWS", VW_ARC_UNREADABLE, 0, 0, 0, 0, 0, 0, "\\WINDOWS" },
    { "1:\\", VW_ARC_UNREADABLE, 0, 0, 0, 0, 0, 0, NULL },
};

static void
paths_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(arc_rows); i++) {
        const struct arc_row *row = &arc_rows[i];
        vt_autofree char *text = NULL;
        vt_autofree struct vw_bootini *bootini = NULL;
        const struct vw_arc *arc;

        UNIT_ROW(i, row->path);
        assert_true(asprintf(&text, "[operating systems]\n%s=\"x\"",
                             row->path) > 0);
        bootini = parse(text, strlen(text));
        assert_int_equal(bootini->count, 1);
        check_span(text, bootini->entries[0].path, row->path);
        arc = &bootini->entries[0].arc;
        assert_int_equal(arc->kind, row->kind);
        assert_int_equal(arc->adapter, row->adapter);
        assert_int_equal(arc->signature, row->signature);
        assert_int_equal(arc->disk, row->disk);
        assert_int_equal(arc->rdisk, row->rdisk);
        assert_int_equal(arc->partition, row->partition);
        assert_int_equal(arc->drive, row->drive);
        check_span(text, arc->directory, row->directory);
    }
}

/* --------------------------------------------------------------- files */

struct file_row {
    const char *says;
    const char *text;
    unsigned count;
    enum vw_bootini_choice choice;
    unsigned default_index;
    long timeout;               /* -2: none */
    const char *default_description;
    long numproc;               /* of the default; -1: none */
};

static const struct file_row file_rows[] = {
    { "as Setup writes it", HEAD ENTRY " /fastdetect /NUMPROC=2\r\n",
      1, VW_BOOTINI_LISTED, 0, 30, "Windows", 2 },
    { "lines end in LF",
      "[boot loader]\ntimeout=5\ndefault=c:\\\n[operating systems]\n"
      "c:\\=\"DOS\"\n", 1, VW_BOOTINI_LISTED, 0, 5, "DOS", -1 },
    { "lines end in CR",
      "[boot loader]\rtimeout=5\rdefault=c:\\\r[operating systems]\r"
      "c:\\=\"DOS\"", 1, VW_BOOTINI_LISTED, 0, 5, "DOS", -1 },
    { "a byte order mark", "\xef\xbb\xbf" HEAD ENTRY,
      1, VW_BOOTINI_LISTED, 0, 30, "Windows", -1 },
    { "blanks, empty lines, comments, another case",
      " ; x\r\n\r\n \t[BOOT LOADER] \r\n  TimeOut = 3 \r\n;default=c:\\\r\n"
      " Default = C:\\ \t\r\n\r\n[Operating Systems]\r\n\r\n;a=\"b\"\r\n"
      " c:\\ = \"DOS\"  /numproc=1 \r\n",
      1, VW_BOOTINI_LISTED, 0, 3, "DOS", 1 },
    { "of two with one path, the first",
      HEAD ENTRY " /NUMPROC=1\n" ENTRY " /NUMPROC=2\n",
      2, VW_BOOTINI_LISTED, 0, 30, "Windows", 1 },
    { "the default is the second",
      HEAD "C:\\=\"DOS\"\n" ENTRY " /NUMPROC=2\n",
      2, VW_BOOTINI_LISTED, 1, 30, "Windows", 2 },
    { "the default is not in the list", HEAD "C:\\=\"DOS\"\n",
      1, VW_BOOTINI_NOT_LISTED, 0, 30, NULL, -1 },
    { "no default", "[operating systems]\n" ENTRY,
      1, VW_BOOTINI_NO_DEFAULT, 0, -2, NULL, -1 },
    { "wait for ever", "[boot loader]\ntimeout=-1",
      0, VW_BOOTINI_NO_DEFAULT, 0, -1, NULL, -1 },
    { "a timeout that is none", "[boot loader]\ntimeout=30s",
      0, VW_BOOTINI_NO_DEFAULT, 0, -2, NULL, -1 },
    { "the timeout does not wrap", "[boot loader]\ntimeout=2147483648",
      0, VW_BOOTINI_NO_DEFAULT, 0, -2, NULL, -1 },
    { "the first setting counts",
      "[boot loader]\ntimeout=1\ntimeout=2\ndefault=a\ndefault=b\n"
      "[operating systems]\nb=\"B\"\na=\"A\"",
      2, VW_BOOTINI_LISTED, 1, 1, "A", -1 },
    { "no quotes", "[boot loader]\ndefault=c:\\\n[operating systems]\n"
      "c:\\=OS/2 Warp /numproc=2",
      1, VW_BOOTINI_LISTED, 0, -2, "OS/2 Warp", 2 },
    { "no description", "[boot loader]\ndefault=c:\\\n[operating systems]\n"
      "c:\\= /numproc=2", 1, VW_BOOTINI_LISTED, 0, -2, "", 2 },
    { "a quote that does not end",
      "[boot loader]\ndefault=c:\\\n[operating systems]\n"
      "c:\\=\"DOS /numproc=2",
      1, VW_BOOTINI_LISTED, 0, -2, "DOS /numproc=2", -1 },
    { "switches inside the quotes are words",
      "[boot loader]\ndefault=c:\\\n[operating systems]\n"
      "c:\\=\"a /numproc=2\"/onecpu",
      1, VW_BOOTINI_LISTED, 0, -2, "a /numproc=2", -1 },
    { "foreign sections",
      "[x]\ntimeout=9\nc:\\=\"DOS\"\n[boot loader\n[operating systems]\n",
      0, VW_BOOTINI_NO_DEFAULT, 0, -2, NULL, -1 },
    { "lines without an equals sign",
      "[boot loader]\ndefault\n[operating systems]\nfoo\n=\"bar\"\n",
      0, VW_BOOTINI_NO_DEFAULT, 0, -2, NULL, -1 },
    { "bytes of a code page",
      "[boot loader]\ndefault=c:\\\n[operating systems]\n"
      "c:\\=\"\x8e\xe4\xff\" /numproc=1",
      1, VW_BOOTINI_LISTED, 0, -2, "\x8e\xe4\xff", 1 },
    { "Ctrl-Z ends it", HEAD "\x1a" ENTRY,
      0, VW_BOOTINI_NOT_LISTED, 0, 30, NULL, -1 },
    { "nothing", "", 0, VW_BOOTINI_NO_DEFAULT, 0, -2, NULL, -1 },
};

static void
check_default(const struct file_row *row, const struct vw_bootini *bootini)
{
    const struct vw_bootini_entry *entry;
    const struct vw_switch *numproc;

    assert_int_equal(bootini->default_index, row->default_index);
    entry = &bootini->entries[bootini->default_index];
    check_span(row->text, entry->description, row->default_description);
    numproc = vw_switches_find(&entry->switches, VW_SWITCH_NUMPROC);
    assert_int_equal(numproc != NULL, row->numproc >= 0);
    if (numproc != NULL)
        assert_int_equal(numproc->number, row->numproc);
}

static void
files_are_read_as_ntldr_reads_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(file_rows); i++) {
        const struct file_row *row = &file_rows[i];
        vt_autofree struct vw_bootini *bootini = NULL;

        UNIT_ROW(i, row->says);
        bootini = parse(row->text, strlen(row->text));
        assert_int_equal(bootini->count, row->count);
        assert_int_equal(bootini->seen, row->count);
        assert_int_equal(bootini->choice, row->choice);
        assert_int_equal(bootini->has_timeout, row->timeout > -2);
        if (bootini->has_timeout)
            assert_int_equal(bootini->timeout_seconds, row->timeout);
        if (row->choice == VW_BOOTINI_LISTED)
            check_default(row, bootini);
    }
}

/* What a repair will cut out stands where we say. */
static void
facts_have_places(void **state)
{
    static const char text[] = HEAD ENTRY " /NUMPROC=2 /ONECPU \r\n";
    vt_autofree struct vw_bootini *bootini = NULL;
    const struct vw_switch *found;

    (void)state;
    bootini = parse(text, strlen(text));
    assert_int_equal(bootini->timeout.line, 2);
    assert_int_equal(bootini->default_path.line, 3);
    assert_int_equal(bootini->defaults_seen, 1);
    assert_int_equal(bootini->entries[0].whole.line, 5);
    assert_int_equal(bootini->entries[0].whole.offset, strlen(HEAD));
    check_span(text, bootini->entries[0].whole,
               ENTRY " /NUMPROC=2 /ONECPU");

    found = vw_switches_find(&bootini->entries[0].switches,
                             VW_SWITCH_ONECPU);
    assert_non_null(found);
    assert_int_equal(found->whole.line, 5);
    assert_int_equal(found->whole.offset,
                     strlen(HEAD ENTRY " /NUMPROC=2 "));
    assert_int_equal(found->whole.length, strlen("/ONECPU"));
}

static void
zero_bytes_end_the_text(void **state)
{
    static const char text[] = HEAD ENTRY "\0\n" ENTRY;
    vt_autofree struct vw_bootini *bootini = NULL;

    (void)state;
    bootini = parse(text, sizeof(text) - 1);
    assert_int_equal(bootini->count, 1);
}

static void
too_many_entries_are_counted(void **state)
{
    vt_autofree char *text = calloc(1, VW_BOOTINI_SIZE_MAX);
    vt_autofree struct vw_bootini *bootini = NULL;
    size_t length;

    (void)state;
    assert_non_null(text);
    length = (size_t)sprintf(text, "[boot loader]\ndefault=last\n"
                                   "[operating systems]\n");
    for (unsigned i = 0; i < VW_BOOTINI_ENTRIES_MAX; i++)
        length += (size_t)sprintf(text + length, "c:\\%u=\"x\"\n", i);
    length += (size_t)sprintf(text + length, "last=\"x\"\n");
    bootini = parse(text, length);
    assert_int_equal(bootini->count, VW_BOOTINI_ENTRIES_MAX);
    assert_int_equal(bootini->seen, VW_BOOTINI_ENTRIES_MAX + 1);
    assert_int_equal(bootini->choice, VW_BOOTINI_CUT);
}

static void
what_cannot_be_a_boot_ini_is_refused(void **state)
{
    vt_autofree char *text = calloc(1, VW_BOOTINI_SIZE_MAX + 1);
    struct vw_bootini bootini = { .seen = 12345 };

    (void)state;
    assert_non_null(text);
    {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

        UNIT_RESULT(vw_bootini_parse(text, VW_BOOTINI_SIZE_MAX + 1, &bootini,
                                     &err), &err,
                    "boot.ini has 65537 bytes, more than 65536 are not read");
    }
    {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

        UNIT_RESULT(vw_bootini_parse("\xff\xfe[\0", 4, &bootini, &err), &err,
                    "boot.ini is UTF-16, which no NTLDR reads");
    }
    assert_int_equal(bootini.seen, 12345);
}

static void
copies_are_cut(void **state)
{
    struct vw_span span = { .offset = 1, .length = 3, .line = 1 };
    char small[3];

    (void)state;
    assert_string_equal(vw_span_copy("abcde", span, small, sizeof(small)),
                        "bc");
    assert_true(vw_span_is("abcde", span, "BCD"));
    assert_false(vw_span_is("abcde", span, "BC"));
    assert_false(vw_span_is("abcde", span, "BCE"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(switches_are_found_as_kernels_find_them),
    cmocka_unit_test(known_switches_have_their_names),
    cmocka_unit_test(too_many_switches_are_counted),
    cmocka_unit_test(paths_are_taken_apart),
    cmocka_unit_test(files_are_read_as_ntldr_reads_them),
    cmocka_unit_test(facts_have_places),
    cmocka_unit_test(zero_bytes_end_the_text),
    cmocka_unit_test(too_many_entries_are_counted),
    cmocka_unit_test(what_cannot_be_a_boot_ini_is_refused),
    cmocka_unit_test(copies_are_cut),
};

UNIT_MAIN(tests)
