/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-regf.c - no hive and no log crash the hive reader or keep it busy; a
 * failure has a reason and touches nothing; a key that a walk finds is found
 * by its name; memory and reading keep to their bounds
 *
 * An input is a head of 5 bytes, and then parts of a hive and of two logs:
 *
 *   u8 flags, 1: put checksums and hashes right
 *   u16 size of the hive's part, u16 of the first log's; the rest is LOG2
 *
 * The first 512 bytes of the hive's part are its base block, the others its
 * bins, so that seeds need not carry 3.5 KiB of nothing.
 */

#include "fuzz.h"
#include "regf-hive.h"
#include "../unit/raw-bytes.h"

#define HEAD 5u
#define KEYS_MAX 200u           /* of one walk */
#define DEPTH_MAX 8u

/* ------------------------------------------------------------- put right */

static void
right_base(unsigned char *block, size_t size)
{
    uint32_t sum = 0;

    if (size < VW_BASE_SIZE)
        return;
    memcpy(block, "regf", 4);
    for (unsigned i = 0; i < VW_BASE_SIZE - 4; i += 4)
        sum ^= vw_le32(block + i);
    put32(block + 508, sum == 0 ? 1 : sum == ~0u ? ~1u : sum);
}

static void
right_log(unsigned char *log, size_t size)
{
    size_t at = 512;

    right_base(log, size);
    while (at + 512 <= size && memcmp(log + at, "HvLE", 4) == 0) {
        uint32_t length = vw_le32(log + at + 4);

        if (length < 40 || length > size - at || length % 4 != 0)
            break;
        put64(log + at + 24,
              vw_marvin_finish(vw_marvin_start(), log + at + 40,
                               length - 40));
        put64(log + at + 32,
              vw_marvin_finish(vw_marvin_start(), log + at, 32));
        at += length;
    }
}

/* ----------------------------------------------------------------- input */

struct input {
    unsigned char *data[3];     /* owned: hive, LOG1, LOG2 */
    size_t size[3];
};

static void
clear_input(struct input *input)
{
    for (unsigned i = 0; i < 3; i++)
        free(input->data[i]);
}

/* A copy of exactly its size, for the sanitizers' sake. */
static unsigned char *
copy(const uint8_t *data, size_t size)
{
    unsigned char *to = malloc(size > 0 ? size : 1);

    if (to == NULL)
        abort();
    if (size > 0)
        memcpy(to, data, size);
    return to;
}

static void
make_hive(struct input *input, const uint8_t *data, size_t size)
{
    size_t base = size < VW_BASE_SIZE ? size : VW_BASE_SIZE;
    size_t bins = size - base;
    size_t whole = 4096 + (bins + 4095) / 4096 * 4096;

    input->data[0] = calloc(1, whole);
    if (input->data[0] == NULL)
        abort();
    memcpy(input->data[0], data, base);
    if (bins > 0)
        memcpy(input->data[0] + 4096, data + base, bins);
    input->size[0] = whole;
}

static void
make_input(struct input *input, const uint8_t *data, size_t size)
{
    bool right = (data[0] & 1) != 0;
    size_t hive = (size_t)data[1] | (size_t)data[2] << 8;
    size_t log = (size_t)data[3] | (size_t)data[4] << 8;

    data += HEAD;
    size -= HEAD;
    hive = hive < size ? hive : size;
    make_hive(input, data, hive);
    log = log < size - hive ? log : size - hive;
    input->data[1] = copy(data + hive, log);
    input->size[1] = log;
    input->data[2] = copy(data + hive + log, size - hive - log);
    input->size[2] = size - hive - log;
    if (right) {
        right_base(input->data[0], VW_BASE_SIZE);
        right_log(input->data[1], input->size[1]);
        right_log(input->data[2], input->size[2]);
    }
}

/* ------------------------------------------------------------------ walk */

struct walk {
    struct vw_hive *hive;
    unsigned keys;
};

/* What every kind of value promises, whatever it is. */
static void
check_value(struct vw_hive *hive, const struct vw_value *value)
{
    struct vtopo_error errs[6] = { VTOPO_ERROR_INIT };
    vt_auto(vw_strings_clear) struct vw_strings strings = VW_STRINGS_INIT;
    vt_autofree unsigned char *data = NULL;
    vt_autofree char *text = NULL;
    uint32_t dword = 7;
    uint64_t number = 7;
    uint64_t when = 7;
    size_t size = 7;
    bool has_data;

    has_data = vw_value_data(hive, value, 65536, &data, &size, &errs[0]) == 0;
    if (has_data != (data != NULL) || size != (has_data ? value->size : 7))
        abort();
    if (vw_value_string(hive, value, &text, &errs[1]) == 0 && !has_data)
        abort();
    if (vw_value_strings(hive, value, &strings, &errs[2]) == 0 && !has_data)
        abort();
    if (vw_value_dword(hive, value, &dword, &errs[3]) < 0 && dword != 7)
        abort();
    if (vw_value_number(hive, value, &number, &errs[4]) < 0 && number != 7)
        abort();
    if (vw_value_filetime(hive, value, &when, &errs[5]) < 0 && when != 7)
        abort();
    for (unsigned i = 0; i < VT_COUNT(errs); i++) {
        if (errs[i].code != VTOPO_OK)
            fuzz_check_failure(&errs[i]);
        vtopo_error_clear(&errs[i]);
    }
}

