/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * predict-json.c - a request for a prediction, and its answer, as JSON
 */

#include <string.h>

#include "base/error.h"
#include "guest/tables.h"
#include "report/cpuid-json.h"
#include "report/predict-json.h"
#include "topology/level.h"

void
vt_predict_context_clear(struct vt_predict_context *context)
{
    vtopo_prediction_clear(&context->prediction);
}

/* ---------------------------------------------------------------- request */

/* The value of "smp" is kept aside, because what it means depends on the
 * machine, which may come after it.
 */
static int
read_smp(struct vt_json_reader *reader, struct vt_predict_request *request,
         struct vtopo_error *err)
{
    request->smp_text = NULL;
    request->has_smp_object = false;
    if (vt_json_peek(reader) == '"')
        return vt_json_read_string(reader, "smp", &request->smp_text, err);
    if (vt_json_peek(reader) != '{')
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'smp' must be a string or an object");
    request->has_smp_object = true;
    request->smp_object = *reader;
    return vt_json_skip(reader, err);
}

static int
read_shown(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct vt_predict_request *request = to;
    const char *what;

    if (vt_json_read_string(reader, "show", &what, err) < 0)
        return -1;
    if (strcmp(what, "cpuid") != 0)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "'show' may hold cpuid, not '%s'", what);
    request->show_cpuid = true;
    return 0;
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct vt_predict_request *request = to;
    bool known;

    if (strcmp(key, "smp") == 0)
        return read_smp(reader, request, err);
    if (strcmp(key, "show") == 0)
        return vt_json_read_array(reader, read_shown, request, err);
    if (vt_setting_read(&request->setting, reader, key, &known, err) < 0)
        return -1;
    if (known)
        return 0;
    (void)vt_fail(err, VTOPO_BAD_INPUT, "a request has no member '%s'", key);
    return vt_hint(err, "known are smp, show, %s", vt_setting_keys);
}

int
vt_predict_request_read(struct vt_json_reader *reader,
                        struct vt_predict_request *ret_request,
                        struct vtopo_error *err)
{
    struct vt_predict_request request = { .smp_text = NULL };

    if (vt_json_read_object(reader, read_member, &request, err) < 0
        || vt_json_finish(reader, err) < 0)
        return -1;
    if (request.smp_text == NULL && !request.has_smp_object)
        return vt_fail(err, VTOPO_BAD_INPUT, "a request needs 'smp'");
    *ret_request = request;
    return 0;
}

struct smp_object {
    const struct vtopo_dialect *dialect;
    struct vtopo_smp smp;
};

/* Numbers may be JSON numbers, or strings as QEMU reads them. */
static int
set_smp_member(struct vt_json_reader *reader, const char *key, void *to,
               struct vtopo_error *err)
{
    struct smp_object *object = to;
    char number[32];
    const char *value = number;

    if (vt_json_peek(reader) == '"') {
        if (vt_json_read_string(reader, key, &value, err) < 0)
            return -1;
    } else if (vt_json_read_number_text(reader, key, number, sizeof(number),
                                        err) < 0) {
        return -1;
    }
    return vtopo_smp_set(&object->smp, key, value, object->dialect, err);
}

static int
parse_smp_object(struct vt_json_reader *reader,
                 const struct vtopo_dialect *dialect,
                 struct vtopo_smp *ret_smp, struct vtopo_error *err)
{
    struct smp_object object = { .dialect = dialect };

    if (vt_json_read_object(reader, set_smp_member, &object, err) < 0)
        return -1;
    *ret_smp = object.smp;
    return 0;
}

/* ----------------------------------------------------------------- answer */

int
vt_predict_answer_make(struct vt_predict_context *context,
                       const struct vt_predict_request *request,
                       struct vt_predict_answer *ret_answer,
                       struct vtopo_error *err)
{
    struct vt_predict_answer answer = { .request = request };
    struct vt_resolved *resolved = &answer.resolved;
    struct vt_json_reader object = request->smp_object;
    struct vtopo_shape shape;
    struct vtopo_smp smp;
    int rc;

