/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * run-plan.c - decide what "vtopo run" starts (see run-plan.h)
 *
 * The processor that the guest gets and the shape depend on each other: the
 * hardware is chosen first, by the system alone, and the plan is made for it.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "config/config.h"
#include "guest/tables.h"
#include "host/host.h"
#include "output.h"
#include "run-plan.h"
#include "topology/cpu-model.h"

#define QEMU "qemu-system-x86_64"

void
run_plan_clear(struct run_plan *plan)
{
    inspected_clear(&plan->inspected);
    setting_text_clear(&plan->text);
    vt_plan_answer_clear(&plan->answer);
    vtopo_prediction_clear(&plan->prediction);
    free(plan->probe);
    plan->probe = NULL;
}

/* ----------------------------------------------------------- the guest */

/* The system that the boot files start, else the first one. */
static const struct vt_system_fact *
find_default(const struct vt_facts *facts)
{
    for (unsigned i = 0; i < facts->systems_count; i++) {
        if (facts->systems[i].is_default == VT_TRUE)
            return &facts->systems[i];
    }
    return facts->systems_count != 0 ? &facts->systems[0] : NULL;
}

/* Look at the image.  One without a Windows is started all the same: nothing
 * is known that limits it.
 */
static int
inspect(struct run_plan *plan, struct vtopo_error *err)
{
    const struct run_args *args = plan->args;

    if (args->name == NULL)
        return 0;
    if (inspected_read_image(&args->image, args->name, &plan->inspected,
                             err) < 0)
        return -1;
    plan->fact = find_default(plan->inspected.facts);
    if (plan->fact != NULL && plan->setting_args.facts == NULL) {
        plan->setting_args.image = args->name;
        plan->setting_args.inspected = &plan->inspected;
    }
    return 0;
}

static int
choose_accel(struct run_plan *plan, struct vtopo_error *err)
{
    const struct run_args *args = plan->args;
    vt_autoerror struct vtopo_error missing = VTOPO_ERROR_INIT;
    int rc;

    rc = vt_find_probe("vtopo-probe.elf", &plan->probe,
                       args->name == NULL ? err : &missing);
    if (rc < 0 && args->name == NULL)
        return -1;
    if (args->setting.accel != NULL) {
        plan->accel = strcmp(args->setting.accel, "kvm") == 0 ? VTOPO_KVM
                                                              : VTOPO_TCG;
        strcpy(plan->accel_why, "as asked for");
    } else {
        plan->accel = vt_accel_choose(args->program != NULL ? args->program
                                      : QEMU, plan->probe, plan->accel_why);
    }
    plan->setting_args.accel = plan->accel == VTOPO_KVM ? "kvm" : "tcg";
    return 0;
}

/* A model of QEMU's says whose leaves the guest reads; "host" does not. */
static void
set_cpu(struct run_plan *plan, struct vtopo_cpu *cpu)
{
    size_t length = strcspn(plan->hardware.cpu, ",");

    cpu->accel = plan->accel;
    if (length < sizeof(cpu->model)) {
        memcpy(cpu->model, plan->hardware.cpu, length);
        cpu->model[length] = '\0';
    }
    if (plan->accel == VTOPO_KVM && cpu->vendor == VTOPO_VENDOR_UNKNOWN)
        cpu->vendor = vt_host_vendor();
}

static void
choose_hardware(struct run_plan *plan, bool topoext)
{
    const struct vtopo_limits *limits = &plan->resolved.limits;

    vt_hardware_choose(plan->fact, plan->resolved.has_guest
                       ? limits->generation : NULL, plan->accel,
                       plan->args->setting.cpu, topoext, &plan->hardware);
}

/* The setting of the user, with what follows from the image. */
static int
settle(struct run_plan *plan, struct vtopo_error *err)
{
    struct vt_setting *setting = &plan->request.setting;

    if (setting_from_args(&plan->setting_args, &plan->text, setting,
                          err) < 0
        || vt_setting_resolve(setting, &plan->resolved, err) < 0)
        return -1;
    choose_hardware(plan, false);
    if (setting->machine == NULL && plan->hardware.is_pc)
        setting->machine = "pc";
    setting->has_cpu = true;
    set_cpu(plan, &setting->cpu);
    return vt_setting_resolve(setting, &plan->resolved, err);
}

/* ------------------------------------------------------------ the shape */

