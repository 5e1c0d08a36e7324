/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * test-nova.c - plan/nova.c and report/nova-json.c, one row a promise
 *
 * The answers and the codes in the table of requests are what Nova 26.2.2
 * gives; the words of an error are ours.  For legibility the requests are
 * written with ' for ", and the answers in Nova's way of writing a topology,
 * sockets:cores:threads.
 */

#include "plan/nova.h"
#include "report/nova-json.h"
#include "unit.h"

static const struct {
    const char *says;
    const char *request;
    const char *want;
} requests[] = {
    { "every topology, fewest threads first, then most sockets",
      "{'vcpus':8}",
      "wish 0:0:0 within 65536:65536:65536: 8:1:1 4:2:1 2:4:1 1:8:1 4:1:2 "
      "2:2:2 1:4:2 2:1:4 1:2:4 1:1:8" },
    { "one vCPU",
      "{'vcpus':1}",
      "wish 0:0:0 within 65536:65536:65536: 1:1:1" },
    { "a prime",
      "{'vcpus':7}",
      "wish 0:0:0 within 65536:65536:65536: 7:1:1 1:7:1 1:1:7" },
    { "a limit on threads in the flavor",
      "{'vcpus':8,'flavor':{'hw:cpu_max_threads':'2'}}",
      "wish 0:0:0 within 65536:65536:2: 8:1:1 4:2:1 2:4:1 1:8:1 4:1:2 2:2:2 "
      "1:4:2" },
    { "the image may lower a limit",
      "{'vcpus':8,'flavor':{'hw:cpu_max_sockets':'4'},"
      "'image':{'hw_cpu_max_sockets':'2'}}",
      "wish 0:0:0 within 2:65536:65536: 2:4:1 1:8:1 2:2:2 1:4:2 2:1:4 1:2:4 "
      "1:1:8" },
    { "the image may repeat a limit",
      "{'vcpus':4,'flavor':{'hw:cpu_max_sockets':'2'},"
      "'image':{'hw_cpu_max_sockets':'2'}}",
      "wish 0:0:0 within 2:65536:65536: 2:2:1 1:4:1 2:1:2 1:2:2 1:1:4" },
    { "the image may not raise a limit",
      "{'vcpus':8,'flavor':{'hw:cpu_max_sockets':'2'},"
      "'image':{'hw_cpu_max_sockets':'3'}}",
      "ImageVCPULimitsRangeExceeded: the image's limit of 3 sockets is above "
      "the flavor's limit of 2" },
    { "no threads",
      "{'vcpus':8,'allow_threads':false}",
      "wish 0:0:0 within 65536:65536:65536: 8:1:1 4:2:1 2:4:1 1:8:1" },
    { "no threads leaves the limit as it was given",
      "{'vcpus':4,'flavor':{'hw:cpu_max_threads':'2'},'allow_threads':false}",
      "wish 0:0:0 within 65536:65536:2: 4:1:1 2:2:1 1:4:1" },
    { "a wish of one member",
      "{'vcpus':8,'flavor':{'hw:cpu_sockets':'2'}}",
      "wish 2:0:0 within 65536:65536:65536: 2:4:1 2:2:2 2:1:4 8:1:1 4:2:1 "
      "1:8:1 4:1:2 1:4:2 1:2:4 1:1:8" },
    { "a wish of two members",
      "{'vcpus':8,'flavor':{'hw:cpu_cores':'2','hw:cpu_threads':'2'}}",
      "wish 0:2:2 within 65536:65536:65536: 2:2:2 4:2:1 4:1:2 1:4:2 1:2:4 "
      "8:1:1 2:4:1 1:8:1 2:1:4 1:1:8" },
    { "a wish of all members",
      "{'vcpus':8,'flavor':{'hw:cpu_sockets':'1','hw:cpu_cores':'4',"
      "'hw:cpu_threads':'2','hw:cpu_max_threads':'2'}}",
      "wish 1:4:2 within 65536:65536:2: 1:4:2 2:4:1 1:8:1 4:1:2 2:2:2 8:1:1 "
      "4:2:1" },
    { "a wish that nothing meets",
      "{'vcpus':4,'flavor':{'hw:cpu_sockets':'3'}}",
      "wish 3:0:0 within 65536:65536:65536: 4:1:1 2:2:1 1:4:1 2:1:2 1:2:2 "
      "1:1:4" },
    { "the image's wish hides the flavor's whole wish",
      "{'vcpus':4,'flavor':{'hw:cpu_sockets':'1','hw:cpu_cores':'2'},"
      "'image':{'hw_cpu_cores':'4'}}",
      "wish 0:4:0 within 65536:65536:65536: 1:4:1 4:1:1 2:2:1 2:1:2 1:2:2 "
      "1:1:4" },
    { "an image wish of zeros hides nothing",
      "{'vcpus':4,'flavor':{'hw:cpu_cores':'4'},"
      "'image':{'hw_cpu_sockets':'0'}}",
      "wish 0:4:0 within 65536:65536:65536: 1:4:1 4:1:1 2:2:1 2:1:2 1:2:2 "
      "1:1:4" },
    { "a flavor wish above a limit drops all three",
      "{'vcpus':4,'flavor':{'hw:cpu_sockets':'1','hw:cpu_cores':'4',"
      "'hw:cpu_max_cores':'2'}}",
      "wish 0:0:0 within 65536:2:65536: 4:1:1 2:2:1 2:1:2 1:2:2 1:1:4" },
    { "an image wish above a limit is refused",
      "{'vcpus':4,'flavor':{'hw:cpu_max_cores':'2'},"
      "'image':{'hw_cpu_cores':'4'}}",
      "ImageVCPUTopologyRangeExceeded: the image's wish for 4 cores is above "
      "the limit of 2" },
    { "without a limit there is one",
      "{'vcpus':4,'image':{'hw_cpu_cores':'70000'}}",
      "ImageVCPUTopologyRangeExceeded: the image's wish for 70000 cores is "
      "above the limit of 65536" },
    { "and it drops a flavor wish",
      "{'vcpus':2,'flavor':{'hw:cpu_cores':'70000','hw:cpu_sockets':'1'}}",
      "wish 0:0:0 within 65536:65536:65536: 2:1:1 1:2:1 1:1:2" },
    { "at the limit is not above",
      "{'vcpus':2,'image':{'hw_cpu_cores':'65536'}}",
      "wish 0:65536:0 within 65536:65536:65536: 2:1:1 1:2:1 1:1:2" },
    { "numbers beyond 64 bits are numbers",
      "{'vcpus':2,"
      "'flavor':{'hw:cpu_max_cores':'999999999999999999999999999999'},"
      "'image':{'hw_cpu_max_sockets':999999999999999999999999999999}}",
      "wish 0:0:0 within 9223372036854775807:9223372036854775807:65536: "
      "2:1:1 1:2:1 1:1:2" },
    { "nothing fits",
      "{'vcpus':7,'flavor':{'hw:cpu_max_sockets':'3','hw:cpu_max_cores':'2',"
      "'hw:cpu_max_threads':'2'}}",
      "ImageVCPULimitsRangeImpossible: no topology has 7 vCPUs within 3 "
      "sockets, 2 cores and 2 threads" },
    { "no vCPU",
      "{'vcpus':0}",
      "ImageVCPULimitsRangeImpossible: no topology has 0 vCPUs within 0 "
      "sockets, 0 cores and 0 threads" },
    { "fewer than none",
      "{'vcpus':-1,'allow_threads':false}",
      "ImageVCPULimitsRangeImpossible: no topology has -1 vCPUs within -1 "
      "sockets, -1 cores and 1 threads" },
    { "negative flavor limit",
      "{'vcpus':4,'flavor':{'hw:cpu_max_sockets':'-3'}}",
      "ImageVCPULimitsRangeExceeded: the image's limit of 0 sockets is above "
      "the flavor's limit of -3" },
    { "negative image limit",
      "{'vcpus':4,'image':{'hw_cpu_max_sockets':'-3'}}",
      "ImageVCPUTopologyRangeExceeded: the image's wish for 0 sockets is "
      "above the limit of -3" },
    { "negative image limit and wish",
      "{'vcpus':4,'image':{'hw_cpu_max_sockets':'-3','hw_cpu_sockets':'-3'}}",
      "ImageVCPULimitsRangeImpossible: no topology has 4 vCPUs within -3 "
      "sockets, 4 cores and 4 threads" },
    { "no threads replaces a negative limit",
      "{'vcpus':4,'image':{'hw_cpu_max_threads':'-3','hw_cpu_threads':'-3'},"
      "'allow_threads':false}",
      "wish 0:0:-3 within 65536:65536:-3: 4:1:1 2:2:1 1:4:1" },
    { "a negative limit drops the flavor's wish",
      "{'vcpus':4,'flavor':{'hw:cpu_max_sockets':'-3','hw:cpu_cores':'2'},"
      "'image':{'hw_cpu_max_sockets':'-3','hw_cpu_sockets':'-4'}}",
      "ImageVCPULimitsRangeImpossible: no topology has 4 vCPUs within -3 "
      "sockets, 4 cores and 4 threads" },
    { "a negative flavor wish is kept and matches nothing",
      "{'vcpus':4,'flavor':{'hw:cpu_sockets':'-2','hw:cpu_cores':'2'}}",
      "wish -2:2:0 within 65536:65536:65536: 2:2:1 1:2:2 4:1:1 1:4:1 2:1:2 "
      "1:1:4" },
    { "a negative image wish hides the flavor's",
      "{'vcpus':4,'flavor':{'hw:cpu_cores':'4'},"
      "'image':{'hw_cpu_sockets':'-2'}}",
      "wish -2:0:0 within 65536:65536:65536: 4:1:1 2:2:1 1:4:1 2:1:2 1:2:2 "
      "1:1:4" },
    { "misspelt keys are ignored",
      "{'vcpus':2,'flavor':{'hw:max_cpu_sockets':'1','hw:cpu_maxthreads':'x',"
      "'hw_cpu_max_cores':'1','HW:CPU_CORES':'1'},"
      "'image':{'hw_cpu_maxcores':null,'hw:cpu_max_cores':[1]}}",
      "wish 0:0:0 within 65536:65536:65536: 2:1:1 1:2:1 1:1:2" },
    { "a bad image wish beats all",
      "{'vcpus':0,'flavor':{'hw:cpu_max_cores':'x'},"
      "'image':{'hw_cpu_cores':'y'}}",
      "InvalidRequest: the image's hw_cpu_cores must be a whole number, not "
      "'y'" },
    { "a bad flavor limit beats limits",
      "{'vcpus':4,'flavor':{'hw:cpu_max_cores':'x','hw:cpu_max_sockets':'1'},"
      "'image':{'hw_cpu_max_sockets':'2'}}",
      "InvalidRequest: the flavor's hw:cpu_max_cores must be a whole number, "
      "not 'x'" },
    { "limits beat a bad flavor wish",
      "{'vcpus':4,'flavor':{'hw:cpu_cores':'x','hw:cpu_max_sockets':'1'},"
      "'image':{'hw_cpu_max_sockets':'2'}}",
      "ImageVCPULimitsRangeExceeded: the image's limit of 2 sockets is above "
      "the flavor's limit of 1" },
    { "a bad flavor wish beats the image's wish",
      "{'vcpus':4,'flavor':{'hw:cpu_cores':'x','hw:cpu_max_sockets':'1'},"
      "'image':{'hw_cpu_sockets':'2'}}",
      "InvalidRequest: the flavor's hw:cpu_cores must be a whole number, not "
      "'x'" },
    { "a bad flavor wish counts though the image's wish hides it",
      "{'vcpus':4,'flavor':{'hw:cpu_cores':'x'},"
      "'image':{'hw_cpu_sockets':'2'}}",
      "InvalidRequest: the flavor's hw:cpu_cores must be a whole number, not "
      "'x'" },
    { "a null in the flavor beats limits",
      "{'vcpus':4,'flavor':{'hw:cpu_cores':null,'hw:cpu_max_sockets':'1'},"
      "'image':{'hw_cpu_max_sockets':'2'}}",
      "InvalidRequest: the flavor's 'hw:cpu_cores' must be a string" },
    { "even where its key is ignored",
      "{'vcpus':4,'flavor':{'hw:cpu_policy':[]}}",
      "InvalidRequest: the flavor's 'hw:cpu_policy' must be a string" },
    { "a null in the image",
      "{'vcpus':4,'image':{'hw_cpu_cores':null}}",
      "InvalidRequest: the image's hw_cpu_cores must be a whole number, not "
      "'null'" },
    { "a fraction is no integer",
      "{'vcpus':4,'flavor':{'hw:cpu_cores':3.0}}",
      "InvalidRequest: the flavor's hw:cpu_cores must be a whole number, not "
      "'3.0'" },
    { "nor is true",
      "{'vcpus':4,'flavor':{'hw:cpu_max_cores':true}}",
      "InvalidRequest: the flavor's hw:cpu_max_cores must be a whole number, "
      "not 'true'" },
    { "a zero character is no digit",
      "{'vcpus':4,'flavor':{'hw:cpu_cores':'3\\u0000',"
      "'hw:cpu_max_sockets':'1'},'image':{'hw_cpu_max_sockets':'1'}}",
      "InvalidRequest: the flavor's hw:cpu_cores must be a whole number, not "
      "'3'" },
    { "but null stands for an empty object",
      "{'vcpus':1,'image':null,'flavor':null}",
      "wish 0:0:0 within 65536:65536:65536: 1:1:1" },

    /* What follows is no request to Nova, and the code is ours. */
    { "the most vCPUs we count",
      "{'vcpus':4096,'flavor':{'hw:cpu_max_threads':'1',"
      "'hw:cpu_max_cores':'1'}}",
      "wish 0:0:0 within 65536:1:1: 4096:1:1" },
    { "one more",
      "{'vcpus':4097}",
      "bad-input: vcpus must be at most 4096, not 4097" },
    { "far more",
      "{'vcpus':99999999999999999999}",
      "bad-input: vcpus must be at most 4096, not 9223372036854775807" },
    { "what Nova refuses first comes first",
      "{'vcpus':4097,'image':{'hw_cpu_cores':'x'}}",
      "InvalidRequest: the image's hw_cpu_cores must be a whole number, "
      "not 'x'" },
    { "a long text is cut",
      "{'vcpus':1,'image':{'hw_cpu_cores':"
      "'1234567890123456789012345678901234567890x'}}",
      "InvalidRequest: the image's hw_cpu_cores must be a whole number, "
      "not '1234567890123456789012345678901234567890...'" },
    { "blanks between all parts, and keys in any order",
      " { 'image' : { 'hw_cpu_max_cores' : 1 } , 'vcpus' : 2 } ",
      "wish 0:0:0 within 65536:1:65536: 2:1:1 1:1:2" },
    { "the last value of a key counts",
      "{'vcpus':9,'vcpus':2,'image':{'hw_cpu_cores':'x'},"
      "'image':{'hw_cpu_max_cores':'x','hw_cpu_max_cores':'1'}}",
      "wish 0:0:0 within 65536:1:65536: 2:1:1 1:1:2" },
    { "no vcpus", "{}", "bad-input: 'vcpus' is missing" },
    { "vcpus in quotes", "{'vcpus':'8'}",
      "bad-input: 'vcpus' must be a whole number" },
    { "half a vCPU", "{'vcpus':0.5}",
      "bad-input: 'vcpus' must be a whole number" },
    { "a number for threads", "{'vcpus':8,'allow_threads':1}",
      "bad-input: 'allow_threads' must be true or false" },
    { "a text for a flavor", "{'vcpus':8,'flavor':'m1.small'}",
      "bad-input: 'flavor' must be an object" },
    { "a key that is not known", "{'vcpus':8,'flavour':{}}",
      "bad-input: unknown key 'flavour', known are 'vcpus', 'flavor', "
      "'image' and 'allow_threads'" },
    { "no object", "[8]", "bad-input: not JSON: an object expected at byte 0" },
    { "nothing", "",
      "bad-input: not JSON: an object expected, but the text ends" },
    { "text behind", "{'vcpus':8}8",
      "bad-input: not JSON: the end of the text expected at byte 11" },
    { "a value that is not JSON", "{'vcpus':8,'image':{'hw_cpu_cores':03}}",
      "bad-input: not JSON: a value expected at byte 35" },
};

