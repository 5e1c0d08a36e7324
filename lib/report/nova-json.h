/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * nova-json.h - requests to Nova's policy, and its answers, as text
 *
 * A request is one line,
 *
 *   {"vcpus":8,"flavor":{"hw:cpu_max_sockets":"2"},
 *    "image":{"hw_cpu_sockets":"2"},"allow_threads":true}
 *
 * and so is an answer, best topology first:
 *
 *   {"preferred":[2,0,0],"maximum":[2,65536,65536],
 *    "topologies":[[2,4,1],[2,2,2],...]}
 */

#ifndef VT_NOVA_JSON_H
#define VT_NOVA_JSON_H

#include <stddef.h>

#include "base/buf.h"
#include "base/json-read.h"
#include "base/json-write.h"
#include "plan/nova.h"

/* Read a whole request.  All but "vcpus" may be left out.
 *
 * A value that Nova would refuse is no failure here: vt_nova_plan() refuses
 * it in its turn.  Fails with VTOPO_BAD_INPUT where the text is no request.
 * What ->bad and ->no_text of @ret_request point at lives as long as the
 * text of @reader.
 */
int vt_nova_request_read(struct vt_json_reader *reader,
                         struct vt_nova_request *ret_request,
                         struct vtopo_error *err)
    __attribute__((warn_unused_result));

void vt_nova_answer_write(struct vt_json *json,
                          const struct vt_nova_answer *answer);

/* Answer the request of @length bytes at @line, which is overwritten, as is
 * line[length].  Appends the answer to @out without a line end; on failure
 * @out is as it was.
 */
int vt_nova_answer_line(struct vt_nova_context *context,
                        char *line, size_t length,
                        struct vt_buf *out, struct vtopo_error *err)
    __attribute__((warn_unused_result));

/* Format @answer for a person: a topology a line, with the reason for its
 * place.
 */
void vt_nova_text(const struct vt_nova_answer *answer, struct vt_buf *out);

#endif /* VT_NOVA_JSON_H */
