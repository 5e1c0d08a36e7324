/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sample.c - ask a VM for everything that tells what its vCPUs do
 *
 * The processor time of the threads is read first: reading registers stops
 * each vCPU for a moment, and that must not count in the sample it is of.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-read.h"
#include "base/json-write.h"
#include "base/spawn.h"
#include "topology/level.h"
#include "vm/vm.h"

/* ------------------------------------------------------------ over QMP */

static int
run_qmp(void *context, const char *command, const char *arguments,
        struct vt_buf *answer, struct vtopo_error *err)
{
    return vt_qmp_run(context, command, arguments,
                      vt_deadline_in(VT_VM_ANSWER_MS), answer, err);
}

struct vt_vm
vt_vm_of_qmp(struct vt_qmp *qmp)
{
    return (struct vt_vm) {
        .run = run_qmp, .context = qmp, .local = qmp->pid > 0,
    };
}

static int
run_agent(void *context, const char *command, const char *arguments,
          struct vt_buf *answer, struct vtopo_error *err)
{
    return vt_qmp_run(context, command, arguments,
                      vt_deadline_in(VT_VM_AGENT_MS), answer, err);
}

int
vt_vm_add_agent(struct vt_vm *vm, const char *path, struct vt_qmp *agent,
                struct vtopo_error *err)
{
    if (vt_qmp_connect_agent(path, agent, err) < 0)
        return -1;
    vm->run_agent = run_agent;
    vm->agent = agent;
    return 0;
}

static int
run_human(struct vt_vm *vm, const char *line, struct vt_buf *answer,
          struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf arguments = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&arguments);

    vt_json_open(&json, '{');
    vt_json_key(&json, "command-line");
    vt_json_string(&json, line);
    vt_json_close(&json, '}');
    if (vt_buf_check(&arguments, err) < 0)
        return -1;
    return vm->run(vm->context, "human-monitor-command",
                   vt_buf_string(&arguments), answer, err);
}

/* ---------------------------------------------------------------- state */

/* Run a command whose answer is an object, and read it. */
static int
ask(struct vt_vm *vm, const char *command, const char *arguments,
    vt_json_member_fn read, void *to, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    struct vt_json_reader reader;

    if (vm->run(vm->context, command, arguments, &answer, err) < 0)
        return -1;
    if (!vt_buf_reserve(&answer, 1))
        return vt_fail_memory(err);
    vt_json_reader_start(&reader, answer.data, answer.length);
    if (vt_json_read_object(&reader, read, to, err) < 0)
        return vt_wrap(err, "QEMU's answer to '%s'", command);
    return 0;
}

static int
read_status_member(struct vt_json_reader *reader, const char *key, void *to,
                   struct vtopo_error *err)
{
    struct vt_vm_state *state = to;
    const char *text;

    if (strcmp(key, "status") != 0)
        return vt_json_skip(reader, err);
    if (vt_json_read_string(reader, key, &text, err) < 0)
        return -1;
    (void)snprintf(state->status, sizeof(state->status), "%s", text);
    return 0;
}

static int
read_kvm_member(struct vt_json_reader *reader, const char *key, void *to,
                struct vtopo_error *err)
{
    struct vt_vm_state *state = to;

    if (strcmp(key, "enabled") == 0)
        return vt_json_read_bool(reader, key, &state->kvm, err);
    return vt_json_skip(reader, err);
}

static int
read_smp_member(struct vt_json_reader *reader, const char *key, void *to,
                struct vtopo_error *err)
{
    struct vtopo_shape *shape = to;
    unsigned *field = strcmp(key, "cpus") == 0 ? &shape->cpus
                      : strcmp(key, "maxcpus") == 0 ? &shape->maxcpus : NULL;

    for (unsigned i = 0; field == NULL && i < VTOPO_LEVELS; i++) {
        if (strcmp(key, vt_levels[i].name) == 0)
            field = &shape->level[i];
    }
    if (field == NULL)
        return vt_json_skip(reader, err);
    return vt_json_read_uint(reader, key, 1, VTOPO_CPUS_MAX, field, err);
}

/* QEMU has it since 6.1; where it does not say, nobody knows. */
static void
ask_shape(struct vt_vm *vm, struct vt_vm_state *state)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vtopo_shape shape = { .cpus = 0 };

    for (unsigned i = 0; i < VTOPO_LEVELS; i++)
        shape.level[i] = 1;
    if (ask(vm, "qom-get", "{\"path\":\"/machine\",\"property\":\"smp\"}",
            read_smp_member, &shape, &err) < 0 || shape.cpus == 0)
        return;
    if (shape.maxcpus == 0)
        shape.maxcpus = shape.cpus;
    state->has_shape = true;
    state->shape = shape;
}

