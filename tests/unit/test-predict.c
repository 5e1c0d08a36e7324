/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-predict.c - what becomes of vCPUs, one row a promise
 *
 * The expected values follow from the sources named in the guest tables, by
 * hand: none of them was taken from what vtopo prints.
 */

#include "unit.h"

#define ANY 9999u               /* this row does not say */
#define NONE VTOPO_ABSENT

struct row {
    const char *says;
    const char *machine;
    unsigned qemu;              /* 0: that of the machine type */
    const char *smp;
    const char *os, *edition;
    enum vtopo_arch arch;
    enum vtopo_vendor vendor;
    enum vtopo_choice topoext;
    const char *model;          /* under TCG; NULL: a plain one under KVM */
    bool force;
    const char *hal;            /* NULL: not known */
    unsigned numproc;
    bool onecpu;
    unsigned device_manager;    /* NONE: not known */
    unsigned least, most;       /* Task Manager */
    unsigned sockets_used;
    const char *fates;          /* a letter a vCPU, or NULL */
};

static const struct row rows[] = {
    { .says = "four sockets on Windows 7 Professional: two are used",
      .machine = "pc-i440fx-2.12", .smp = "4",
      .os = "win7", .edition = "professional",
      .device_manager = 4, .least = 2, .most = 2, .sockets_used = 2,
      .fates = "uull" },
    { .says = "threads ride free in a licensed socket",
      .machine = "pc-i440fx-2.12", .smp = "4,sockets=2,cores=1,threads=2",
      .os = "win7", .edition = "professional",
      .device_manager = 4, .least = 4, .most = 4, .sockets_used = 2,
      .fates = "uuuu" },
    { .says = "Home Premium uses one of four sockets",
      .machine = "pc-i440fx-2.12", .smp = "4",
      .os = "win7", .edition = "home-premium",
      .device_manager = 4, .least = 1, .most = 1, .sockets_used = 1,
      .fates = "ulll" },
    { .says = "XP Professional uses two of four sockets",
      .machine = "pc-i440fx-2.12", .smp = "4,sockets=4",
      .os = "winxp", .edition = "professional",
      .device_manager = 4, .least = 2, .most = 2, .sockets_used = 2,
      .fates = "uull" },
    { .says = "XP Professional uses four cores of one socket",
      .machine = "pc-i440fx-2.12", .smp = "4,sockets=1,cores=4",
      .os = "winxp", .edition = "professional",
      .device_manager = 4, .least = 4, .most = 4, .sockets_used = 1,
      .fates = "uuuu" },
    { .says = "XP Home uses one of two sockets",
      .machine = "pc-i440fx-2.12", .smp = "2,sockets=2",
      .os = "winxp", .edition = "home",
      .device_manager = 2, .least = 1, .most = 1, .sockets_used = 1,
      .fates = "ul" },
    { .says = "Server 2003 Standard uses four sockets",
      .machine = "pc-i440fx-2.12", .smp = "4,sockets=4",
      .os = "win2k3", .edition = "standard",
      .device_manager = 4, .least = 4, .most = 4, .sockets_used = 4,
      .fates = "uuuu" },
    { .says = "2000 Professional counts logical processors",
      .machine = "pc-i440fx-2.12", .smp = "4,sockets=1,cores=4",
      .os = "win2k", .edition = "professional",
      .device_manager = 4, .least = 2, .most = 2, .sockets_used = NONE,
      .fates = "uuoo" },
    { .says = "2000 Professional does so whatever the shape",
      .machine = "pc-i440fx-2.12", .smp = "4,sockets=4",
      .os = "win2k", .edition = "professional",
      .device_manager = 4, .least = 2, .most = 2, .sockets_used = NONE,
      .fates = "uuoo" },
    { .says = "a uniprocessor HAL uses one",
      .machine = "pc-q35-6.2", .smp = "4", .hal = "acpiapic_up",
      .os = "winxp", .edition = "professional",
      .device_manager = 4, .least = 1, .most = 1, .sockets_used = 1,
      .fates = "uhhh" },
    { .says = "so does one without ACPI, and Device Manager has no list",
      .machine = "pc-q35-6.2", .smp = "4", .hal = "mps_up",
      .os = "win2k3", .edition = "standard",
      .device_manager = NONE, .least = 1, .most = 1, .sockets_used = 1,
      .fates = "uhhh" },
    { .says = "numproc=2 of one socket",
      .machine = "pc-q35-6.2", .smp = "4", .numproc = 2,
      .os = "win10", .edition = "professional",
      .device_manager = 4, .least = 2, .most = 2, .sockets_used = 1,
      .fates = "uubb" },
    { .says = "/NUMPROC=2 caps the total on x86 XP",
      .machine = "pc-q35-6.2", .smp = "4", .numproc = 2,
      .os = "winxp", .edition = "professional",
      .device_manager = 4, .least = 2, .most = 2, .sockets_used = 1,
      .fates = "uubb" },
    { .says = "what it does on XP x64 is not certain",
      .machine = "pc-q35-6.2", .smp = "4", .numproc = 2,
      .os = "winxp", .edition = "professional", .arch = VTOPO_X86_64,
      .device_manager = 4, .least = 2, .most = 4, .sockets_used = 1,
      .fates = "uu??" },
    { .says = "onecpu uses one",
      .machine = "pc-q35-6.2", .smp = "4", .onecpu = true,
      .os = "win10", .edition = "professional",
      .device_manager = 4, .least = 1, .most = 1, .sockets_used = 1,
      .fates = "ubbb" },
    { .says = "32-bit Windows uses 32 of 64 cores of a licensed socket",
      .machine = "pc-q35-6.2", .smp = "64",
      .os = "win7", .edition = "professional", .arch = VTOPO_X86,
      .device_manager = NONE, .least = 32, .most = 32, .sockets_used = 1 },
    { .says = "Vista's mask makes two packages of six cores, up to QEMU 8.1",
      .machine = "pc-q35-6.2", .qemu = VTOPO_RELEASE(8, 1),
      .smp = "6,sockets=1,cores=6", .os = "winvista", .edition = "business",
      .device_manager = 6, .least = 6, .most = 6, .sockets_used = 2,
      .fates = "uuuuuu" },
    { .says = "and Vista Home uses the first of the two",
      .machine = "pc-q35-6.2", .qemu = VTOPO_RELEASE(8, 1),
      .smp = "6,sockets=1,cores=6", .os = "winvista",
      .edition = "home-basic",
      .device_manager = 6, .least = 4, .most = 4, .sockets_used = 1,
      .fates = "uulluu" },
    { .says = "from QEMU 9.1 leaf 4 is rounded, and it is one package",
      .machine = "pc-q35-6.2", .qemu = VTOPO_RELEASE(9, 1),
      .smp = "6,sockets=1,cores=6", .os = "winvista",
      .edition = "home-basic",
      .device_manager = 6, .least = 6, .most = 6, .sockets_used = 1,
      .fates = "uuuuuu" },
    { .says = "Windows 7 rounds the count itself",
      .machine = "pc-q35-6.2", .qemu = VTOPO_RELEASE(8, 1),
      .smp = "6,sockets=1,cores=6", .os = "win7", .edition = "home-basic",
      .device_manager = 6, .least = 6, .most = 6, .sockets_used = 1,
      .fates = "uuuuuu" },
    { .says = "Server 2003 x64 divides: 6 processors fill 2 packages of 3",
      .machine = "pc-q35-7.2", .smp = "9,sockets=3,cores=3",
      .os = "winxp", .edition = "professional", .arch = VTOPO_X86_64,
      .device_manager = 9, .least = 6, .most = 6, .sockets_used = 2,
      .fates = "uuuuuulll" },
    { .says = "Intel's count rounded up to 4 lets 8 of them pass",
      .machine = "pc-q35-10.1", .smp = "9,sockets=3,cores=3",
      .os = "winxp", .edition = "professional", .arch = VTOPO_X86_64,
      .device_manager = 9, .least = 8, .most = 8, .sockets_used = 2,
      .fates = "uuuuuuuul" },
    { .says = "more cores a socket than leaf 4 can tell, before Windows 10",
      .machine = "pc-q35-7.2", .smp = "128,sockets=1,cores=128",
      .os = "win7", .edition = "home-premium",
      .device_manager = 128, .least = 64, .most = 128, .sockets_used = 1 },
    { .says = "an edition that is not known gives a range",
      .machine = "pc-q35-6.2", .smp = "4,sockets=4",
      .os = "win10", .edition = NULL,
      .device_manager = 4, .least = 1, .most = 4, .sockets_used = ANY,
      .fates = "u???" },
    { .says = "sources disagree on Windows 10 Enterprise",
      .machine = "pc-q35-6.2", .smp = "4,sockets=4",
      .os = "win10", .edition = "enterprise",
      .device_manager = 4, .least = 2, .most = 4, .sockets_used = ANY,
      .fates = "uu??" },
    { .says = "what can be hot-added is not there yet",
      .machine = "pc-q35-6.2", .smp = "2,maxcpus=4,sockets=1,cores=4",
      .os = "win10", .edition = "home",
      .device_manager = 2, .least = 2, .most = 2, .sockets_used = 1,
      .fates = "uunn" },
    { .says = "Linux has no licence",
      .machine = "pc-q35-6.2", .smp = "4,sockets=4", .os = "linux",
      .device_manager = NONE, .least = 4, .most = 4, .sockets_used = 4,
      .fates = "uuuu" },
};

