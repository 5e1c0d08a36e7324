/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-tables.c - the guest tables keep what their head comments promise
 *
 * The last part compares them with a list of facts written down a second
 * time, by hand, so that a slip in a row is seen.
 *
 * Long, because that list is as long as the tables.
 */

#include <strings.h>

#include "base/buf.h"
#include "guest/tables.h"
#include "report/guests-json.h"
#include "report/guests-text.h"
#include "unit.h"
#include "verdict/rules.h"

#define NONE VTOPO_NO_LIMIT

/* The releases, in the order in which they came out; then other systems. */
static const char *const release_order[] = {
    "winnt3.51", "winnt4.0", "win2k", "winxp", "win2k3", "win2k3r2",
    "winvista", "win2k8", "win7", "win2k8r2", "win8", "win2k12", "win8.1",
    "win2k12r2", "win10", "win2k16", "win2k19", "win2k22", "win11",
    "win2k25",
    "freebsd", "freebsd13", "linux", "msdos6.22", "netbsd", "openbsd",
    "openbsd6.3", "reactos", "win95", "win98", "winme",
};

static size_t
release_rank(const char *osinfo)
{
    for (size_t i = 0; i < VT_COUNT(release_order); i++) {
        if (strcmp(release_order[i], osinfo) == 0)
            return i;
    }
    fail_msg("%s is not in this test's list of releases", osinfo);
    return 0;
}

/* -------------------------------------------------------------- sources */

/* Whether all that @text cites is of the kind that proves nothing. */
static bool
proves_nothing(const char *text)
{
    static const char *const weak[] = {
        "DEC", "INFERRED", "MEMORY", "NONE", "POLY", "QI", "WEB",
    };

    for (size_t i = 0; i < vt_source_tags_count; i++) {
        bool is_weak = false;

        for (size_t j = 0; j < VT_COUNT(weak); j++)
            is_weak = is_weak || strcmp(vt_source_tags[i].tag, weak[j]) == 0;
        if (!is_weak && vt_source_has_tag(text, &vt_source_tags[i]))
            return false;
    }
    return true;
}

static bool tag_used[64];

static void
check_source(const char *row, const struct vt_source *source)
{
    const char *piece = source->text;

    print_message("# %s: %s\n", row, source->text);
    assert_true(strlen(source->text) >= 2);
    assert_string_not_equal(vt_confidence_name(source->confidence), "");
    if (source->confidence == VTOPO_CONFIRMED)
        assert_false(proves_nothing(source->text));
    while (piece != NULL) {
        const struct vt_source_tag *tag =
            vt_source_tag_lookup(piece, vt_source_tag_length(piece));

        assert_non_null(tag);
        assert_true(strchr(" :,;", piece[strlen(tag->tag)]) != NULL);
        tag_used[tag - vt_source_tags] = true;
        piece = strstr(piece, "; ");
        piece = piece != NULL ? piece + 2 : NULL;
    }
}

/* A fact that may be missing: without a value, without a source. */
static void
check_optional(const char *row, bool has_value,
               const struct vt_source *source)
{
    assert_int_equal(source->text != NULL, has_value);
    if (has_value)
        check_source(row, source);
}

static void
check_generation_sources(const struct vt_generation *row)
{
    check_source(row->id, &row->counting_source);
    check_source(row->id, &row->topoext_source);
    check_source(row->id, &row->x2apic_source);
    check_source(row->id, &row->logical_source);
    check_source(row->id, &row->group_source);
    check_source(row->id, &row->left_source);
    check_source(row->id, &row->numproc_source);
    check_source(row->id, &row->socket_cores_source);
    check_optional(row->id, row->first_threads_only, &row->threads_source);
}

static void
check_setup_sources(void)
{
    for (size_t i = 0; i < vt_setups_count; i++) {
        const struct vt_setup *row = &vt_setups[i];

        check_source(row->lineage, &row->detects_source);
        check_optional(row->lineage, row->computer != NULL,
                       &row->computer_source);
    }
    for (size_t i = 0; i < vt_answer_lines_count; i++)
        check_source(vt_answer_lines[i].key, &vt_answer_lines[i].source);
    for (size_t i = 0; i < vt_answer_notes_count; i++)
        check_source(vt_answer_notes[i].text, &vt_answer_notes[i].source);
}