int
vt_vm_ask_state(struct vt_vm *vm, struct vt_vm_state *ret_state,
                struct vtopo_error *err)
{
    struct vt_vm_state state = { .kvm = false };

    if (ask(vm, "query-status", NULL, read_status_member, &state, err) < 0
        || ask(vm, "query-kvm", NULL, read_kvm_member, &state, err) < 0)
        return -1;
    ask_shape(vm, &state);
    vm->has_shape = state.has_shape;
    vm->shape = state.shape;
    *ret_state = state;
    return 0;
}

/* -------------------------------------------------------------- samples */

/* What is needed of each vCPU to ask on. */
struct vcpus {
    unsigned count;
    struct {
        unsigned index;
        unsigned thread;
    } list[VTOPO_CPUS_MAX];
};

static int
read_cpu_member(struct vt_json_reader *reader, const char *key, void *to,
                struct vtopo_error *err)
{
    struct vcpus *vcpus = to;

    if (strcmp(key, "cpu-index") == 0)
        return vt_json_read_uint(reader, key, 0, VTOPO_CPUS_MAX - 1,
                                 &vcpus->list[vcpus->count].index, err);
    if (strcmp(key, "thread-id") == 0)
        return vt_json_read_uint(reader, key, 0, INT32_MAX,
                                 &vcpus->list[vcpus->count].thread, err);
    return vt_json_skip(reader, err);
}

static int
read_cpu(struct vt_json_reader *reader, void *to, struct vtopo_error *err)
{
    struct vcpus *vcpus = to;

    if (vcpus->count == VTOPO_CPUS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "QEMU names more than %u vCPUs",
                       VTOPO_CPUS_MAX);
    if (vt_json_read_object(reader, read_cpu_member, vcpus, err) < 0)
        return -1;
    vcpus->count++;
    return 0;
}

/* query-cpus-fast: into the sample as it stands, and into @vcpus. */
static int
add_cpus(struct vt_vm *vm, struct vt_json *json, struct vcpus *vcpus,
         struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    struct vt_json_reader reader;

    if (vm->run(vm->context, "query-cpus-fast", NULL, &answer, err) < 0)
        return -1;
    vt_json_key(json, "query-cpus-fast");
    vt_json_separate(json);
    vt_buf_add(json->out, answer.data, answer.length);
    if (!vt_buf_reserve(&answer, 1))
        return vt_fail_memory(err);
    vt_json_reader_start(&reader, answer.data, answer.length);
    if (vt_json_read_array(&reader, read_cpu, vcpus, err) < 0)
        return vt_wrap(err, "QEMU's answer to 'query-cpus-fast'");
    return 0;
}

/* The processor time of a thread in nanoseconds, as the scheduler counts it. */
static bool
read_thread_time(unsigned thread, unsigned long long *ret_ns)
{
    char path[64];
    vt_autofile FILE *file = NULL;

    (void)snprintf(path, sizeof(path), "/proc/%u/task/%u/schedstat", thread,
                   thread);
    file = fopen(path, "re");
    return file != NULL && fscanf(file, "%20llu", ret_ns) == 1;
}

static void
add_thread_time(struct vt_json *json, unsigned index, unsigned long long ns)
{
    char key[16];

    (void)snprintf(key, sizeof(key), "%u", index);
    vt_json_key(json, key);
    vt_json_separate(json);
    vt_buf_printf(json->out, "%llu.%06llu", ns / 1000000000u,
                  ns % 1000000000u / 1000u);
}

/* As whoever passes commands on has them; those of vCPUs by their number. */
static void
add_foreign_times(const struct vt_vm *vm, struct vt_json *json)
{
    vt_autofree unsigned long long *times =
        calloc(VTOPO_CPUS_MAX, sizeof(*times));
    unsigned count = times == NULL ? 0
        : vm->read_times(vm->context, times, VTOPO_CPUS_MAX);

    for (unsigned i = 0; i < count; i++)
        add_thread_time(json, i, times[i]);
}

static void
add_thread_times(const struct vt_vm *vm, const struct vcpus *vcpus,
                 struct vt_json *json)
{
    if (!vm->local && vm->read_times == NULL)
        return;
    vt_json_key(json, "thread_s");
    vt_json_open(json, '{');
    if (!vm->local)
        add_foreign_times(vm, json);
    for (unsigned i = 0; vm->local && i < vcpus->count; i++) {
        unsigned long long ns;

        if (read_thread_time(vcpus->list[i].thread, &ns))
            add_thread_time(json, vcpus->list[i].index, ns);
    }
    vt_json_close(json, '}');
}

