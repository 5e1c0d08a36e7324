/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * limits-json.c - limits as JSON, there and back
 *
 * A limit is a number, "none", null for unknown, or {"least":N,"most":N}.
 * Members that are left out keep what the tables say of the system.
 */

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "guest/tables.h"
#include "report/setting.h"

/* Systems may take more processors than vtopo reckons with. */
#define LIMIT_MAX 1048576u

struct range {
    const char *what;
    struct vtopo_limit *limit;
};

static int
read_range_member(struct vt_json_reader *reader, const char *key, void *to,
                  struct vtopo_error *err)
{
    struct range *range = to;

    if (strcmp(key, "least") == 0)
        return vt_json_read_uint(reader, key, 1, LIMIT_MAX,
                                 &range->limit->least, err);
    if (strcmp(key, "most") != 0)
        return vt_fail(err, VTOPO_BAD_INPUT, "'%s' has no member '%s', "
                       "only least and most", range->what, key);
    return vt_json_read_null(reader) ? 0
        : vt_json_read_uint(reader, key, 1, LIMIT_MAX, &range->limit->most,
                            err);
}

static int
read_limit_range(struct vt_json_reader *reader, const char *what,
                 struct vtopo_limit *limit, struct vtopo_error *err)
{
    struct range range = { .what = what, .limit = limit };

    if (vt_json_read_object(reader, read_range_member, &range, err) < 0)
        return -1;
    if (limit->least > limit->most)
        return vt_fail(err, VTOPO_BAD_INPUT, "'%s' is at least %u and at most "
                       "%u", what, limit->least, limit->most);
    return 0;
}

static int
read_limit(struct vt_json_reader *reader, const char *what,
           struct vtopo_limit *ret_limit, struct vtopo_error *err)
{
    struct vtopo_limit limit = VTOPO_LIMIT_UNKNOWN;
    char first = vt_json_peek(reader);
    const char *text;

    if (first == '{') {
        if (read_limit_range(reader, what, &limit, err) < 0)
            return -1;
    } else if (first == '"') {
        if (vt_json_read_string(reader, what, &text, err) < 0)
            return -1;
        if (strcmp(text, "none") != 0)
            return vt_fail(err, VTOPO_BAD_INPUT, "'%s' must be a number, "
                           "\"none\", null or a range, not '%s'", what, text);
        limit = (struct vtopo_limit)VTOPO_LIMIT_NONE;
    } else if (!vt_json_read_null(reader)) {
        if (vt_json_read_uint(reader, what, 1, LIMIT_MAX,
                              &limit.least, err) < 0)
            return -1;
        limit.most = limit.least;
    }
    *ret_limit = limit;
    return 0;
}

static int
read_hal_member(struct vt_json_reader *reader, const char *key, void *to,
                struct vtopo_error *err)
{
    struct vt_limits_patch *patch = to;

    if (strcmp(key, "id") == 0 && !vt_json_read_null(reader))
        return vt_json_read_string(reader, key, &patch->hal, err);
    return strcmp(key, "id") == 0 ? 0 : vt_json_skip(reader, err);
}

/* "acpiapic_up", or the object that inspect prints. */
static int
read_hal(struct vt_json_reader *reader, struct vt_limits_patch *patch,
         struct vtopo_error *err)
{
    if (vt_json_peek(reader) == '{')
        return vt_json_read_object(reader, read_hal_member, patch, err);
    return vt_json_read_string(reader, "hal", &patch->hal, err);
}

static int
read_numproc(struct vt_json_reader *reader, struct vt_limits_patch *patch,
             struct vtopo_error *err)
{
    patch->has_numproc = true;
    patch->numproc = 0;
    if (vt_json_read_null(reader))
        return 0;
    return vt_json_read_uint(reader, "numproc", 1, VTOPO_CPUS_MAX,
                             &patch->numproc, err);
}

static int
read_multiprocessor(struct vt_json_reader *reader,
                    struct vt_limits_patch *patch, struct vtopo_error *err)
{
    bool value;

    patch->has_multiprocessor = true;
    patch->multiprocessor = VTOPO_DEFAULT;
    if (vt_json_read_null(reader))
        return 0;
    if (vt_json_read_bool(reader, "multiprocessor", &value, err) < 0)
        return -1;
    patch->multiprocessor = value ? VTOPO_YES : VTOPO_NO;
    return 0;
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct vt_limits_patch *patch = to;

    if (strcmp(key, "sockets") == 0) {
        patch->has_sockets = true;
        return read_limit(reader, key, &patch->sockets, err);
    }
    if (strcmp(key, "logical") == 0) {
        patch->has_logical = true;
        return read_limit(reader, key, &patch->logical, err);
    }
    if (strcmp(key, "numproc") == 0)
        return read_numproc(reader, patch, err);
    if (strcmp(key, "onecpu") == 0) {
        patch->has_onecpu = true;
        return vt_json_read_bool(reader, key, &patch->onecpu, err);
    }
    if (strcmp(key, "multiprocessor") == 0)
        return read_multiprocessor(reader, patch, err);
    if (strcmp(key, "hal") == 0)
        return vt_json_read_null(reader) ? 0 : read_hal(reader, patch, err);
    if (strcmp(key, "name") == 0)
        return vt_json_read_string(reader, key, &patch->name, err);
    if (strcmp(key, "generation") == 0)
        return vt_json_read_string(reader, key, &patch->generation, err);
    (void)vt_fail(err, VTOPO_BAD_INPUT, "'limits' has no member '%s'", key);
    return vt_hint(err, "known are sockets, logical, numproc, onecpu, hal, "
                   "multiprocessor, name, generation");
}

