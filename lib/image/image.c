/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * image.c - open a disk, and ask about its contents (see image.h)
 */

#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json-read.h"
#include "base/json-write.h"
#include "image/internal.h"

/* ------------------------------------------------------------- findings */

static bool
is_known_finding(const struct vt_image *image, const char *text)
{
    for (size_t i = 0; i < image->finding_count; i++) {
        if (strcmp(image->findings[i].text, text) == 0)
            return true;
    }
    return false;
}

int
vt_image_find(struct vt_image *image, const char *code,
              enum vt_image_severity severity, const char *fmt, ...)
{
    struct vt_image_finding *findings;
    char *text;
    va_list args;
    int rc;

    va_start(args, fmt);
    rc = vasprintf(&text, fmt, args);
    va_end(args);
    if (rc < 0)
        return -1;
    findings = is_known_finding(image, text) ? NULL
               : realloc(image->findings,
                         (image->finding_count + 1) * sizeof(*findings));
    if (findings == NULL) {
        rc = is_known_finding(image, text) ? 0 : -1;
        free(text);
        return rc;
    }
    image->findings = findings;
    findings[image->finding_count++] = (struct vt_image_finding) {
        .code = code, .severity = severity, .text = text,
    };
    return 0;
}

/* Say how the cage is weaker than it could be. */
static int
judge_cage(struct vt_image *image, struct vtopo_error *err)
{
    const struct vt_image_cage *cage = &image->cage;
    int rc = 0;

    if (image->options.no_sandbox)
        rc = vt_image_find(image, "no-sandbox", VT_IMAGE_WARNING,
                           "the image is read without a sandbox, as asked for");
    else if (cage->landlock == 0)
        rc = vt_image_find(image, "no-landlock", VT_IMAGE_NOTICE,
                           "this kernel has no Landlock: the image is read "
                           "with seccomp alone");
    else if (!cage->seccomp)
        rc = vt_image_find(image, "no-seccomp", VT_IMAGE_WARNING,
                           "this kernel has no seccomp: the image is read "
                           "with Landlock alone");
    return rc < 0 ? vt_fail_memory(err) : 0;
}

/* ------------------------------------------------------ opening, closing */

static void
clear_link(struct vt_link *link)
{
    free(link->name);
    free(link->format);
    free(link->protocol);
    vt_place_clear(&link->place);
    vt_place_clear(&link->data);
    for (size_t i = 0; i < link->extent_count; i++)
        vt_place_clear(&link->extents[i]);
    free(link->extents);
}

static void
end_server(struct vt_image *image)
{
    vt_closep(&image->socket);
    image->socket = -1;
    vt_process_stop(&image->server);
}

void
vt_image_close(struct vt_image *image)
{
    if (image == NULL)
        return;
    end_server(image);
    vt_worker_stop(&image->worker);
    /* All of them: one that failed half-way is not counted. */
    for (size_t i = 0; image->links != NULL && i < VT_IMAGE_CHAIN_MAX; i++)
        clear_link(&image->links[i]);
    free(image->links);
    for (size_t i = 0; i < image->finding_count; i++)
        free(image->findings[i].text);
    free(image->findings);
    vt_nbd_uri_clear(&image->uri);
    vt_root_clear(&image->root);
    for (size_t i = 0; i < VT_COUNT(image->strings); i++)
        free(image->strings[i]);
    free(image->name);
    free(image);
}

/* Options are the caller's; ours must live as long as the image. */
static int
copy_options(const struct vt_image_options *options, struct vt_image *image,
             struct vtopo_error *err)
{
    const char **to[] = {
        &image->options.format, &image->options.worker,
        &image->options.qemu_nbd,
    };

    image->options = *options;
    for (size_t i = 0; i < VT_COUNT(to); i++) {
        if (*to[i] == NULL)
            continue;
        image->strings[i] = strdup(*to[i]);
        if (image->strings[i] == NULL)
            return vt_fail_memory(err);
        *to[i] = image->strings[i];
    }
    return 0;
}

