/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * plan-install.c - "vtopo plan --install" (see plan-install.h)
 */

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "config/config.h"
#include "plan-install.h"

/* ------------------------------------------------------------ the options */

static int
check_alone(const struct install_args *args, struct vtopo_error *err)
{
    if (args->answer_file == NULL && args->floppy == NULL)
        return 0;
    (void)vt_fail(err, VTOPO_BAD_INPUT, "plan: --%s goes with --install",
                  args->answer_file != NULL ? "answer-file" : "floppy");
    return vt_hint(err, "say which system is to be installed, such as "
                   "--install winxp/professional");
}

static int
check_files(const struct install_args *args, struct vtopo_error *err)
{
    if (args->answer_file != NULL && args->floppy != NULL
        && strcmp(args->answer_file, args->floppy) == 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "plan: --answer-file and --floppy are both '%s'",
                       args->floppy);
    return 0;
}

int
install_check(const struct install_args *args,
              const struct setting_args *setting, const char *other,
              struct vtopo_error *err)
{
    const struct {
        bool given;
        const char *name;
    } others[] = {
        { setting->os != NULL, "--os" },
        { setting->image != NULL, "--image" },
        { setting->facts != NULL, "--facts" },
        { setting->numproc != 0, "--numproc" },
        { setting->onecpu, "--onecpu" },
        { other != NULL, other },
    };

    if (args->system == NULL)
        return check_alone(args, err);
    for (size_t i = 0; i < VT_COUNT(others); i++) {
        if (others[i].given)
            return vt_fail(err, VTOPO_BAD_INPUT,
                           "plan: --install and %s exclude each other",
                           others[i].name);
    }
    return check_files(args, err);
}

/* ------------------------------------------------------------- the choice */

/* Name the HALs that there are to choose from. */
static int
fail_hal(const struct install_args *args, const struct vtopo_limits *limits,
         struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf hals = VT_BUF_INIT;

    (void)vt_fail(err, VTOPO_BAD_INPUT,
                  "plan: setup of '%s' cannot be made to take '%s' for several "
                  "processors", args->system, limits->hal);
    for (size_t i = 0; i < vt_setups_count; i++) {
        if (vt_setups[i].hal != NULL
            && vt_lineage_has(vt_setups[i].lineage, limits->generation))
            vt_buf_printf(&hals, "%s%s", hals.length != 0 ? " or " : "",
                          vt_setups[i].hal);
    }
    if (hals.length == 0)
        return vt_hint(err, "leave --hal out: there is none to choose");
    return vt_hint(err, "--hal may be %s", vt_buf_string(&hals));
}

static int
check_answer(const struct install_args *args, const struct vt_setup *setup,
             struct vtopo_error *err)
{
    if (setup->computer != NULL
        || (args->answer_file == NULL && args->floppy == NULL))
        return 0;
    (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                  "plan: setup of '%s' needs no answer file: %s", args->system,
                  setup->detects);
    if (setup->detects_from == 0)
        return vt_hint(err, "leave --answer-file and --floppy out");
    return vt_hint(err, "leave --answer-file and --floppy out, and give setup "
                   "%u vCPUs or more", setup->detects_from);
}

int
install_choose(const struct install_args *args, struct vt_setting *setting,
               const struct vt_setup **ret_setup, struct vtopo_error *err)
{
    struct vt_resolved resolved;
    const struct vtopo_limits *limits = &resolved.limits;
    const struct vt_setup *setup;

    if (vt_setting_resolve(setting, &resolved, err) < 0)
        return -1;
    if (vt_setup_lookup(limits->generation, NULL) == NULL) {
        (void)vt_fail(err, VTOPO_UNKNOWN_GUEST,
                      "plan: how setup of '%s' chooses a HAL is not known",
                      args->system);
        return vt_hint(err, "--install knows Windows from NT 4.0 on; --os "
                       "plans for other systems");
    }
    setup = vt_setup_lookup(limits->generation,
                            limits->hal[0] != '\0' ? limits->hal : NULL);
    if (setup == NULL)
        return fail_hal(args, limits, err);
    if (check_answer(args, setup, err) < 0)
        return -1;
    if (setup->hal != NULL) {
        setting->limits.any = true;
        setting->limits.hal = setup->hal;
    }
    *ret_setup = setup;
    return 0;
}

/* -------------------------------------------------------------- the files */

/* Files for a number of vCPUs that will not do are not written. */
static int
check_plan(const struct vt_plan_answer *answer, struct vtopo_error *err)
{
    if (answer->plan.kept != 0)
        return 0;
    (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                  "no shape of %u vCPUs is used in full: %s",
                  answer->request->plan.vcpus, answer->plan.reason);
    return vt_hint(err, "leave --answer-file and --floppy out to see what "
                   "would be used");
}

static int
write_files(const struct install_args *args, const struct vt_buf *text,
            struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf floppy = VT_BUF_INIT;

    if (args->floppy != NULL
        && vt_config_floppy(&floppy, "WINNT   SIF", text->data, text->length,
                            err) < 0)
        return -1;
    if (args->answer_file != NULL
        && vt_write_new(args->answer_file, text->data, text->length, err) < 0)
        return -1;
    if (args->floppy == NULL
        || vt_write_new(args->floppy, floppy.data, floppy.length, err) == 0)
        return 0;
    /* Both or none: what was written just now goes again. */
    if (args->answer_file != NULL)
        (void)unlink(args->answer_file);
    return -1;
}

int
install_make(const struct install_args *args, const struct vt_setup *setup,
             const struct vt_plan_answer *answer, struct vt_buf *text,
             struct vt_install *ret_install, struct vtopo_error *err)
{
    const struct vtopo_limits *limits = &answer->resolved.limits;

    if (setup->computer != NULL)
        vt_config_answer_file(text, setup, limits);
    if (vt_buf_check(text, err) < 0)
        return -1;
    if (args->answer_file != NULL || args->floppy != NULL) {
        if (check_plan(answer, err) < 0 || write_files(args, text, err) < 0)
            return -1;
    }
    *ret_install = (struct vt_install) {
        .setup = setup, .limits = limits,
        .shape = &answer->plan.candidates[0].shape,
        .answer = setup->computer != NULL ? vt_buf_string(text) : NULL,
        .answer_file = args->answer_file, .floppy = args->floppy,
    };
    return 0;
}
