/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cmd-repair.c - "vtopo repair": take the limits out of an image
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json-write.h"
#include "commands.h"
#include "output.h"
#include "repair-apply.h"

struct args {
    bool dry_run, in_place, undo, yes, json, replace, force, no_hal;
    bool license;
    const char *media;
    const char *overlay;
    const char *overlays;
    const char *entries;
    struct vt_image_options image;
};

static const struct option_row repair_options[] = {
    { .name = "dry-run", .kind = OPTION_FLAG,
      .field = offsetof(struct args, dry_run),
      .help = "say what would be changed, and change nothing" },
    { .name = "in-place", .kind = OPTION_FLAG,
      .field = offsetof(struct args, in_place),
      .help = "change the image itself, with an undo file beside it" },
    { .name = "undo", .kind = OPTION_FLAG,
      .field = offsetof(struct args, undo),
      .help = "take back a repair in place" },
    { .name = "overlay", .arg = "FILE", .kind = OPTION_TEXT,
      .field = offsetof(struct args, overlay),
      .help = "the new qcow2 that takes the changes (default: "
              "IMAGE.repaired.qcow2)" },
    { .name = "overlays", .arg = "PATH", .kind = OPTION_TEXT,
      .field = offsetof(struct args, overlays),
      .help = "with --in-place: look for overlays of the image there, too" },
    { .letter = 'e', .name = "entries", .arg = "WHICH", .kind = OPTION_TEXT,
      .field = offsetof(struct args, entries),
      .help = "boot entries: default, all, a GUID, or a number in boot.ini "
              "(default: default)" },
    { .name = "replace", .kind = OPTION_FLAG,
      .field = offsetof(struct args, replace),
      .help = "put a multiprocessor HAL in the place of the old one, not "
              "beside it" },
    { .name = "media", .arg = "PATH", .kind = OPTION_TEXT,
      .field = offsetof(struct args, media),
      .help = "setup media to take HAL and kernels from, too: a folder or an "
              "ISO image" },
    { .name = "force", .kind = OPTION_FLAG,
      .field = offsetof(struct args, force),
      .help = "replace a HAL where Microsoft advises against it" },
    { .name = "no-hal", .kind = OPTION_FLAG,
      .field = offsetof(struct args, no_hal),
      .help = "take out boot limits only" },
    { .name = "license", .kind = OPTION_FLAG,
      .field = offsetof(struct args, license),
      .help = "is never changed; says what needs no change" },
    { .letter = 'y', .name = "yes", .kind = OPTION_FLAG,
      .field = offsetof(struct args, yes),
      .help = "do not ask" },
    { .name = "format", .arg = "NAME", .kind = OPTION_TEXT,
      .field = offsetof(struct args, image.format),
      .help = "format of the image, such as raw (default: by its bytes)" },
    { .name = "allow-outside", .kind = OPTION_FLAG,
      .field = offsetof(struct args, image.allow_outside),
      .help = "read backing files outside the folder of the image" },
    { .name = "no-sandbox", .kind = OPTION_FLAG,
      .field = offsetof(struct args, image.no_sandbox),
      .help = "go on where the kernel can shut in nothing" },
    { .name = "json", .kind = OPTION_FLAG,
      .field = offsetof(struct args, json),
      .help = "print JSON, whose members do not change meaning" },
    { .name = NULL },
};

/* ------------------------------------------------------------- printing */

static void
add_change(struct vt_buf *out, const struct vt_change *change)
{
    vt_buf_add_string(out, "  ");
    output_add_escaped(out, change->where);
    vt_buf_add_string(out, ": ");
    output_add_escaped(out, change->what);
    vt_buf_add_string(out, "\n    ");
    output_add_escaped(out, change->before != NULL ? change->before
                                                   : "not there");
    vt_buf_add_string(out, "  ->  ");
    output_add_escaped(out, change->after != NULL ? change->after
                                                  : "taken away");
    if (change->why != NULL) {
        vt_buf_add_string(out, "\n    ");
        output_add_escaped(out, change->why);
    }
    vt_buf_add_char(out, '\n');
}