static void
format_triple(const char *before, const int64_t triple[VT_NOVA_MEMBERS],
              struct vt_buf *out)
{
    vt_buf_printf(out, "%s%lld:%lld:%lld", before, (long long)triple[0],
                  (long long)triple[1], (long long)triple[2]);
}

/* What the table of requests holds, from a line of JSON. */
static void
answer_briefly(struct vt_nova_context *context, char *line, struct vt_buf *out)
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vt_nova_request request;
    const struct vt_nova_answer *answer;
    struct vt_json_reader reader;

    vt_json_reader_start(&reader, line, strlen(line));
    if (vt_nova_request_read(&reader, &request, &err) < 0
        || vt_nova_plan(context, &request, &answer, &err) < 0) {
        vt_buf_printf(out, "%s: %s", vtopo_code_name(err.code), err.message);
        return;
    }
    format_triple("wish ", answer->preferred, out);
    format_triple(" within ", answer->maximum, out);
    vt_buf_add_char(out, ':');
    for (unsigned i = 0; i < answer->count; i++)
        vt_buf_printf(out, " %u:%u:%u", answer->topologies[i].sockets,
                      answer->topologies[i].cores,
                      answer->topologies[i].threads);
}

static char *
with_double_quotes(const char *text)
{
    char *copy = strdup(text);

    assert_non_null(copy);
    for (char *at = strchr(copy, '\''); at != NULL; at = strchr(at, '\''))
        *at = '"';
    return copy;
}