    if (vt_setting_resolve(&request->setting, resolved, err) < 0)
        return -1;
    rc = request->has_smp_object
        ? parse_smp_object(&object, &resolved->dialect, &smp, err)
        : vtopo_smp_parse(request->smp_text, &resolved->dialect, &smp, err);
    if (rc < 0
        || vtopo_smp_complete(&smp, &resolved->dialect, &shape,
                              &answer.notes, err) < 0
        || vtopo_predict(&shape, &resolved->dialect, &resolved->cpu,
                         resolved->has_guest ? &resolved->limits : NULL,
                         &context->prediction, err) < 0)
        return -1;
    answer.prediction = &context->prediction;
    *ret_answer = answer;
    return 0;
}

void
vt_shape_write(struct vt_json *json, const struct vtopo_shape *shape)
{
    vt_json_open(json, '{');
    vt_json_key(json, "cpus");
    vt_json_uint(json, shape->cpus);
    vt_json_key(json, "maxcpus");
    vt_json_uint(json, shape->maxcpus);
    for (unsigned i = 0; i < VTOPO_LEVELS; i++) {
        vt_json_key(json, vt_levels[i].name);
        vt_json_uint(json, shape->level[i]);
    }
    vt_json_close(json, '}');
}

static void
write_or_null(struct vt_json *json, const char *key, unsigned value,
              bool known)
{
    vt_json_key(json, key);
    if (known)
        vt_json_uint(json, value);
    else
        vt_json_null(json);
}

/* A range that is one number is that number; otherwise null, with the range
 * beside it.
 */
static void
write_range(struct vt_json *json, const char *key, struct vtopo_range range)
{
    write_or_null(json, key, range.least,
                  range.least == range.most && range.most != VTOPO_ABSENT);
}

static void
write_bounds(struct vt_json *json, const char *key, struct vtopo_range range)
{
    if (range.least == range.most)
        return;
    vt_json_key(json, key);
    vt_json_open(json, '[');
    vt_json_uint(json, range.least);
    vt_json_uint(json, range.most);
    vt_json_close(json, ']');
}

static void
write_decided(struct vt_json *json, const struct vtopo_prediction *prediction)
{
    vt_json_key(json, "decided_by");
    if (prediction->rule[prediction->decided][0] == '\0') {
        vt_json_null(json);
        return;
    }
    vt_json_open(json, '{');
    vt_json_key(json, "fate");
    vt_json_string_or_null(json, vtopo_fate_name(prediction->decided));
    vt_json_key(json, "rule");
    vt_json_string(json, prediction->rule[prediction->decided]);
    vt_json_key(json, "source");
    vt_json_string_or_null(json, prediction->source);
    vt_json_key(json, "confidence");
    vt_json_string(json, vt_confidence_name(prediction->confidence));
    vt_json_close(json, '}');
}

static void
write_guest(struct vt_json *json, const struct vtopo_prediction *prediction)
{
    unsigned cores = prediction->cores_per_socket;
    unsigned threads = prediction->threads_per_core;

    vt_json_open(json, '{');
    write_or_null(json, "device_manager", prediction->device_manager,
                  prediction->device_manager != VTOPO_ABSENT);
    write_range(json, "task_manager", prediction->task_manager);
    write_bounds(json, "task_manager_range", prediction->task_manager);
    write_range(json, "sockets_used", prediction->sockets_used);
    write_bounds(json, "sockets_used_range", prediction->sockets_used);
    write_or_null(json, "cores_per_socket", cores, cores != VTOPO_ABSENT);
    write_or_null(json, "threads_per_core", threads, threads != VTOPO_ABSENT);
    if (prediction->shape.maxcpus > prediction->shape.cpus) {
        vt_json_key(json, "used_if_added");
        vt_json_open(json, '[');
        vt_json_uint(json, prediction->used_if_added.least);
        vt_json_uint(json, prediction->used_if_added.most);
        vt_json_close(json, ']');
    }
    if (prediction->groups > 1) {
        vt_json_key(json, "groups");
        vt_json_uint(json, prediction->groups);
        vt_json_key(json, "process_spans_groups");
        vt_json_bool(json, prediction->process_spans_groups);
    }
    write_decided(json, prediction);
    vt_json_close(json, '}');
}