static char
letter(enum vtopo_fate fate)
{
    static const char letters[] = "ulobhn?";

    return letters[fate];
}

static void
predict_row(const struct row *row, struct vtopo_prediction *prediction)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vtopo_cpu cpu = { .vendor = row->vendor, .topoext = row->topoext };
    struct vtopo_dialect dialect;
    struct vtopo_limits limits;
    struct vtopo_shape shape;
    struct vtopo_smp smp;
    unsigned notes;

    if (row->model != NULL) {
        strcpy(cpu.model, row->model);
        cpu.accel = VTOPO_TCG;
        cpu.topoext = row->force ? VTOPO_YES : VTOPO_DEFAULT;
        cpu.force_features = row->force;
    }
    UNIT_RESULT(vtopo_dialect_lookup(row->machine, VTOPO_ARCH_UNKNOWN,
                                     row->qemu, &dialect, &err), &err,
                (char *)NULL);
    UNIT_RESULT(vtopo_smp_parse(row->smp, &dialect, &smp, &err), &err,
                (char *)NULL);
    UNIT_RESULT(vtopo_smp_complete(&smp, &dialect, &shape, &notes, &err),
                &err, (char *)NULL);
    UNIT_RESULT(vtopo_limits_lookup(row->os, row->edition, row->arch, &limits,
                                    &err), &err, (char *)NULL);
    limits.numproc = row->numproc;
    limits.onecpu = row->onecpu;
    if (row->hal != NULL)
        UNIT_RESULT(vtopo_limits_set_hal(&limits, row->hal, &err), &err,
                    (char *)NULL);
    UNIT_RESULT(vtopo_predict(&shape, &dialect, &cpu, &limits, prediction,
                              &err), &err, (char *)NULL);
}