static void
every_row_has_sources_of_the_legend(void **state)
{
    (void)state;
    assert_true(vt_source_tags_count <= VT_COUNT(tag_used));
    for (size_t i = 0; i < vt_generations_count; i++)
        check_generation_sources(&vt_generations[i]);
    for (size_t i = 0; i < vt_systems_count; i++) {
        const struct vt_system *row = &vt_systems[i];

        check_source(row->name, &row->source);
        check_optional(row->name,
                       row->logical_x86 != 0 || row->logical_x86_64 != 0,
                       &row->logical_source);
    }
    for (size_t i = 0; i < vt_hals_count; i++) {
        check_source(vt_hals[i].id, &vt_hals[i].source);
        check_source(vt_hals[i].id, &vt_hals[i].cpus_source);
        check_optional(vt_hals[i].id, vt_hals[i].idle != VT_IDLE_UNKNOWN,
                       &vt_hals[i].idle_source);
    }
    for (size_t i = 0; i < vt_apps_count; i++)
        check_source(vt_apps[i].id, &vt_apps[i].source);
    check_setup_sources();
    for (size_t i = 0; i < vt_rules_count; i++)
        check_source(vt_rules[i].id, &vt_rules[i].source);
    for (size_t i = 0; i < vt_nested_signs_count; i++)
        check_source(vt_nested_signs[i].id, &vt_nested_signs[i].source);

    for (size_t i = 0; i < vt_source_tags_count; i++) {
        print_message("# is %s used?\n", vt_source_tags[i].tag);
        assert_true(tag_used[i]);
    }
}

static void
the_legend_is_sorted(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_source_tags_count; i++) {
        const char *tag = vt_source_tags[i].tag;

        assert_int_equal(vt_source_tag_length(tag), strlen(tag));
        assert_true(strlen(vt_source_tags[i].meaning) > 0);
        if (i > 0)
            assert_true(strcmp(vt_source_tags[i - 1].tag, tag) < 0);
    }
}

/* -------------------------------------------------------------- systems */

static void
systems_are_sorted(void **state)
{
    (void)state;
    for (size_t i = 1; i < vt_systems_count; i++) {
        const struct vt_system *before = &vt_systems[i - 1];
        const struct vt_system *row = &vt_systems[i];
        size_t rank = release_rank(row->osinfo);
        size_t rank_before = release_rank(before->osinfo);

        UNIT_ROW(i, row->name);
        assert_true(rank_before <= rank);
        if (rank_before == rank) {
            assert_true(strcmp(before->edition, row->edition) < 0);
            assert_string_equal(before->release, row->release);
        }
    }
}

static unsigned
count_names(const struct vt_system *rows, size_t count, const char *name)
{
    unsigned found = 0;

    for (size_t i = 0; i < count; i++)
        found += vt_system_has_edition(&rows[i], name);
    return found;
}

/* No name of an edition stands for two of them. */
static void
names_of_editions_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_systems_count; i++) {
        size_t count;
        const struct vt_system *rows =
            vt_systems_lookup(vt_systems[i].osinfo, &count);
        char also[512];
        char *at = also;

        UNIT_ROW(i, vt_systems[i].name);
        assert_int_equal(count_names(rows, count, vt_systems[i].edition), 1);
        assert_true(strlen(vt_systems[i].also) < sizeof(also));
        strcpy(also, vt_systems[i].also);
        for (char *word; (word = strsep(&at, " ")) != NULL; ) {
            assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz-0123456789"),
                             strlen(word));
            if (also[0] != '\0')
                assert_int_equal(count_names(rows, count, word), 1);
        }
    }
}

