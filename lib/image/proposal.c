/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * proposal.c - read what the worker proposes (see proposal.h)
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/crc32.h"
#include "base/error.h"
#include "base/json-read.h"
#include "image/proposal.h"

void
vt_proposal_clear(struct vt_proposal *proposal)
{
    free(proposal->text);
    vt_undo_clear(&proposal->writes);
    *proposal = (struct vt_proposal) { .text = NULL };
}

static int
fail_many(const char *what, struct vtopo_error *err)
{
    return vt_fail(err, VTOPO_SYSTEM, "the worker proposes too many %s", what);
}

static int
read_text(struct vt_json_reader *reader, const char *key, const char **to,
          struct vtopo_error *err)
{
    return vt_json_read_null(reader) ? 0
           : vt_json_read_string(reader, key, to, err);
}

/* -------------------------------------------------------------- changes */

static int
read_change_member(struct vt_json_reader *reader, const char *key, void *to,
                   struct vtopo_error *err)
{
    struct vt_change *change = to;
    const struct {
        const char *name;
        const char **field;
    } members[] = {
        { "where", &change->where }, { "what", &change->what },
        { "before", &change->before }, { "after", &change->after },
        { "why", &change->why },
    };

    for (size_t i = 0; i < VT_COUNT(members); i++) {
        if (strcmp(members[i].name, key) == 0)
            return read_text(reader, key, members[i].field, err);
    }
    return vt_json_skip(reader, err);
}

static int
add_change(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct vt_proposal *proposal = to;
    struct vt_change *change = &proposal->changes[proposal->changes_count];

    if (proposal->changes_count == VT_PROPOSAL_CHANGES_MAX)
        return fail_many("changes", err);
    if (vt_json_read_object(reader, read_change_member, change, err) < 0)
        return -1;
    if (change->where == NULL || change->what == NULL)
        return vt_fail(err, VTOPO_SYSTEM, "a change says not what it changes");
    proposal->changes_count++;
    return 0;
}

static int
read_refusal_member(struct vt_json_reader *reader, const char *key, void *to,
                    struct vtopo_error *err)
{
    struct vt_refusal *refusal = to;

    if (strcmp(key, "code") == 0)
        return vt_json_read_string(reader, key, &refusal->code, err);
    if (strcmp(key, "text") == 0)
        return vt_json_read_string(reader, key, &refusal->text, err);
    return vt_json_skip(reader, err);
}

static int
add_refusal(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct vt_proposal *proposal = to;
    struct vt_refusal *refusal = &proposal->refusals[proposal->refusals_count];

    if (proposal->refusals_count == VT_PROPOSAL_TEXTS_MAX)
        return fail_many("refusals", err);
    if (vt_json_read_object(reader, read_refusal_member, refusal, err) < 0)
        return -1;
    if (refusal->code == NULL || refusal->text == NULL)
        return vt_fail(err, VTOPO_SYSTEM, "a refusal does not say why");
    proposal->refusals_count++;
    return 0;
}

static int
add_advice(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct vt_proposal *proposal = to;

    if (proposal->advice_count == VT_PROPOSAL_TEXTS_MAX)
        return fail_many("words of advice", err);
    return vt_json_read_string(reader, "advice",
                               &proposal->advice[proposal->advice_count++],
                               err);
}

/* --------------------------------------------------------------- writes */

struct write {
    bool has_offset, has_sum;
    uint64_t offset;
    unsigned sum;               /* of what is there now */
    const char *data;           /* in base64 */
};

static int
read_write_member(struct vt_json_reader *reader, const char *key, void *to,
                  struct vtopo_error *err)
{
    struct write *write = to;
    char digits[24];

    if (strcmp(key, "data") == 0)
        return vt_json_read_string(reader, key, &write->data, err);
    if (strcmp(key, "old_crc32") == 0) {
        write->has_sum = true;
        return vt_json_read_uint(reader, key, 0, UINT32_MAX, &write->sum, err);
    }
    if (strcmp(key, "offset") != 0)
        return vt_json_skip(reader, err);
    if (vt_json_read_number_text(reader, key, digits, sizeof(digits),
                                 err) < 0)
        return -1;
    if (digits[strspn(digits, "0123456789")] != '\0')
        return vt_fail(err, VTOPO_SYSTEM, "'%s' is no offset", digits);
    write->offset = strtoull(digits, NULL, 10);
    write->has_offset = true;
    return 0;
}

