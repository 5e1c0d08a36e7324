/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-hal-rules.c - which files may stand beside which
 *
 * The numbers are those of real files, as Geoff Chappell lists them for the
 * kernels and HALs of each service pack (studies/windows/km/ntoskrnl/history
 * and .../hal/history); those of hotfixes are made up, but in their ranges.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hal-rules.h"
#include "unit.h"

/* "5.1.2600.5512 (xpsp.080413-2111)" as the two parts of a resource. */
static struct vw_build
build(const char *text)
{
    vt_autofree struct vw_pe_version *version = calloc(1, sizeof(*version));
    struct vw_build made;
    unsigned n[4] = { 0, 0, 0, 0 };

    assert_non_null(version);
    version->found = VW_PE_YES;
    version->has_numbers = text != NULL
        && sscanf(text, "%u.%u.%u.%u", &n[0], &n[1], &n[2], &n[3]) == 4;
    for (unsigned i = 0; i < 4; i++)
        version->file[i] = (uint16_t)n[i];
    (void)snprintf(version->file_version, sizeof(version->file_version), "%s",
                   text != NULL ? text : "");
    vw_build_of(version, &made);
    return made;
}

/* ------------------------------------------------------------ candidates */

static const struct {
    const char *says;
    const char *installed, *other;
    enum vw_fit want;
} fits[] = {
    { "RTM", "5.1.2600.0 (xpclient.010817-1148)",
      "5.1.2600.0 (xpclient.010817-1148)", VW_FIT_SAME },
    { "a service pack", "5.1.2600.5512 (xpsp.080413-2111)",
      "5.1.2600.5512 (xpsp.080413-2111)", VW_FIT_SAME },
    { "a hotfix of the general branch",
      "5.1.2600.5755 (xpsp_sp3_gdr.090206-1234)",
      "5.1.2600.5755 (xpsp_sp3_gdr.090206-1234)", VW_FIT_SAME },
    { "a hotfixed kernel, and the one of its service pack",
      "5.1.2600.5755 (xpsp_sp3_gdr.090206-1234)",
      "5.1.2600.5512 (xpsp.080413-2111)", VW_FIT_OTHER_NUMBER },
    { "two hotfixes", "5.1.2600.5755 (xpsp_sp3_gdr.090206-1234)",
      "5.1.2600.5857 (xpsp_sp3_gdr.090804-1435)", VW_FIT_OTHER_NUMBER },
    { "the same hotfix of the QFE branch",
      "5.1.2600.5755 (xpsp_sp3_gdr.090206-1234)",
      "5.1.2600.5755 (xpsp_sp3_qfe.090206-1316)", VW_FIT_OTHER_BRANCH },
    { "both of the QFE branch", "5.1.2600.5755 (xpsp_sp3_qfe.090206-1316)",
      "5.1.2600.5755 (xpsp_sp3_qfe.090206-1316)", VW_FIT_SAME },
    { "service packs differ", "5.1.2600.2180 (xpsp_sp2_rtm.040803-2158)",
      "5.1.2600.5512 (xpsp.080413-2111)", VW_FIT_OTHER_NUMBER },
    { "systems differ", "5.1.2600.5512 (xpsp.080413-2111)",
      "5.2.3790.3959 (srv03_sp2_rtm.070216-1710)", VW_FIT_OTHER_NUMBER },
    { "no branch is stated", "5.00.2195.6717", "5.00.2195.6717",
      VW_FIT_SAME },
    { "one of them states none", "5.1.2600.5512 (xpsp.080413-2111)",
      "5.1.2600.5512", VW_FIT_SAME },
    { "letters of a branch", "5.1.2600.5512 (XPSP.080413-2111)",
      "5.1.2600.5512 (xpsp.080413-2111)", VW_FIT_SAME },
    { "the installed one says nothing", NULL, "5.1.2600.5512",
      VW_FIT_UNKNOWN },
    { "the other one says nothing", "5.1.2600.5512", NULL, VW_FIT_UNKNOWN },
};

static void
only_the_same_build_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(fits); i++) {
        struct vw_build installed = build(fits[i].installed);
        struct vw_build other = build(fits[i].other);

        UNIT_ROW(i, fits[i].says);
        assert_int_equal(vw_build_fit(&installed, &other), fits[i].want);
        assert_int_equal(vw_build_fit(&other, &installed), fits[i].want);
    }
}

/* ----------------------------------------------------------------- pairs */

