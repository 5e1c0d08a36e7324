/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cmd-plan.c - "vtopo plan": choose a topology that the guest uses in full
 */

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "bulk.h"
#include "commands.h"
#include "config/config.h"
#include "output.h"
#include "plan-install.h"
#include "report/nova-json.h"
#include "report/plan-json.h"
#include "report/plan-text.h"
#include "setting-options.h"

struct plan_args {
    struct setting_args setting;
    struct install_args install;
    unsigned vcpus, max_vcpus;
    unsigned sockets, cores, threads;
    unsigned max_sockets, max_cores, max_threads;
    const char *app;
    const char *policy;
    const char *platform;
    const char *requests;
    bool all;
    bool json;
};

static const char *const policies[] = { "guest", "nova", NULL };
static const char *const platforms[] = { "qemu", "libvirt", NULL };

#define COUNT(option, member, says)                                         \
    { .name = option, .arg = "N", .kind = OPTION_COUNT,                     \
      .field = offsetof(struct plan_args, member),                          \
      .min = 1, .max = VTOPO_CPUS_MAX, .help = says }

static const struct option_row plan_options[] = {
    { .letter = 'n', .name = "vcpus", .arg = "N", .kind = OPTION_COUNT,
      .field = offsetof(struct plan_args, vcpus),
      .min = 1, .max = VTOPO_CPUS_MAX,
      .help = "number of vCPUs that the guest gets" },
    COUNT("max-vcpus", max_vcpus, "number that it can get later (hot-add)"),
    SETTING_OPTIONS(struct plan_args),
    INSTALL_OPTIONS(struct plan_args),
    { .name = "app", .arg = "ID", .kind = OPTION_TEXT,
      .field = offsetof(struct plan_args, app),
      .help = "application to plan for, such as sql-2019-standard" },
    COUNT("sockets", sockets, "exactly so many sockets"),
    COUNT("cores", cores, "exactly so many cores a socket"),
    COUNT("threads", threads, "exactly so many threads a core"),
    COUNT("max-sockets", max_sockets, "at most so many sockets"),
    COUNT("max-cores", max_cores, "at most so many cores a socket"),
    COUNT("max-threads", max_threads, "at most so many threads a core"),
    { .letter = 'p', .name = "policy", .arg = "NAME", .kind = OPTION_CHOICE,
      .field = offsetof(struct plan_args, policy), .choices = policies,
      .help = "what ranks the shapes (default guest)" },
    { .name = "for", .arg = "PLATFORM", .kind = OPTION_CHOICE,
      .field = offsetof(struct plan_args, platform), .choices = platforms,
      .help = "print the configuration of the winner" },
    { .letter = 'a', .name = "all", .kind = OPTION_FLAG,
      .field = offsetof(struct plan_args, all),
      .help = "show every shape, and why it lost" },
    { .name = "requests", .arg = "FILE", .kind = OPTION_TEXT,
      .field = offsetof(struct plan_args, requests),
      .help = "answer a JSON request a line from FILE, or from - (stdin)" },
    { .name = "json", .kind = OPTION_FLAG,
      .field = offsetof(struct plan_args, json),
      .help = "print JSON, whose members do not change meaning" },
    { .name = NULL },
};

/* ----------------------------------------------------------------- bulk */

static int
answer_nova_line(void *context, char *line, size_t length,
                 struct vt_buf *out, struct vtopo_error *err)
{
    return vt_nova_answer_line(context, line, length, out, err);
}

static int
answer_plan_line(void *context, char *line, size_t length,
                 struct vt_buf *out, struct vtopo_error *err)
{
    (void)context;
    return vt_plan_answer_line(line, length, out, err);
}

static int
run_bulk(const struct plan_args *args, bool nova, struct vtopo_error *err)
{
    vt_autofree struct vt_nova_context *context = NULL;

    if (args->vcpus != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "plan: --requests and --vcpus exclude each other");
    if (!nova)
        return bulk_run(args->requests, answer_plan_line, NULL, err);
    context = calloc(1, sizeof(*context));
    if (context == NULL)
        return vt_fail_memory(err);
    return bulk_run(args->requests, answer_nova_line, context, err);
}

/* -------------------------------------------------------- configurations */