static void
check_build(const char *id, enum vtopo_arch arch)
{
    const struct vt_generation *generation;

    if (id == NULL)
        return;
    generation = vt_generation_lookup(id);
    assert_non_null(generation);
    assert_true(generation->arch == arch
                || generation->arch == VTOPO_ARCH_UNKNOWN);
}

static void
systems_are_built_on_generations(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_systems_count; i++) {
        UNIT_ROW(i, vt_systems[i].name);
        assert_true(vt_systems[i].x86 != NULL || vt_systems[i].x86_64 != NULL);
        check_build(vt_systems[i].x86, VTOPO_X86);
        check_build(vt_systems[i].x86_64, VTOPO_X86_64);
    }
    for (size_t i = 0; i < vt_generations_count; i++) {
        bool used = false;

        UNIT_ROW(i, vt_generations[i].id);
        for (size_t j = 0; j < vt_systems_count; j++) {
            const struct vt_system *row = &vt_systems[j];
            const char *id = vt_generations[i].id;

            used = used || (row->x86 != NULL && strcmp(row->x86, id) == 0)
                   || (row->x86_64 != NULL && strcmp(row->x86_64, id) == 0);
        }
        assert_true(used);
        assert_ptr_equal(vt_generation_lookup(vt_generations[i].id),
                         &vt_generations[i]);
    }
}

/* A limit is known, a range, none, or unknown; one that sources disagree
 * about is a range; and one without an upper bound must not widen the range
 * of an edition that is not known.
 */
static void
ranges_are_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_systems_count; i++) {
        const struct vt_system *row = &vt_systems[i];

        UNIT_ROW(i, row->name);
        assert_true(1 <= row->least && row->least <= row->most);
        if (row->source.confidence == VTOPO_CONTRADICTORY)
            assert_true(row->least < row->most);
        if (row->most == NONE && row->least != NONE)
            assert_true(row->apart);
    }
    for (size_t i = 0; i < vt_generations_count; i++) {
        const struct vt_generation *row = &vt_generations[i];

        UNIT_ROW(i, row->id);
        assert_true(1 <= row->logical_least);
        assert_true(row->logical_least <= row->logical_max);
        if (row->logical_source.confidence == VTOPO_CONTRADICTORY)
            assert_true(row->logical_least < row->logical_max);
        assert_true(row->group_size == 0 || row->group_size == 64);
        assert_true(row->group_size != 0 || !row->process_spans_groups);
    }
}

/* --------------------------------------------------------------- lookup */

static const struct {
    const char *osinfo;
    const char *want;           /* whose rows; NULL: none */
} lookups[] = {
    { "win7", "win7" }, { "win8", "win8" }, { "win8.1", "win8.1" },
    { "linux", "linux" }, { "debian12", "linux" }, { "debian", "linux" },
    { "debiantesting", "linux" }, { "ubuntu22.04", "linux" },
    { "rhel9.1", "linux" }, { "rhel-unknown", "linux" }, { "ol8.5", "linux" },
    { "sle15sp4", "linux" }, { "sles12sp5", "linux" },
    { "centos-stream9", "linux" }, { "opensusetumbleweed", "linux" },
    { "fedora-coreos-stable", "linux" }, { "archlinux", "linux" },
    { "freebsd14.1", "freebsd" }, { "freebsd15.0", "freebsd" },
    { "freebsd13.2", "freebsd13" }, { "freebsd1.0", "freebsd13" },
    { "freebsd9.3", "freebsd13" },
    { "openbsd7.6", "openbsd" }, { "openbsd6.9", "openbsd" },
    { "openbsd6.4", "openbsd" }, { "openbsd6.2", "openbsd6.3" },
    { "openbsd5.9", "openbsd6.3" },
    { "freedos1.2", "msdos6.22" },
    { "older", NULL }, { "win", NULL }, { "win77", NULL }, { "", NULL },
    { "Win7", NULL }, { "guix-hurd-latest", NULL }, { "altair", NULL },
};