static const struct {
    const char *says;
    const char *kernel, *hal;
    enum vw_pair want;
} pairs[] = {
    { "2000", "5.0.2195.1", "5.0.2171.1", VW_PAIR_GOOD },
    { "2000, MPS", "5.0.2195.1", "5.0.2168.1", VW_PAIR_GOOD },
    { "2000 SP1", "5.0.2195.1620", "5.0.2195.1608", VW_PAIR_GOOD },
    { "2000 SP1 has no other HAL than that of 2000", "5.0.2195.1620",
      "5.0.2171.1", VW_PAIR_GOOD },
    { "2000 SP2 has none of its own", "5.0.2195.2951", "5.0.2195.1608",
      VW_PAIR_GOOD },
    { "2000 SP3", "5.0.2195.5438", "5.0.2195.5201", VW_PAIR_GOOD },
    { "2000 SP3, MPS", "5.0.2195.5438", "5.0.2195.4864", VW_PAIR_GOOD },
    { "2000 SP4", "5.0.2195.6717", "5.0.2195.6691", VW_PAIR_GOOD },
    { "2000 SP4, Standard PC", "5.0.2195.6717", "5.0.2195.6655",
      VW_PAIR_GOOD },
    { "2000 SP4 with hotfixes", "5.0.2195.7133", "5.0.2195.6691",
      VW_PAIR_GOOD },
    { "2000 SP4 and the HAL of SP3", "5.0.2195.6717", "5.0.2195.5201",
      VW_PAIR_MIXED },
    { "2000 SP3 and the HAL of SP4", "5.0.2195.5438", "5.0.2195.6691",
      VW_PAIR_MIXED },
    { "2000 SP3 and the HAL of 2000", "5.0.2195.5438", "5.0.2171.1",
      VW_PAIR_MIXED },
    { "XP", "5.1.2600.0", "5.1.2600.0", VW_PAIR_GOOD },
    { "XP with hotfixes", "5.1.2600.101", "5.1.2600.0", VW_PAIR_GOOD },
    { "XP SP1", "5.1.2600.1106", "5.1.2600.1106", VW_PAIR_GOOD },
    { "XP SP1 with hotfixes", "5.1.2600.1634", "5.1.2600.1106",
      VW_PAIR_GOOD },
    { "XP SP2", "5.1.2600.2180", "5.1.2600.2180", VW_PAIR_GOOD },
    { "XP SP2 with hotfixes", "5.1.2600.3093", "5.1.2600.2180",
      VW_PAIR_GOOD },
    { "XP SP3", "5.1.2600.5512", "5.1.2600.5512", VW_PAIR_GOOD },
    { "XP SP3 with hotfixes", "5.1.2600.6419", "5.1.2600.5512",
      VW_PAIR_GOOD },
    { "XP SP3 with a hotfixed HAL", "5.1.2600.5512", "5.1.2600.5687",
      VW_PAIR_GOOD },
    { "XP SP3 and the HAL of SP2", "5.1.2600.5512", "5.1.2600.2180",
      VW_PAIR_MIXED },
    { "XP SP2 and the HAL of SP3", "5.1.2600.3093", "5.1.2600.5512",
      VW_PAIR_MIXED },
    { "XP SP1 and the HAL of XP", "5.1.2600.1106", "5.1.2600.0",
      VW_PAIR_MIXED },
    { "2003", "5.2.3790.0", "5.2.3790.0", VW_PAIR_GOOD },
    { "2003 SP1", "5.2.3790.1830", "5.2.3790.1830", VW_PAIR_GOOD },
    { "2003 SP1 with hotfixes", "5.2.3790.2756", "5.2.3790.1830",
      VW_PAIR_GOOD },
    { "2003 SP2", "5.2.3790.3959", "5.2.3790.3959", VW_PAIR_GOOD },
    { "2003 SP2 with hotfixes", "5.2.3790.5190", "5.2.3790.3959",
      VW_PAIR_GOOD },
    { "2003 SP2 and the HAL of SP1", "5.2.3790.3959", "5.2.3790.1830",
      VW_PAIR_MIXED },
    { "XP and the HAL of 2003", "5.1.2600.5512", "5.2.3790.3959",
      VW_PAIR_MIXED },
    { "XP and the HAL of 2000", "5.1.2600.0", "5.0.2195.6691",
      VW_PAIR_MIXED },
    { "an early build of XP", "5.1.2526.0", "5.1.2526.0",
      VW_PAIR_UNKNOWN },
    { "an early build, with another one", "5.1.2526.0", "5.1.2505.0",
      VW_PAIR_MIXED },
    { "Vista", "6.0.6002.18005", "6.0.6002.18005", VW_PAIR_UNKNOWN },
    { "the kernel says nothing", NULL, "5.1.2600.5512", VW_PAIR_UNKNOWN },
    { "the HAL says nothing", "5.1.2600.5512", NULL, VW_PAIR_UNKNOWN },
};

