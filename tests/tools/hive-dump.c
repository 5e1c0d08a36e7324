/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * hive-dump.c - say as JSON what the hive reader makes of a hive
 *
 *   hive-dump HIVE [LOG...] <REQUESTS
 *
 * A request is a line, and so is its answer, an object:
 *
 *   state                what the hive says of itself, and the bytes read
 *   key PATH             a key: its children's names and all its values
 *   value PATH<TAB>NAME  one value, looked up by name
 *   time PATH            the 8 bytes of the default value as a number
 *   policy NAME          a value of the licence in ControlSet001
 *   walk                 a line for every key and value there is, then "end"
 */

#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-write.h"
#include "blocks.h"
#include "policy.h"
#include "../unit/raw-bytes.h"
#include "regf.h"

#define FILES_MAX (1 + VW_HIVE_LOGS_MAX)
#define DEPTH_MAX 512u

/* ---------------------------------------------------------------- values */

static int
add_strings(struct vw_hive *hive, const struct vw_value *value,
            struct vt_json *json, struct vtopo_error *err)
{
    vt_auto(vw_strings_clear) struct vw_strings strings = VW_STRINGS_INIT;

    if (vw_value_strings(hive, value, &strings, err) < 0)
        return -1;
    vt_json_open(json, '[');
    for (size_t i = 0; i < strings.count; i++)
        vt_json_string(json, strings.strings[i]);
    vt_json_close(json, ']');
    return 0;
}

static int
add_hex(struct vw_hive *hive, const struct vw_value *value,
        struct vt_json *json, struct vtopo_error *err)
{
    vt_autofree unsigned char *data = NULL;
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    size_t size;

    if (vw_value_data(hive, value, VW_HIVE_DATA_MAX, &data, &size, err) < 0)
        return -1;
    vt_buf_add_string(&text, "hex:");
    for (size_t i = 0; i < size; i++)
        vt_buf_printf(&text, "%02x", data[i]);
    vt_json_string(json, vt_buf_string(&text));
    return 0;
}

static int
add_value(struct vw_hive *hive, const struct vw_value *value,
          struct vt_json *json, struct vtopo_error *err)
{
    vt_autofree char *text = NULL;
    uint32_t number;

    switch (value->type) {
    case VW_REG_SZ:
    case VW_REG_EXPAND_SZ:
        if (vw_value_string(hive, value, &text, err) < 0)
            return -1;
        vt_json_string(json, text);
        return 0;
    case VW_REG_DWORD:
        if (vw_value_dword(hive, value, &number, err) < 0)
            return -1;
        vt_json_uint(json, number);
        return 0;
    case VW_REG_MULTI_SZ:
        return add_strings(hive, value, json, err);
    default:
        return add_hex(hive, value, json, err);
    }
}

static int
add_values(struct vw_hive *hive, const struct vw_key *key,
           struct vt_json *json, struct vtopo_error *err)
{
    vt_json_key(json, "values");
    vt_json_open(json, '{');
    for (uint32_t i = 0; i < key->values; i++) {
        vt_autofree char *name = NULL;
        struct vw_value value;

        if (vw_key_value_at(hive, key, i, &value, err) < 0
            || vw_value_name(hive, &value, &name, err) < 0)
            return -1;
        vt_json_string(json, name);
        vt_buf_add_char(json->out, ':');
        json->comma = false;
        if (add_value(hive, &value, json, err) < 0)
            return -1;
    }
    vt_json_close(json, '}');
    return 0;
}

/* -------------------------------------------------------------- requests */

static int
add_children(struct vw_hive *hive, const struct vw_key *key,
             struct vt_json *json, struct vtopo_error *err)
{
    struct vw_children children = VW_CHILDREN_INIT(*key);

    vt_json_key(json, "children");
    vt_json_open(json, '[');
    for (;;) {
        vt_autofree char *name = NULL;
        struct vw_key child;
        bool more;

        if (vw_children_next(hive, &children, &child, &more, err) < 0)
            return -1;
        if (!more)
            break;
        if (vw_key_name(hive, &child, &name, err) < 0)
            return -1;
        vt_json_string(json, name);
    }
    vt_json_close(json, ']');
    return 0;
}

static int
say_key(struct vw_hive *hive, const char *path, struct vt_json *json,
        struct vtopo_error *err)
{
    vt_autofree char *name = NULL;
    struct vw_key key;
    bool found;