static void
versions_find_their_system(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(lookups); i++) {
        size_t count = 0;
        const struct vt_system *rows;

        UNIT_ROW(i, lookups[i].osinfo);
        rows = vt_systems_lookup(lookups[i].osinfo, &count);
        if (lookups[i].want == NULL) {
            assert_null(rows);
        } else {
            assert_non_null(rows);
            assert_true(count > 0);
            assert_string_equal(rows[0].osinfo, lookups[i].want);
        }
    }
    for (size_t i = 0; i < vt_families_count; i++) {
        size_t count;

        UNIT_ROW(i, vt_families[i].prefix);
        assert_non_null(vt_systems_lookup(vt_families[i].osinfo, &count));
        if (i > 0)
            assert_true(strcmp(vt_families[i - 1].prefix,
                               vt_families[i].prefix) < 0);
    }
}

static void
hals_are_found_by_any_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_hals_count; i++) {
        UNIT_ROW(i, vt_hals[i].id);
        assert_ptr_equal(vt_hal_lookup(vt_hals[i].id), &vt_hals[i]);
        assert_non_null(vt_hal_lookup_file(vt_hals[i].file));
        if (!vt_hals[i].multiprocessor)
            assert_true(vt_hals[i].cpus <= 1 && vt_hals[i].cpus_nt4 <= 1);
        else
            assert_string_equal(vt_hals[i].kernels, "MP");
    }
    assert_string_equal(vt_hal_lookup("ACPIAPIC_UP")->id, "acpiapic_up");
    assert_string_equal(vt_hal_lookup("mps11_mp")->id, "mps_mp");
    assert_string_equal(vt_hal_lookup_file("HALMACPI.DLL")->id, "acpiapic_mp");
    assert_string_equal(vt_hal_lookup_file("hal.dll")->id, "e_isa_up");
    assert_null(vt_hal_lookup("acpi"));
    assert_null(vt_hal_lookup(""));
    assert_null(vt_hal_lookup_file("halo.dll"));
}

static void
applications_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < vt_apps_count; i++)
        assert_ptr_equal(vt_app_lookup(vt_apps[i].id), &vt_apps[i]);
    assert_null(vt_app_lookup("sql"));
}

/* ---------------------------------------------------------------- facts */