static void
predict_rows(void **state)
{
    vt_auto(vtopo_prediction_clear) struct vtopo_prediction prediction =
        VTOPO_PREDICTION_INIT;

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        const struct row *row = &rows[i];

        UNIT_ROW(i, row->says);
        predict_row(row, &prediction);
        assert_int_equal(prediction.device_manager, row->device_manager);
        assert_int_equal(prediction.task_manager.least, row->least);
        assert_int_equal(prediction.task_manager.most, row->most);
        if (row->sockets_used != ANY)
            assert_int_equal(prediction.sockets_used.least,
                             row->sockets_used);
        if (row->fates == NULL)
            continue;
        assert_int_equal(strlen(row->fates), prediction.shape.maxcpus);
        for (unsigned j = 0; j < prediction.shape.maxcpus; j++)
            assert_int_equal(letter(prediction.vcpus[j].fate), row->fates[j]);
    }
}

/* Every fate that occurs has a sentence, a used one where its source is weak,
 * and a source that is weak is named in the sentence that it decides.
 */
static void
rules_are_said(void **state)
{
    vt_auto(vtopo_prediction_clear) struct vtopo_prediction prediction =
        VTOPO_PREDICTION_INIT;

    (void)state;
    for (size_t i = 0; i < VT_COUNT(rows); i++) {
        UNIT_ROW(i, rows[i].says);
        predict_row(&rows[i], &prediction);
        /* Named only where all being used rests on something unsure. */
        if (prediction.rule[VTOPO_USED][0] != '\0')
            assert_true(prediction.confidence != VTOPO_CONFIRMED
                        || !prediction.true_packages);
        for (unsigned j = 0; j < prediction.shape.maxcpus; j++) {
            enum vtopo_fate fate = prediction.vcpus[j].fate;

            if (fate != VTOPO_USED)
                assert_true(strlen(prediction.rule[fate]) > 10);
        }
        if (prediction.confidence == VTOPO_CONTRADICTORY)
            assert_non_null(strstr(prediction.rule[prediction.decided],
                                   "sources disagree"));
    }
}