/* The one that we are on: the kernel chose it, and knows what else is busy. */
static void
choose_cpu(cpu_set_t *cpus)
{
    int here = sched_getcpu();

    CPU_ZERO(cpus);
    if (here >= 0 && here < CPU_SETSIZE)
        CPU_SET((unsigned)here, cpus);
}

static int
new_image(const struct vt_image_options *options, const char *name,
          struct vt_image **ret_image, struct vtopo_error *err)
{
    vt_auto(vt_image_closep) struct vt_image *image = calloc(1, sizeof(*image));

    if (image == NULL)
        return vt_fail_memory(err);
    choose_cpu(&image->cpus);
    image->socket = -1;
    image->root.fd = -1;
    image->server = (struct vt_process)VT_PROCESS_INIT;
    image->worker = (struct vt_worker)VT_WORKER_INIT;
    image->name = strdup(name);
    if (image->name == NULL)
        return vt_fail_memory(err);
    if (copy_options(options, image, err) < 0)
        return -1;
    *ret_image = vt_steal(&image);
    return 0;
}

/* An NBD export is a raw disk; the other side has unpacked it. */
static int
open_uri(struct vt_image *image, struct vtopo_error *err)
{
    if (image->options.format != NULL
        && strcmp(image->options.format, "raw") != 0)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "what an NBD server exports is read as raw, not as "
                       "'%s'", image->options.format);
    if (vt_nbd_parse(image->name, &image->uri, err) < 0)
        return -1;
    image->has_uri = true;
    return vt_nbd_connect(&image->uri, &image->socket, err);
}

/* Whether the worker reads the file itself. */
static bool
is_raw(const struct vt_image *image)
{
    return !image->has_uri && strcmp(image->links[0].format, "raw") == 0;
}

static int
open_files(struct vt_image *image, struct vtopo_error *err)
{
    vt_auto(vt_place_clear) struct vt_place first = VT_PLACE_INIT;

    if (vt_root_open(image->name, &image->root, &first, err) < 0
        || vt_chain_walk(image, &first, err) < 0
        || judge_cage(image, err) < 0)
        return -1;
    if (is_raw(image) || image->options.write_first)
        return 0;
    return vt_server_start(image, err);
}

int
vt_image_open(const struct vt_image_options *options, const char *name,
              struct vt_image **ret_image, struct vtopo_error *err)
{
    vt_auto(vt_image_closep) struct vt_image *image = NULL;

    if (new_image(options, name, &image, err) < 0)
        return -1;
    if (vt_nbd_is_uri(name) ? open_uri(image, err) < 0
                            : open_files(image, err) < 0)
        return -1;
    *ret_image = vt_steal(&image);
    return 0;
}

/* --------------------------------------------------- what was found out */

const char *
vt_image_name(const struct vt_image *image)
{
    return image->name;
}

const char *
vt_image_format(const struct vt_image *image)
{
    return image->has_uri ? "raw" : image->links[0].format;
}

bool
vt_image_virtual_size(const struct vt_image *image, uint64_t *ret_size)
{
    if (image->has_uri || !image->links[0].has_virtual_size)
        return false;
    *ret_size = image->links[0].virtual_size;
    return true;
}

const struct vt_image_finding *
vt_image_findings(const struct vt_image *image, size_t *ret_count)
{
    *ret_count = image->finding_count;
    return image->findings;
}

const struct vt_image_cage *
vt_image_cage(const struct vt_image *image)
{
    return &image->cage;
}

bool
vt_image_link(const struct vt_image *image, size_t index,
              const char **ret_name, const char **ret_format)
{
    if (index >= (image->has_uri ? 1 : image->link_count))
        return false;
    *ret_name = image->has_uri ? image->name : image->links[index].name;
    *ret_format = image->has_uri ? "raw" : image->links[index].format;
    return true;
}

/* --------------------------------------------------------------- asking */

int
vt_image_question(struct vt_image *image, const struct vt_buf *request,
                  const int *fds, size_t fd_count, struct vt_buf *answer,
                  struct vtopo_error *err)
{
    if (image->worker.channel < 0
        && vt_worker_start(&image->options, &image->cpus, &image->worker,
                           err) < 0)
        return -1;
    return vt_worker_ask(&image->worker, image->options.wall_ms, request, fds,
                         fd_count, answer, &image->cage, err);
}