static void
add_text(struct vt_buf *out, const struct vt_proposal *proposal)
{
    if (proposal->changes_count != 0)
        vt_buf_printf(out, "%u change%s:\n", proposal->changes_count,
                      proposal->changes_count == 1 ? "" : "s");
    for (unsigned i = 0; i < proposal->changes_count; i++)
        add_change(out, &proposal->changes[i]);
    for (unsigned i = 0; i < proposal->refusals_count; i++) {
        vt_buf_add_string(out, "! ");
        output_add_escaped(out, proposal->refusals[i].text);
        vt_buf_add_char(out, '\n');
    }
    for (unsigned i = 0; i < proposal->advice_count; i++) {
        vt_buf_add_string(out, "* ");
        output_add_escaped(out, proposal->advice[i]);
        vt_buf_add_char(out, '\n');
    }
}

static void
add_json_change(struct vt_json *json, const struct vt_change *change)
{
    vt_json_open(json, '{');
    vt_json_key(json, "where");
    vt_json_string(json, change->where);
    vt_json_key(json, "what");
    vt_json_string(json, change->what);
    vt_json_key(json, "before");
    vt_json_string_or_null(json, change->before);
    vt_json_key(json, "after");
    vt_json_string_or_null(json, change->after);
    vt_json_key(json, "why");
    vt_json_string_or_null(json, change->why);
    vt_json_close(json, '}');
}

/* @done says what became of it: "dry-run", "overlay", "in-place", "undo",
 * "nothing".
 */
static void
add_json(struct vt_buf *out, const char *image,
         const struct vt_proposal *proposal, const char *done,
         const char *file)
{
    struct vt_json json = VT_JSON_INIT(out);

    vt_json_open(&json, '{');
    vt_json_key(&json, "image");
    vt_json_string(&json, image);
    vt_json_key(&json, "done");
    vt_json_string(&json, done);
    vt_json_key(&json, "file");
    vt_json_string_or_null(&json, file);
    vt_json_key(&json, "changes");
    vt_json_open(&json, '[');
    for (unsigned i = 0; i < proposal->changes_count; i++)
        add_json_change(&json, &proposal->changes[i]);
    vt_json_close(&json, ']');
    vt_json_key(&json, "refused");
    vt_json_open(&json, '[');
    for (unsigned i = 0; i < proposal->refusals_count; i++) {
        vt_json_open(&json, '{');
        vt_json_key(&json, "code");
        vt_json_string(&json, proposal->refusals[i].code);
        vt_json_key(&json, "text");
        vt_json_string(&json, proposal->refusals[i].text);
        vt_json_close(&json, '}');
    }
    vt_json_close(&json, ']');
    vt_json_key(&json, "advice");
    vt_json_open(&json, '[');
    for (unsigned i = 0; i < proposal->advice_count; i++)
        vt_json_string(&json, proposal->advice[i]);
    vt_json_close(&json, ']');
    vt_json_close(&json, '}');
    vt_buf_add_char(out, '\n');
}

/* ------------------------------------------------------------- deciding */

/* A repair that is not whole, or in the way of another. */
static int
check_earlier(const struct args *args, const char *name,
              struct vtopo_error *err)
{
    vt_autofree char *undo = vt_undo_name(name);
    enum vt_undo_state state;

    if (undo == NULL)
        return vt_fail_memory(err);
    if (!vt_undo_look(undo, &state))
        return 0;
    if (state != VT_UNDO_DONE) {
        (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                      "an earlier repair of '%s' was interrupted", name);
        return vt_hint(err, "'vtopo repair --undo' makes it the old one");
    }
    if (!args->in_place)
        return 0;
    (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                  "'%s' was repaired in place before", name);
    return vt_hint(err, "'vtopo repair --undo' takes that back; remove '%s' to "
                   "keep it", undo);
}