    if (vw_hive_lookup_path(hive, path, &key, &found, err) < 0)
        return -1;
    vt_json_key(json, "found");
    vt_json_bool(json, found);
    if (!found)
        return 0;
    if (vw_key_name(hive, &key, &name, err) < 0)
        return -1;
    vt_json_key(json, "name");
    vt_json_string(json, name);
    vt_json_key(json, "written");
    vt_json_uint(json, key.written);
    if (add_children(hive, &key, json, err) < 0)
        return -1;
    return add_values(hive, &key, json, err);
}

/* Find the value @name of the key @path. */
static int
find_value(struct vw_hive *hive, const char *path, const char *name,
           struct vw_value *ret_value, bool *ret_found,
           struct vtopo_error *err)
{
    struct vw_key key;

    if (vw_hive_lookup_path(hive, path, &key, ret_found, err) < 0)
        return -1;
    return *ret_found ? vw_key_value(hive, &key, name, ret_value, ret_found,
                                     err) : 0;
}

static int
say_value(struct vw_hive *hive, char *path, struct vt_json *json,
          struct vtopo_error *err)
{
    char *tab = strchr(path, '\t');
    struct vw_value value;
    bool found;

    if (tab == NULL)
        return vt_fail(err, VTOPO_BAD_INPUT, "there is no tab");
    *tab = '\0';
    if (find_value(hive, path, tab + 1, &value, &found, err) < 0)
        return -1;
    vt_json_key(json, "value");
    if (found)
        return add_value(hive, &value, json, err);
    vt_json_null(json);
    return 0;
}

static int
say_time(struct vw_hive *hive, const char *path, struct vt_json *json,
         struct vtopo_error *err)
{
    struct vw_value value;
    uint64_t time;
    bool found;

    if (find_value(hive, path, "", &value, &found, err) < 0
        || (found && vw_value_filetime(hive, &value, &time, err) < 0))
        return -1;
    vt_json_key(json, "time");
    if (found)
        vt_json_uint(json, time);
    else
        vt_json_null(json);
    return 0;
}

static int
add_policy(const struct vw_policy_value *value, const char *name,
           struct vt_json *json, struct vtopo_error *err)
{
    vt_autofree char *text = NULL;
    uint32_t number;

    if (value->type == VW_POLICY_DWORD) {
        if (vw_policy_dword(value, name, &number, err) < 0)
            return -1;
        vt_json_uint(json, number);
        return 0;
    }
    if (value->type == VW_POLICY_STRING) {
        if (vw_policy_string(value, name, &text, err) < 0)
            return -1;
        vt_json_string(json, text);
        return 0;
    }
    vt_json_uint(json, value->size);
    return 0;
}

static int
say_policy(struct vw_hive *hive, const char *name, struct vt_json *json,
           struct vtopo_error *err)
{
    vt_autofree unsigned char *blob = NULL;
    struct vw_policy_value policy;
    struct vw_value value;
    size_t size;
    bool found;

    if (find_value(hive, "ControlSet001\\Control\\ProductOptions",
                   "ProductPolicy", &value, &found, err) < 0)
        return -1;
    if (found
        && (vw_value_data(hive, &value, VW_POLICY_SIZE_MAX, &blob, &size, err)
            < 0
            || vw_policy_find(blob, size, name, &policy, &found, err) < 0))
        return -1;
    vt_json_key(json, "value");
    if (found)
        return add_policy(&policy, name, json, err);
    vt_json_null(json);
    return 0;
}

static void
say_state(struct vw_hive *hive, struct vt_json *json)
{
    const struct vw_hive_state *state = vw_hive_state(hive);

    vt_json_key(json, "version");
    vt_json_open(json, '[');
    vt_json_uint(json, state->major);
    vt_json_uint(json, state->minor);
    vt_json_close(json, ']');
    vt_json_key(json, "primary_seq");
    vt_json_uint(json, state->primary_sequence);
    vt_json_key(json, "secondary_seq");
    vt_json_uint(json, state->secondary_sequence);
    vt_json_key(json, "dirty");
    vt_json_bool(json, state->dirty);
    vt_json_key(json, "replayed");
    vt_json_uint(json, state->replayed);
    vt_json_key(json, "last_sequence");
    vt_json_uint(json, state->last_sequence);
    vt_json_key(json, "log_problem");
    vt_json_string(json, state->log_problem);
    vt_json_key(json, "embedded_name");
    vt_json_string(json, state->name);
    vt_json_key(json, "size");
    vt_json_uint(json, state->size);
    vt_json_key(json, "bytes_read");
    vt_json_uint(json, state->bytes_read);
    vt_json_key(json, "log_bytes_read");
    vt_json_uint(json, state->log_bytes_read);
}

/* ------------------------------------------------------------------ walk */