/* What one edition may use, and how sure that is. */
static const struct {
    const char *osinfo;
    const char *edition;        /* any of its names */
    unsigned least, most;
    enum vtopo_confidence confidence;
} licences[] = {
    { "winnt3.51", "workstation", 2, 2, VTOPO_CONFIRMED },
    { "winnt3.51", "server", 4, 4, VTOPO_CONFIRMED },
    { "winnt4.0", "workstation", 2, 2, VTOPO_CONFIRMED },
    { "winnt4.0", "server", 4, 4, VTOPO_CONFIRMED },
    { "winnt4.0", "terminal-server", 4, 4, VTOPO_CONFIRMED },
    { "winnt4.0", "enterprise", 8, 8, VTOPO_CONFIRMED },
    { "win2k", "professional", 2, 2, VTOPO_CONFIRMED },
    { "win2k", "server", 4, 4, VTOPO_CONFIRMED },
    { "win2k", "advanced-server", 8, 8, VTOPO_CONFIRMED },
    { "win2k", "datacenter", 32, 32, VTOPO_CONFIRMED },
    { "winxp", "home", 1, 1, VTOPO_CONFIRMED },
    { "winxp", "starter", 1, 1, VTOPO_WEAK },
    { "winxp", "professional", 2, 2, VTOPO_CONFIRMED },
    { "winxp", "pro", 2, 2, VTOPO_CONFIRMED },
    { "winxp", "media-center", 2, 2, VTOPO_FROM_MEMORY },
    { "winxp", "tablet-pc", 2, 2, VTOPO_FROM_MEMORY },
    { "win2k3", "web", 2, 2, VTOPO_FROM_MEMORY },
    { "win2k3", "standard", 4, 4, VTOPO_CONFIRMED },
    { "win2k3", "enterprise", 8, 8, VTOPO_CONFIRMED },
    { "win2k3", "datacenter", 64, 64, VTOPO_CONFIRMED },
    { "win2k3", "sbs", 2, 2, VTOPO_FROM_MEMORY },
    { "win2k3r2", "web", 2, 2, VTOPO_FROM_MEMORY },
    { "win2k3r2", "standard", 4, 4, VTOPO_CONFIRMED },
    { "win2k3r2", "enterprise", 8, 8, VTOPO_CONFIRMED },
    { "win2k3r2", "datacenter", 64, 64, VTOPO_CONFIRMED },
    { "winvista", "starter", 1, 1, VTOPO_CONFIRMED },
    { "winvista", "home-basic", 1, 1, VTOPO_CONFIRMED },
    { "winvista", "home-basic-n", 1, 1, VTOPO_CONFIRMED },
    { "winvista", "home-premium", 1, 1, VTOPO_CONFIRMED },
    { "winvista", "business", 2, 2, VTOPO_CONFIRMED },
    { "winvista", "business-n", 2, 2, VTOPO_CONFIRMED },
    { "winvista", "ultimate", 2, 2, VTOPO_CONFIRMED },
    { "winvista", "enterprise", 2, 2, VTOPO_CONFIRMED },
    { "win2k8", "standard", 4, 4, VTOPO_CONFIRMED },
    { "win2k8", "server-standard-core", 4, 4, VTOPO_CONFIRMED },
    { "win2k8", "enterprise", 8, 8, VTOPO_CONFIRMED },
    { "win2k8", "datacenter", 64, 64, VTOPO_CONFIRMED },
    { "win2k8", "web", 4, 4, VTOPO_FROM_MEMORY },
    { "win2k8", "hpc", 4, 4, VTOPO_FROM_MEMORY },
    { "win2k8", "foundation", 1, 1, VTOPO_FROM_MEMORY },
    { "win7", "starter", 1, 1, VTOPO_CONFIRMED },
    { "win7", "home-basic", 1, 1, VTOPO_CONFIRMED },
    { "win7", "home-premium", 1, 1, VTOPO_CONFIRMED },
    { "win7", "HOME-PREMIUM-N", 1, 1, VTOPO_CONFIRMED },
    { "win7", "professional", 2, 2, VTOPO_CONFIRMED },
    { "win7", "enterprise", 2, 2, VTOPO_CONFIRMED },
    { "win7", "ultimate", 2, 2, VTOPO_CONFIRMED },
    { "win2k8r2", "standard", 4, 4, VTOPO_WEAK },
    { "win2k8r2", "enterprise", 8, 8, VTOPO_WEAK },
    { "win2k8r2", "datacenter", 64, 64, VTOPO_WEAK },
    { "win2k8r2", "web", 4, 4, VTOPO_FROM_MEMORY },
    { "win2k8r2", "foundation", 1, 1, VTOPO_FROM_MEMORY },
    { "win2k8r2", "hpc", 4, 4, VTOPO_FROM_MEMORY },
    { "win8", "home", 1, 1, VTOPO_WEAK },
    { "win8", "core-single-language", 1, 1, VTOPO_WEAK },
    { "win8", "professional", 2, 2, VTOPO_WEAK },
    { "win8", "enterprise", 2, 2, VTOPO_WEAK },
    { "win8.1", "home", 1, 1, VTOPO_WEAK },
    { "win8.1", "professional-wmc", 2, 2, VTOPO_WEAK },
    { "win8.1", "enterprise", 2, 2, VTOPO_WEAK },
    { "win2k12", "standard", 64, 64, VTOPO_WEAK },
    { "win2k12", "datacenter", 64, 64, VTOPO_WEAK },
    { "win2k12", "essentials", 2, 2, VTOPO_WEAK },
    { "win2k12", "foundation", 1, 1, VTOPO_WEAK },
    { "win2k12r2", "standard", 64, 64, VTOPO_INFERRED },
    { "win2k12r2", "datacenter", 64, 64, VTOPO_INFERRED },
    { "win2k12r2", "server-solution", 2, 2, VTOPO_WEAK },
    { "win2k12r2", "foundation", 1, 1, VTOPO_WEAK },
    { "win10", "home", 1, 1, VTOPO_WEAK },
    { "win10", "core", 1, 1, VTOPO_WEAK },
    { "win10", "core-country-specific", 1, 1, VTOPO_WEAK },
    { "win10", "professional", 2, 2, VTOPO_WEAK },
    { "win10", "education", 2, 2, VTOPO_WEAK },
    { "win10", "professional-education", 2, 2, VTOPO_FROM_MEMORY },
    { "win10", "workstations", 4, 4, VTOPO_WEAK },
    { "win10", "professional-workstation", 4, 4, VTOPO_WEAK },
    { "win10", "enterprise", 2, 4, VTOPO_CONTRADICTORY },
    { "win10", "enterprise-s", 2, 4, VTOPO_CONTRADICTORY },
    { "win10", "iot-enterprise", 2, 4, VTOPO_CONTRADICTORY },
    { "win10", "iot-enterprise-s", 2, 4, VTOPO_CONTRADICTORY },
    { "win10", "rdsh", 2, NONE, VTOPO_FROM_MEMORY },
    { "win11", "home", 1, 1, VTOPO_WEAK },
    { "win11", "pro", 2, 2, VTOPO_WEAK },
    { "win11", "workstations", 4, 4, VTOPO_WEAK },
    { "win11", "enterprise-n", 2, 4, VTOPO_CONTRADICTORY },
    { "win11", "cloud-edition", 1, 2, VTOPO_FROM_MEMORY },
    { "win2k16", "standard", 64, 64, VTOPO_CONFIRMED },
    { "win2k16", "datacenter", 64, 64, VTOPO_CONFIRMED },
    { "win2k16", "essentials", 2, 2, VTOPO_WEAK },
    { "win2k19", "standard", 64, 64, VTOPO_CONFIRMED },
    { "win2k19", "datacenter-eval", 64, 64, VTOPO_CONFIRMED },
    { "win2k19", "essentials", 2, 2, VTOPO_WEAK },
    { "win2k22", "standard", 64, 64, VTOPO_CONFIRMED },
    { "win2k22", "datacenter", 64, 64, VTOPO_CONFIRMED },
    { "win2k22", "server-turbine", 64, 64, VTOPO_CONFIRMED },
    { "win2k25", "standard", 64, 64, VTOPO_CONFIRMED },
    { "win2k25", "datacenter", 64, 64, VTOPO_CONFIRMED },
    { "linux", "", NONE, NONE, VTOPO_CONFIRMED },
};