static int
check_use(const struct vt_image *image, struct vtopo_error *err)
{
    size_t count;
    const struct vt_image_finding *list = vt_image_findings(image, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].code, "in-use") == 0) {
            (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                          "'%s' is in use by a running VM",
                          vt_image_name(image));
            return vt_hint(err, "shut the VM down first");
        }
        if (strcmp(list[i].code, "dirty") == 0)
            return vt_fail(err, VTOPO_IMPOSSIBLE, "%s", list[i].text);
    }
    return 0;
}

/* What is written to a backing file shows through in some blocks of an overlay
 * and not in others: its volume would be neither the old nor the new one.
 */
static int
check_overlays(const struct args *args, const struct vt_image *image,
               struct vtopo_error *err)
{
    vt_autofree char *overlay = NULL;

    if (!args->in_place)
        return 0;
    if (vt_image_find_overlay(image, args->overlays, &overlay, err) < 0)
        return vt_hint(err, "leave out --in-place: then the changes go into a "
                       "new overlay");
    if (overlay == NULL)
        return 0;
    (void)vt_fail(err, VTOPO_IMPOSSIBLE, "'%s' is a backing file of '%s', "
                  "which would be damaged", vt_image_name(image), overlay);
    return vt_hint(err, "repair '%s' instead, or leave out --in-place: then "
                   "the changes go into a new overlay", overlay);
}

/* Whether somebody is at a terminal who wants to be asked. */
static bool
must_ask(const struct args *args)
{
    const char *ci = getenv("CI");

    return !args->yes && (ci == NULL || strcmp(ci, "true") != 0)
           && isatty(STDIN_FILENO);
}

/* Whether the user agrees, who is shown the changes. */
static bool
ask_user(const struct args *args, const struct vt_proposal *proposal)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char answer[8] = "";

    add_text(&text, proposal);
    vt_buf_add_string(&text, args->in_place ? "Change the image? [y/N] "
                                            : "Make an overlay so? [y/N] ");
    if (text.failed || vt_write_all(STDERR_FILENO, "standard error",
                                    text.data, text.length, &err) < 0
        || fgets(answer, sizeof(answer), stdin) == NULL)
        return false;
    return answer[0] == 'y' || answer[0] == 'Y';
}

static int
make_ask(const struct args *args, struct repair_ask *ask,
         struct vtopo_error *err)
{
    const char *entries = args->entries != NULL ? args->entries : "default";
    struct vt_json json = VT_JSON_INIT(&ask->members);

    ask->options = args->image;
    vt_json_key(&json, "boot_limits");
    vt_json_bool(&json, true);
    vt_json_key(&json, "entries");
    if (strcmp(entries, "default") == 0 || strcmp(entries, "all") == 0) {
        vt_json_string(&json, entries);
    } else {
        vt_json_open(&json, '[');
        vt_json_string(&json, entries);
        vt_json_close(&json, ']');
    }
    vt_json_key(&json, "hal");
    vt_json_string(&json, args->no_hal ? "no"
                   : args->replace ? "replace" : "beside");
    vt_json_key(&json, "force");
    vt_json_bool(&json, args->force);
    if (args->media != NULL
        && vt_media_open(args->media, &ask->media, err) < 0)
        return -1;
    vt_media_write(&ask->media, 1, &json);
    return vt_buf_check(&ask->members, err);
}

/* ------------------------------------------------------------ the doing */

/* @shown: who was asked has seen the changes, and need not see them twice. */
static int
apply(const struct args *args, const struct repair_ask *ask,
      struct vt_image *image, struct vt_proposal *proposal, bool shown,
      struct vt_buf *out, struct vtopo_error *err)
{
    const char *name = vt_image_name(image);
    vt_autofree char *file = args->in_place ? vt_undo_name(name)
        : strdup(args->overlay != NULL ? args->overlay : "");

