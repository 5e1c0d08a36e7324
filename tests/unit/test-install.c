/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-install.c - what a new installation of Windows is given
 *
 * That the floppy is one for others, too, tests/integration/floppy.sh shows.
 */

#include "base/file.h"
#include "config/config.h"
#include "fat.h"
#include "unit.h"

/* ----------------------------------------------------------- the table */

static const struct {
    const char *generation;
    const char *hal;            /* asked for, or NULL */
    const char *want;           /* HAL; "none": one only; NULL: not known */
    unsigned detects_from;
} setups[] = {
    { "nt4.0-x86", NULL, "mps_mp", 2 },
    { "nt4.0-x86", "mps11_mp", "mps_mp", 2 },
    { "nt4.0-x86", "acpiapic_mp", NULL, 0 },
    { "nt5.0-x86", NULL, "acpiapic_mp", 2 },
    { "nt5.0-x86", "mps_mp", "mps_mp", 2 },
    { "nt5.0-x86", "mps_up", NULL, 0 },
    { "nt5.1-x86", NULL, "acpiapic_mp", 2 },
    { "nt5.1-x86", "ACPIAPIC_MP", "acpiapic_mp", 2 },
    { "nt5.2-x86", NULL, "acpiapic_mp", 2 },
    { "nt5.2-x86", "mps_mp", "mps_mp", 2 },
    { "nt5.2-x86_64", NULL, "none", 2 },
    { "nt5.2-x86_64", "acpiapic_mp", NULL, 0 },
    { "nt6.0-x86", NULL, "none", 0 },
    { "nt6.1-x86_64", NULL, "none", 0 },
    { "nt10-x86_64", NULL, "none", 0 },
    { "nt10-spanning-x86_64", NULL, "none", 0 },
    { "nt3.51-x86", NULL, NULL, 0 },
    { "linux", NULL, NULL, 0 },
    { "reactos", NULL, NULL, 0 },
};

static void
setups_are_found_by_lineage(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(setups); i++) {
        const struct vt_setup *row = vt_setup_lookup(setups[i].generation,
                                                     setups[i].hal);

        UNIT_ROW(i, setups[i].generation);
        assert_int_equal(row != NULL, setups[i].want != NULL);
        if (row == NULL)
            continue;
        assert_string_equal(row->hal != NULL ? row->hal : "none",
                            setups[i].want);
        assert_int_equal(row->detects_from, setups[i].detects_from);
    }
}

/* A HAL that is offered is for several processors, and has a name. */
static void
setups_offer_hals_for_several(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_setups_count; i++) {
        const struct vt_setup *row = &vt_setups[i];

        UNIT_ROW(i, row->lineage);
        assert_int_equal(row->hal != NULL, row->computer != NULL);
        if (row->hal == NULL)
            continue;
        assert_non_null(vt_hal_lookup(row->hal));
        assert_true(vt_hal_lookup(row->hal)->multiprocessor);
        assert_string_equal(vt_hal_lookup(row->hal)->device_name,
                            row->computer);
    }
}

/* ------------------------------------------------------- the answer file */

/* What is left of @text without comments and blank lines, in one line. */
static const char *
bare(const char *text)
{
    static char left[1024];
    size_t length = 0;

    while (*text != '\0') {
        size_t size = strcspn(text, "\r");

        assert_memory_equal(text + size, "\r\n", 2);
        assert_true(size < 80);
        if (size != 0 && *text != ';') {
            assert_true(length + size + 2 < sizeof(left));
            memcpy(left + length, text, size);
            length += size;
            left[length++] = '|';
        }
        text += size + 2;
    }
    left[length] = '\0';
    return left;
}

#define FROM_CD "[Data]|MsDosInitiated = \"0\"|UnattendedInstall = \"Yes\"|"  \
                "AutoPartition = 0|"
#define FORCED(name) "[Unattended]|OemPreinstall = Yes|"                    \
                     "ComputerType = \"" name "\", Retail|"

static const struct {
    const char *os;
    const char *hal;
    const char *want;
} answers[] = {
    { "winnt4.0", NULL, FORCED("MPS Multiprocessor PC") },
    { "win2k", NULL, FROM_CD FORCED("ACPI Multiprocessor PC") },
    { "win2k", "mps_mp", FROM_CD FORCED("MPS Multiprocessor PC") },
    { "winxp", NULL, FROM_CD FORCED("ACPI Multiprocessor PC") },
    { "win2k3", NULL, FROM_CD FORCED("ACPI Multiprocessor PC") },
    { "win2k3r2", "mps_mp", FROM_CD FORCED("MPS Multiprocessor PC") },
};

