/* The lines that say what a rendering is expected to be. */
#include "timeline_parser.h"

enum { MASTER = 0 };

static bool check_keys(motet_parser *parser, const motet_value *values, uint32_t bus)
{
    bool any = false;
    static const motet_field wanted[] = {MOTET_FIELD_PEAK_DB, MOTET_FIELD_VOICES, MOTET_FIELD_CLICKS,
                                         MOTET_FIELD_MARKERS};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        any = any || values[wanted[i]].present;
    }
    if (!any) {
        motet_parser_error(parser, "nothing is expected in \"expect\"; expected \"peak_db\", \"voices\", \"clicks\" or "
                                   "\"markers\"");
        return false;
    }
    const char *of_master = values[MOTET_FIELD_CLICKS].present    ? "clicks"
                            : values[MOTET_FIELD_MARKERS].present ? "markers"
                                                                  : NULL;
    if (of_master != NULL && bus != MASTER) {
        motet_parser_error(parser, "\"%s\" in \"expect\" of bus \"%s\"; expected them of \"Master\" only", of_master,
                           parser->timeline->buses[bus].name);
        return false;
    }
    return true;
}

void motet_parser_expect(motet_parser *parser)
{
    motet_timeline *timeline = parser->timeline;
    motet_value values[MOTET_FIELD_COUNT];
    motet_timeline_expect expect = {.at = parser->values[MOTET_FIELD_AT].frames, .line = parser->line};
    const json_t *object = parser->values[MOTET_FIELD_NAME].object;
    if (!parser->good ||
        !motet_values_read(values, &motet_expect_keys, object, &parser->base, parser->problems, parser->line)) {
        return;
    }
    const motet_value *bus = &values[MOTET_FIELD_BUS];
    if ((bus->present && !motet_parser_find_bus(parser, bus->text, &expect.bus)) ||
        !check_keys(parser, values, expect.bus)) {
        return;
    }
    if (expect.at == 0) {
        motet_parser_error(parser, "an \"expect\" at 0 has no time before it to look at; expected a later \"at\"");
        return;
    }
    expect.has_peak = values[MOTET_FIELD_PEAK_DB].present;
    expect.peak_low_db = values[MOTET_FIELD_PEAK_DB].number;
    expect.peak_high_db = values[MOTET_FIELD_PEAK_DB].second;
    expect.has_voices = values[MOTET_FIELD_VOICES].present;
    expect.voices_low = (uint64_t)values[MOTET_FIELD_VOICES].number;
    expect.voices_high = (uint64_t)values[MOTET_FIELD_VOICES].second;
    expect.has_clicks = values[MOTET_FIELD_CLICKS].present;
    expect.clicks_high = values[MOTET_FIELD_CLICKS].whole;
    expect.has_markers = values[MOTET_FIELD_MARKERS].present;
    expect.markers_low = (uint64_t)values[MOTET_FIELD_MARKERS].number;
    expect.markers_high = (uint64_t)values[MOTET_FIELD_MARKERS].second;
    timeline->expects =
        motet_memory_grow(timeline->expects, timeline->expect_count, &timeline->expect_capacity, sizeof expect);
    timeline->expects[timeline->expect_count++] = expect;
}

void motet_parser_check_expects(motet_parser *parser)
{
    const motet_timeline *timeline = parser->timeline;
    for (size_t i = 0; timeline->has_end && i < timeline->expect_count; i++) {
        const motet_timeline_expect *expect = &timeline->expects[i];
        if (expect->at > timeline->end_frame) {
            parser->line = expect->line;
            motet_parser_error(
                parser, "\"expect\" at %llu is behind the \"end\" of line %u; expected it at %llu or before",
                (unsigned long long)expect->at, (unsigned)parser->end_line, (unsigned long long)timeline->end_frame);
        }
    }
}
