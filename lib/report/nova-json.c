/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * nova-json.c - requests to Nova's policy, and its answers, as text
 * (see nova-json.h)
 *
 * Operators ask for whole estates at once, so the way from a line to its
 * answer allocates nothing and formats nothing with printf.
 */

#include <string.h>

#include "base/error.h"
#include "report/nova-json.h"

/* What a JSON number, true or false looks like to Python's str(). */
static int
read_bare(struct vt_json_reader *reader, struct vt_nova_value *ret_value,
          struct vtopo_error *err)
{
    const char *start = reader->at;

    if (vt_json_skip(reader, err) < 0)
        return -1;
    *ret_value = vt_nova_value_parse(start, (size_t)(reader->at - start));
    return 0;
}

/* Read one value into @ret_value.  *ret_text is false for null, arrays and
 * objects, which Nova can store in no flavor.
 */
static int
read_value(struct vt_json_reader *reader, const char *key,
           struct vt_nova_value *ret_value, bool *ret_text,
           struct vtopo_error *err)
{
    char first = vt_json_peek(reader);
    const char *text;

    *ret_text = first != 'n' && first != '[' && first != '{';
    if (first == '"') {
        if (vt_json_read_string(reader, key, &text, err) < 0)
            return -1;
        *ret_value = vt_nova_value_parse(text, strlen(text));
        return 0;
    }
    if (*ret_text)
        return read_bare(reader, ret_value, err);
    *ret_value = first == 'n' ? vt_nova_value_parse("null", 4)
                 : first == '[' ? vt_nova_value_parse("[...]", 5)
                                : vt_nova_value_parse("{...}", 5);
    return vt_json_skip(reader, err);
}

/* Read the flavor's or the image's object; null is as good as empty.  Where
 * a key comes twice, its last number counts.
 */
static int
read_properties(struct vt_json_reader *reader, const char *name,
                const char *prefix, struct vt_nova_properties *properties,
                struct vtopo_error *err)
{
    *properties = (struct vt_nova_properties) { .no_text = NULL };
    if (vt_json_read_null(reader))
        return 0;
    if (vt_json_peek(reader) != '{')
        return vt_fail(err, VTOPO_BAD_INPUT, "'%s' must be an object", name);
    if (vt_json_enter(reader, '{', err) < 0)
        return -1;
    for (;;) {
        struct vt_nova_value ignored;
        struct vt_nova_value *value;
        const char *key;
        bool text;

        if (vt_json_next_key(reader, &key, err) < 0)
            return -1;
        if (key == NULL)
            return 0;
        value = vt_nova_value_lookup(properties, prefix, key);
        if (value == NULL)
            value = &ignored;
        if (read_value(reader, key, value, &text, err) < 0)
            return -1;
        if (!text)
            properties->no_text = key;
    }
}

/* The topology values may be spelt in any way, but this one is ours. */
static int
read_vcpus(struct vt_json_reader *reader, int64_t *ret_vcpus,
           struct vtopo_error *err)
{
    char first = vt_json_peek(reader);
    struct vt_nova_value value = { .bad = "" };

    if (first == '-' || (first >= '0' && first <= '9'))
        if (read_bare(reader, &value, err) < 0)
            return -1;
    if (value.bad != NULL)
        return vt_fail(err, VTOPO_BAD_INPUT, "'vcpus' must be a whole number");
    *ret_vcpus = value.number;
    return 0;
}

struct reading {
    struct vt_nova_request request;
    bool has_vcpus;
};

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct reading *reading = to;
    struct vt_nova_request *request = &reading->request;

    if (strcmp(key, "vcpus") == 0) {
        reading->has_vcpus = true;
        return read_vcpus(reader, &request->vcpus, err);
    }
    if (strcmp(key, "flavor") == 0)
        return read_properties(reader, key, "hw:cpu_", &request->flavor, err);
    if (strcmp(key, "image") == 0)
        return read_properties(reader, key, "hw_cpu_", &request->image, err);
    if (strcmp(key, "allow_threads") == 0)
        return vt_json_read_bool(reader, key, &request->allow_threads, err);
    return vt_fail(err, VTOPO_BAD_INPUT,
                   "unknown key '%.40s', known are 'vcpus', 'flavor', "
                   "'image' and 'allow_threads'", key);
}

/* A text with a zero character is one more value that is no integer.  The
 * reader refuses the whole line for it, so it is shown another character
 * that is in no number and no key.
 */
static void
replace_zeros(struct vt_json_reader *reader)
{
    static const char zero[] = "\\u0000";
    char *at = memchr(reader->at, '\\', (size_t)(reader->end - reader->at));

    while (at != NULL) {
        at = memmem(at, (size_t)(reader->end - at), zero, strlen(zero));
        if (at != NULL)
            at[strlen(zero) - 1] = '1';
    }
}

int
vt_nova_request_read(struct vt_json_reader *reader,
                     struct vt_nova_request *ret_request,
                     struct vtopo_error *err)
{
    struct reading reading = { .request = VT_NOVA_REQUEST_INIT };

    replace_zeros(reader);
    if (vt_json_read_object(reader, read_member, &reading, err) < 0
        || vt_json_finish(reader, err) < 0)
        return -1;
    if (!reading.has_vcpus)
        return vt_fail(err, VTOPO_BAD_INPUT, "'vcpus' is missing");
    *ret_request = reading.request;
    return 0;
}

