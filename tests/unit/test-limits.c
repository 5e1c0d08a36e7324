/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-limits.c - from the name of a system to what it can use
 *
 * The numbers are those of the sources that the guest tables name, written
 * down from them and not from the tables.
 */

#include "guest/tables.h"
#include "unit.h"

#define NO_LIMIT VTOPO_NO_LIMIT
#define ANY VTOPO_ARCH_UNKNOWN

struct row {
    const char *says;
    const char *osinfo, *edition;
    enum vtopo_arch arch;
    enum vtopo_arch want_arch;
    enum vtopo_counting counting;
    unsigned least, most;           /* sockets */
    unsigned logical_least, logical_most;
    const char *name;               /* NULL: this row does not say */
};

static const struct row rows[] = {
    { "a name that everybody knows",
      "win7", "professional", ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK_POW2,
      2, 2, 256, 256, "Windows 7 Professional" },
    { "its 32-bit build",
      "win7", "professional", VTOPO_X86, VTOPO_X86,
      VTOPO_COUNT_CORE_MASK_POW2, 2, 2, 32, 32, "Windows 7 Professional" },
    { "one socket",
      "win7", "home-premium", ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK_POW2,
      1, 1, 256, 256, NULL },
    { "an edition that was 32-bit only",
      "win7", "starter", ANY, VTOPO_X86, VTOPO_COUNT_CORE_MASK_POW2,
      1, 1, 32, 32, NULL },
    { "XP is 32-bit unless said otherwise",
      "winxp", "professional", ANY, VTOPO_X86, VTOPO_COUNT_HTT_MASK,
      2, 2, 32, 32, "Windows XP Professional" },
    { "its 64-bit build counts in its own way",
      "winxp", "professional", VTOPO_X86_64, VTOPO_X86_64,
      VTOPO_COUNT_HTT_DIVIDE, 2, 2, 64, 64, NULL },
    { "Server 2003 is 32-bit unless said otherwise",
      "win2k3", "enterprise", ANY, VTOPO_X86, VTOPO_COUNT_HTT_MASK,
      8, 8, 32, 32, NULL },
    { "Vista is 64-bit unless said otherwise",
      "winvista", "business", ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK,
      2, 2, 64, 64, "Windows Vista Business" },
    { "2000 counts logical processors",
      "win2k", "advanced-server", ANY, VTOPO_X86, VTOPO_COUNT_LOGICAL,
      8, 8, 32, 32, NULL },
    { "so does NT",
      "winnt4.0", "workstation", ANY, VTOPO_X86, VTOPO_COUNT_LOGICAL,
      2, 2, 32, 32, NULL },
    { "Server 2008",
      "win2k8", "standard", ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK,
      4, 4, 64, 64, NULL },
    { "servers take 64 sockets",
      "win2k19", "standard", ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK_POW2,
      64, 64, 640, 1280, NULL },
    { "an edition with a number of its own",
      "win2k25", "datacenter-azure-edition", ANY, VTOPO_X86_64,
      VTOPO_COUNT_CORE_MASK_POW2, 64, 64, 2048, 2048, NULL },
    { "where sources disagree, the range",
      "win10", "enterprise", ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK_POW2,
      2, 4, 640, 1280, NULL },
    { "Linux has no licence by sockets",
      "linux", NULL, ANY, ANY, VTOPO_COUNT_NOTHING,
      NO_LIMIT, NO_LIMIT, 64, 8192, "Linux" },
    { "nor does its 32-bit build",
      "linux", NULL, VTOPO_X86, VTOPO_X86, VTOPO_COUNT_NOTHING,
      NO_LIMIT, NO_LIMIT, 8, 64, NULL },
    { "DOS takes one processor",
      "msdos6.22", NULL, ANY, VTOPO_X86, VTOPO_COUNT_NOTHING,
      NO_LIMIT, NO_LIMIT, 1, 1, NULL },

    /* Other names. */
    { "short for professional",
      "win10", "pro", ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK_POW2,
      2, 2, 640, 1280, "Windows 10 Pro" },
    { "Core is Home",
      "win10", "core", ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK_POW2,
      1, 1, 640, 1280, "Windows 10 Home" },
    { "as are its language versions",
      "win11", "core-single-language", ANY, VTOPO_X86_64,
      VTOPO_COUNT_CORE_MASK_POW2, 1, 1, 1280, 2048, "Windows 11 Home" },
    { "EditionID with Server in it",
      "win2k16", "server-datacenter", ANY, VTOPO_X86_64,
      VTOPO_COUNT_CORE_MASK_POW2, 64, 64, 640, 1280, NULL },
    { "the N variants",
      "winvista", "home-basic-n", ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK,
      1, 1, 64, 64, NULL },
    { "in any case",
      "win7", "PROFESSIONAL", ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK_POW2,
      2, 2, 256, 256, NULL },
    { "ProfessionalWorkstation is workstations",
      "win10", "professional-workstation", ANY, VTOPO_X86_64,
      VTOPO_COUNT_CORE_MASK_POW2, 4, 4, 640, 1280, NULL },
    { "a version of Linux",
      "debian12", NULL, ANY, ANY, VTOPO_COUNT_NOTHING,
      NO_LIMIT, NO_LIMIT, 64, 8192, "Linux" },
    { "one with a dot",
      "ubuntu22.04", "", ANY, ANY, VTOPO_COUNT_NOTHING,
      NO_LIMIT, NO_LIMIT, 64, 8192, "Linux" },
    { "one with a dash",
      "rhel-unknown", NULL, ANY, ANY, VTOPO_COUNT_NOTHING,
      NO_LIMIT, NO_LIMIT, 64, 8192, NULL },
    { "the longest name that fits counts",
      "freebsd13.2", NULL, ANY, VTOPO_X86_64, VTOPO_COUNT_NOTHING,
      NO_LIMIT, NO_LIMIT, 32, 256, "FreeBSD up to 13" },
    { "and no longer one",
      "freebsd14.0", NULL, ANY, VTOPO_X86_64, VTOPO_COUNT_NOTHING,
      NO_LIMIT, NO_LIMIT, 1024, 1024, "FreeBSD 14 and later" },
    { "FreeDOS is a DOS",
      "freedos1.2", NULL, ANY, VTOPO_X86, VTOPO_COUNT_NOTHING,
      NO_LIMIT, NO_LIMIT, 1, 1, NULL },

    /* An edition that is not known: the range over all of them. */
    { "one to two sockets",
      "win7", NULL, ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK_POW2,
      1, 2, 256, 256, "Windows 7 of unknown edition" },
    { "the same by an empty name",
      "win7", "", VTOPO_X86, VTOPO_X86, VTOPO_COUNT_CORE_MASK_POW2,
      1, 2, 32, 32, "Windows 7 of unknown edition" },
    { "one to four; the edition for remote desktops stays out",
      "win10", NULL, ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK_POW2,
      1, 4, 640, 1280, "Windows 10 of unknown edition" },
    { "the 64-bit build of XP was Professional alone",
      "winxp", NULL, VTOPO_X86_64, VTOPO_X86_64, VTOPO_COUNT_HTT_DIVIDE,
      2, 2, 64, 64, NULL },
    { "all 32-bit ones",
      "winxp", NULL, ANY, VTOPO_X86, VTOPO_COUNT_HTT_MASK,
      1, 2, 32, 32, "Windows XP of unknown edition" },
    { "a cloud's edition does not widen the range",
      "win2k22", NULL, ANY, VTOPO_X86_64, VTOPO_COUNT_CORE_MASK_POW2,
      64, 64, 1280, 2048, NULL },
    { "processors of 2000",
      "win2k", NULL, ANY, VTOPO_X86, VTOPO_COUNT_LOGICAL, 2, 32, 32, 32,
      "Windows 2000 of unknown edition" },
};