/* All rows use one context, so that what one leaves must not reach another. */
static void
request_rows(void **state)
{
    struct vt_nova_context context = VT_NOVA_CONTEXT_INIT;

    (void)state;
    for (size_t i = 0; i < VT_COUNT(requests); i++) {
        vt_auto(vt_buf_clear) struct vt_buf got = VT_BUF_INIT;
        vt_autofree char *line = with_double_quotes(requests[i].request);

        UNIT_ROW(i, requests[i].says);
        answer_briefly(&context, line, &got);
        assert_string_equal(vt_buf_string(&got), requests[i].want);
    }
}

static const struct {
    const char *text;
    int64_t number;
} integers[] = {
    { "3", 3 }, { "+3", 3 }, { "-3", -3 }, { "0", 0 }, { "-0", 0 },
    { " 3 ", 3 }, { "\t\n\v\f\r3\r\f\v\n\t", 3 },
    { "007", 7 }, { "1_0", 10 }, { "0_3", 3 }, { "-1_2_3", -123 },
    { "9223372036854775806", INT64_MAX - 1 },
    { "9223372036854775807", INT64_MAX },
    { "9223372036854775808", INT64_MAX },
    { "18446744073709551617", INT64_MAX },
    { "-9223372036854775808", -INT64_MAX },
    { "-99999999999999999999999999", -INT64_MAX },
};