static const struct vt_system *
find_edition(const char *osinfo, const char *edition)
{
    size_t count;
    const struct vt_system *rows = vt_systems_lookup(osinfo, &count);

    assert_non_null(rows);
    for (size_t i = 0; i < count; i++) {
        if (vt_system_has_edition(&rows[i], edition))
            return &rows[i];
    }
    fail_msg("%s has no edition %s", osinfo, edition);
    return NULL;
}

static void
licences_are_as_written_down_here(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(licences); i++) {
        const struct vt_system *row =
            find_edition(licences[i].osinfo, licences[i].edition);

        UNIT_ROW(i, row->name);
        assert_int_equal(row->least, licences[i].least);
        assert_int_equal(row->most, licences[i].most);
        assert_int_equal(row->source.confidence, licences[i].confidence);
    }
}

/* How a build counts, and how many processors its kernel takes. */
static const struct {
    const char *id;
    enum vtopo_counting counting;
    unsigned least, most;
    unsigned group_size;
    enum vtopo_left left;
    enum vt_numproc numproc;
} builds[] = {
    { "nt3.51-x86", VTOPO_COUNT_LOGICAL, 32, 32, 0,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "nt4.0-x86", VTOPO_COUNT_LOGICAL, 32, 32, 0,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "nt5.0-x86", VTOPO_COUNT_LOGICAL, 32, 32, 0,
      VTOPO_LEFT_PARKED, VT_NUMPROC_TOTAL },
    { "nt5.1-x86", VTOPO_COUNT_HTT_MASK, 32, 32, 0,
      VTOPO_LEFT_PARKED, VT_NUMPROC_TOTAL },
    { "nt5.2-x86", VTOPO_COUNT_HTT_MASK, 32, 32, 0,
      VTOPO_LEFT_PARKED, VT_NUMPROC_TOTAL },
    { "nt5.2-x86_64", VTOPO_COUNT_HTT_DIVIDE, 64, 64, 0,
      VTOPO_LEFT_NEVER_STARTED, VT_NUMPROC_UNCERTAIN },
    { "nt6.0-x86", VTOPO_COUNT_CORE_MASK, 32, 32, 0,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "nt6.0-x86_64", VTOPO_COUNT_CORE_MASK, 64, 64, 0,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "nt6.1-x86", VTOPO_COUNT_CORE_MASK_POW2, 32, 32, 0,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "nt6.1-x86_64", VTOPO_COUNT_CORE_MASK_POW2, 256, 256, 64,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "nt6.2-x86_64", VTOPO_COUNT_CORE_MASK_POW2, 256, 640, 64,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "nt6.3-x86_64", VTOPO_COUNT_CORE_MASK_POW2, 256, 640, 64,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "nt10-x86", VTOPO_COUNT_CORE_MASK_POW2, 32, 32, 0,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "nt10-x86_64", VTOPO_COUNT_CORE_MASK_POW2, 640, 1280, 64,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "nt10-spanning-x86_64", VTOPO_COUNT_CORE_MASK_POW2, 1280, 2048, 64,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_TOTAL },
    { "linux", VTOPO_COUNT_NOTHING, 64, 8192, 0,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_NONE },
    { "uniprocessor-x86", VTOPO_COUNT_NOTHING, 1, 1, 0,
      VTOPO_LEFT_UNKNOWN, VT_NUMPROC_NONE },
};

