/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cmd-predict.c - "vtopo predict": what a guest makes of an existing shape
 */

#include "base/cleanup.h"
#include "base/error.h"
#include "bulk.h"
#include "commands.h"
#include "report/cure.h"
#include "report/predict-json.h"
#include "report/predict-text.h"
#include "setting-options.h"

struct predict_args {
    struct setting_args setting;
    const char *smp;
    const char *requests;
    bool cpuid;
    bool json;
};

static const struct option_row predict_options[] = {
    { .letter = 's', .name = "smp", .arg = "STRING", .kind = OPTION_TEXT,
      .field = offsetof(struct predict_args, smp),
      .help = "the -smp option of the VM, such as 4,sockets=2" },
    SETTING_OPTIONS(struct predict_args),
    { .name = "cpuid", .kind = OPTION_FLAG,
      .field = offsetof(struct predict_args, cpuid),
      .help = "add the CPUID topology fields (with --json)" },
    { .name = "requests", .arg = "FILE", .kind = OPTION_TEXT,
      .field = offsetof(struct predict_args, requests),
      .help = "answer a JSON request a line from FILE, or from - (stdin)" },
    { .name = "json", .kind = OPTION_FLAG,
      .field = offsetof(struct predict_args, json),
      .help = "print JSON, whose members do not change meaning" },
    { .name = NULL },
};

static int
answer_line(void *context, char *line, size_t length, struct vt_buf *out,
            struct vtopo_error *err)
{
    return vt_predict_answer_line(context, line, length, out, err);
}

/* 0 all are used, 2 some are not, and an error where that is not known. */
static int
status_of(const struct vtopo_prediction *prediction)
{
    if (!prediction->has_guest || prediction->wasted.most == 0)
        return 0;
    return prediction->wasted.least > 0 ? 2 : 1;
}

static int
show(const struct predict_args *args, const struct vt_predict_answer *answer,
     struct vt_buf *out, struct vtopo_error *err)
{
    struct vt_json json = VT_JSON_INIT(out);
    struct vtopo_shape cure;
    bool has_cure = false;

    if (args->json) {
        vt_predict_answer_write(&json, answer);
        vt_buf_add_char(out, '\n');
        return 0;
    }
    if (answer->prediction->has_guest && answer->prediction->wasted.most != 0
        && vt_cure_find(answer, &has_cure, &cure, err) < 0)
        return -1;
    vt_predict_text(out, answer, has_cure ? &cure : NULL);
    return 0;
}

static int
predict_one(struct predict_args *args, struct vt_predict_context *context,
            struct vt_buf *out, int *ret_status, struct vtopo_error *err)
{
    vt_auto(setting_text_clear) struct setting_text text =
        SETTING_TEXT_INIT;
    struct vt_predict_request request = {
        .smp_text = args->smp, .show_cpuid = args->cpuid,
    };
    struct vt_predict_answer answer;

    if (setting_from_args(&args->setting, &text, &request.setting, err) < 0
        || vt_predict_answer_make(context, &request, &answer, err) < 0
        || show(args, &answer, out, err) < 0)
        return -1;
    *ret_status = status_of(answer.prediction);
    return 0;
}

static int
run(const struct command *self, int argc, char **argv, struct vt_buf *out,
    int *ret_status, struct vtopo_error *err)
{
    vt_auto(vt_predict_context_clear) struct vt_predict_context context =
        VT_PREDICT_CONTEXT_INIT;
    struct predict_args args = { .smp = NULL };
    int operands;

    if (options_parse(self, argc, argv, &args, &operands, err) < 0)
        return -1;
    if (operands != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "predict: takes no operand, and '%s' was given",
                       argv[1]);
    if (args.requests != NULL && args.smp != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "predict: --requests and --smp exclude each other");
    if (args.requests != NULL)
        return bulk_run(args.requests, answer_line, &context, err);
    if (args.smp == NULL) {
        (void)vt_fail(err, VTOPO_BAD_INPUT, "predict: --smp is missing");
        return vt_hint(err, "give what follows -smp on QEMU's command line, "
                       "such as --smp 4,sockets=2");
    }
    return predict_one(&args, &context, out, ret_status, err);
}

const struct command command_predict = {
    .name = "predict",
    .operands = "",
    .summary = "say, vCPU by vCPU, what a guest makes of a topology",
    .description =
        "Reads an -smp option as QEMU would, numbers the vCPUs, works out "
        "what CPUID shows of them, and says which of them the guest uses, "
        "and what becomes of the others.\n"
        "\n"
        "Without --os only the numbering is shown. The exit status is 0 when "
        "every vCPU is used, 2 when some are wasted, 1 on errors and where "
        "it cannot be told.",
    .options = predict_options,
    .examples =
        "  vtopo predict --smp 4 --machine pc-i440fx-2.12 \\\n"
        "      --os win7/professional\n"
        "  vtopo predict --smp 8,sockets=2 --os winxp/home --hal acpiapic_up\n"
        "  vtopo predict --requests requests.jsonl\n",
    .run = run,
};
