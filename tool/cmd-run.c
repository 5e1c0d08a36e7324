/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cmd-run.c - "vtopo run": start a guest with a shape that it uses in full,
 * and prove it
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "commands.h"
#include "output.h"
#include "proof.h"
#include "run-plan.h"
#include "topology/cpu-model.h"

struct args {
    struct run_args run;
    struct proof_args proof;
    const char *like;
    bool dry_run;
    bool watch;
    bool json;
};

static const struct option_row run_options[] = {
    { .letter = 'n', .name = "vcpus", .arg = "N", .kind = OPTION_COUNT,
      .field = offsetof(struct args, run.vcpus),
      .min = 1, .max = VTOPO_CPUS_MAX,
      .help = "number of vCPUs that the guest gets" },
    { .name = "max-vcpus", .arg = "N", .kind = OPTION_COUNT,
      .field = offsetof(struct args, run.max_vcpus),
      .min = 1, .max = VTOPO_CPUS_MAX,
      .help = "number that it can get later (hot-add)" },
    { .letter = 's', .name = "smp", .arg = "STR", .kind = OPTION_TEXT,
      .field = offsetof(struct args, run.smp),
      .help = "exactly this shape, as QEMU's -smp has it; no plan" },
    { .letter = 'l', .name = "like", .arg = "ID", .kind = OPTION_TEXT,
      .field = offsetof(struct args, like),
      .help = "without an image: what the stand-in guest counts like" },
    { .name = "write", .kind = OPTION_FLAG,
      .field = offsetof(struct args, run.write),
      .help = "let the guest change the image" },
    { .name = "format", .arg = "NAME", .kind = OPTION_TEXT,
      .field = offsetof(struct args, run.image.format),
      .help = "format of the image, such as raw (default: by its bytes)" },
    { .name = "headless", .kind = OPTION_FLAG,
      .field = offsetof(struct args, run.headless),
      .help = "show no screen" },
    { .name = "vnc", .arg = "ADDRESS", .kind = OPTION_TEXT,
      .field = offsetof(struct args, run.vnc),
      .help = "show the screen by VNC, such as 127.0.0.1:0" },
    { .name = "dry-run", .kind = OPTION_FLAG,
      .field = offsetof(struct args, dry_run),
      .help = "print the command line of QEMU, with reasons, and stop" },
    { .name = "watch", .kind = OPTION_FLAG,
      .field = offsetof(struct args, watch),
      .help = "go on until the guest ends" },
    { .name = "program", .arg = "FILE", .kind = OPTION_TEXT,
      .field = offsetof(struct args, run.program),
      .help = "QEMU (default qemu-system-x86_64)" },
    PROOF_OPTIONS(struct args),
    { .name = "app", .arg = "ID", .kind = OPTION_TEXT,
      .field = offsetof(struct args, run.app),
      .help = "application to plan for, such as sql-2019-standard" },
    { .name = "json", .kind = OPTION_FLAG,
      .field = offsetof(struct args, json),
      .help = "print JSON, whose members do not change meaning" },
#define setting run.setting
    SETTING_OPTIONS(struct args),
#undef setting
    { .name = NULL },
};

/* -------------------------------------------------------------- the VM */

static int
tell(struct vt_machine *machine, const char *command)
{
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    return vt_qmp_run(&machine->qmp, command, NULL,
                      vt_deadline_in(VT_VM_ANSWER_MS), &answer, &err);
}

/* A guest that is asked to power down has so long for it. */
#define POWER_DOWN_S 60u

/* Ask the guest to power down, and wait until it has, somebody insists, or
 * time is up.
 */
static void
power_down(struct vt_machine *machine)
{
    uint64_t deadline = vt_deadline_in(POWER_DOWN_S * 1000u);
    int before = proof_signals();

    if (tell(machine, "system_powerdown") < 0)
        return;
    (void)fprintf(stderr, "the guest is asked to power down, and has %u s for "
                  "it; Ctrl-C ends QEMU\n", POWER_DOWN_S);
    while (vt_process_look(&machine->process) && proof_signals() == before
           && vt_deadline_in(0) < deadline)
        proof_sleep(&machine->qmp, 200);
}

/* QEMU 9.1 and later abort under TCG when a guest reads the topology leaf of
 * an Intel model with dies or modules (see QEMU's encode_topo_cpuid1f).
 */
static int
check_abort(const struct run_plan *plan, const struct vt_machine *machine,
            struct vtopo_error *err)
{
    const struct vtopo_shape *shape = &plan->shape;
    struct vt_cpu settled;

    vt_cpu_settle(&plan->resolved.cpu, &plan->resolved.dialect, &settled);
    if (machine->qmp.release < VTOPO_RELEASE(9, 1)
        || plan->accel != VTOPO_TCG || settled.vendor != VTOPO_INTEL
        || (shape->level[VTOPO_DIES] == 1 && shape->level[VTOPO_MODULES] == 1))
        return 0;
    (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                  "QEMU %u.%u aborts under TCG when an Intel model has dies or "
                  "modules", machine->qmp.release / 100,
                  machine->qmp.release % 100);
    return vt_hint(err, "leave dies and modules out, take an AMD model such as "
                   "--cpu EPYC, or KVM");
}

