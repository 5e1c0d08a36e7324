/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * plan-json.c - a request for a plan, and its answer, as JSON
 */

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "config/config.h"
#include "guest/tables.h"
#include "report/cure.h"
#include "report/plan-json.h"

/* ---------------------------------------------------------------- request */

static const struct {
    const char *key;
    size_t field;
} counts[] = {
    { "vcpus", offsetof(struct vtopo_plan_request, vcpus) },
    { "max_vcpus", offsetof(struct vtopo_plan_request, max_vcpus) },
    { "sockets", offsetof(struct vtopo_plan_request, sockets) },
    { "cores", offsetof(struct vtopo_plan_request, cores) },
    { "threads", offsetof(struct vtopo_plan_request, threads) },
    { "max_sockets", offsetof(struct vtopo_plan_request, max_sockets) },
    { "max_cores", offsetof(struct vtopo_plan_request, max_cores) },
    { "max_threads", offsetof(struct vtopo_plan_request, max_threads) },
};

static unsigned *
count_field(struct vtopo_plan_request *plan, const char *key)
{
    for (size_t i = 0; i < VT_COUNT(counts); i++) {
        if (strcmp(counts[i].key, key) == 0)
            return (unsigned *)(void *)((char *)plan + counts[i].field);
    }
    return NULL;
}

static int
read_member(struct vt_json_reader *reader, const char *key, void *to,
            struct vtopo_error *err)
{
    struct vt_plan_request *request = to;
    unsigned *count = count_field(&request->plan, key);
    bool known;

    if (count != NULL)
        return vt_json_read_uint(reader, key, 1, VTOPO_CPUS_MAX, count, err);
    if (strcmp(key, "app") == 0)
        return vt_json_read_string(reader, key, &request->plan.app, err);
    if (strcmp(key, "all") == 0)
        return vt_json_read_bool(reader, key, &request->all, err);
    if (vt_setting_read(&request->setting, reader, key, &known, err) < 0)
        return -1;
    if (known)
        return 0;
    (void)vt_fail(err, VTOPO_BAD_INPUT, "a request has no member '%s'", key);
    return vt_hint(err, "known are vcpus, max_vcpus, sockets, cores, threads, "
                   "max_sockets, max_cores, max_threads, app, all, %s",
                   vt_setting_keys);
}

static int
read_request(struct vt_json_reader *reader,
             struct vt_plan_request *ret_request, struct vtopo_error *err)
{
    struct vt_plan_request request = { .all = false };

    if (vt_json_read_object(reader, read_member, &request, err) < 0
        || vt_json_finish(reader, err) < 0)
        return -1;
    if (request.plan.vcpus == 0)
        return vt_fail(err, VTOPO_BAD_INPUT, "a request needs 'vcpus'");
    *ret_request = request;
    return 0;
}

/* ----------------------------------------------------------------- answer */

void
vt_plan_answer_clear(struct vt_plan_answer *answer)
{
    vtopo_plan_clear(&answer->plan);
}

static bool
needs_repair(const struct vt_resolved *resolved)
{
    const struct vtopo_limits *limits = &resolved->limits;

    return resolved->has_guest
        && (limits->multiprocessor == VTOPO_NO || limits->onecpu
            || limits->numproc != 0);
}

/* Order the shapes as for the repaired guest, but keep none. */
static int
plan_repaired(struct vt_plan_answer *answer, struct vtopo_error *err)
{
    const struct vt_resolved *resolved = &answer->resolved;
    struct vtopo_limits repaired = vt_cure_repaired(&resolved->limits);
    struct vtopo_plan plan = VTOPO_PLAN_INIT;

    if (vtopo_plan_make(&answer->request->plan, &resolved->dialect,
                        &resolved->cpu, &repaired, &plan, err) < 0)
        return -1;
    plan.rule = answer->plan.rule;
    memcpy(plan.reason, answer->plan.reason, sizeof(plan.reason));
    answer->repaired = plan.kept != 0;
    plan.kept = 0;
    vtopo_plan_clear(&answer->plan);
    answer->plan = plan;
    return 0;
}

int
vt_plan_answer_make(const struct vt_plan_request *request,
                    struct vt_plan_answer *ret_answer,
                    struct vtopo_error *err)
{
    vt_auto(vt_plan_answer_clear) struct vt_plan_answer answer = {
        .request = request, .plan = VTOPO_PLAN_INIT,
    };
    struct vt_resolved *resolved = &answer.resolved;

    if (vt_setting_resolve(&request->setting, resolved, err) < 0
        || vtopo_plan_make(&request->plan, &resolved->dialect,
                           &resolved->cpu,
                           resolved->has_guest ? &resolved->limits : NULL,
                           &answer.plan, err) < 0)
        return -1;
    if (answer.plan.kept == 0 && needs_repair(resolved)
        && plan_repaired(&answer, err) < 0)
        return -1;
    *ret_answer = answer;
    answer.plan = (struct vtopo_plan)VTOPO_PLAN_INIT;
    return 0;
}

