#include "timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

bool motet_timeline_is_file(const char *path)
{
    if (strcmp(path, "-") == 0 || motet_path_has_ending(path, ".jsonl")) {
        return true;
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    char text[4096];
    size_t length = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[length] = '\0';
    const char *line = memcmp(text, "\xEF\xBB\xBF", length < 3 ? length : 3) == 0 && length >= 3 ? text + 3 : text;
    for (;;) {
        line += strspn(line, " \t\r\n");
        if (*line != '#') {
            break;
        }
        line += strcspn(line, "\n");
    }
    const char *key = strstr(line, "\"motet\"");
    return *line == '{' && key != NULL && (size_t)(key - line) < strcspn(line, "\n");
}

void motet_timeline_free(motet_timeline *timeline)
{
    for (size_t i = 0; i < timeline->text_count; i++) {
        free(timeline->texts[i]);
    }
    free(timeline->texts);
    for (size_t i = 0; i < timeline->sound_count; i++) {
        free(timeline->sounds[i].members);
        free(timeline->sounds[i].weights);
        free(timeline->sounds[i].markers);
    }
    free(timeline->folder);
    free(timeline->sounds);
    free(timeline->buses);
    free(timeline->effects);
    free(timeline->sends);
    free(timeline->effect_settings);
    free(timeline->voices);
    free(timeline->commands);
    free(timeline->feeds);
    free(timeline->loops);
    free(timeline->chunks);
    free(timeline->expects);
    *timeline = (motet_timeline){0};
}

motet_time_base motet_timeline_base(const motet_timeline *timeline, uint32_t rate_hz)
{
    return (motet_time_base){.rate_hz = rate_hz,
                             .tempo_millionths = timeline->header.tempo_millionths,
                             .beats_per_bar = timeline->header.beats_per_bar};
}

bool motet_timeline_surely_ends(const motet_timeline *timeline)
{
    for (size_t i = 0; i < timeline->bus_count; i++) {
        if (timeline->buses[i].paused) {
            return false;
        }
    }
    for (size_t i = 0; i < timeline->command_count; i++) {
        if (timeline->commands[i].verb == MOTET_VERB_PAUSE_BUS) {
            return false;
        }
    }
    for (size_t i = 0; i < timeline->voice_count; i++) {
        const motet_timeline_voice *voice = &timeline->voices[i];
        bool held = voice->loops || voice->paused || (voice->fed && voice->finish_line == 0);
        if (held && !voice->stopped) {
            return false;
        }
    }
    return true;
}

char *motet_timeline_voice_text(const motet_timeline *timeline, uint32_t voice)
{
    const motet_timeline_voice *named = &timeline->voices[voice];
    return named->name != NULL ? motet_string_format("voice \"%s\"", named->name)
                               : motet_string_format("the voice of \"%s\"", timeline->sounds[named->sound].name);
}