/* The shape that the user spelt out. */
static int
take_shape(struct run_plan *plan, struct vtopo_error *err)
{
    struct vtopo_smp smp;
    unsigned notes;

    if (vtopo_smp_parse(plan->args->smp, &plan->resolved.dialect, &smp,
                        err) < 0
        || vtopo_smp_complete(&smp, &plan->resolved.dialect, &plan->shape,
                              &notes, err) < 0)
        return vt_wrap(err, "--smp");
    return 0;
}

static int
make_shape(struct run_plan *plan, struct vtopo_error *err)
{
    const struct run_args *args = plan->args;

    if (args->smp != NULL)
        return take_shape(plan, err);
    plan->request.plan = (struct vtopo_plan_request) {
        .vcpus = args->vcpus, .max_vcpus = args->max_vcpus, .app = args->app,
    };
    if (vt_plan_answer_make(&plan->request, &plan->answer, err) < 0)
        return -1;
    plan->shape = plan->answer.plan.candidates[0].shape;
    return 0;
}

/* AMD shows threads only with this feature, which "host" does not turn on. */
static void
add_topoext(struct run_plan *plan)
{
    struct vt_cpu settled;

    vt_cpu_settle(&plan->resolved.cpu, &plan->resolved.dialect, &settled);
    if (settled.vendor == VTOPO_AMD && plan->accel == VTOPO_KVM
        && plan->shape.level[VTOPO_THREADS] > 1)
        choose_hardware(plan, true);
}

/* ---------------------------------------------------------- the stand-in */

/* How the stand-in is told to count; NULL: it need not be. */
static const char *
arithmetic_of(enum vtopo_counting counting)
{
    static const char *const words[] = {
        [VTOPO_COUNT_NOTHING] = NULL,
        [VTOPO_COUNT_LOGICAL] = "logical",
        [VTOPO_COUNT_HTT_MASK] = "htt-mask",
        [VTOPO_COUNT_HTT_DIVIDE] = "htt-divide",
        [VTOPO_COUNT_CORE_MASK] = "cores",
        [VTOPO_COUNT_CORE_MASK_POW2] = "cores-pow2",
    };

    return words[counting];
}