static void
builds_are_as_written_down_here(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(builds); i++) {
        const struct vt_generation *row = vt_generation_lookup(builds[i].id);

        UNIT_ROW(i, builds[i].id);
        assert_non_null(row);
        assert_int_equal(row->counting, builds[i].counting);
        assert_int_equal(row->logical_least, builds[i].least);
        assert_int_equal(row->logical_max, builds[i].most);
        assert_int_equal(row->group_size, builds[i].group_size);
        assert_int_equal(row->unlicensed_left, builds[i].left);
        assert_int_equal(row->numproc, builds[i].numproc);
    }
    assert_true(vt_generation_lookup("nt10-spanning-x86_64")
                ->process_spans_groups);
    assert_false(vt_generation_lookup("nt10-x86_64")->process_spans_groups);
}

static const struct {
    const char *id;
    const char *file;
    bool multiprocessor;
    unsigned cpus_nt4, cpus;
} hals[] = {
    { "e_isa_up", "hal.dll", false, 1, 1 },
    { "mps_up", "halapic.dll", false, 1, 1 },
    { "mps_mp", "halmps.dll", true, 8, 32 },
    { "acpipic_up", "halacpi.dll", false, 0, 1 },
    { "acpiapic_up", "halaacpi.dll", false, 0, 1 },
    { "acpiapic_mp", "halmacpi.dll", true, 0, 32 },
    { "syspro_mp", "halsp.dll", true, 8, NONE },
};

static void
hals_are_as_written_down_here(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(hals); i++) {
        const struct vt_hal *row = vt_hal_lookup(hals[i].id);

        UNIT_ROW(i, hals[i].id);
        assert_non_null(row);
        assert_string_equal(row->file, hals[i].file);
        assert_int_equal(row->multiprocessor, hals[i].multiprocessor);
        assert_int_equal(row->cpus_nt4, hals[i].cpus_nt4);
        assert_int_equal(row->cpus, hals[i].cpus);
        assert_string_equal(row->kernels,
                            hals[i].multiprocessor ? "MP" : "UP");
    }
}

