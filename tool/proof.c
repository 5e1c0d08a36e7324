/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * proof.c - watch a VM until it can be judged (see proof.h)
 */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json-write.h"
#include "output.h"
#include "proof-show.h"
#include "proof.h"

/* Between two samples.  Each stops every vCPU for some microseconds. */
#define INTERVAL_MS 1000u

/* How long nothing may change before a guest counts as started up.  Under TCG
 * all takes longer, and the pauses between two starts, too.
 */
#define SETTLE_KVM_MS 3000u
#define SETTLE_TCG_MS 5000u

/* A VM that is watched. */
struct watch {
    const struct proof_args *args;
    struct vt_vm *vm;
    struct vt_machine *machine; /* NULL: not ours */
    bool endless;
    uint64_t start;
    struct vt_record *record;
    struct proof_show show;
    bool ended;                 /* QEMU is gone */
};

static volatile sig_atomic_t signals;

static void
count_signal(int number)
{
    (void)number;
    signals++;
}

void
proof_catch_signals(void)
{
    static const int caught[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = count_signal };

    for (size_t i = 0; i < VT_COUNT(caught); i++)
        (void)sigaction(caught[i], &action, NULL);
}

int
proof_signals(void)
{
    return signals;
}

void
proof_sleep(struct vt_qmp *qmp, unsigned milliseconds)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct pollfd item = { .fd = qmp != NULL ? qmp->socket : -1,
                           .events = POLLIN };

    if (poll(&item, 1, (int)milliseconds) > 0 && qmp != NULL)
        (void)!vt_qmp_look(qmp, &err);
}

static double
seconds_of(const struct watch *watch)
{
    return (double)(vt_deadline_in(0) - watch->start) / 1000;
}

/* Wait for the next sample; words of QEMU do not shorten it. */
static void
wait_a_while(const struct watch *watch)
{
    uint64_t until = vt_deadline_in(INTERVAL_MS);
    uint64_t now;

    while ((now = vt_deadline_in(0)) < until && signals == 0
           && (watch->machine == NULL
               || vt_process_look(&watch->machine->process)))
        proof_sleep(watch->machine != NULL ? &watch->machine->qmp : NULL,
                    (unsigned)(until - now));
}

/* ------------------------------------------------------------- sampling */

static int
write_record(const struct watch *watch, struct vtopo_error *err)
{
    const char *name = watch->args->record;
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_autoclose int fd = -1;

    if (name == NULL)
        return 0;
    vt_record_write(watch->record, &text);
    if (vt_buf_check(&text, err) < 0)
        return -1;
    fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return vt_fail_errno(err, "cannot write '%s'", name);
    return vt_write_all(fd, name, text.data, text.length, err);
}

/* One sample more. */
static int
look(struct watch *watch, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf sample = VT_BUF_INIT;
    struct vt_vm_state state;

    if (vt_vm_ask_state(watch->vm, &state, err) < 0
        || vt_vm_sample(watch->vm, seconds_of(watch), &sample, err) < 0)
        return -1;
    if (watch->record == NULL) {
        if (vt_record_new(state.kvm ? "kvm" : "tcg", state.status,
                          &watch->record, err) < 0)
            return -1;
        watch->record->keeps_text = watch->args->record != NULL;
        watch->record->settle_ms
            = watch->args->settle_s != 0 ? watch->args->settle_s * 1000u
              : state.kvm ? SETTLE_KVM_MS : SETTLE_TCG_MS;
    }
    vt_record_set_status(watch->record, state.status);
    if (!vt_buf_reserve(&sample, 1))
        return vt_fail_memory(err);
    return vt_record_add_sample(watch->record, sample.data, sample.length,
                                err);
}

/* Whether QEMU of ours is gone, which ends all talk. */
static bool
is_gone(struct watch *watch)
{
    watch->ended = watch->machine != NULL
                   && !vt_process_look(&watch->machine->process);
    return watch->ended;
}

static int
show(struct watch *watch, struct vtopo_error *err)
{
    vt_auto(vt_verdict_clear) struct vt_verdict verdict = VT_VERDICT_INIT;

    if (vt_judge(watch->record, &verdict, err) < 0)
        return -1;
    proof_show_update(&watch->show, &verdict, watch->record,
                      seconds_of(watch));
    return 0;
}

static bool
is_done(const struct watch *watch)
{
    if (signals > 0 || watch->ended)
        return true;
    if (watch->endless)
        return false;
    return seconds_of(watch) >= watch->args->wait_s
           || vt_verdict_settled(watch->record)
           /* One that stands still starts up no more. */
           || (watch->record->count > 1
               && strcmp(watch->record->status, "running") != 0);
}

static int
watch_it(struct watch *watch, struct vtopo_error *err)
{
    do {
        if (watch->record != NULL)
            wait_a_while(watch);
        if (is_gone(watch))
            break;
        if (look(watch, err) < 0) {
            /* It may have ended while we asked. */
            if (!is_gone(watch) || watch->record == NULL)
                return -1;
            vtopo_error_clear(err);
            break;
        }
        if (show(watch, err) < 0)
            return -1;
    } while (!is_done(watch));
    return 0;
}

/* -------------------------------------------------------------- judging */

int
proof_judge(const struct vt_record *record,
            const struct vt_predict_answer *planned, bool json,
            struct vt_buf *out, int *ret_status, struct vtopo_error *err)
{
    vt_auto(vt_verdict_clear) struct vt_verdict verdict = VT_VERDICT_INIT;
    struct vt_verdict_answer answer;
    struct vt_json writer = VT_JSON_INIT(out);

    if (vt_judge(record, &verdict, err) < 0
        || vt_verdict_answer_make(&verdict, planned, &answer, err) < 0)
        return -1;
    if (json) {
        vt_verdict_write(&writer, &answer);
        vt_buf_add_char(out, '\n');
    } else {
        vt_verdict_text(out, &answer);
    }
    *ret_status = verdict.outcome == VT_ALL_USED ? 0
                  : verdict.outcome == VT_WASTED ? 2 : 1;
    return 0;
}

int
proof_run(const struct proof_args *args, const struct vt_predict_answer *planned,
          struct vt_vm *vm, struct vt_machine *machine, bool watch, bool json,
          struct vt_buf *out, int *ret_status, struct vtopo_error *err)
{
    struct watch state = {
        .args = args, .vm = vm, .machine = machine,
        .endless = watch, .start = vt_deadline_in(0),
    };
    int rc;

    proof_show_start(&state.show);
    rc = watch_it(&state, err);
    proof_show_end(&state.show);
    if (rc == 0 && state.record == NULL)
        rc = vt_fail(err, VTOPO_SYSTEM, "QEMU ended at once");
    if (rc == 0)
        rc = write_record(&state, err);
    if (rc == 0)
        rc = proof_judge(state.record, planned, json, out, ret_status, err);
    vt_record_free(state.record);
    return rc;
}