/* The caller's words go into ours as they stand: they must be one value. */
static int
add_ask(struct vt_json *json, const char *request, struct vtopo_error *err)
{
    vt_autofree char *copy = strdup(request);
    struct vt_json_reader reader;

    if (copy == NULL)
        return vt_fail_memory(err);
    vt_json_reader_start(&reader, copy, strlen(copy));
    if (vt_json_skip(&reader, err) < 0 || vt_json_finish(&reader, err) < 0)
        return vt_wrap(err, "the question for the worker");
    vt_json_key(json, "ask");
    vt_json_separate(json);
    vt_buf_add_string(json->out, request);
    return 0;
}

static void
add_disk(struct vt_json *json, const struct vt_image *image)
{
    vt_json_key(json, "disk");
    vt_json_open(json, '{');
    vt_json_key(json, "kind");
    vt_json_string(json, is_raw(image) ? "raw" : "nbd");
    vt_json_key(json, "fd");
    vt_json_uint(json, 0);
    if (!is_raw(image)) {
        vt_json_key(json, "export");
        vt_json_string(json, image->has_uri ? image->uri.export_name : "");
    }
    vt_json_close(json, '}');
}

/* A connection is used once: what a worker has made of it, nobody knows. */
static int
make_ready(struct vt_image *image, struct vtopo_error *err)
{
    if (is_raw(image) || image->socket >= 0)
        return 0;
    end_server(image);
    return image->has_uri
           ? vt_nbd_connect(&image->uri, &image->socket, err)
           : vt_server_start(image, err);
}

int
vt_image_ask_for(struct vt_image *image, const char *question,
                 const char *members, const int *fds, size_t fd_count,
                 struct vt_buf *answer, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&text);
    int all[VT_IMAGE_FDS_MAX];
    int rc;

    if (fd_count >= VT_IMAGE_FDS_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT, "a question has %zu descriptors, "
                       "it can have %u", fd_count, VT_IMAGE_FDS_MAX - 1);
    for (size_t i = 0; i < fd_count; i++)
        all[i + 1] = fds[i];
    vt_json_open(&json, '{');
    vt_json_key(&json, question);
    vt_json_open(&json, '{');
    add_disk(&json, image);
    vt_json_separate(&json);
    vt_buf_add_string(&text, members);
    vt_json_close(&json, '}');
    vt_json_close(&json, '}');
    if (make_ready(image, err) < 0)
        return -1;
    all[0] = is_raw(image) ? image->links[0].place.fd : image->socket;
    rc = vt_image_question(image, &text, all, fd_count + 1, answer, err);
    end_server(image);
    if (rc < 0)
        return vt_wrap(err, "'%s'", image->name);
    return judge_cage(image, err);
}

int
vt_image_ask(struct vt_image *image, const char *request,
             struct vt_buf *answer, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf members = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&members);

    if (add_ask(&json, request, err) < 0 || vt_buf_check(&members, err) < 0)
        return -1;
    return vt_image_ask_for(image, "facts", vt_buf_string(&members), NULL, 0,
                            answer, err);
}

/* -------------------------------------------------------------- writing */

/* How long a server may take to close its files once nobody needs it. */
#define CLOSING_MS 60000u
/* And to answer: a disk that is busy may take long to flush. */
#define ANSWER_S   120

/* The worker has a time limit of its own; here nobody else would end a wait
 * for a server that hangs.
 */
static int
limit_time(int socket, struct vtopo_error *err)
{
    const struct timeval time = { .tv_sec = ANSWER_S };

    if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) < 0
        || setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time,
                      sizeof(time)) < 0)
        return vt_fail_errno(err, "cannot limit the time for an answer");
    return 0;
}

int
vt_image_write(struct vt_image *image, struct vt_nbd *ret_nbd,
               struct vtopo_error *err)
{
    struct vt_nbd nbd;

