/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cmd-guests.c - "vtopo guests": what is known of guests, with the sources
 */

#include <string.h>

#include "base/error.h"
#include "commands.h"
#include "guest/tables.h"
#include "options.h"
#include "report/guests-json.h"
#include "report/guests-text.h"

/* Longer ids are no ids of ours. */
#define ID_SIZE 64

struct guests_args {
    bool hals;
    bool apps;
    bool sources;
    bool json;
};

static const struct option_row guests_options[] = {
    { .name = "hals", .kind = OPTION_FLAG,
      .field = offsetof(struct guests_args, hals),
      .help = "list the hardware abstraction layers of Windows" },
    { .name = "apps", .kind = OPTION_FLAG,
      .field = offsetof(struct guests_args, apps),
      .help = "list applications that limit themselves" },
    { .name = "sources", .kind = OPTION_FLAG,
      .field = offsetof(struct guests_args, sources),
      .help = "list what the tags of sources stand for" },
    { .name = "json", .kind = OPTION_FLAG,
      .field = offsetof(struct guests_args, json),
      .help = "print JSON" },
    { .name = NULL },
};

/* --------------------------------------------------------------- lists */

static void
list_systems(bool json, struct vt_buf *out)
{
    if (json)
        vt_guests_json_systems(out, vt_systems, vt_systems_count);
    else
        vt_guests_text_systems(out);
}

static void
list_hals(bool json, struct vt_buf *out)
{
    if (json)
        vt_guests_json_hals(out, vt_hals, vt_hals_count);
    else
        vt_guests_text_hals(out);
}

static void
list_apps(bool json, struct vt_buf *out)
{
    if (json)
        vt_guests_json_apps(out, vt_apps, vt_apps_count);
    else
        vt_guests_text_apps(out);
}

static void
list_sources(bool json, struct vt_buf *out)
{
    if (json)
        vt_guests_json_sources(out);
    else
        vt_guests_text_sources(out);
}

/* ------------------------------------------------------------- one row */

static int
fail_unknown(const char *id, struct vtopo_error *err)
{
    struct nearest nearest = NEAREST_INIT(id, strlen(id));

    for (size_t i = 0; i < vt_systems_count; i++)
        nearest_offer(&nearest, vt_systems[i].osinfo);
    for (size_t i = 0; i < vt_families_count; i++)
        nearest_offer(&nearest, vt_families[i].prefix);
    for (size_t i = 0; i < vt_hals_count; i++) {
        nearest_offer(&nearest, vt_hals[i].id);
        nearest_offer(&nearest, vt_hals[i].file);
    }
    for (size_t i = 0; i < vt_apps_count; i++)
        nearest_offer(&nearest, vt_apps[i].id);
    (void)vt_fail(err, VTOPO_UNKNOWN_GUEST,
                  "no system, HAL or application '%s' is known", id);
    if (nearest.name != NULL)
        return vt_hint(err, "did you mean '%s'?", nearest.name);
    return vt_hint(err, "run 'vtopo guests', with --hals or --apps, for the "
                   "ids that are known");
}

static int
fail_edition(const struct vt_system *rows, size_t count, const char *edition,
             struct vtopo_error *err)
{
    struct nearest nearest = NEAREST_INIT(edition, strlen(edition));

    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, rows[i].edition);
    (void)vt_fail(err, VTOPO_UNKNOWN_GUEST,
                  "no edition '%s' of %s is known", edition,
                  rows[0].release);
    if (rows[0].edition[0] == '\0')
        return vt_hint(err, "it has no editions: run 'vtopo guests %s'",
                       rows[0].osinfo);
    if (nearest.name != NULL)
        return vt_hint(err, "did you mean '%s/%s'?", rows[0].osinfo,
                       nearest.name);
    return vt_hint(err, "run 'vtopo guests %s' for its editions",
                   rows[0].osinfo);
}

static int
show_system(const struct vt_system *rows, size_t count, const char *edition,
            bool json, struct vt_buf *out, struct vtopo_error *err)
{
    if (edition != NULL) {
        size_t i = 0;

        while (i < count && !vt_system_has_edition(&rows[i], edition))
            i++;
        if (i == count)
            return fail_edition(rows, count, edition, err);
        rows = &rows[i];
        count = 1;
    }
    if (json)
        vt_guests_json_systems(out, rows, count);
    else
        vt_guests_text_system(out, rows, count);
    return 0;
}

static int
show_other(const char *id, bool json, struct vt_buf *out,
           struct vtopo_error *err)
{
    const struct vt_hal *hal = vt_hal_lookup(id);
    const struct vt_app *app = vt_app_lookup(id);

    if (hal == NULL)
        hal = vt_hal_lookup_file(id);
    if (hal == NULL && app == NULL)
        return fail_unknown(id, err);
    if (hal != NULL && json)
        vt_guests_json_hals(out, hal, 1);
    else if (hal != NULL)
        vt_guests_text_hal(out, hal);
    else if (json)
        vt_guests_json_apps(out, app, 1);
    else
        vt_guests_text_app(out, app);
    return 0;
}

/* "win7", "win7/professional", "acpiapic_mp", "halmacpi.dll" or an app. */
static int
show_one(const char *operand, bool json, struct vt_buf *out,
         struct vtopo_error *err)
{
    const char *slash = strchrnul(operand, '/');
    size_t length = (size_t)(slash - operand);
    const struct vt_system *rows;
    char id[ID_SIZE];
    size_t count;

    if (length >= sizeof(id))
        return fail_unknown(operand, err);
    memcpy(id, operand, length);
    id[length] = '\0';
    rows = vt_systems_lookup(id, &count);
    if (rows != NULL)
        return show_system(rows, count, *slash != '\0' ? slash + 1 : NULL,
                           json, out, err);
    if (*slash != '\0')
        return fail_unknown(id, err);
    return show_other(id, json, out, err);
}

static int
run(const struct command *self, int argc, char **argv, struct vt_buf *out,
    int *ret_status, struct vtopo_error *err)
{
    struct guests_args args = { .json = false };
    int operands;

    (void)ret_status;
    if (options_parse(self, argc, argv, &args, &operands, err) < 0)
        return -1;
    if (operands + args.hals + args.apps + args.sources > 1)
        return vt_fail(err, VTOPO_BAD_INPUT, "guests: shows one thing: an "
                       "ID, --hals, --apps or --sources");
    if (operands > 0) {
        if (show_one(argv[1], args.json, out, err) < 0)
            return -1;
    } else if (args.hals) {
        list_hals(args.json, out);
    } else if (args.apps) {
        list_apps(args.json, out);
    } else if (args.sources) {
        list_sources(args.json, out);
    } else {
        list_systems(args.json, out);
    }
    if (args.json)
        vt_buf_add_char(out, '\n');
    return 0;
}

const struct command command_guests = {
    .name = "guests",
    .operands = "[ID[/EDITION]]",
    .summary = "show what is known of guest systems, with the sources",
    .description =
        "List how many sockets, or processors, each edition of each system "
        "may use, how its kernel counts them, and how sure that is.\n"
        "\n"
        "With an ID, tell all of one: a system by its short id of libosinfo, "
        "a hardware abstraction layer of Windows by its hardware id or file "
        "name, or an application.",
    .options = guests_options,
    .examples =
        "vtopo guests win7/professional\n"
        "vtopo guests halmacpi.dll\n"
        "vtopo guests --json winxp\n",
    .run = run,
};