int
vt_limits_read(struct vt_json_reader *reader, struct vt_limits_patch *patch,
               struct vtopo_error *err)
{
    if (vt_json_read_null(reader))
        return 0;
    patch->any = true;
    return vt_json_read_object(reader, read_member, patch, err);
}

/* Limits with nothing known but how the generation counts. */
static int
start_from_generation(const char *id, struct vtopo_limits *ret_limits,
                      struct vtopo_error *err)
{
    const struct vt_generation *row = vt_generation_lookup(id);

    if (row == NULL) {
        (void)vt_fail(err, VTOPO_UNKNOWN_GUEST,
                      "unknown generation of kernels '%s'", id);
        return vt_hint(err, "'vtopo guests --json' lists those known");
    }
    *ret_limits = (struct vtopo_limits) {
        .generation = row->id, .arch = row->arch, .counting = row->counting,
        .sockets = VTOPO_LIMIT_UNKNOWN,
        .logical = {
            .least = row->logical_least, .most = row->logical_max,
            .confidence = row->logical_source.confidence,
            .source = row->logical_source.text,
        },
    };
    (void)snprintf(ret_limits->name, sizeof(ret_limits->name), "%s",
                   row->name);
    return 0;
}

int
vt_limits_patch_apply(const struct vt_limits_patch *patch, bool has_base,
                      struct vtopo_limits *limits, struct vtopo_error *err)
{
    struct vtopo_limits result = *limits;

    if (patch->generation != NULL
        && (!has_base || strcmp(limits->generation, patch->generation) != 0)
        && start_from_generation(patch->generation, &result, err) < 0)
        return -1;
    if (patch->name != NULL)
        vt_utf8_copy_safe(result.name, sizeof(result.name), patch->name);
    if (patch->has_sockets)
        result.sockets = patch->sockets;
    if (patch->has_logical)
        result.logical = patch->logical;
    if (patch->has_numproc)
        result.numproc = patch->numproc;
    if (patch->has_onecpu)
        result.onecpu = patch->onecpu;
    if (patch->has_multiprocessor)
        result.multiprocessor = patch->multiprocessor;
    /* A HAL that no table has is no error where what matters is said. */
    if (patch->hal != NULL && patch->has_multiprocessor
        && vt_hal_lookup(patch->hal) == NULL
        && vt_hal_lookup_file(patch->hal) == NULL)
        vt_utf8_copy_safe(result.hal, sizeof(result.hal), patch->hal);
    else if (patch->hal != NULL
             && vtopo_limits_set_hal(&result, patch->hal, err) < 0)
        return -1;
    if (patch->has_multiprocessor && patch->multiprocessor != VTOPO_DEFAULT)
        result.multiprocessor = patch->multiprocessor;
    *limits = result;
    return 0;
}

/* ---------------------------------------------------------------- writing */

static void
write_limit(struct vt_json *json, const char *key,
            const struct vtopo_limit *limit)
{
    vt_json_key(json, key);
    if (limit->least == VTOPO_NO_LIMIT) {
        vt_json_string(json, "none");
    } else if (limit->least == limit->most) {
        vt_json_uint(json, limit->least);
    } else if (limit->least == 1 && limit->most == VTOPO_NO_LIMIT) {
        vt_json_null(json);
    } else {
        vt_json_open(json, '{');
        vt_json_key(json, "least");
        vt_json_uint(json, limit->least);
        vt_json_key(json, "most");
        if (limit->most == VTOPO_NO_LIMIT)
            vt_json_null(json);
        else
            vt_json_uint(json, limit->most);
        vt_json_close(json, '}');
    }
}

void
vt_limits_write(struct vt_json *json, const struct vtopo_limits *limits)
{
    vt_json_open(json, '{');
    vt_json_key(json, "name");
    vt_json_string(json, limits->name);
    vt_json_key(json, "generation");
    vt_json_string_or_null(json, limits->generation);
    write_limit(json, "sockets", &limits->sockets);
    write_limit(json, "logical", &limits->logical);
    vt_json_key(json, "numproc");
    if (limits->numproc == 0)
        vt_json_null(json);
    else
        vt_json_uint(json, limits->numproc);
    vt_json_key(json, "onecpu");
    vt_json_bool(json, limits->onecpu);
    vt_json_key(json, "hal");
    vt_json_string_or_null(json, limits->hal[0] != '\0' ? limits->hal : NULL);
    vt_json_key(json, "multiprocessor");
    if (limits->multiprocessor == VTOPO_DEFAULT)
        vt_json_null(json);
    else
        vt_json_bool(json, limits->multiprocessor == VTOPO_YES);
    vt_json_close(json, '}');
}