static const struct row left_parked = {
    .machine = "pc-q35-6.2", .smp = "4,sockets=4",
    .os = "winxp", .edition = "professional",
};
static const struct row left_out = {
    .machine = "pc-q35-6.2", .smp = "4,sockets=4",
    .os = "winxp", .edition = "professional", .arch = VTOPO_X86_64,
};
static const struct row left_somehow = {
    .machine = "pc-q35-6.2", .smp = "4,sockets=4",
    .os = "win7", .edition = "professional",
};

/* NT 5.x on x86 starts processors beyond its licence and parks them; 5.2 on
 * x64 does not start them; of later systems it is not known.
 */
static void
unused_ones_are_left(void **state)
{
    vt_auto(vtopo_prediction_clear) struct vtopo_prediction prediction =
        VTOPO_PREDICTION_INIT;

    (void)state;
    predict_row(&left_parked, &prediction);
    assert_int_equal(prediction.vcpus[3].left, VTOPO_LEFT_PARKED);
    predict_row(&left_out, &prediction);
    assert_int_equal(prediction.vcpus[3].left, VTOPO_LEFT_NEVER_STARTED);
    predict_row(&left_somehow, &prediction);
    assert_int_equal(prediction.vcpus[3].left, VTOPO_LEFT_UNKNOWN);
}

struct view_row {
    const char *says;
    enum vtopo_vendor vendor;
    enum vtopo_choice topoext;
    const char *os;
    unsigned cores, threads;
};

static const struct view_row view_rows[] = {
    { "an Intel model shows threads as threads",
      VTOPO_INTEL, VTOPO_DEFAULT, "win10", 2, 2 },
    { "an AMD model without topoext shows them as cores",
      VTOPO_AMD, VTOPO_NO, "win10", 4, 1 },
    { "with topoext they are threads",
      VTOPO_AMD, VTOPO_YES, "win10", 2, 2 },
    { "Linux sees the same", VTOPO_AMD, VTOPO_NO, "linux", 4, 1 },
    { "and the same with topoext", VTOPO_AMD, VTOPO_YES, "linux", 2, 2 },
};

static void
amd_threads_need_topoext(void **state)
{
    vt_auto(vtopo_prediction_clear) struct vtopo_prediction prediction =
        VTOPO_PREDICTION_INIT;

    (void)state;
    for (size_t i = 0; i < VT_COUNT(view_rows); i++) {
        const struct view_row *view = &view_rows[i];
        struct row row = {
            .machine = "pc-q35-7.2", .smp = "4,sockets=1,cores=2,threads=2",
            .os = view->os, .vendor = view->vendor, .topoext = view->topoext,
        };

        UNIT_ROW(i, view->says);
        predict_row(&row, &prediction);
        assert_int_equal(prediction.cores_per_socket, view->cores);
        assert_int_equal(prediction.threads_per_core, view->threads);
    }
}