/* Whether a name that was read can be asked for: what was no character
 * cannot, and what is too long is not found.
 */
static bool
can_be_asked(const struct vw_hive_name *name, const char *text)
{
    return name->units <= VW_HIVE_NAME_MAX
           && strstr(text, "\xef\xbf\xbd") == NULL;
}

static void
check_values(struct vw_hive *hive, const struct vw_key *key)
{
    for (uint32_t i = 0; i < key->values && i < 16; i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree char *name = NULL;
        struct vw_value value;
        struct vw_value again;
        bool found = false;

        if (vw_key_value_at(hive, key, i, &value, &err) < 0
            || vw_value_name(hive, &value, &name, &err) < 0) {
            fuzz_check_failure(&err);
            continue;
        }
        check_value(hive, &value);
        if (vw_key_value(hive, key, name, &again, &found, &err) < 0)
            fuzz_check_failure(&err);
        if (!found && can_be_asked(&value.name, name))
            abort();            /* this very value, or one before it */
    }
}

/* A child in a list without hashes is found by its name. */
static void
check_child(struct vw_hive *hive, const struct vw_key *key,
            const struct vw_children *children, const struct vw_key *child)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *name = NULL;
    struct vw_key again;
    bool found;

    if (vw_key_name(hive, child, &name, &err) < 0)
        return;
    if (vw_key_child(hive, key, name, &again, &found, &err) < 0)
        fuzz_check_failure(&err);
    else if (!found && children->leaf.kind == 'i'
             && can_be_asked(&child->name, name))
        abort();
}

static void
walk(struct walk *state, const struct vw_key *key, unsigned depth)
{
    struct vw_children children = VW_CHILDREN_INIT(*key);
    unsigned steps = 0;

    check_values(state->hive, key);
    while (!children.finished && ++steps < KEYS_MAX) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_key child;
        bool more = false;

        if (vw_children_next(state->hive, &children, &child, &more, &err)
            < 0) {
            fuzz_check_failure(&err);
            if (more)
                abort();
            continue;
        }
        if (more == children.finished)
            abort();
        if (!more || ++state->keys > KEYS_MAX)
            break;
        if (state->keys < 10)
            check_child(state->hive, key, &children, &child);
        if (depth < DEPTH_MAX)
            walk(state, &child, depth + 1);
    }
}

static void
check_paths(struct vw_hive *hive)
{
    static const char *const paths[] = { "", "A", "a\\B", "Control\\Class",
                                         "\\", "a\\\\b", "\xc3\xa4" };

    for (unsigned i = 0; i < VT_COUNT(paths); i++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vw_key key = { .cell = 7 };
        bool found = false;

        if (vw_hive_lookup_path(hive, paths[i], &key, &found, &err) < 0)
            fuzz_check_failure(&err);
        if (found == (key.cell == 7))
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vw_hive_closep) struct vw_hive *hive = NULL;
    vt_auto(clear_input) struct input input = { .size = { 0 } };
    struct walk state = { .keys = 0 };
    struct vw_memory memory[3];
    struct vw_bytes bytes[3];
    const struct vw_bytes *logs[] = { &bytes[1], &bytes[2] };
    struct vw_key root;

    if (size < HEAD)
        return 0;
    make_input(&input, data, size);
    for (unsigned i = 0; i < 3; i++) {
        memory[i] = (struct vw_memory) { input.data[i], input.size[i] };
        bytes[i] = vw_bytes_memory(&memory[i]);
    }
    if (vw_hive_open(&bytes[0], logs, 2, &hive, &err) < 0) {
        fuzz_check_failure(&err);
        if (hive != NULL)
            abort();
        return 0;
    }
    if (vw_hive_root(hive, &root, &err) < 0)
        abort();                /* a hive that opens has a root */
    state.hive = hive;
    check_paths(hive);
    walk(&state, &root, 0);
    if (hive->pages.overlay.used > VW_HIVE_OVERLAY_MAX
        || vw_hive_state(hive)->replayed > size / 512)
        abort();
    return 0;
}