static const struct {
    const char *id;
    unsigned sockets, cores;
} apps[] = {
    { "sql-2008r2-express", 1, NONE },
    { "sql-2008r2-workgroup", 2, NONE },
    { "sql-2008r2-standard", 4, NONE },
    { "sql-2012-web", 4, 16 },
    { "sql-2016-standard", 4, 24 },
    { "sql-2019-enterprise-cal", NONE, 20 },
    { "sql-2022-express", 1, 4 },
    { "sql-2022-standard", 4, 24 },
    { "sql-2025-standard", 4, 32 },
};

static void
applications_are_as_written_down_here(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(apps); i++) {
        const struct vt_app *row = vt_app_lookup(apps[i].id);

        UNIT_ROW(i, apps[i].id);
        assert_non_null(row);
        assert_int_equal(row->sockets, apps[i].sockets);
        assert_int_equal(row->cores, apps[i].cores);
    }
}

/* -------------------------------------------------------------- reports */

static void
check_width(struct vt_buf *text)
{
    const char *at = vt_buf_string(text);

    assert_true(text->length > 0 && !text->failed);
    while (*at != '\0') {
        size_t length = strcspn(at, "\n");

        if (length > 80 || (length > 0 && at[length - 1] == ' '))
            fail_msg("%.*s", (int)length, at);
        at += length + 1;
    }
    vt_buf_clear(text);
}

static void
reports_fit_a_terminal(void **state)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

    (void)state;
    vt_guests_text_systems(&text);
    check_width(&text);
    vt_guests_text_hals(&text);
    check_width(&text);
    vt_guests_text_apps(&text);
    check_width(&text);
    vt_guests_text_sources(&text);
    check_width(&text);
    for (size_t i = 0; i < vt_systems_count; i++) {
        vt_guests_text_system(&text, &vt_systems[i], 1);
        check_width(&text);
    }
    for (size_t i = 0; i < vt_hals_count; i++) {
        vt_guests_text_hal(&text, &vt_hals[i]);
        check_width(&text);
    }
    for (size_t i = 0; i < vt_apps_count; i++) {
        vt_guests_text_app(&text, &vt_apps[i]);
        check_width(&text);
    }
}

static const struct {
    const char *osinfo;
    const char *edition;
    const char *want;           /* the value in "licensed" */
} values[] = {
    { "win7", "professional", "{\"value\":2,\"unit\":\"sockets\"" },
    { "win2k", "server", "{\"value\":4,\"unit\":\"logical-processors\"" },
    { "win10", "enterprise", "{\"value\":{\"least\":2,\"most\":4}," },
    { "win10", "rdsh", "{\"value\":{\"least\":2,\"most\":null}," },
    { "linux", "", "{\"value\":\"none\"," },
};

static void
json_tells_none_from_unknown(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(values); i++) {
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

        UNIT_ROW(i, values[i].want);
        vt_guests_json_systems(&text, find_edition(values[i].osinfo,
                                                   values[i].edition), 1);
        assert_non_null(strstr(vt_buf_string(&text), values[i].want));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_row_has_sources_of_the_legend),
    cmocka_unit_test(the_legend_is_sorted),
    cmocka_unit_test(systems_are_sorted),
    cmocka_unit_test(names_of_editions_are_unique),
    cmocka_unit_test(systems_are_built_on_generations),
    cmocka_unit_test(ranges_are_in_order),
    cmocka_unit_test(versions_find_their_system),
    cmocka_unit_test(hals_are_found_by_any_name),
    cmocka_unit_test(applications_are_unique),
    cmocka_unit_test(licences_are_as_written_down_here),
    cmocka_unit_test(builds_are_as_written_down_here),
    cmocka_unit_test(hals_are_as_written_down_here),
    cmocka_unit_test(applications_are_as_written_down_here),
    cmocka_unit_test(reports_fit_a_terminal),
    cmocka_unit_test(json_tells_none_from_unknown),
};

UNIT_MAIN(tests)