static const char *const no_integers[] = {
    "", " ", "-", "+", " - ", "++3", "+-3", "+ 3", "- 3", "_", "_1", "1_",
    "1_ ", "1__0", "-_3", "1_x", "3.5", "3.", "1e3", "0x3", "0b1", "3L",
    "three", "3 4", "3,", "\0343", "3\x1f", "3\xc2\xa0", "\xd9\xa3", "3\x85",
};

static void
integer_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < VT_COUNT(integers); i++) {
        const char *text = integers[i].text;
        struct vt_nova_value value = vt_nova_value_parse(text, strlen(text));

        UNIT_ROW(i, "an integer");
        assert_null(value.bad);
        assert_true(value.number == integers[i].number);
    }
    for (size_t i = 0; i < VT_COUNT(no_integers); i++) {
        const char *text = no_integers[i];
        struct vt_nova_value value = vt_nova_value_parse(text, strlen(text));

        UNIT_ROW(i, "no integer");
        assert_ptr_equal(value.bad, text);
        assert_int_equal(value.bad_length, strlen(text));
        assert_int_equal(value.number, 0);
    }
}

/* Python reads 4300 digits and no more; leading zeros count. */
static void
integer_longest(void **state)
{
    char text[VT_NOVA_DIGITS_MAX + 4];

    (void)state;
    memset(text, '0', sizeof(text));
    text[0] = '-';
    text[VT_NOVA_DIGITS_MAX] = '7';
    text[VT_NOVA_DIGITS_MAX + 1] = ' ';
    assert_int_equal(
        vt_nova_value_parse(text, VT_NOVA_DIGITS_MAX + 2).number, -7);
    text[VT_NOVA_DIGITS_MAX + 1] = '1';
    assert_non_null(vt_nova_value_parse(text, VT_NOVA_DIGITS_MAX + 2).bad);
}

