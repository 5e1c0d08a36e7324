/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cmd-verify.c - "vtopo verify": which vCPUs a running guest uses, as seen from
 * outside
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "commands.h"
#include "input.h"
#include "proof.h"
#include "setting-options.h"

struct args {
    struct setting_args setting;
    struct proof_args proof;
    const char *qmp;
    unsigned pid;
    const char *connect, *domain;
    const char *agent;
    const char *recorded;
    bool watch;
    bool json;
};

static const struct option_row verify_options[] = {
    { .name = "qmp", .arg = "SOCKET", .kind = OPTION_TEXT,
      .field = offsetof(struct args, qmp),
      .help = "QMP socket of the VM" },
    { .letter = 'p', .name = "pid", .arg = "PID", .kind = OPTION_COUNT,
      .field = offsetof(struct args, pid), .min = 1, .max = 1u << 30,
      .help = "process of the VM, whose command line names the socket" },
    { .letter = 'c', .name = "connect", .arg = "URI", .kind = OPTION_TEXT,
      .field = offsetof(struct args, connect),
      .help = "libvirt, such as qemu:///system" },
    { .letter = 'd', .name = "domain", .arg = "NAME", .kind = OPTION_TEXT,
      .field = offsetof(struct args, domain),
      .help = "the VM by its name in libvirt" },
    { .name = "agent", .arg = "SOCKET", .kind = OPTION_TEXT,
      .field = offsetof(struct args, agent),
      .help = "socket of the guest's agent, to be asked, too" },
    { .name = "recorded", .arg = "FILE", .kind = OPTION_TEXT,
      .field = offsetof(struct args, recorded),
      .help = "judge what --record kept, without a VM" },
    { .name = "watch", .kind = OPTION_FLAG,
      .field = offsetof(struct args, watch),
      .help = "go on until Ctrl-C" },
    PROOF_OPTIONS(struct args),
    { .name = "json", .kind = OPTION_FLAG,
      .field = offsetof(struct args, json),
      .help = "print JSON, whose members do not change meaning" },
    SETTING_OPTIONS(struct args),
    { .name = NULL },
};

/* What is known of the guest beforehand. */
struct known {
    struct setting_text text;
    struct vt_predict_request request;
    struct vtopo_prediction prediction;
    struct vt_predict_answer answer;
};

#define KNOWN_INIT                                                          \
    { .text = SETTING_TEXT_INIT, .prediction = VTOPO_PREDICTION_INIT }

static void
clear_known(struct known *known)
{
    setting_text_clear(&known->text);
    vtopo_prediction_clear(&known->prediction);
}

/* Predict what the guest of the options would do with @shape. */
static int
predict(const struct args *args, const struct vtopo_shape *shape, bool kvm,
        struct known *known, struct vtopo_error *err)
{
    struct vt_setting *setting = &known->request.setting;
    struct vt_resolved *resolved = &known->answer.resolved;

    if (setting_from_args(&args->setting, &known->text, setting, err) < 0)
        return -1;
    if (args->setting.accel == NULL)
        setting->cpu.accel = kvm ? VTOPO_KVM : VTOPO_TCG;
    if (vt_setting_resolve(setting, resolved, err) < 0)
        return -1;
    known->answer.request = &known->request;
    known->answer.prediction = &known->prediction;
    return vtopo_predict(shape, &resolved->dialect, &resolved->cpu,
                         resolved->has_guest ? &resolved->limits : NULL,
                         &known->prediction, err);
}

static int
verify_vm(const struct args *args, struct vt_vm *vm, struct vt_buf *out,
          int *ret_status, struct vtopo_error *err)
{
    vt_auto(clear_known) struct known known = KNOWN_INIT;
    struct vt_vm_state state;

    if (vt_vm_ask_state(vm, &state, err) < 0)
        return -1;
    if (state.has_shape
        && predict(args, &state.shape, state.kvm, &known, err) < 0)
        return -1;
    return proof_run(&args->proof, state.has_shape ? &known.answer : NULL, vm,
                     NULL, args->watch, args->json, out, ret_status, err);
}

static int
verify_qmp(const struct args *args, struct vt_buf *out, int *ret_status,
           struct vtopo_error *err)
{
    vt_auto(vt_qmp_close) struct vt_qmp qmp = VT_QMP_INIT;
    vt_auto(vt_qmp_close) struct vt_qmp agent = VT_QMP_INIT;
    vt_autofree char *path = strdup(args->qmp != NULL ? args->qmp : "");
    struct vt_vm vm;