static void
kernel_and_hal_are_of_one_service_pack(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(pairs); i++) {
        struct vw_build kernel = build(pairs[i].kernel);
        struct vw_build hal = build(pairs[i].hal);

        UNIT_ROW(i, pairs[i].says);
        assert_int_equal(vw_build_pair(&kernel, &hal), pairs[i].want);
    }
}

/* ------------------------------------------------------------------ texts */

static void
versions_are_written_as_they_were_read(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "5.1.2600.5512 (xpsp.080413-2111)",
          "5.1.2600.5512 (xpsp.080413-2111)" },
        { "5.00.2195.6717", "5.0.2195.6717" },
        { "5.1.2600.5512 (", "5.1.2600.5512" },
        { "5.1.2600.5512 ()", "5.1.2600.5512" },
        { NULL, "unknown" },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        struct vw_build made = build(rows[i].text);
        char text[VW_BUILD_TEXT_SIZE];

        UNIT_ROW(i, rows[i].want);
        assert_string_equal(vw_build_text(&made, text), rows[i].want);
    }
}

/* ------------------------------------------------------------------ HALs */

static void
hals_have_their_ways(void **state)
{
    static const struct {
        const char *file;
        enum vw_hal_way way;
        const char *mp_file, *mp_id;
    } rows[] = {
        { "halaacpi.dll", VW_HAL_CAN, "halmacpi.dll", "acpiapic_mp" },
        { "HALAACPI.DLL", VW_HAL_CAN, "halmacpi.dll", "acpiapic_mp" },
        { "halapic.dll", VW_HAL_CAN, "halmps.dll", "mps_mp" },
        { "halacpi.dll", VW_HAL_WITH_FORCE, "halmacpi.dll", "acpiapic_mp" },
        { "hal.dll", VW_HAL_CANNOT, NULL, NULL },
        { "halmacpi.dll", VW_HAL_IS_MP, NULL, NULL },
        { "halmps.dll", VW_HAL_IS_MP, NULL, NULL },
        { "halsp.dll", VW_HAL_IS_MP, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        const struct vw_hal_row *row = vw_hal_find(rows[i].file);

        UNIT_ROW(i, rows[i].file);
        assert_non_null(row);
        assert_int_equal(row->way, rows[i].way);
        assert_non_null(row->source);
        if (rows[i].mp_file == NULL) {
            assert_null(row->mp_file);
        } else {
            assert_string_equal(row->mp_file, rows[i].mp_file);
            assert_string_equal(row->mp_id, rows[i].mp_id);
            /* What takes its place is one, and the way ends there. */
            assert_int_equal(vw_hal_find(row->mp_file)->way, VW_HAL_IS_MP);
        }
        if (row->way == VW_HAL_CANNOT || row->way == VW_HAL_WITH_FORCE)
            assert_non_null(row->text);
    }
    assert_null(vw_hal_find("halborn.dll"));
    assert_null(vw_hal_find(""));
}

static void
systems_have_their_lines(void **state)
{
    static const struct {
        const char *kernel;
        enum vw_line want;
    } rows[] = {
        { "3.51.1057.6", VW_LINE_OLD }, { "4.0.1381.335", VW_LINE_OLD },
        { "5.0.2195.1", VW_LINE_NT5 }, { "5.1.2600.0", VW_LINE_NT5 },
        { "5.2.3790.0", VW_LINE_NT5 }, { "6.0.6000.16386", VW_LINE_NT6 },
        { "10.0.26100.1", VW_LINE_NT6 }, { NULL, VW_LINE_UNKNOWN },
    };

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        struct vw_build kernel = build(rows[i].kernel);

        UNIT_ROW(i, rows[i].kernel != NULL ? rows[i].kernel : "nothing");
        assert_int_equal(vw_line_of(&kernel), rows[i].want);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(only_the_same_build_fits),
    cmocka_unit_test(kernel_and_hal_are_of_one_service_pack),
    cmocka_unit_test(versions_are_written_as_they_were_read),
    cmocka_unit_test(hals_have_their_ways),
    cmocka_unit_test(systems_have_their_lines),
};

UNIT_MAIN(tests)