static void
systems_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        const struct row *row = &rows[i];
        struct vtopo_limits limits;
        int rc = vtopo_limits_lookup(row->osinfo, row->edition, row->arch,
                                     &limits, &err);

        UNIT_ROW(i, row->says);
        UNIT_RESULT(rc, &err, NULL);
        assert_int_equal(limits.arch, row->want_arch);
        assert_int_equal(limits.counting, row->counting);
        assert_int_equal(limits.sockets.least, row->least);
        assert_int_equal(limits.sockets.most, row->most);
        assert_int_equal(limits.logical.least, row->logical_least);
        assert_int_equal(limits.logical.most, row->logical_most);
        assert_non_null(vt_generation_lookup(limits.generation));
        if (row->name != NULL)
            assert_string_equal(limits.name, row->name);
    }
}

/* What no table can know is left open. */
static void
nothing_is_assumed_of_an_installation(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_systems_count; i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vtopo_limits limits;
        int rc = vtopo_limits_lookup(vt_systems[i].osinfo,
                                     vt_systems[i].edition, ANY, &limits,
                                     &err);

        UNIT_RESULT(rc, &err, NULL);
        assert_int_equal(limits.numproc, 0);
        assert_false(limits.onecpu);
        assert_int_equal(limits.multiprocessor, VTOPO_DEFAULT);
        assert_int_equal(limits.acpi, VTOPO_DEFAULT);
        assert_string_equal(limits.hal, "");
        assert_non_null(limits.sockets.source);
        assert_non_null(limits.logical.source);
    }
}

/* A range holds every edition of that build that is not apart, and each of
 * its ends is some edition's.
 */
static void
ranges_hold_their_editions(void **state)
{
    static const enum vtopo_arch arches[] = { VTOPO_X86, VTOPO_X86_64 };

    (void)state;
    for (size_t i = 0; i < 2 * vt_systems_count; i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autoerror struct vtopo_error range_err = VTOPO_ERROR_INIT;
        const struct vt_system *row = &vt_systems[i / 2];
        struct vtopo_limits one;
        struct vtopo_limits all;

        if (row->apart
            || vtopo_limits_lookup(row->osinfo, row->edition, arches[i % 2],
                                   &one, &err) < 0)
            continue;
        assert_int_equal(vtopo_limits_lookup(row->osinfo, NULL, arches[i % 2],
                                             &all, &range_err), 0);
        assert_true(all.sockets.least <= one.sockets.least);
        assert_true(all.sockets.most >= one.sockets.most);
        assert_true(all.logical.least <= one.logical.least);
        assert_true(all.logical.most >= one.logical.most);
        assert_true(all.sockets.confidence >= one.sockets.confidence);
        assert_int_equal(all.counting, one.counting);
    }
}

