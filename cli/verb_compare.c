/* motet compare: whether two sounds are the same, and where they are not. */
#include "clip.h"
#include "options.h"
#include "output.h"
#include "verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: motet compare A B [--tolerance-db DB] [--json]\n"
    "\n"
    "Compares two sound files frame by frame; a timeline (.jsonl, or \"-\": one on standard input) is rendered first.\n"
    "Another length, rate or number of channels is a difference. Differences are told in LSB, steps of a 16-bit "
    "sample\n"
    "(1/32768), and in dB relative to full scale.\n"
    "\n"
    "  --tolerance-db DB   differences of at most so many dB (-90: about 1 LSB) count as none\n"
    "  --json              one JSON document: {\"a\", \"b\", \"same\", \"differences\": [words], \"first_frame\",\n"
    "                      \"largest_frame\", \"largest_lsb\", \"largest_db\"}; first_frame is that of the first "
    "difference\n"
    "                      beyond the tolerance, null without; largest_db is null where there is none; when a file\n"
    "                      cannot be read {\"errors\": [{\"file\", \"line\", \"message\"}]}\n"
    "\n"
    "Exit status: 0 same, 1 different or unreadable, 2 wrong usage.\n";

static const double LSB = 1.0 / 32768;

typedef struct comparison {
    const char *names[2];
    motet_clip clips[2];
    double tolerance;
    bool comparable; /* the same rate and channels */
    bool differs;    /* in samples, beyond the tolerance */
    uint64_t first_frame;
    uint32_t first_channel;
    uint64_t largest_frame;
    double largest;
    char *words[4];
    size_t word_count;
} comparison;

static void compare_shapes(comparison *c)
{
    const motet_clip *a = &c->clips[0];
    const motet_clip *b = &c->clips[1];
    c->comparable = a->rate_hz == b->rate_hz && a->channels == b->channels;
    if (a->rate_hz != b->rate_hz) {
        c->words[c->word_count++] =
            motet_string_format("rate: %u and %u Hz", (unsigned)a->rate_hz, (unsigned)b->rate_hz);
    }
    if (a->file_channels != b->file_channels) {
        c->words[c->word_count++] =
            motet_string_format("channels: %u and %u", (unsigned)a->file_channels, (unsigned)b->file_channels);
    }
    if (a->frames != b->frames) {
        c->words[c->word_count++] = motet_string_format("length: %llu and %llu frames", (unsigned long long)a->frames,
                                                        (unsigned long long)b->frames);
    }
}

static void compare_samples(comparison *c)
{
    const motet_clip *a = &c->clips[0];
    const motet_clip *b = &c->clips[1];
    uint64_t frames = a->frames < b->frames ? a->frames : b->frames;
    for (size_t i = 0; i < (size_t)frames * a->channels; i++) {
        double difference = fabs((double)a->samples[i] - (double)b->samples[i]);
        if (difference > c->tolerance && !c->differs) {
            c->differs = true;
            c->first_frame = i / a->channels;
            c->first_channel = (uint32_t)(i % a->channels);
        }
        if (difference > c->largest) {
            c->largest = difference;
            c->largest_frame = i / a->channels;
        }
    }
    if (c->differs) {
        c->words[c->word_count++] = motet_string_format(
            "samples: first at frame %llu (%.3f s), channel %u; largest %.6g LSB (%.1f dB) at frame %llu",
            (unsigned long long)c->first_frame, (double)c->first_frame / a->rate_hz, (unsigned)c->first_channel + 1,
            c->largest / LSB, motet_level_db(c->largest), (unsigned long long)c->largest_frame);
    }
}

/* The first frame at which the two are not the same: a shorter one's end is a difference too. */
static json_t *first_frame(const comparison *c)
{
    const motet_clip *a = &c->clips[0];
    const motet_clip *b = &c->clips[1];
    if (c->differs) {
        return json_integer((json_int_t)c->first_frame);
    }
    if (c->comparable && a->frames != b->frames) {
        return json_integer((json_int_t)(a->frames < b->frames ? a->frames : b->frames));
    }
    return json_null();
}