    if (file != NULL && file[0] == '\0') {
        free(file);
        if (asprintf(&file, "%s.repaired.qcow2", name) < 0)
            file = NULL;
    }
    if (file == NULL)
        return vt_fail_memory(err);
    if ((args->in_place ? repair_in_place(ask, image, proposal, err)
         : repair_overlay(ask, image, proposal, file, err)) < 0)
        return -1;
    if (args->json) {
        add_json(out, name, proposal, args->in_place ? "in-place" : "overlay",
                 file);
        return 0;
    }
    if (!shown)
        add_text(out, proposal);
    if (args->in_place)
        vt_buf_printf(out, "Done, and looked at again.  The way back is '%s':\n"
                      "    vtopo repair --undo ", file);
    else
        vt_buf_printf(out, "Done, and looked at again.  The image is as it "
                      "was; the changes are in\n    %s\nStart the guest from "
                      "it, or put them into the image:\n    qemu-img commit ",
                      file);
    output_add_escaped(out, args->in_place ? name : file);
    vt_buf_add_char(out, '\n');
    return 0;
}

/* Whole or not at all: where one volume or store must not be touched, another
 * on the same disk is not either.
 */
static int
check_refusals(const struct vt_proposal *proposal, struct vtopo_error *err)
{
    static const char *const grave[] = {
        "ntfs-dirty", "log-unclean", "fat-dirty", "hibernated", "bitlocker",
        "hive-dirty", "damaged",
    };

    for (unsigned i = 0; i < proposal->refusals_count; i++) {
        for (size_t k = 0; k < VT_COUNT(grave); k++) {
            if (strcmp(proposal->refusals[i].code, grave[k]) == 0)
                return vt_fail(err, VTOPO_IMPOSSIBLE, "%s",
                               proposal->refusals[i].text);
        }
        if (strncmp(proposal->refusals[i].code, "hal-", 4) == 0) {
            (void)vt_fail(err, VTOPO_IMPOSSIBLE, "%s",
                          proposal->refusals[i].text);
            return vt_hint(err, "--no-hal takes out the boot limits alone; "
                           "--dry-run lists all there is");
        }
    }
    return 0;
}

/* What the worker says, where nothing is to be changed. */
static int
show_nothing(const struct args *args, const char *name,
             const struct vt_proposal *proposal, struct vt_buf *out,
             int *ret_status, struct vtopo_error *err)
{
    if (proposal->refusals_count != 0 && !args->json) {
        vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;

        add_text(&text, proposal);
        if (proposal->refusals_count + proposal->advice_count > 1
            && vt_write_all(STDERR_FILENO, "standard error", text.data,
                            text.length, err) < 0)
            return -1;
        return vt_fail(err, VTOPO_IMPOSSIBLE, "'%s': %s", name,
                       proposal->refusals[0].text);
    }
    *ret_status = proposal->refusals_count != 0 ? 1 : 2;
    if (args->json) {
        add_json(out, name, proposal, "nothing", NULL);
        return 0;
    }
    add_text(out, proposal);
    vt_buf_add_string(out, args->no_hal
                      ? "Nothing to do: no boot limit was found.\n"
                      : "Nothing to do: no boot limit was found, and no HAL "
                        "for one processor.\n");
    return 0;
}

static int
repair(const struct args *args, const char *name, struct repair_ask *ask,
       struct vt_proposal *proposal, struct vt_buf *out, int *ret_status,
       struct vtopo_error *err)
{
    vt_auto(vt_image_closep) struct vt_image *image = NULL;
    bool asked;

    if (make_ask(args, ask, err) < 0 || check_earlier(args, name, err) < 0
        || vt_image_open(&args->image, name, &image, err) < 0
        || check_use(image, err) < 0
        || repair_propose(ask, image, proposal, err) < 0)
        return -1;
    if (proposal->changes_count == 0)
        return show_nothing(args, name, proposal, out, ret_status, err);
    if (check_overlays(args, image, err) < 0)
        return -1;
    if (args->dry_run) {
        if (args->json)
            add_json(out, name, proposal, "dry-run", NULL);
        else
            add_text(out, proposal);
        return 0;
    }
    if (check_refusals(proposal, err) < 0)
        return vt_wrap(err, "'%s'", name);
    asked = must_ask(args);
    if (asked && !ask_user(args, proposal))
        return vt_fail(err, VTOPO_IMPOSSIBLE, "nothing was changed");
    return apply(args, ask, image, proposal, asked, out, err);
}