static bool
needs_check(const struct run_plan *plan)
{
    return plan->accel == VTOPO_TCG
           && (plan->shape.level[VTOPO_DIES] > 1
               || plan->shape.level[VTOPO_MODULES] > 1);
}

static int
start(const struct run_plan *plan, struct vt_machine *machine,
      struct vtopo_error *err)
{
    struct vt_launch launch = run_plan_launch(plan);

    launch.paused = needs_check(plan);
    if (vt_machine_start(&launch, machine, err) < 0)
        return -1;
    if (!launch.paused)
        return 0;
    if (check_abort(plan, machine, err) == 0 && tell(machine, "cont") == 0)
        return 0;
    vt_machine_stop(machine);
    return err->code != VTOPO_OK ? -1
           : vt_fail(err, VTOPO_SYSTEM, "QEMU does not start the guest");
}

static int
prove(const struct args *args, const struct run_plan *plan,
      struct vt_buf *out, int *ret_status, struct vtopo_error *err)
{
    struct vt_predict_request request = { .setting = plan->request.setting };
    struct vt_predict_answer planned = {
        .request = &request, .resolved = plan->resolved,
        .prediction = &plan->prediction,
    };
    struct vt_machine machine = VT_MACHINE_INIT;
    struct vt_vm vm;
    int rc;

    if (start(plan, &machine, err) < 0)
        return -1;
    vm = vt_vm_of_qmp(&machine.qmp);
    rc = proof_run(&args->proof, &planned, &vm, &machine, args->watch,
                   args->json, out, ret_status, err);
    if (proof_signals() == 1
        || (args->run.write && proof_signals() == 0))
        power_down(&machine);
    vt_machine_stop(&machine);
    return rc;
}

/* ----------------------------------------------------------- the command */

static int
check(struct args *args, int operands, char **argv, struct vtopo_error *err)
{
    args->run.name = operands > 0 ? argv[1] : NULL;
    if (operands > 1)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "run: takes one image, and '%s' was given, too",
                       argv[2]);
    if (args->like != NULL && args->run.name != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT, "run: --like is for the stand-in "
                       "guest, and an image was given");
    if (args->run.write && args->run.name == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "run: --write needs an image to be written to");
    if ((args->run.vcpus == 0) == (args->run.smp == NULL)) {
        (void)vt_fail(err, VTOPO_BAD_INPUT, args->run.smp == NULL
                      ? "run: --vcpus is missing"
                      : "run: --vcpus and --smp exclude each other");
        return vt_hint(err, "say how many vCPUs the guest gets, such as "
                       "--vcpus 4, or their shape by --smp");
    }
    if (args->like != NULL)
        args->run.setting.os = args->like;
    return 0;
}

/* What stands behind "--" is QEMU's. */
static int
split(int argc, char **argv, struct run_args *run)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") != 0)
            continue;
        run->extra = argv + i + 1;
        run->extra_count = (unsigned)(argc - i - 1);
        return i;
    }
    return argc;
}

static int
run(const struct command *self, int argc, char **argv, struct vt_buf *out,
    int *ret_status, struct vtopo_error *err)
{
    struct args args = { .proof = PROOF_ARGS_INIT };
    vt_auto(run_plan_clear) struct run_plan plan = RUN_PLAN_INIT;
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    int operands;

    argc = split(argc, argv, &args.run);
    if (options_parse(self, argc, argv, &args, &operands, err) < 0
        || check(&args, operands, argv, err) < 0
        || run_plan_make(&args.run, &plan, err) < 0)
        return -1;
    if (args.dry_run)
        return run_plan_dry(&plan, out, err);
    if (!args.json) {
        run_plan_text(&plan, &text);
        if (vt_buf_check(&text, err) < 0
            || vt_write_all(STDOUT_FILENO, "standard output", text.data,
                            text.length, err) < 0)
            return -1;
    }
    proof_catch_signals();
    return prove(&args, &plan, out, ret_status, err);
}

const struct command command_run = {
    .name = "run",
    .operands = "[IMAGE] [-- QEMU-OPTION...]",
    .summary = "start a guest and prove that it uses every vCPU",
    .description =
        "Inspects the image, plans a shape that its system uses in full, "
        "starts QEMU with hardware that suits it, and shows from outside, "
        "without an agent, which vCPUs the guest uses. The image stays as it "
        "is unless --write is given. Without an image a small stand-in guest "
        "runs, which is not Windows, but counts as --like says.\n"
        "\n"
        "When the proof is done the guest is ended; --watch goes on. Ctrl-C "
        "asks the guest to power down, a second one ends QEMU. Options behind "
        "-- go to QEMU and win. The exit status is 0 when all vCPUs are used, "
        "2 when some are not, 1 when it cannot be told.",
    .options = run_options,
    .examples =
        "  vtopo run win7.qcow2 --vcpus 4\n"
        "  vtopo run win7.qcow2 --vcpus 4 --dry-run\n"
        "  vtopo run --vcpus 8 --like win7/professional\n"
        "  vtopo run win7.qcow2 --smp 4,sockets=4 --watch -- -m 8G\n",
    .run = run,
};