static void
write_members(struct vt_json *json, const char *key,
              const int64_t members[VT_NOVA_MEMBERS])
{
    vt_json_key(json, key);
    vt_json_open(json, '[');
    for (unsigned i = 0; i < VT_NOVA_MEMBERS; i++)
        vt_json_int(json, members[i]);
    vt_json_close(json, ']');
}

static char *
put_number(char *to, unsigned number)
{
    if (number >= 10) {
        if (number >= 1000)
            *to++ = (char)('0' + number / 1000);
        if (number >= 100)
            *to++ = (char)('0' + number / 100 % 10);
        *to++ = (char)('0' + number / 10 % 10);
        number %= 10;
    }
    *to++ = (char)('0' + number);
    return to;
}

/* The list is nearly all of an answer.  With room made once for the whole,
 * it takes a third of the time that appending number by number does.
 */
static void
write_topologies(struct vt_buf *out, const struct vt_nova_answer *answer)
{
    static const char longest[] = "[4096,4096,4096],";
    char *to;

    if (!vt_buf_reserve(out, answer->count * strlen(longest)))
        return;
    to = out->data + out->length;
    for (unsigned i = 0; i < answer->count; i++) {
        if (i != 0)
            *to++ = ',';
        *to++ = '[';
        to = put_number(to, answer->topologies[i].sockets);
        *to++ = ',';
        to = put_number(to, answer->topologies[i].cores);
        *to++ = ',';
        to = put_number(to, answer->topologies[i].threads);
        *to++ = ']';
    }
    out->length = (size_t)(to - out->data);
}

void
vt_nova_answer_write(struct vt_json *json, const struct vt_nova_answer *answer)
{
    vt_json_open(json, '{');
    write_members(json, "preferred", answer->preferred);
    write_members(json, "maximum", answer->maximum);
    vt_json_key(json, "topologies");
    vt_json_open(json, '[');
    write_topologies(json->out, answer);
    vt_json_close(json, ']');
    vt_json_close(json, '}');
}

int
vt_nova_answer_line(struct vt_nova_context *context, char *line, size_t length,
                    struct vt_buf *out, struct vtopo_error *err)
{
    struct vt_json json = VT_JSON_INIT(out);
    const struct vt_nova_answer *answer;
    struct vt_nova_request request;
    struct vt_json_reader reader;
    size_t before = out->length;

    vt_json_reader_start(&reader, line, length);
    if (vt_nova_request_read(&reader, &request, err) < 0
        || vt_nova_plan(context, &request, &answer, err) < 0)
        return -1;
    vt_nova_answer_write(&json, answer);
    if (out->failed)
        out->length = before;
    return vt_buf_check(out, err);
}

static void
format_members(const char *heading, const int64_t members[VT_NOVA_MEMBERS],
               struct vt_buf *out)
{
    const char *separator = " ";

    vt_buf_add_string(out, heading);
    for (unsigned i = 0; i < VT_NOVA_MEMBERS; i++) {
        if (members[i] == 0)
            continue;
        vt_buf_printf(out, "%s%s %lld", separator,
                      vt_nova_member_name((enum vt_nova_member)i),
                      (long long)members[i]);
        separator = ", ";
    }
    vt_buf_add_string(out, *separator == ' ' ? " none\n" : "\n");
}

/* Name the wishes that @topology meets. */
static void
format_met(const int64_t preferred[VT_NOVA_MEMBERS],
           struct vt_nova_topology topology, struct vt_buf *out)
{
    const unsigned members[VT_NOVA_MEMBERS] = {
        topology.sockets, topology.cores, topology.threads,
    };
    const char *separator = "";

    for (unsigned i = 0; i < VT_NOVA_MEMBERS; i++) {
        if (members[i] != preferred[i])
            continue;
        vt_buf_add_string(out, separator);
        vt_buf_add_string(out, vt_nova_member_name((enum vt_nova_member)i));
        separator = ", ";
    }
    vt_buf_add_string(out, " as wished");
}

/* Why the topology at @index stands there, and not one place higher. */
static void
format_why(const struct vt_nova_answer *answer, unsigned index,
           struct vt_buf *out)
{
    const struct vt_nova_topology *row = &answer->topologies[index];
    unsigned score = vt_nova_score(answer->preferred, *row);
    bool below_equal = index != 0
        && vt_nova_score(answer->preferred, row[-1]) == score;

    if (score != 0)
        format_met(answer->preferred, *row, out);
    else if (index == 0)
        vt_buf_add_string(out, "fewest threads, then most sockets");
    else if (!below_equal)
        vt_buf_add_string(out, "no wish met");
    if (below_equal) {
        if (score != 0)
            vt_buf_add_string(out, "; ");
        vt_buf_add_string(out, row->threads > row[-1].threads
                               ? "more threads" : "fewer sockets");
    }
}

void
vt_nova_text(const struct vt_nova_answer *answer, struct vt_buf *out)
{
    format_members("limits:", answer->maximum, out);
    format_members("wishes:", answer->preferred, out);
    vt_buf_add_string(out, "rank  sockets  cores  threads  score  why\n");
    for (unsigned i = 0; i < answer->count; i++) {
        const struct vt_nova_topology *row = &answer->topologies[i];

        vt_buf_printf(out, "%4u  %7u  %5u  %7u  %5u  ", i + 1,
                      row->sockets, row->cores, row->threads,
                      vt_nova_score(answer->preferred, *row));
        format_why(answer, i, out);
        vt_buf_add_char(out, '\n');
    }
}