static void
too_many_digits_is_hinted(void **state)
{
    struct vt_nova_context context = VT_NOVA_CONTEXT_INIT;
    struct vt_nova_request request = VT_NOVA_REQUEST_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    const struct vt_nova_answer *answer = NULL;
    char text[VT_NOVA_DIGITS_MAX + 1];

    (void)state;
    memset(text, '1', sizeof(text));
    request.vcpus = 1;
    request.flavor.max[VT_NOVA_CORES]
        = vt_nova_value_parse(text, sizeof(text));
    assert_int_equal(vt_nova_plan(&context, &request, &answer, &err), -1);
    assert_null(answer);
    assert_int_equal(err.code, VTOPO_NOVA_INVALID_REQUEST);
    assert_string_equal(err.hint, "Nova reads up to 4300 digits");
}

/* Nova's key: (sockets * cores, sockets, threads). */
static bool
comes_before(const struct vt_nova_topology *a, const struct vt_nova_topology *b)
{
    if (a->sockets * a->cores != b->sockets * b->cores)
        return a->sockets * a->cores > b->sockets * b->cores;
    if (a->sockets != b->sockets)
        return a->sockets > b->sockets;
    return a->threads > b->threads;
}

/* Try every product, sort by insertion.  Returns how many there are. */
static unsigned
list_slowly(unsigned vcpus, const unsigned limit[VT_NOVA_MEMBERS],
            struct vt_nova_topology list[VT_NOVA_TOPOLOGIES_MAX])
{
    unsigned count = 0;