/* What was bought is not for us to change. */
static int
refuse_license(struct vtopo_error *err)
{
    (void)vt_fail(err, VTOPO_IMPOSSIBLE,
                  "repair: the licence (ProductPolicy, RegisteredProcessors) "
                  "is never changed: it says what was bought, and Windows "
                  "watches it and puts it back");
    return vt_hint(err, "a shape with no more sockets than it has needs no "
                   "change, and all vCPUs are used: 'vtopo plan --image IMAGE "
                   "--vcpus N' has it");
}

static int
check(const struct args *args, int operands, struct vtopo_error *err)
{
    if (args->license)
        return refuse_license(err);
    if (args->no_hal && (args->replace || args->force || args->media != NULL))
        return vt_fail(err, VTOPO_BAD_INPUT, "repair: --no-hal excludes "
                       "--replace, --force and --media");
    if (operands != 1)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "repair: takes one image, not %d", operands);
    if (args->undo && (args->dry_run || args->in_place
                       || args->overlay != NULL || args->overlays != NULL
                       || args->replace || args->force || args->no_hal
                       || args->media != NULL))
        return vt_fail(err, VTOPO_BAD_INPUT, "repair: --undo stands alone");
    if (args->in_place && args->overlay != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "repair: --in-place and --overlay exclude each other");
    if (args->overlays != NULL && !args->in_place)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "repair: --overlays is of use with --in-place only");
    return 0;
}

static int
run(const struct command *self, int argc, char **argv, struct vt_buf *out,
    int *ret_status, struct vtopo_error *err)
{
    struct args args = { .entries = NULL };
    struct repair_ask ask = {
        .members = VT_BUF_INIT, .media = VT_MEDIA_INIT,
    };
    vt_autofree struct vt_proposal *proposal = calloc(1, sizeof(*proposal));
    int operands;
    int rc;

    if (proposal == NULL)
        return vt_fail_memory(err);
    if (options_parse(self, argc, argv, &args, &operands, err) < 0
        || check(&args, operands, err) < 0)
        return -1;
    if (args.undo) {
        if (repair_undo(&args.image, argv[1], err) < 0)
            return -1;
        if (args.json)
            add_json(out, argv[1], proposal, "undo", NULL);
        else
            vt_buf_add_string(out, "Taken back: the image is as it was.\n");
        return 0;
    }
    rc = repair(&args, argv[1], &ask, proposal, out, ret_status, err);
    vt_proposal_clear(proposal);
    vt_buf_clear(&ask.members);
    vt_media_close(&ask.media);
    return rc;
}

const struct command command_repair = {
    .name = "repair",
    .operands = "IMAGE",
    .summary = "take the limits out of an image",
    .description =
        "Removes what keeps the guest of an image from its vCPUs: boot limits "
        "(numproc, onecpu and their kin in the boot store, /NUMPROC and "
        "/ONECPU in boot.ini), and in Windows 2000, XP and Server 2003 a HAL "
        "and kernels for one processor. By default the changes go into a new "
        "overlay beside the image, which stays as it is; --in-place changes the image "
        "and leaves an undo file. What is a licence is never changed.\n"
        "\n"
        "The exit status is 0 when it is done, 2 when there is nothing to do, 1 "
        "when it could not be done; then nothing is changed.",
    .options = repair_options,
    .examples =
        "  vtopo repair --dry-run win7.qcow2\n"
        "  vtopo repair win7.qcow2\n"
        "  vtopo repair --in-place --yes win7.qcow2\n"
        "  vtopo repair --media winxp-sp3.iso winxp.qcow2\n"
        "  vtopo repair --undo win7.qcow2\n",
    .run = run,
};
