/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-compare.c - what is observed, held against what was planned and what
 * was predicted
 */

#include "look-builder.h"

struct compared {
    const char *says;
    struct {
        const char *samples[4], *more[4];
    } row;                      /* see look-builder.h */
    const char *smp;
    const char *osinfo, *edition, *hal;
    const char *codes;          /* of the findings, with a blank after each */
    const char *text;           /* of the first of them, or NULL */
};

static const struct compared compared[] = {
    { "as planned",
      { .samples = { "iiii", "iiii" } }, "4,sockets=1", "win7",
      "professional", NULL, "", NULL },
    { "licensed sockets",
      { .samples = { "iiff", "iiff" } }, "4,sockets=4", "win7",
      "professional", NULL, "never-started ",
      "2 of 4 vCPUs were never started by the system: Windows 7 Professional "
      "is licensed for 2 sockets and this VM has 4" },
    { "no guest is known",
      { .samples = { "if", "if" } }, "2", NULL, NULL, NULL,
      "never-started ", "1 of 2 vCPUs was never started by the system" },
    { "fewer are used than predicted",
      { .samples = { "iif", "iif" } }, "3,sockets=1", "win7",
      "professional", NULL, "never-started prediction-differs ",
      "1 of 3 vCPUs was never started by the system" },
    { "more are used than predicted",
      { .samples = { "iii", "iii" } }, "3,sockets=3", "win7",
      "professional", NULL, "prediction-differs ",
      "the system was predicted to use 2 vCPUs, and uses 3" },
    { "parked by a uniprocessor HAL",
      { .samples = { "if", "if" } }, "2,sockets=1", "winxp",
      "professional", "acpiapic_up", "never-started ", NULL },
    { "another number of vCPUs",
      { .samples = { "ii", "ii" } }, "4,sockets=1", "win7",
      "professional", NULL, "count-differs ",
      "4 vCPUs were planned, and the VM has 2" },
    { "signals disagree",
      { .samples = { "ir", "ir" },
        .more = { TIMES("1", "1"), TIMES("1", "3") } }, "2", NULL, NULL,
      NULL, "signals-disagree ",
      "vCPU 1: signals disagree: registers of a processor that was never "
      "started, and its thread is busy" },
    { "the agent says otherwise",
      { .samples = { "ii", "ii" },
        .more = { NULL, "\"guest-agent\":[{\"logical-id\":0,\"online\":true},"
                  "{\"logical-id\":1,\"online\":false}]" } },
      "2", NULL, NULL, NULL, "agent-differs ",
      "the guest's agent says that 1 processor is online, and 2 are seen in "
      "use" },
    { "the agent says the same",
      { .samples = { "ii", "ii" },
        .more = { NULL, "\"guest-agent\":[{\"logical-id\":0,\"online\":true},"
                  "{\"logical-id\":1,\"online\":true}]" } },
      "2", NULL, NULL, NULL, "", NULL },
    { "a HAL that never halts",
      { .samples = { "kk", "kk" },
        .more = { TIMES("1", "1"), TIMES("2.95", "3") } },
      "2,sockets=2", "win2k", "professional", "mps_mp", "idle-spins ",
      "vCPU 0-1 took a host CPU all the time; HAL mps_mp does not halt when "
      "idle, so it may have done nothing" },
    { "a busy guest that halts when idle",
      { .samples = { "kk", "kk" },
        .more = { TIMES("1", "1"), TIMES("2.95", "3") } },
      "2,sockets=2", "win7", "professional", NULL, "", NULL },
    { "firmware's loop costs a host CPU",
      { .samples = { "io", "io" },
        .more = { TIMES("1", "1"), TIMES("1", "3") } },
      "2", NULL, NULL, NULL, "never-started waste-spins ", NULL },
    { "a hypervisor",
      { .samples = { "vv", "vv" } }, "2", NULL, NULL, NULL,
      "hypervisor-in-guest ", NULL },
    { "may be starting: nothing is said yet",
      { .samples = { "kf", "kf" } }, "2", NULL, NULL, NULL, "", NULL },
};

static void
predict(const struct compared *row, struct vtopo_prediction *prediction,
        struct vtopo_limits *limits)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vtopo_dialect dialect;
    struct vtopo_shape shape;
    struct vtopo_cpu cpu = { .accel = VTOPO_KVM };
    struct vtopo_smp smp;
    unsigned notes;

    UNIT_RESULT(vtopo_dialect_lookup("pc-q35-7.2", VTOPO_X86_64, 0, &dialect,
                                     &err), &err, NULL);
    UNIT_RESULT(vtopo_smp_parse(row->smp, &dialect, &smp, &err), &err, NULL);
    UNIT_RESULT(vtopo_smp_complete(&smp, &dialect, &shape, &notes, &err),
                &err, NULL);
    if (row->osinfo != NULL)
        UNIT_RESULT(vtopo_limits_lookup(row->osinfo, row->edition,
                                        VTOPO_ARCH_UNKNOWN, limits, &err),
                    &err, NULL);
    if (row->hal != NULL)
        UNIT_RESULT(vtopo_limits_set_hal(limits, row->hal, &err), &err, NULL);
    UNIT_RESULT(vtopo_predict(&shape, &dialect, &cpu, row->osinfo != NULL
                              ? limits : NULL, prediction, &err), &err, NULL);
}

static void
observed_is_held_against_predicted(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(compared); i++) {
        vt_auto(vt_verdict_clear) struct vt_verdict verdict = VT_VERDICT_INIT;
        vt_auto(vtopo_prediction_clear) struct vtopo_prediction prediction =
            VTOPO_PREDICTION_INIT;
        struct vt_findings findings = { .count = 0 };
        struct vtopo_limits limits;
        char codes[256] = "";

        UNIT_ROW(i, compared[i].says);
        predict(&compared[i], &prediction, &limits);
        judge_looks(compared[i].row.samples, compared[i].row.more, &verdict);
        vt_verdict_compare(&verdict, &prediction.shape, &prediction,
                           compared[i].osinfo != NULL ? &limits : NULL,
                           &findings);
        for (unsigned j = 0; j < findings.count; j++) {
            strcat(codes, findings.list[j].code);
            strcat(codes, " ");
        }
        assert_string_equal(codes, compared[i].codes);
        if (compared[i].text != NULL)
            assert_string_equal(findings.list[0].text, compared[i].text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(observed_is_held_against_predicted),
};

UNIT_MAIN(tests)