    if (image->has_uri)
        return vt_fail(err, VTOPO_IMPOSSIBLE, "'%s' is behind a server, and is "
                       "not written through it", image->name);
    if (strcmp(image->links[0].format, "qcow2") == 0
        && !image->links[0].can_be_dirty) {
        (void)vt_fail(err, VTOPO_IMPOSSIBLE, "'%s' is a qcow2 of version 2, "
                      "which cannot say that it was not closed: a disk that "
                      "fails would damage it", image->name);
        return vt_hint(err, "leave it and use an overlay, or make it one of "
                       "version 3: 'qemu-img amend -o compat=1.1'");
    }
    end_server(image);
    image->writable = true;
    if (vt_server_start(image, err) < 0
        || limit_time(image->socket, err) < 0
        || vt_nbd_open(image->socket, "", &nbd, err) < 0)
        return vt_wrap(err, "'%s'", image->name);
    if (nbd.read_only || !nbd.can_flush)
        return vt_fail(err, VTOPO_IMPOSSIBLE,
                       "'%s' (%s) cannot be written by QEMU", image->name,
                       image->links[0].format);
    *ret_nbd = nbd;
    return 0;
}

int
vt_image_end_writing(struct vt_image *image, struct vt_nbd *nbd,
                     struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf said = VT_BUF_INIT;
    int rc = vt_nbd_flush(nbd, err);

    vt_nbd_leave(nbd);
    vt_closep(&image->socket);
    image->socket = -1;
    /* It ends with its only client.  One that does not end well has not closed
     * the image: a qcow2 stays marked, and its counts may be wrong.
     */
    if (rc == 0
        && vt_process_read(&image->server, 0, vt_deadline_in(CLOSING_MS), &said,
                           err) < 0)
        rc = vt_wrap(err, "'%s' was not closed", image->name);
    end_server(image);
    image->writable = false;
    return rc;
}

static void
close_all(int fds[VT_IMAGE_FILES_MAX])
{
    for (size_t i = 0; i < VT_IMAGE_FILES_MAX; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
}

static void
add_file(struct vt_json *json, const struct vt_image_file *file, unsigned place)
{
    vt_json_open(json, '{');
    vt_json_key(json, "role");
    vt_json_string(json, file->role);
    vt_json_key(json, "fd");
    vt_json_uint(json, place);
    vt_json_close(json, '}');
}

static int
ask_about(const struct vt_image_options *options,
          const struct vt_image_file *files, size_t count,
          const char *request, int *open_fds, struct vt_buf *answer,
          struct vt_image_cage *ret_cage, struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf text = VT_BUF_INIT;
    vt_auto(vt_worker_stop) struct vt_worker worker = VT_WORKER_INIT;
    struct vt_json json = VT_JSON_INIT(&text);

    vt_json_open(&json, '{');
    vt_json_key(&json, "facts");
    vt_json_open(&json, '{');
    vt_json_key(&json, "files");
    vt_json_open(&json, '[');
    for (size_t i = 0; i < count; i++) {
        if (vt_file_open(files[i].name, &open_fds[i], err) < 0)
            return -1;
        add_file(&json, &files[i], (unsigned)i);
    }
    vt_json_close(&json, ']');
    if (add_ask(&json, request, err) < 0)
        return -1;
    vt_json_close(&json, '}');
    vt_json_close(&json, '}');
    if (vt_worker_start(options, NULL, &worker, err) < 0)
        return -1;
    return vt_worker_ask(&worker, options->wall_ms, &text, open_fds, count,
                         answer, ret_cage, err);
}

int
vt_image_ask_files(const struct vt_image_options *options,
                   const struct vt_image_file *files, size_t count,
                   const char *request, struct vt_buf *answer,
                   struct vt_image_cage *ret_cage, struct vtopo_error *err)
{
    int open_fds[VT_IMAGE_FILES_MAX];
    int rc;

    if (count > VT_IMAGE_FILES_MAX)
        return vt_fail(err, VTOPO_BAD_INPUT,
                       "%zu files are given, at most %u can be", count,
                       VT_IMAGE_FILES_MAX);
    for (size_t i = 0; i < VT_IMAGE_FILES_MAX; i++)
        open_fds[i] = -1;
    rc = ask_about(options, files, count, request, open_fds, answer, ret_cage,
                   err);
    close_all(open_fds);
    return rc;
}