    for (unsigned s = 1; s <= limit[0] && s <= vcpus; s++)
        for (unsigned c = 1; c <= limit[1] && c <= vcpus; c++)
            for (unsigned t = 1; t <= limit[2] && t <= vcpus; t++) {
                const struct vt_nova_topology new = {
                    (uint16_t)s, (uint16_t)c, (uint16_t)t,
                };
                unsigned at = count;

                if (s * c * t != vcpus)
                    continue;
                for (; at > 0 && comes_before(&new, &list[at - 1]); at--)
                    list[at] = list[at - 1];
                list[at] = new;
                count++;
            }
    return count;
}

static unsigned
score_slowly(const unsigned wish[VT_NOVA_MEMBERS],
             const struct vt_nova_topology *topology)
{
    unsigned score = 0;

    if (wish[0] != 0 && topology->sockets == wish[0])
        score++;
    if (wish[1] != 0 && topology->cores == wish[1])
        score++;
    if (wish[2] != 0 && topology->threads == wish[2])
        score++;
    return score;
}

static void
check_against_slow(struct vt_nova_context *context,
                   const struct vt_nova_request *request,
                   const unsigned limit[VT_NOVA_MEMBERS],
                   const unsigned wish[VT_NOVA_MEMBERS])
{
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    struct vt_nova_topology slow[VT_NOVA_TOPOLOGIES_MAX];
    const struct vt_nova_answer *answer = NULL;
    unsigned count = list_slowly((unsigned)request->vcpus, limit, slow);
    unsigned at = 0;

    if (vt_nova_plan(context, request, &answer, &err) < 0) {
        assert_int_equal(err.code, VTOPO_NOVA_IMPOSSIBLE);
        assert_int_equal(count, 0);
        return;
    }
    assert_int_equal(answer->count, count);
    for (unsigned score = VT_NOVA_MEMBERS + 1; score-- > 0;)
        for (unsigned i = 0; i < count; i++) {
            if (score_slowly(wish, &slow[i]) != score)
                continue;
            assert_memory_equal(&answer->topologies[at], &slow[i],
                                sizeof(slow[i]));
            at++;
        }
    assert_int_equal(at, count);
}

