/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * judge.c - judge a record as the library does, for tests
 *
 *   judge RECORD [REQUEST] [--text]
 *
 * Prints the answer as JSON, or as text.  REQUEST is one for a prediction,
 * {"smp":"4","os":"win7"}: what was planned.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/verdict.h"

static char *
read_whole(const char *name, size_t *ret_length)
{
    vt_autofile FILE *file = fopen(name, "rb");
    size_t size = 64u * 1024 * 1024;
    char *text = malloc(size);

    if (file == NULL || text == NULL) {
        free(text);
        return NULL;
    }
    *ret_length = fread(text, 1, size - 1, file);
    text[*ret_length] = '\0';
    return text;
}

static int
print_answer(const struct vt_verdict *verdict,
             const struct vt_predict_answer *planned, bool as_text,
             struct vtopo_error *err)
{
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    struct vt_json json = VT_JSON_INIT(&out);
    struct vt_verdict_answer answer;

    if (vt_verdict_answer_make(verdict, planned, &answer, err) < 0)
        return -1;
    if (as_text) {
        vt_verdict_text(&out, &answer);
    } else {
        vt_verdict_write(&json, &answer);
        vt_buf_add_char(&out, '\n');
    }
    if (vt_buf_check(&out, err) < 0)
        return -1;
    (void)fwrite(out.data, 1, out.length, stdout);
    return 0;
}

static int
judge(char *text, size_t length, char *request_text, bool as_text,
      struct vtopo_error *err)
{
    vt_autorecord struct vt_record *record = NULL;
    vt_auto(vt_verdict_clear) struct vt_verdict verdict = VT_VERDICT_INIT;
    vt_auto(vt_predict_context_clear) struct vt_predict_context context =
        VT_PREDICT_CONTEXT_INIT;
    struct vt_json_reader reader;
    struct vt_predict_request request;
    struct vt_predict_answer planned;

    if (request_text != NULL) {
        vt_json_reader_start(&reader, request_text, strlen(request_text));
        if (vt_predict_request_read(&reader, &request, err) < 0
            || vt_predict_answer_make(&context, &request, &planned, err) < 0)
            return -1;
    }
    if (vt_record_read(text, length, &record, err) < 0
        || vt_judge(record, &verdict, err) < 0)
        return -1;
    return print_answer(&verdict, request_text != NULL ? &planned : NULL,
                        as_text, err);
}

int
main(int argc, char **argv)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    vt_autofree char *text = NULL;
    char *request = NULL;
    bool as_text = false;
    size_t length = 0;

    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--text") == 0)
            as_text = true;
        else
            request = argv[i];
    }
    text = argc > 1 ? read_whole(argv[1], &length) : NULL;
    if (text == NULL) {
        (void)fprintf(stderr, "usage: judge RECORD [REQUEST] [--text]\n");
        return 99;
    }
    if (judge(text, length, request, as_text, &err) < 0) {
        (void)printf("error: %s: %s\n", vtopo_code_name(err.code),
                     err.message);
        return 1;
    }
    return 0;
}