static bool report_json(const comparison *c)
{
    json_t *document = json_object();
    json_t *words = json_array();
    for (size_t i = 0; i < c->word_count; i++) {
        (void)json_array_append_new(words, json_string(c->words[i]));
    }
    (void)json_object_set_new(document, "a", motet_json_text(c->names[0]));
    (void)json_object_set_new(document, "b", motet_json_text(c->names[1]));
    (void)json_object_set_new(document, "same", json_boolean(c->word_count == 0));
    (void)json_object_set_new(document, "differences", words);
    (void)json_object_set_new(document, "first_frame", first_frame(c));
    (void)json_object_set_new(document, "largest_frame",
                              c->largest > 0 ? json_integer((json_int_t)c->largest_frame) : json_null());
    (void)json_object_set_new(document, "largest_lsb", c->comparable ? json_real(c->largest / LSB) : json_null());
    (void)json_object_set_new(document, "largest_db", motet_json_number(motet_level_db(c->largest)));
    return motet_output_json(document);
}

static bool report(const comparison *c)
{
    const motet_clip *a = &c->clips[0];
    for (size_t i = 0; i < c->word_count; i++) {
        printf("%s\n", c->words[i]);
    }
    if (c->word_count == 0 && c->largest > 0) {
        printf("same within the tolerance: largest difference %.6g LSB (%.1f dB) at frame %llu\n", c->largest / LSB,
               motet_level_db(c->largest), (unsigned long long)c->largest_frame);
    } else if (c->word_count == 0) {
        printf("same: %llu frames\n", (unsigned long long)a->frames);
    }
    return motet_output_flush();
}

static bool read_clips(comparison *c, bool json)
{
    bool good = true;
    json_t *errors = json_array();
    for (size_t i = 0; i < 2; i++) {
        motet_problems problems;
        motet_problems_init(&problems, c->names[i]);
        good = motet_clip_read(&c->clips[i], c->names[i], &problems) && good;
        motet_problems_print(&problems);
        json_t *list = motet_problems_to_json(&problems, false);
        (void)json_array_extend(errors, list);
        json_decref(list);
        motet_problems_free(&problems);
    }
    if (!good && json) {
        (void)motet_output_json(json_pack("{s:O}", "errors", errors));
    }
    json_decref(errors);
    return good;
}

static int compare(const char *a, const char *b, double tolerance, bool json)
{
    comparison c = {.names = {a, b}, .tolerance = tolerance};
    bool good = read_clips(&c, json);
    if (good) {
        compare_shapes(&c);
        if (c.comparable) {
            compare_samples(&c);
        }
        good = (json ? report_json(&c) : report(&c)) && c.word_count == 0;
    }
    for (size_t i = 0; i < c.word_count; i++) {
        free(c.words[i]);
    }
    motet_clip_free(&c.clips[0]);
    motet_clip_free(&c.clips[1]);
    return good ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}

static int run(int count, char *const *arguments)
{
    bool json = false;
    bool has_tolerance = false;
    double tolerance_db = 0;
    const motet_option options[] = {
        {.name = "--json", .kind = MOTET_OPTION_FLAG, .value = &json},
        {.name = "--tolerance-db",
         .kind = MOTET_OPTION_NUMBER,
         .value = &tolerance_db,
         .given = &has_tolerance,
         .min = -1000,
         .max = 100},
    };
    motet_operands operands = {.list = motet_memory_take((size_t)count, sizeof(char *))};
    int result = motet_options_read("compare", options, sizeof options / sizeof *options, count, arguments, &operands);
    if (result == MOTET_EXIT_OK &&
        !motet_options_expect("compare", operands.count == 2, "A B [--tolerance-db DB] [--json]")) {
        result = MOTET_EXIT_USAGE;
    }
    if (result == MOTET_EXIT_OK) {
        double tolerance = has_tolerance ? pow(10, tolerance_db / 20) : 0;
        result = compare(operands.list[0], operands.list[1], tolerance, json);
    }
    free(operands.list);
    return result;
}

const motet_tool_verb motet_tool_compare = {
    .name = "compare", .summary = "whether two sounds are the same, and where not", .help = help, .run = run};