static void
show_config(const struct plan_args *args, const struct vtopo_shape *shape,
            const struct vt_resolved *resolved, struct vt_buf *out)
{
    struct vtopo_dialect dialect = resolved->dialect;

    /* A version that nobody asked for may be newer than the user's QEMU. */
    if (args->setting.machine == NULL && dialect.arch == VTOPO_X86_64)
        strcpy(dialect.machine, "q35");
    if (strcmp(args->platform, "qemu") == 0)
        vt_config_qemu(out, shape, &dialect, &resolved->cpu);
    else
        vt_config_libvirt(out, shape, &dialect, &resolved->cpu);
}

/* ------------------------------------------------------------------ nova */

/* What the policy does not look at must not seem to count. */
static int
check_nova(const struct plan_args *args, struct vtopo_error *err)
{
    if (args->max_vcpus == 0 && args->app == NULL && !args->all
        && args->setting.os == NULL && args->setting.facts == NULL
        && args->setting.image == NULL && args->setting.edition == NULL)
        return 0;
    return vt_fail(err, VTOPO_BAD_INPUT, "plan: --policy nova knows no guest, "
                   "application or hot-add, and shows all shapes by itself");
}

static int
show_nova_config(const struct plan_args *args,
                 const struct vt_nova_answer *answer, struct vt_buf *out,
                 struct vtopo_error *err)
{
    vt_auto(setting_text_clear) struct setting_text text = SETTING_TEXT_INIT;
    const struct vt_nova_topology *best = &answer->topologies[0];
    struct vtopo_shape shape = {
        .cpus = args->vcpus, .maxcpus = args->vcpus,
        .level = { 1, 1, best->sockets, 1, 1, 1, best->cores, best->threads },
    };
    struct vt_resolved resolved;
    struct vt_setting setting;

    if (setting_from_args(&args->setting, &text, &setting, err) < 0
        || vt_setting_resolve(&setting, &resolved, err) < 0)
        return -1;
    show_config(args, &shape, &resolved, out);
    return 0;
}

static void
set_nova(struct vt_nova_properties *properties, const struct plan_args *args)
{
    properties->wish[VT_NOVA_SOCKETS].number = args->sockets;
    properties->wish[VT_NOVA_CORES].number = args->cores;
    properties->wish[VT_NOVA_THREADS].number = args->threads;
    properties->max[VT_NOVA_SOCKETS].number = args->max_sockets;
    properties->max[VT_NOVA_CORES].number = args->max_cores;
    properties->max[VT_NOVA_THREADS].number = args->max_threads;
}

/* The counts of the command line stand for the flavor's. */
static int
plan_nova(const struct plan_args *args, struct vt_buf *out,
          struct vtopo_error *err)
{
    vt_autofree struct vt_nova_context *context = calloc(1, sizeof(*context));
    struct vt_nova_request request = VT_NOVA_REQUEST_INIT;
    const struct vt_nova_answer *answer;
    struct vt_json json = VT_JSON_INIT(out);

    if (context == NULL)
        return vt_fail_memory(err);
    if (check_nova(args, err) < 0)
        return -1;
    request.vcpus = args->vcpus;
    set_nova(&request.flavor, args);
    if (vt_nova_plan(context, &request, &answer, err) < 0)
        return -1;
    if (args->platform != NULL)
        return show_nova_config(args, answer, out, err);
    if (!args->json) {
        vt_nova_text(answer, out);
        return 0;
    }
    vt_nova_answer_write(&json, answer);
    vt_buf_add_char(out, '\n');
    return 0;
}

/* ------------------------------------------------------------------ guest */

static void
show(const struct plan_args *args, const struct vt_plan_answer *answer,
     struct vt_buf *out)
{
    struct vt_json json = VT_JSON_INIT(out);

    if (args->platform != NULL) {
        show_config(args, &answer->plan.candidates[0].shape,
                    &answer->resolved, out);
    } else if (args->json) {
        vt_plan_answer_write(&json, answer);
        vt_buf_add_char(out, '\n');
    } else {
        vt_plan_text(out, answer);
        if (answer->install != NULL)
            vt_install_text(out, answer->install, output_add_escaped);
    }
}

/* The guest that is planned for is one to be installed. */
static int
add_install(const struct plan_args *args, const struct vt_setup *setup,
            struct vt_plan_answer *answer, struct vt_buf *text,
            struct vt_install *install, struct vtopo_error *err)
{
    if (setup == NULL)
        return 0;
    if (install_make(&args->install, setup, answer, text, install, err) < 0)
        return -1;
    answer->install = install;
    return 0;
}