/* The local APIC of each, which the monitor knows by its id; old releases and
 * some APICs have no such answer.
 */
static int
add_lapics(struct vt_vm *vm, const struct vcpus *vcpus, struct vt_json *json,
           struct vtopo_error *err)
{
    vt_json_key(json, "info lapic");
    vt_json_open(json, '{');
    for (unsigned i = 0; i < vcpus->count; i++) {
        vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
        vt_autoerror struct vtopo_error refusal = VTOPO_ERROR_INIT;
        char line[32], key[16];

        (void)snprintf(key, sizeof(key), "%u", vcpus->list[i].index);
        (void)snprintf(line, sizeof(line), "info lapic %u",
                       vtopo_apic_id(&vm->shape, vcpus->list[i].index));
        if (run_human(vm, line, &answer, &refusal) < 0) {
            if (refusal.code != VTOPO_IMPOSSIBLE)
                return vt_fail(err, refusal.code, "%s", refusal.message);
            continue;
        }
        vt_json_key(json, key);
        vt_json_separate(json);
        vt_buf_add(json->out, answer.data, answer.length);
    }
    vt_json_close(json, '}');
    return 0;
}

/* Add what @command returns as @key, where QEMU has the command. */
static int
add_optional(struct vt_vm *vm, const char *key, const char *command,
             const char *arguments, struct vt_json *json, bool *ret_has,
             struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    vt_autoerror struct vtopo_error refusal = VTOPO_ERROR_INIT;

    *ret_has = vm->run(vm->context, command, arguments, &answer, &refusal) == 0;
    if (!*ret_has)
        return refusal.code == VTOPO_IMPOSSIBLE ? 0
               : vt_fail(err, refusal.code, "%s", refusal.message);
    vt_json_key(json, key);
    vt_json_separate(json);
    vt_buf_add(json->out, answer.data, answer.length);
    return 0;
}

/* The agent is one signal more: that it does not answer is no failure, but it
 * is not asked again.
 */
static void
add_agent(struct vt_vm *vm, struct vt_json *json)
{
    vt_auto(vt_buf_clear) struct vt_buf answer = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;

    if (vm->run_agent == NULL)
        return;
    if (vm->run_agent(vm->agent, "guest-get-vcpus", NULL, &answer,
                      &err) < 0) {
        vm->run_agent = NULL;
        return;
    }
    vt_json_key(json, "guest-agent");
    vt_json_separate(json);
    vt_buf_add(json->out, answer.data, answer.length);
}

static int
add_all(struct vt_vm *vm, struct vcpus *vcpus, struct vt_json *json,
        struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf registers = VT_BUF_INIT;
    bool has;

    if (add_cpus(vm, json, vcpus, err) < 0)
        return -1;
    add_thread_times(vm, vcpus, json);
    if ((!vm->asked_stats || vm->has_stats)
        && add_optional(vm, "query-stats", "query-stats",
                        "{\"target\":\"vcpu\"}", json, &vm->has_stats,
                        err) < 0)
        return -1;
    if (!vm->asked_stats
        && add_optional(vm, "query-sev", "query-sev", NULL, json, &has,
                        err) < 0)
        return -1;
    vm->asked_stats = true;
    add_agent(vm, json);
    if (run_human(vm, "info registers -a", &registers, err) < 0)
        return -1;
    vt_json_key(json, "info registers -a");
    vt_json_separate(json);
    vt_buf_add(json->out, registers.data, registers.length);
    return !vm->has_shape || vcpus->count > VT_VM_LAPICS_MAX ? 0
           : add_lapics(vm, vcpus, json, err);
}

int
vt_vm_sample(struct vt_vm *vm, double at_s, struct vt_buf *sample,
             struct vtopo_error *err)
{
    vt_autofree struct vcpus *vcpus = calloc(1, sizeof(*vcpus));
    struct vt_json json = VT_JSON_INIT(sample);

    if (vcpus == NULL)
        return vt_fail_memory(err);
    vt_json_open(&json, '{');
    vt_json_key(&json, "at_s");
    vt_json_separate(&json);
    vt_buf_printf(sample, "%.3f", at_s);
    if (add_all(vm, vcpus, &json, err) < 0)
        return -1;
    vt_json_close(&json, '}');
    return vt_buf_check(sample, err);
}