/* The value of a digit of base64 (RFC 4648), or -1. */
static int
digit_of(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* Turn @text into the bytes of @block; false where it is none, or stands for
 * none or too many.
 */
static bool
decode(const char *text, struct vt_undo_block *block)
{
    size_t length = strlen(text);
    size_t padding = length < 4 ? 0 : (size_t)(text[length - 1] == '=')
                     + (text[length - 2] == '=');
    size_t size = length / 4 * 3 - padding;
    unsigned bits = 0;

    if (length == 0 || length % 4 != 0 || size > VT_PROPOSAL_BYTES_MAX)
        return false;
    block->new = malloc(size);
    if (block->new == NULL)
        return false;
    block->size = (uint32_t)size;
    for (size_t i = 0, put = 0; i < length - padding; i++) {
        int digit = digit_of(text[i]);

        if (digit < 0)
            return false;
        bits = (bits << 6 | (unsigned)digit) & 0xffffff;
        if (i % 4 > 0)
            block->new[put++] = (unsigned char)(bits >> (6 - i % 4 * 2));
    }
    block->new_crc = vt_crc32(0, block->new, size);
    return true;
}

/* Whether @block may stand behind those that are there. */
static bool
fits(const struct vt_proposal *proposal, const struct vt_undo_block *block)
{
    const struct vt_undo *writes = &proposal->writes;
    const struct vt_undo_block *before;

    if (block->size > VT_PROPOSAL_BYTES_MAX - proposal->writes_bytes
        || block->offset > INT64_MAX)
        return false;
    before = writes->count == 0 ? NULL : &writes->blocks[writes->count - 1];
    return before == NULL || block->offset >= before->offset + before->size;
}

static int
add_write(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct vt_proposal *proposal = to;
    struct vt_undo *writes = &proposal->writes;
    struct write write = { .data = NULL };
    struct vt_undo_block block = { .size = 0 };
    struct vt_undo_block *blocks;

    if (vt_json_read_object(reader, read_write_member, &write, err) < 0)
        return -1;
    block.offset = write.offset;
    block.old_crc = write.sum;
    block.has_old_crc = write.has_sum;
    if (writes->count == VT_UNDO_BLOCKS_MAX)
        return fail_many("writes", err);
    if (!write.has_offset || write.data == NULL
        || !decode(write.data, &block) || !fits(proposal, &block)) {
        free(block.new);
        return vt_fail(err, VTOPO_SYSTEM, "the worker proposes a write that "
                       "cannot be");
    }
    blocks = realloc(writes->blocks, (writes->count + 1) * sizeof(*blocks));
    if (blocks == NULL) {
        free(block.new);
        return vt_fail_memory(err);
    }
    writes->blocks = blocks;
    blocks[writes->count++] = block;
    proposal->writes_bytes += block.size;
    return 0;
}

/* ------------------------------------------------------------ the whole */

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    if (strcmp(key, "changes") == 0)
        return vt_json_read_array(reader, add_change, to, err);
    if (strcmp(key, "refused") == 0)
        return vt_json_read_array(reader, add_refusal, to, err);
    if (strcmp(key, "advice") == 0)
        return vt_json_read_array(reader, add_advice, to, err);
    if (strcmp(key, "writes") == 0)
        return vt_json_read_array(reader, add_write, to, err);
    return vt_json_skip(reader, err);
}

int
vt_proposal_read(struct vt_buf *answer, struct vt_proposal *ret_proposal,
                 struct vtopo_error *err)
{
    vt_auto(vt_proposal_clear) struct vt_proposal proposal = { .text = NULL };
    struct vt_json_reader reader;
    size_t length = answer->length;

    if (!vt_buf_reserve(answer, 1))
        return vt_fail_memory(err);
    proposal.text = answer->data;
    *answer = (struct vt_buf)VT_BUF_INIT;
    vt_json_reader_start(&reader, proposal.text, length);
    if (vt_json_read_object(&reader, read_member, &proposal, err) < 0
        || vt_json_finish(&reader, err) < 0)
        return vt_wrap(err, "the worker's proposal");
    if (proposal.changes_count == 0 && proposal.writes.count != 0)
        return vt_fail(err, VTOPO_SYSTEM, "the worker proposes writes, and "
                       "does not say what they change");
    *ret_proposal = proposal;
    proposal = (struct vt_proposal) { .text = NULL };
    return 0;
}