    if (path == NULL)
        return vt_fail_memory(err);
    if (args->qmp == NULL) {
        free(vt_steal(&path));
        if (vt_qmp_find((pid_t)args->pid, &path, err) < 0)
            return -1;
    }
    if (vt_qmp_connect(path, vt_deadline_in(VT_VM_GREET_MS), &qmp, err) < 0)
        return -1;
    vm = vt_vm_of_qmp(&qmp);
    if (args->agent != NULL
        && vt_vm_add_agent(&vm, args->agent, &agent, err) < 0)
        return -1;
    return verify_vm(args, &vm, out, ret_status, err);
}

static int
verify_domain(const struct args *args, struct vt_buf *out, int *ret_status,
              struct vtopo_error *err)
{
    vt_auto(vt_libvirt_closep) struct vt_libvirt *libvirt = NULL;
    struct vt_vm vm;

    if (vt_libvirt_open(args->connect != NULL ? args->connect
                        : "qemu:///system", args->domain, &libvirt, err) < 0)
        return -1;
    vm = vt_vm_of_libvirt(libvirt);
    return verify_vm(args, &vm, out, ret_status, err);
}

/* ------------------------------------------------------------- recorded */

static int
verify_recorded(const struct args *args, struct vt_buf *out, int *ret_status,
                struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autorecord struct vt_record *record = NULL;

    if (input_read(args->recorded, VT_RECORD_SIZE_MAX, &text, err) < 0)
        return -1;
    if (vt_record_read(text.data, text.length, &record, err) < 0)
        return vt_wrap(err, "'%s'", args->recorded);
    if (args->proof.settle_s != 0)
        record->settle_ms = args->proof.settle_s * 1000;
    return proof_judge(record, NULL, args->json, out, ret_status, err);
}

/* ----------------------------------------------------------- the command */

static int
check(const struct args *args, int operands, char **argv,
      struct vtopo_error *err)
{
    int ways = (args->qmp != NULL) + (args->pid != 0)
               + (args->domain != NULL) + (args->recorded != NULL);

    if (operands > 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "verify: takes no operand, and '%s' was given",
                       argv[1]);
    if (args->agent != NULL && args->qmp == NULL && args->pid == 0)
        return vt_fail(err, VTOPO_BAD_INPUT, "verify: --agent goes with --qmp "
                       "or --pid; libvirt knows its agents");
    if (args->connect != NULL && args->domain == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "verify: --connect needs --domain, the name of a VM");
    if (ways == 1)
        return 0;
    (void)vt_fail(err, VTOPO_BAD_INPUT, ways == 0
                  ? "verify: no VM was named"
                  : "verify: more than one VM was named");
    return vt_hint(err, "one of --qmp SOCKET, --pid PID, --domain NAME (with "
                   "--connect URI) and --recorded FILE");
}

static int
run(const struct command *self, int argc, char **argv, struct vt_buf *out,
    int *ret_status, struct vtopo_error *err)
{
    struct args args = { .proof = PROOF_ARGS_INIT };
    int operands;

    if (options_parse(self, argc, argv, &args, &operands, err) < 0
        || check(&args, operands, argv, err) < 0)
        return -1;
    if (args.recorded != NULL)
        return verify_recorded(&args, out, ret_status, err);
    proof_catch_signals();
    return args.domain != NULL
           ? verify_domain(&args, out, ret_status, err)
           : verify_qmp(&args, out, ret_status, err);
}

const struct command command_verify = {
    .name = "verify",
    .operands = "",
    .summary = "prove which vCPUs a running guest uses",
    .description =
        "Looks at a VM that runs already, from outside and without an agent, "
        "and says of each vCPU whether its guest uses it, has parked it, or "
        "never started it. It only reads: the guest is never paused or "
        "changed. What is known of the guest (--os, --image, --facts) is held "
        "against what is seen.\n"
        "\n"
        "The exit status is 0 when all vCPUs are used, 2 when some are not, 1 "
        "when it cannot be told.",
    .options = verify_options,
    .examples =
        "  vtopo verify --qmp /run/vm/qmp.sock\n"
        "  vtopo verify --pid 4711 --os win7/professional\n"
        "  vtopo verify --connect qemu:///system --domain win7\n"
        "  vtopo verify --qmp qmp.sock --record vm.json\n"
        "  vtopo verify --recorded vm.json\n",
    .run = run,
};