static const unsigned tried_limits[][VT_NOVA_MEMBERS] = {
    { 64, 64, 64 }, { 64, 64, 2 }, { 64, 64, 1 }, { 2, 64, 64 }, { 1, 64, 2 },
    { 64, 4, 8 }, { 3, 5, 7 }, { 8, 8, 1 }, { 4, 4, 4 }, { 16, 2, 3 },
    { 1, 1, 64 }, { 1, 1, 1 },
};

/* No wish is above any limit it is tried with, or it would be dropped. */
static const unsigned tried_wishes[][VT_NOVA_MEMBERS] = {
    { 0, 0, 0 }, { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 }, { 1, 1, 0 },
    { 2, 0, 0 }, { 0, 4, 0 }, { 0, 0, 2 }, { 2, 4, 0 }, { 0, 2, 2 },
    { 2, 2, 2 }, { 3, 4, 2 }, { 8, 2, 4 },
};

static void
every_product_is_found(void **state)
{
    struct vt_nova_context context = VT_NOVA_CONTEXT_INIT;

    (void)state;
    for (unsigned vcpus = 1; vcpus <= 64; vcpus++)
        for (size_t i = 0; i < VT_COUNT(tried_limits); i++)
            for (size_t j = 0; j < VT_COUNT(tried_wishes); j++) {
                const unsigned *limit = tried_limits[i];
                const unsigned *wish = tried_wishes[j];
                struct vt_nova_request request = VT_NOVA_REQUEST_INIT;

                request.vcpus = vcpus;
                for (unsigned k = 0; k < VT_NOVA_MEMBERS; k++) {
                    request.image.max[k].number = limit[k];
                    request.flavor.wish[k].number = wish[k];
                }
                if (wish[0] > limit[0] || wish[1] > limit[1]
                    || wish[2] > limit[2])
                    continue;
                check_against_slow(&context, &request, limit, wish);
            }
}

/* The list of every size fits its memory, and the largest fills it. */
static void
no_list_is_too_long(void **state)
{
    struct vt_nova_context context = VT_NOVA_CONTEXT_INIT;
    unsigned longest = 0;

    (void)state;
    for (unsigned vcpus = 1; vcpus <= VTOPO_CPUS_MAX; vcpus++) {
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        struct vt_nova_request request = VT_NOVA_REQUEST_INIT;
        const struct vt_nova_answer *answer;

        request.vcpus = vcpus;
        assert_int_equal(vt_nova_plan(&context, &request, &answer, &err), 0);
        assert_true(answer->count <= VT_NOVA_TOPOLOGIES_MAX);
        if (answer->count > longest)
            longest = answer->count;
        for (unsigned i = 0; i < answer->count; i++)
            assert_int_equal(answer->topologies[i].sockets
                             * answer->topologies[i].cores
                             * answer->topologies[i].threads, vcpus);
        if (vcpus == 4096)
            assert_int_equal(answer->count, 91);
    }
    assert_int_equal(longest, VT_NOVA_TOPOLOGIES_MAX);
}