static void
add_setting(struct run_plan *plan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
add_setting(struct run_plan *plan, const char *format, ...)
{
    size_t length = strlen(plan->probe_settings);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(plan->probe_settings + length,
                    sizeof(plan->probe_settings) - length, format, args);
    va_end(args);
}

/* Tell the stand-in to count as the guest does.  Of a limit that is a range
 * the most generous end is taken.
 */
static void
set_stand_in(struct run_plan *plan)
{
    const struct vtopo_limits *limits = &plan->resolved.limits;
    const char *arithmetic = plan->resolved.has_guest
        ? arithmetic_of(limits->counting) : NULL;
    bool parked = false;

    if (plan->resolved.has_guest && limits->arch == VTOPO_X86)
        add_setting(plan, "mode=32 ");
    if (arithmetic == NULL)
        return;
    add_setting(plan, "arithmetic=%s ", arithmetic);
    if (limits->counting == VTOPO_COUNT_LOGICAL
        ? limits->logical.most != VTOPO_NO_LIMIT
        : limits->sockets.most != VTOPO_NO_LIMIT)
        add_setting(plan, "licence=%s:%u ",
                    limits->counting == VTOPO_COUNT_LOGICAL ? "logical"
                    : "packages", limits->counting == VTOPO_COUNT_LOGICAL
                    ? limits->logical.most : limits->sockets.most);
    if (limits->counting != VTOPO_COUNT_LOGICAL
        && limits->logical.most != VTOPO_NO_LIMIT)
        add_setting(plan, "ceiling=%u ", limits->logical.most);
    if (limits->numproc != 0)
        add_setting(plan, "numproc=%u ", limits->numproc);
    if (limits->onecpu)
        add_setting(plan, "onecpu ");
    if (limits->multiprocessor == VTOPO_NO)
        add_setting(plan, "hal=up ");
    for (unsigned i = 0; i < plan->shape.cpus; i++)
        parked = parked
            || plan->prediction.vcpus[i].left == VTOPO_LEFT_PARKED;
    if (parked)
        add_setting(plan, "left=parked");
}

/* -------------------------------------------------------------- all of it */

static int
make(struct run_plan *plan, struct vtopo_error *err)
{
    if (inspect(plan, err) < 0 || choose_accel(plan, err) < 0
        || settle(plan, err) < 0 || make_shape(plan, err) < 0)
        return -1;
    add_topoext(plan);
    if (vtopo_predict(&plan->shape, &plan->resolved.dialect,
                      &plan->resolved.cpu, plan->resolved.has_guest
                      ? &plan->resolved.limits : NULL, &plan->prediction,
                      err) < 0)
        return -1;
    if (plan->args->name == NULL)
        set_stand_in(plan);
    return 0;
}

int
run_plan_make(const struct run_args *args, struct run_plan *plan,
              struct vtopo_error *err)
{
    *plan = (struct run_plan)RUN_PLAN_INIT;
    plan->args = args;
    plan->setting_args = args->setting;
    return make(plan, err);
}

struct vt_launch
run_plan_launch(const struct run_plan *plan)
{
    const struct run_args *args = plan->args;

    return (struct vt_launch) {
        .program = args->program != NULL ? args->program : QEMU,
        .hardware = &plan->hardware,
        .shape = &plan->shape,
        .accel = plan->accel,
        .machine = args->setting.machine,
        .image = args->name,
        .format = args->name != NULL ? vt_image_format(plan->inspected.image)
                                     : NULL,
        .write = args->write,
        .probe = plan->probe,
        .probe_settings = plan->probe_settings[0] != '\0'
            ? plan->probe_settings : NULL,
        .headless = args->headless || (getenv("DISPLAY") == NULL
                                       && getenv("WAYLAND_DISPLAY") == NULL),
        .vnc = args->vnc,
        .extra = args->extra,
        .extra_count = args->extra_count,
    };
}

/* -------------------------------------------------------------- printing */

/* What it runs on, and why not on KVM. */
static void
add_accel(const struct run_plan *plan, struct vt_buf *out)
{
    vt_auto(vt_buf_clear) struct vt_buf line = VT_BUF_INIT;

    vt_buf_printf(&line, "%s, -cpu %s", plan->accel == VTOPO_KVM ? "KVM"
                  : "TCG", plan->hardware.cpu);
    if (plan->accel_why[0] != '\0')
        vt_buf_printf(&line, "; %s", plan->accel_why);
    vt_buf_add_string(out, "Accel:  ");
    output_add_wrapped(out, 8, 8, vt_buf_string(&line));
}

void
run_plan_text(const struct run_plan *plan, struct vt_buf *out)
{
    const struct run_args *args = plan->args;

    vt_buf_add_string(out, "Guest:  ");
    if (args->name != NULL) {
        output_add_escaped(out, args->name);
        vt_buf_printf(out, " (%s): ", vt_image_format(plan->inspected.image));
    } else {
        vt_buf_add_string(out, "the stand-in guest, which is not Windows");
        vt_buf_add_string(out, plan->resolved.has_guest
                          ? " and counts as " : "");
    }
    if (plan->resolved.has_guest)
        output_add_escaped(out, plan->resolved.limits.name);
    else if (args->name != NULL)
        vt_buf_add_string(out, "no Windows, and nothing known that limits it");
    vt_buf_add_string(out, "\nPlan:   -smp ");
    vt_config_smp(out, &plan->shape);
    vt_buf_add_string(out, "\nReason: ");
    output_add_wrapped(out, 8, 8, args->smp != NULL ? "as asked for"
                       : plan->answer.plan.reason);
    add_accel(plan, out);
}

int
run_plan_dry(const struct run_plan *plan, struct vt_buf *out,
             struct vtopo_error *err)
{
    vt_auto(vt_words_clear) struct vt_words words = VT_WORDS_INIT;
    struct vt_launch launch = run_plan_launch(plan);

    if (vt_launch_words(&launch, &words, err) < 0)
        return -1;
    for (unsigned i = 0; i < VT_CHOICES; i++) {
        const struct vt_choice *choice = &plan->hardware.choice[i];

        if (choice->value != NULL)
            vt_buf_printf(out, "# %-8s %s: %s\n", vt_choice_name(i),
                          choice->value, choice->why);
    }
    vt_buf_add_string(out, "# shape    ");
    vt_buf_add_string(out, plan->args->smp != NULL ? "as asked for"
                      : plan->answer.plan.reason);
    vt_buf_add_char(out, '\n');
    vt_words_print(&words, out);
    return 0;
}