static int
plan_guest(const struct plan_args *args, struct vt_buf *out,
           int *ret_status, struct vtopo_error *err)
{
    vt_auto(setting_text_clear) struct setting_text text =
        SETTING_TEXT_INIT;
    vt_auto(vt_plan_answer_clear) struct vt_plan_answer answer =
        VT_PLAN_ANSWER_INIT;
    vt_auto(vt_buf_clear) struct vt_buf answer_file = VT_BUF_INIT;
    const struct vt_setup *setup = NULL;
    struct vt_install install;
    struct vt_plan_request request = {
        .plan = {
            .vcpus = args->vcpus, .max_vcpus = args->max_vcpus,
            .sockets = args->sockets, .cores = args->cores,
            .threads = args->threads, .max_sockets = args->max_sockets,
            .max_cores = args->max_cores, .max_threads = args->max_threads,
            .app = args->app,
        },
        .all = args->all,
    };

    if (setting_from_args(&args->setting, &text, &request.setting, err) < 0
        || (args->install.system != NULL
            && install_choose(&args->install, &request.setting, &setup,
                              err) < 0)
        || vt_plan_answer_make(&request, &answer, err) < 0)
        return -1;
    if (args->platform != NULL && answer.plan.kept == 0) {
        (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                      "no shape of %u vCPUs is used in full: %s",
                      args->vcpus, answer.plan.reason);
        return vt_hint(err, "leave --for out to see what would be used");
    }
    if (add_install(args, setup, &answer, &answer_file, &install, err) < 0)
        return -1;
    show(args, &answer, out);
    *ret_status = answer.plan.kept != 0 ? 0
        : answer.plan.candidates[0].drop == VTOPO_DROP_UNCERTAIN ? 1 : 2;
    return 0;
}

/* An option that is no part of planning an installation. */
static const char *
other_option(const struct plan_args *args, bool nova)
{
    return args->requests != NULL ? "--requests"
        : nova ? "--policy nova" : args->platform != NULL ? "--for" : NULL;
}

static int
run(const struct command *self, int argc, char **argv, struct vt_buf *out,
    int *ret_status, struct vtopo_error *err)
{
    struct plan_args args = { .policy = "guest" };
    int operands;
    bool nova;

    if (options_parse(self, argc, argv, &args, &operands, err) < 0)
        return -1;
    nova = strcmp(args.policy, "nova") == 0;
    if (operands != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "plan: takes no operand, and '%s' was given", argv[1]);
    if (install_check(&args.install, &args.setting, other_option(&args, nova),
                      err) < 0)
        return -1;
    if (args.install.system != NULL)
        args.setting.os = args.install.system;
    if (args.requests != NULL)
        return run_bulk(&args, nova, err);
    if (args.vcpus == 0) {
        (void)vt_fail(err, VTOPO_BAD_INPUT, "plan: --vcpus is missing");
        return vt_hint(err, "say how many vCPUs the guest gets, such as "
                       "--vcpus 8");
    }
    return nova ? plan_nova(&args, out, err)
                : plan_guest(&args, out, ret_status, err);
}

const struct command command_plan = {
    .name = "plan",
    .operands = "",
    .summary = "choose a topology that the guest uses in full",
    .description =
        "Finds every shape of sockets, cores and threads for a number of "
        "vCPUs, drops those that the machine refuses or the guest would not "
        "use, ranks the rest, and says which rule decided.\n"
        "\n"
        "With --policy nova it gives OpenStack Nova's answer instead, the "
        "counts of the command line being the flavor's. The exit status is 0 "
        "when there is a shape that is used in full, 2 when there is none.\n"
        "\n"
        "With --install it plans for a Windows that is to be installed, and "
        "says how its setup comes to a HAL for several processors.",
    .options = plan_options,
    .examples =
        "  vtopo plan --vcpus 8 --os win10\n"
        "  vtopo plan --vcpus 8 --max-vcpus 16 --os win2k22/standard --all\n"
        "  vtopo plan --vcpus 6 --os winvista/business --for libvirt\n"
        "  vtopo plan --vcpus 8 --policy nova --max-sockets 2\n"
        "  vtopo plan --vcpus 2 --install winxp/professional --floppy f.img\n",
    .run = run,
};
