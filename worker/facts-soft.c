/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * facts-soft.c - look-ups where "not there" is an answer, and small writers
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "facts-parts.h"

void
vw_problem_note(struct vw_problems *problems, const char *where,
                struct vtopo_error *err)
{
    if (problems->count < VW_PROBLEMS_MAX) {
        unsigned i = problems->count++;

        (void)snprintf(problems->list[i].where,
                       sizeof(problems->list[i].where), "%s", where);
        (void)snprintf(problems->list[i].text,
                       sizeof(problems->list[i].text), "%s", err->message);
    }
    vtopo_error_clear(err);
}

void
vw_write_text(struct vt_json *json, const char *key, const char *text)
{
    char cut[VW_FACTS_TEXT_MAX + 1];

    vt_json_key(json, key);
    if (text != NULL)
        (void)snprintf(cut, sizeof(cut), "%s", text);
    vt_json_string_or_null(json, text != NULL ? cut : NULL);
}

void
vw_write_uint(struct vt_json *json, const char *key, uint64_t value)
{
    vt_json_key(json, key);
    vt_json_uint(json, value);
}

void
vw_write_null(struct vt_json *json, const char *key)
{
    vt_json_key(json, key);
    vt_json_null(json);
}

void
vw_write_bool(struct vt_json *json, const char *key, bool value)
{
    vt_json_key(json, key);
    vt_json_bool(json, value);
}

bool
vw_soft_key(struct vw_hive *hive, const struct vw_key *base,
            const char *path, struct vw_key *ret_key)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool found = false;
    int rc = base != NULL
        ? vw_key_descend(hive, base, path, ret_key, &found, &err)
        : vw_hive_lookup_path(hive, path, ret_key, &found, &err);

    return rc == 0 && found;
}

static bool
soft_value(struct vw_hive *hive, const struct vw_key *key, const char *name,
           struct vw_value *ret_value)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    bool found = false;

    return vw_key_value(hive, key, name, ret_value, &found, &err) == 0
        && found;
}

bool
vw_soft_dword(struct vw_hive *hive, const struct vw_key *key,
              const char *name, uint32_t *ret_number)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_value value;

    return soft_value(hive, key, name, &value)
        && vw_value_dword(hive, &value, ret_number, &err) == 0;
}

char *
vw_soft_string(struct vw_hive *hive, const struct vw_key *key,
               const char *name)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_value value;
    char *text = NULL;

    if (!soft_value(hive, key, name, &value)
        || vw_value_string(hive, &value, &text, &err) < 0)
        return NULL;
    return text;
}

bool
vw_soft_strings(struct vw_hive *hive, const struct vw_key *key,
                const char *name, struct vw_strings *ret_strings)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vw_value value;

    return soft_value(hive, key, name, &value)
        && vw_value_strings(hive, &value, ret_strings, &err) == 0;
}

void
vw_facts_hive(struct vt_json *json, struct vw_hive *hive, const char *file,
              uint64_t size)
{
    const struct vw_hive_state *state = vw_hive_state(hive);

    vw_write_text(json, "file", file);
    vw_write_uint(json, "size", size);
    vw_write_bool(json, "dirty", state->dirty);
    vw_write_uint(json, "replayed", state->replayed);
    vw_write_text(json, "log_problem",
                  state->log_problem[0] != '\0' ? state->log_problem : NULL);
}