static void
write_left(struct vt_json *json, enum vtopo_left left)
{
    vt_json_key(json, "left");
    if (left == VTOPO_LEFT_UNKNOWN)
        vt_json_null(json);
    else
        vt_json_string(json, left == VTOPO_LEFT_PARKED ? "parked"
                                                       : "never-started");
}

static void
write_vcpu(struct vt_json *json, const struct vtopo_prediction *prediction,
           unsigned index)
{
    const struct vtopo_vcpu *vcpu = &prediction->vcpus[index];
    const char *rule = prediction->rule[vcpu->fate];

    vt_json_open(json, '{');
    vt_json_key(json, "id");
    vt_json_uint(json, index);
    write_or_null(json, "apic_id", vcpu->apic_id, prediction->x86);
    vt_json_key(json, "socket");
    vt_json_uint(json, vcpu->place.socket);
    vt_json_key(json, "die");
    vt_json_uint(json, vcpu->place.die);
    if (prediction->shape.level[VTOPO_MODULES] > 1) {
        vt_json_key(json, "module");
        vt_json_uint(json, vcpu->place.module);
    }
    vt_json_key(json, "core");
    vt_json_uint(json, vcpu->place.core);
    vt_json_key(json, "thread");
    vt_json_uint(json, vcpu->place.thread);
    vt_json_key(json, "fate");
    vt_json_string_or_null(json, prediction->has_guest
                           ? vtopo_fate_name(vcpu->fate) : NULL);
    vt_json_key(json, "rule");
    vt_json_string_or_null(json, prediction->has_guest && rule[0] != '\0'
                           && vcpu->fate != VTOPO_USED ? rule : NULL);
    if (prediction->has_guest && vcpu->fate != VTOPO_USED
        && vcpu->fate != VTOPO_NOT_PRESENT)
        write_left(json, vcpu->left);
    vt_json_close(json, '}');
}

static void
write_notes(struct vt_json *json, const struct vt_predict_answer *answer)
{
    vt_json_key(json, "notes");
    vt_json_open(json, '[');
    for (unsigned bit = 1; bit <= answer->notes; bit <<= 1) {
        if ((answer->notes & bit) != 0)
            vt_json_string(json,
                           vtopo_smp_note_text((enum vtopo_smp_note)bit));
    }
    vt_json_close(json, ']');
}

void
vt_predict_answer_write(struct vt_json *json,
                        const struct vt_predict_answer *answer)
{
    const struct vtopo_prediction *prediction = answer->prediction;

    vt_json_open(json, '{');
    vt_json_key(json, "shape");
    vt_shape_write(json, &prediction->shape);
    vt_json_key(json, "guest");
    if (prediction->has_guest)
        write_guest(json, prediction);
    else
        vt_json_null(json);
    vt_json_key(json, "vcpus");
    vt_json_open(json, '[');
    for (unsigned i = 0; i < prediction->shape.maxcpus; i++)
        write_vcpu(json, prediction, i);
    vt_json_close(json, ']');
    if (prediction->has_guest) {
        write_range(json, "wasted", prediction->wasted);
        vt_json_key(json, "wasted_at_least");
        vt_json_uint(json, prediction->wasted.least);
    } else {
        vt_json_key(json, "wasted");
        vt_json_null(json);
    }
    if (answer->request->show_cpuid && prediction->x86) {
        vt_json_key(json, "cpuid");
        vt_cpuid_write(json, &prediction->cpuid);
    }
    vt_json_key(json, "assumed");
    vt_assumed_write(json, &answer->request->setting, &answer->resolved);
    write_notes(json, answer);
    vt_json_close(json, '}');
}

int
vt_predict_answer_line(struct vt_predict_context *context,
                       char *line, size_t length, struct vt_buf *out,
                       struct vtopo_error *err)
{
    struct vt_json json = VT_JSON_INIT(out);
    struct vt_predict_request request;
    struct vt_predict_answer answer;
    struct vt_json_reader reader;

    vt_json_reader_start(&reader, line, length);
    if (vt_predict_request_read(&reader, &request, err) < 0
        || vt_predict_answer_make(context, &request, &answer, err) < 0)
        return -1;
    vt_predict_answer_write(&json, &answer);
    return vt_buf_check(out, err);
}