static void
an_answer_is_one_line(void **state)
{
    struct vt_nova_context context = VT_NOVA_CONTEXT_INIT;
    vt_auto(vt_buf_clear) struct vt_buf out = VT_BUF_INIT;
    vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
    char good[] = "{\"vcpus\":1000,\"flavor\":{\"hw:cpu_sockets\":\"-10\","
                  "\"hw:cpu_max_cores\":\"10\",\"hw:cpu_max_threads\":\"2\"}}";
    char bad[] = "{\"vcpus\":0}";

    (void)state;
    vt_buf_add_string(&out, "before");
    assert_int_equal(vt_nova_answer_line(&context, bad, strlen(bad), &out,
                                         &err), -1);
    assert_int_equal(out.length, strlen("before"));
    vtopo_error_clear(&err);
    assert_int_equal(vt_nova_answer_line(&context, good, strlen(good), &out,
                                         &err), 0);
    assert_string_equal(vt_buf_string(&out),
        "before{\"preferred\":[-10,0,0],\"maximum\":[65536,10,2],"
        "\"topologies\":[[1000,1,1],[500,2,1],[250,4,1],[200,5,1],"
        "[125,8,1],[100,10,1],[500,1,2],[250,2,2],[125,4,2],[100,5,2],"
        "[50,10,2]]}");
}

/* The text that a person reads. */
static const struct {
    const char *says;
    const char *request;
    const char *want;
} texts[] = {
    { "without a wish", "{'vcpus':4,'flavor':{'hw:cpu_max_threads':'2'}}",
      "limits: sockets 65536, cores 65536, threads 2\n"
      "wishes: none\n"
      "rank  sockets  cores  threads  score  why\n"
      "   1        4      1        1      0  fewest threads, then most sockets\n"
      "   2        2      2        1      0  fewer sockets\n"
      "   3        1      4        1      0  fewer sockets\n"
      "   4        2      1        2      0  more threads\n"
      "   5        1      2        2      0  fewer sockets\n" },
    { "with wishes",
      "{'vcpus':4,'image':{'hw_cpu_sockets':'1','hw_cpu_cores':'2'}}",
      "limits: sockets 65536, cores 65536, threads 65536\n"
      "wishes: sockets 1, cores 2\n"
      "rank  sockets  cores  threads  score  why\n"
      "   1        1      2        2      2  sockets, cores as wished\n"
      "   2        2      2        1      1  cores as wished\n"
      "   3        1      4        1      1  sockets as wished; fewer sockets\n"
      "   4        1      1        4      1  sockets as wished; more threads\n"
      "   5        4      1        1      0  no wish met\n"
      "   6        2      1        2      0  more threads\n" },
};

static void
text_rows(void **state)
{
    struct vt_nova_context context = VT_NOVA_CONTEXT_INIT;

    (void)state;
    for (size_t i = 0; i < VT_COUNT(texts); i++) {
        vt_auto(vt_buf_clear) struct vt_buf got = VT_BUF_INIT;
        vt_autoerror struct vtopo_error err = VTOPO_ERROR_INIT;
        vt_autofree char *line = with_double_quotes(texts[i].request);
        const struct vt_nova_answer *answer;
        struct vt_nova_request request;
        struct vt_json_reader reader;

        UNIT_ROW(i, texts[i].says);
        vt_json_reader_start(&reader, line, strlen(line));
        assert_int_equal(vt_nova_request_read(&reader, &request, &err), 0);
        assert_int_equal(vt_nova_plan(&context, &request, &answer, &err), 0);
        vt_nova_text(answer, &got);
        assert_string_equal(vt_buf_string(&got), texts[i].want);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(request_rows),
    cmocka_unit_test(integer_rows),
    cmocka_unit_test(integer_longest),
    cmocka_unit_test(too_many_digits_is_hinted),
    cmocka_unit_test(every_product_is_found),
    cmocka_unit_test(no_list_is_too_long),
    cmocka_unit_test(an_answer_is_one_line),
    cmocka_unit_test(text_rows),
};

UNIT_MAIN(tests)