/* What Linux 6.1 said of itself (sockets, cores a socket, threads a core),
 * booted on QEMU 7.2.22 under TCG on the q35 machine.
 */
struct linux_row {
    const char *smp, *model;
    bool force;
    unsigned sockets, cores, threads;
};

static const struct linux_row linux_rows[] = {
    { "4", "qemu64", false, 1, 4, 1 },
    { "4,sockets=1,cores=2,threads=2", "qemu64", false, 1, 4, 1 },
    { "4,sockets=1,cores=2,threads=2", "EPYC", false, 1, 4, 1 },
    { "4,sockets=1,cores=2,threads=2", "EPYC", true, 1, 2, 2 },
    { "4,sockets=1,cores=2,threads=2", "Skylake-Server-v1", false, 1, 2, 2 },
    { "4,sockets=1,cores=2,threads=2", "max", false, 1, 4, 1 },
    { "4,sockets=2,cores=1,threads=2", "qemu64", false, 2, 2, 1 },
    { "4,sockets=2,cores=1,threads=2", "Skylake-Server-v1", false, 2, 1, 2 },
    { "4,sockets=2,cores=2,threads=1", "max", false, 2, 2, 1 },
    { "4,sockets=1,cores=1,threads=4", "Skylake-Server-v1", false, 1, 1, 4 },
    { "4,sockets=1,dies=2,cores=2", "qemu64", false, 1, 4, 1 },
    { "4,sockets=1,dies=2,cores=2", "EPYC", false, 1, 4, 1 },
    { "4,sockets=1,dies=2,cores=2", "max", false, 1, 4, 1 },
    { "4,sockets=1,dies=2,cores=2", "Skylake-Server-v1", false, 1, 4, 1 },
    { "4,sockets=1,dies=2,cores=1,threads=2", "Skylake-Server-v1", false,
      1, 2, 2 },
};

static void
linux_sees_what_it_saw(void **state)
{
    vt_auto(vtopo_prediction_clear) struct vtopo_prediction prediction =
        VTOPO_PREDICTION_INIT;

    (void)state;
    for (size_t i = 0; i < VT_COUNT(linux_rows); i++) {
        const struct linux_row *linux_row = &linux_rows[i];
        struct row row = {
            .machine = "pc-q35-7.2", .smp = linux_row->smp, .os = "linux",
            .model = linux_row->model, .force = linux_row->force,
        };

        UNIT_ROW(i, linux_row->model);
        predict_row(&row, &prediction);
        assert_int_equal(prediction.sockets_used.least, linux_row->sockets);
        assert_int_equal(prediction.cores_per_socket, linux_row->cores);
        assert_int_equal(prediction.threads_per_core, linux_row->threads);
    }
}

static void
groups_come_above_64(void **state)
{
    vt_auto(vtopo_prediction_clear) struct vtopo_prediction prediction =
        VTOPO_PREDICTION_INIT;
    struct row row = { .machine = "pc-q35-9.0", .smp = "65",
                       .os = "win10", .edition = "professional" };

    (void)state;
    predict_row(&row, &prediction);
    assert_int_equal(prediction.groups, 2);
    assert_false(prediction.process_spans_groups);
    row.os = "win11";
    predict_row(&row, &prediction);
    assert_int_equal(prediction.groups, 2);
    assert_true(prediction.process_spans_groups);
    row.smp = "64";
    predict_row(&row, &prediction);
    assert_int_equal(prediction.groups, 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(predict_rows),
    cmocka_unit_test(rules_are_said),
    cmocka_unit_test(unused_ones_are_left),
    cmocka_unit_test(amd_threads_need_topoext),
    cmocka_unit_test(linux_sees_what_it_saw),
    cmocka_unit_test(groups_come_above_64),
};

UNIT_MAIN(tests)