/* Of the data only a checksum: it is compared, not read. */
static void
walk_values(struct vw_hive *hive, const struct vw_key *key, const char *path)
{
    for (uint32_t i = 0; i < key->values; i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree char *name = NULL;
        vt_autofree unsigned char *data = NULL;
        struct vw_value value;
        size_t size;

        if (vw_key_value_at(hive, key, i, &value, &err) < 0
            || vw_value_name(hive, &value, &name, &err) < 0
            || vw_value_data(hive, &value, VW_HIVE_DATA_MAX, &data, &size,
                             &err) < 0)
            printf("error\t%s\t%s\n", path, err.message);
        else
            printf("value\t%s\t%s\t%u\t%zu\t%08x\n", path, name,
                   value.type, size, crc32_of(data, size));
    }
}

/* The depth is bounded, as no check of the hive finds all circles. */
static void
walk(struct vw_hive *hive, const struct vw_key *key, const char *path,
     unsigned depth)
{
    struct vw_children children = VW_CHILDREN_INIT(*key);

    printf("key\t%s\t%llu\n", path, (unsigned long long)key->written);
    walk_values(hive, key, path);
    while (depth < DEPTH_MAX && !children.finished) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree char *name = NULL;
        vt_autofree char *below = NULL;
        struct vw_key child;
        bool more = false;

        if (vw_children_next(hive, &children, &child, &more, &err) < 0
            || (more && vw_key_name(hive, &child, &name, &err) < 0)) {
            printf("error\t%s\t%s\n", path, err.message);
        } else if (more) {
            if (asprintf(&below, "%s\\%s", path, name) < 0)
                abort();
            walk(hive, &child, below, depth + 1);
        }
    }
}

/* ------------------------------------------------------------------ main */

static int
answer(struct vw_hive *hive, char *line, struct vt_json *json,
       struct vtopo_error *err)
{
    if (strcmp(line, "state") == 0) {
        say_state(hive, json);
        return 0;
    }
    if (strncmp(line, "key ", 4) == 0)
        return say_key(hive, line + 4, json, err);
    if (strncmp(line, "value ", 6) == 0)
        return say_value(hive, line + 6, json, err);
    if (strncmp(line, "time ", 5) == 0)
        return say_time(hive, line + 5, json, err);
    if (strncmp(line, "policy ", 7) == 0)
        return say_policy(hive, line + 7, json, err);
    return vt_fail(err, VTOPO_BAD_INPUT, "unknown request '%s'", line);
}

static void
answer_line(struct vw_hive *hive, char *line)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&out);
    struct vw_key root;

    if (strcmp(line, "walk") == 0 && vw_hive_root(hive, &root, &err) == 0) {
        walk(hive, &root, "", 0);
        printf("end\n");
        return;
    }
    vt_json_open(&json, '{');
    if (answer(hive, line, &json, &err) < 0) {
        out.length = 0;
        json.comma = false;
        vt_json_open(&json, '{');
        vt_json_key(&json, "error");
        vt_json_string(&json, err.message);
    }
    vt_json_close(&json, '}');
    puts(vt_buf_string(&out));
    (void)fflush(stdout);       /* whoever asks waits for the answer */
}

static int
open_files(char **names, int count, struct vw_bytes *bytes)
{
    for (int i = 0; i < count; i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        int fd = open(names[i], O_RDONLY | O_CLOEXEC);

        if (fd < 0) {
            perror(names[i]);
            return -1;
        }
        if (vw_raw_open(fd, &bytes[i], &err) < 0) {
            fprintf(stderr, "%s: %s\n", names[i], err.message);
            return -1;
        }
    }
    return 0;
}

int
main(int argc, char **argv)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    struct vw_bytes bytes[FILES_MAX];
    const struct vw_bytes *logs[] = { &bytes[1], &bytes[2], &bytes[3] };
    vt_autofree char *line = NULL;
    size_t room = 0;
    ssize_t length;

    if (argc < 2 || argc > 1 + (int)FILES_MAX) {
        fprintf(stderr, "usage: hive-dump HIVE [LOG...] <REQUESTS\n");
        return EXIT_FAILURE;
    }
    if (open_files(argv + 1, argc - 1, bytes) < 0)
        return EXIT_FAILURE;
    if (vw_hive_open(&bytes[0], logs, (size_t)argc - 2, &hive, &err) < 0) {
        fprintf(stderr, "%s: %s\n", argv[1], err.message);
        return EXIT_FAILURE;
    }
    while ((length = getline(&line, &room, stdin)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        answer_line(hive, line);
    }
    return EXIT_SUCCESS;
}