static const struct {
    const char *osinfo, *edition;
    enum vtopo_arch arch;
    const char *quoted;             /* stands in the message */
    const char *known;              /* stands in the hint; NULL: no hint */
} unknown_rows[] = {
    { "windows7", NULL, ANY, "'windows7'", "win7" },
    { "", NULL, ANY, "''", "win7" },
    { "WIN7", NULL, ANY, "'WIN7'", "win7" },
    { "win70", NULL, ANY, "'win70'", "win7" },
    { "older", NULL, ANY, "'older'", "linux" },
    { "win7", "profesional", ANY, "'profesional'", "professional" },
    { "win7", "business", ANY, "'business'", "professional" },
    { "win10", "home premium", ANY, "'home premium'", "home" },
    { "linux", "desktop", ANY, "'desktop'", "none" },
    { "winxp", "home", VTOPO_X86_64, "'winxp/home'", NULL },
    { "win2k22", "standard", VTOPO_X86, "'win2k22/standard'", NULL },
    { "win2k22", NULL, VTOPO_X86, "'win2k22'", NULL },
};

/* A refusal names what was given and what there is, and changes nothing. */
static void
unknown_systems_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(unknown_rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vtopo_limits limits;
        struct vtopo_limits before;

        UNIT_ROW(i, unknown_rows[i].quoted);
        memset(&limits, 0x5a, sizeof(limits));
        before = limits;
        assert_int_equal(vtopo_limits_lookup(unknown_rows[i].osinfo,
                                             unknown_rows[i].edition,
                                             unknown_rows[i].arch, &limits,
                                             &err), -1);
        assert_int_equal(err.code, VTOPO_UNKNOWN_GUEST);
        assert_non_null(strstr(err.message, unknown_rows[i].quoted));
        if (unknown_rows[i].known != NULL)
            assert_non_null(strstr(err.hint, unknown_rows[i].known));
        assert_memory_equal(&limits, &before, sizeof(limits));
    }
}

static const struct {
    const char *hal;
    const char *id;                 /* NULL: it must be refused */
    enum vtopo_choice multiprocessor, acpi;
} hal_rows[] = {
    { "acpiapic_up", "acpiapic_up", VTOPO_NO, VTOPO_YES },
    { "ACPIAPIC_MP", "acpiapic_mp", VTOPO_YES, VTOPO_YES },
    { "acpipic_up", "acpipic_up", VTOPO_NO, VTOPO_YES },
    { "e_isa_up", "e_isa_up", VTOPO_NO, VTOPO_NO },
    { "mps_up", "mps_up", VTOPO_NO, VTOPO_NO },
    { "mps_mp", "mps_mp", VTOPO_YES, VTOPO_NO },
    { "halaacpi.dll", "acpiapic_up", VTOPO_NO, VTOPO_YES },
    { "HALMACPI.DLL", "acpiapic_mp", VTOPO_YES, VTOPO_YES },
    { "halmps.dll", "mps_mp", VTOPO_YES, VTOPO_NO },
    { "hal.dll", NULL, VTOPO_DEFAULT, VTOPO_DEFAULT },    /* as all are */
    { "halmac.dll", NULL, VTOPO_DEFAULT, VTOPO_DEFAULT },
    { "acpiapic_", NULL, VTOPO_DEFAULT, VTOPO_DEFAULT },
    { "", NULL, VTOPO_DEFAULT, VTOPO_DEFAULT },
};

static void
hals_are_noted(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(hal_rows); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vtopo_limits limits;
        struct vtopo_limits before;

        UNIT_ROW(i, hal_rows[i].hal);
        assert_int_equal(vtopo_limits_lookup("winxp", "professional", ANY,
                                             &limits, &err), 0);
        before = limits;
        if (hal_rows[i].id == NULL) {
            assert_int_equal(vtopo_limits_set_hal(&limits, hal_rows[i].hal,
                                                  &err), -1);
            assert_int_equal(err.code, VTOPO_UNKNOWN_GUEST);
            assert_non_null(err.hint);
            assert_memory_equal(&limits, &before, sizeof(limits));
            continue;
        }
        assert_int_equal(vtopo_limits_set_hal(&limits, hal_rows[i].hal, &err),
                         0);
        assert_string_equal(limits.hal, hal_rows[i].id);
        assert_int_equal(limits.multiprocessor, hal_rows[i].multiprocessor);
        assert_int_equal(limits.acpi, hal_rows[i].acpi);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(systems_are_found),
    cmocka_unit_test(nothing_is_assumed_of_an_installation),
    cmocka_unit_test(ranges_hold_their_editions),
    cmocka_unit_test(unknown_systems_are_refused),
    cmocka_unit_test(hals_are_noted),
};

UNIT_MAIN(tests)