static void
write_levels(struct vt_json *json, const struct vtopo_shape *shape)
{
    vt_json_key(json, "sockets");
    vt_json_uint(json, shape->level[VTOPO_SOCKETS]);
    vt_json_key(json, "cores");
    vt_json_uint(json, shape->level[VTOPO_CORES]);
    vt_json_key(json, "threads");
    vt_json_uint(json, shape->level[VTOPO_THREADS]);
}

/* A number, or null where it is a range or was not looked at. */
static void
write_usable(struct vt_json *json, const struct vtopo_candidate *candidate)
{
    bool known = candidate->judged && candidate->used == candidate->used_most;

    vt_json_key(json, "usable");
    if (known)
        vt_json_uint(json, candidate->used);
    else
        vt_json_null(json);
    if (known || !candidate->judged)
        return;
    vt_json_key(json, "usable_range");
    vt_json_open(json, '[');
    vt_json_uint(json, candidate->used);
    vt_json_uint(json, candidate->used_most);
    vt_json_close(json, ']');
}

static void
write_candidate(struct vt_json *json, const struct vtopo_candidate *candidate,
                bool kept)
{
    vt_json_open(json, '{');
    write_levels(json, &candidate->shape);
    vt_json_key(json, "kept");
    vt_json_bool(json, kept);
    write_usable(json, candidate);
    if (candidate->drop != VTOPO_KEPT) {
        vt_json_key(json, "dropped_by");
        vt_json_string(json, vtopo_drop_name(candidate->drop));
        vt_json_key(json, "why");
        vt_json_string(json, candidate->why);
    }
    vt_json_close(json, '}');
}

static void
write_smp(struct vt_json *json, const struct vtopo_shape *shape)
{
    vt_auto(vt_buf_clear) struct vt_buf smp = VT_BUF_INIT;

    vt_config_smp(&smp, shape);
    vt_json_key(json, "smp");
    vt_json_string(json, vt_buf_string(&smp));
}

static void
write_source(struct vt_json *json, const struct vtopo_plan *plan)
{
    vt_json_key(json, "source");
    vt_json_string_or_null(json, plan->source);
    vt_json_key(json, "confidence");
    vt_json_string(json, vt_confidence_name(plan->confidence));
}

void
vt_plan_answer_write(struct vt_json *json, const struct vt_plan_answer *answer)
{
    const struct vtopo_plan *plan = &answer->plan;
    const struct vtopo_candidate *best = &plan->candidates[0];

    vt_json_open(json, '{');
    vt_json_key(json, "all_used");
    vt_json_bool(json, plan->kept != 0);
    vt_json_key(json, "shape");
    vt_json_open(json, '{');
    vt_json_key(json, "cpus");
    vt_json_uint(json, best->shape.cpus);
    vt_json_key(json, "maxcpus");
    vt_json_uint(json, best->shape.maxcpus);
    write_levels(json, &best->shape);
    vt_json_close(json, '}');
    write_smp(json, &best->shape);
    write_usable(json, best);
    vt_json_key(json, "usable_at_start");
    if (best->judged)
        vt_json_uint(json, best->used_at_start);
    else
        vt_json_null(json);
    if (answer->request->plan.app != NULL) {
        vt_json_key(json, "usable_by_app");
        vt_json_uint(json, best->app_used);
    }
    if (plan->kept == 0) {
        vt_json_key(json, "repair_first");
        vt_json_bool(json, answer->repaired);
    }
    vt_json_key(json, "rule");
    vt_json_string_or_null(json, plan->rule);
    vt_json_key(json, "reason");
    vt_json_string(json, plan->reason);
    if (answer->resolved.has_guest)
        write_source(json, plan);
    vt_json_key(json, "candidates");
    vt_json_uint(json, plan->count);
    vt_json_key(json, "kept");
    vt_json_uint(json, plan->kept);
    if (answer->request->all) {
        vt_json_key(json, "all");
        vt_json_open(json, '[');
        for (size_t i = 0; i < plan->count; i++)
            write_candidate(json, &plan->candidates[i], i < plan->kept);
        vt_json_close(json, ']');
    }
    if (answer->install != NULL) {
        vt_json_key(json, "install");
        vt_install_write(json, answer->install);
    }
    vt_json_key(json, "assumed");
    vt_assumed_write(json, &answer->request->setting, &answer->resolved);
    vt_json_close(json, '}');
}

int
vt_plan_answer_line(char *line, size_t length, struct vt_buf *out,
                    struct vtopo_error *err)
{
    vt_auto(vt_plan_answer_clear) struct vt_plan_answer answer =
        VT_PLAN_ANSWER_INIT;
    struct vt_json json = VT_JSON_INIT(out);
    struct vt_plan_request request;
    struct vt_json_reader reader;

    vt_json_reader_start(&reader, line, length);
    if (read_request(&reader, &request, err) < 0
        || vt_plan_answer_make(&request, &answer, err) < 0)
        return -1;
    vt_plan_answer_write(&json, &answer);
    return vt_buf_check(out, err);
}
