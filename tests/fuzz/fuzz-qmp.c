/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * fuzz-qmp.c - whatever plays QEMU is understood or refused, and soon
 */

#include <sys/socket.h>

#include "base/spawn.h"
#include "fuzz.h"
#include "vm/vm.h"

/* Everything that is asked of a VM; any failure has a reason. */
static void
ask_all(struct vt_qmp *qmp)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_buf_clear) struct vt_buf sample = VT_BUF_INIT;
    struct vt_vm vm = vt_vm_of_qmp(qmp);
    struct vt_vm_state state;

    vm.local = false;
    if (vt_vm_ask_state(&vm, &state, &err) < 0
        || vt_vm_sample(&vm, 0.5, &sample, &err) < 0)
        fuzz_check_failure(&err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_auto(vt_qmp_close) struct vt_qmp qmp = VT_QMP_INIT;
    int ends[2];

    if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        return 0;
    if (write(ends[1], data, size) != (ssize_t)size
        || shutdown(ends[1], SHUT_WR) < 0)
        abort();
    if (vt_qmp_open(ends[0], vt_deadline_in(1000), &qmp, &err) == 0)
        ask_all(&qmp);
    else
        fuzz_check_failure(&err);
    (void)close(ends[1]);
    return 0;
}