static void
answers_say_the_hal_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(answers); i++) {
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        const struct vt_setup *setup;
        struct vtopo_limits limits;

        UNIT_ROW(i, answers[i].os);
        UNIT_RESULT(vtopo_limits_lookup(answers[i].os, NULL,
                                        VTOPO_ARCH_UNKNOWN, &limits, &err),
                    &err, NULL);
        setup = vt_setup_lookup(limits.generation, answers[i].hal);
        assert_non_null(setup);
        vt_config_answer_file(&text, setup, &limits);
        assert_string_equal(bare(vt_buf_string(&text)), answers[i].want);
        for (size_t k = 0; k < text.length; k++)
            assert_true((unsigned char)text.data[k] < 0x7f);
        if (setup->computer_source.confidence == VTOPO_INFERRED)
            assert_non_null(strstr(vt_buf_string(&text), ";   inferred: "));
    }
}

/* ------------------------------------------------------------ the floppy */

#define MOST (2847u * 512u)

static const size_t sizes[] = { 0, 1, 511, 512, 513, 1024, 1025, 100000,
                                MOST - 1, MOST };

static char *
make_data(size_t size)
{
    char *data = calloc(1, size + 1);

    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7 + i / 512);
    return data;
}

static void
floppies_give_back_what_went_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(sizes); i++) {
        vt_auto(vt_buf_clear) struct vt_buf floppy = VT_BUF_INIT;
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_auto(vw_fat_closep) struct vw_fat *fat = NULL;
        vt_auto(vw_file_close) struct vw_file file = VW_FILE_INIT;
        vt_autofree char *data = make_data(sizes[i]);
        vt_autofree char *back = make_data(sizes[i]);
        struct vw_memory memory;
        struct vw_bytes bytes;
        bool found, dirty;

        UNIT_ROW(i, "a file on a floppy");
        UNIT_RESULT(vt_config_floppy(&floppy, "WINNT   SIF", data, sizes[i],
                                     &err), &err, NULL);
        assert_int_equal(floppy.length, VT_FLOPPY_SIZE);
        memory = (struct vw_memory) { (unsigned char *)floppy.data,
                                      floppy.length };
        bytes = vw_bytes_memory(&memory);
        UNIT_RESULT(vw_fat_open(&bytes, &fat, &err), &err, NULL);
        assert_int_equal(vw_fat_bits(fat), 12);
        UNIT_RESULT(vw_fat_is_dirty(fat, &dirty, &err), &err, NULL);
        assert_false(dirty);
        UNIT_RESULT(vw_fat_find(fat, "winnt.sif", &file, &found, &err), &err,
                    NULL);
        assert_true(found);
        assert_int_equal(file.bytes.size, sizes[i]);
        memset(back, 0, sizes[i]);
        UNIT_RESULT(vw_bytes_read(&file.bytes, 0, back, sizes[i], &err), &err,
                    NULL);
        assert_memory_equal(back, data, sizes[i]);
    }
}

static void
a_floppy_has_an_end(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf floppy = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *data = make_data(MOST + 1);

    (void)state;
    UNIT_RESULT(vt_config_floppy(&floppy, "WINNT   SIF", data, MOST + 1,
                                 &err), &err,
                "a floppy takes a file of 1457664 bytes, not 1457665");
    assert_int_equal(floppy.length, 0);
}

/* ------------------------------------------------------------- new files */

/* The folder of a test, gone with what may be in it. */
static char folder[] = "/tmp/vtopo-install-XXXXXX";

static int
enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || chdir(folder) < 0 ? -1 : 0;
}

static int
leave_folder(void **state)
{
    (void)state;
    (void)unlink("new");
    (void)unlink("link");
    return chdir("/") < 0 || rmdir(folder) < 0 ? -1 : 0;
}

static void
a_new_file_takes_no_name_of_another(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autoerror struct vtopo_error again = VTOPO_ERROR_INIT;
    vt_autoerror struct vtopo_error dangling = VTOPO_ERROR_INIT;
    vt_autoerror struct vtopo_error nowhere = VTOPO_ERROR_INIT;

    (void)state;
    UNIT_RESULT(vt_write_new("new", "first", 5, &err), &err, NULL);
    UNIT_RESULT(vt_write_new("new", "second", 6, &again), &again,
                "'new' exists, and is not overwritten");
    UNIT_RESULT(vt_read_file("new", 100, &text, &err), &err, NULL);
    assert_string_equal(vt_buf_string(&text), "first");
    assert_int_equal(symlink("aim", "link"), 0);
    UNIT_RESULT(vt_write_new("link", "third", 5, &dangling), &dangling,
                "'link' exists, and is not overwritten");
    assert_int_equal(access("aim", F_OK), -1);
    UNIT_RESULT(vt_write_new("no/new", "third", 5, &nowhere), &nowhere,
                "cannot make 'no/new': No such file or directory");
    /* leave_folder() fails where anything else is left behind. */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(setups_are_found_by_lineage),
    cmocka_unit_test(setups_offer_hals_for_several),
    cmocka_unit_test(answers_say_the_hal_and_nothing_else),
    cmocka_unit_test(floppies_give_back_what_went_in),
    cmocka_unit_test(a_floppy_has_an_end),
    cmocka_unit_test_setup_teardown(a_new_file_takes_no_name_of_another,
                                    enter_folder, leave_folder),
};

UNIT_MAIN(tests)
