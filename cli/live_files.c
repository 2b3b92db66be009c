/* motet play of sound files, one after the other. */
#include "files.h"
#include "live.h"
#include "memory.h"
#include "options.h"
#include "output.h"

#include <stdlib.h>

typedef struct playlist {
    motet_live live;
    motet_bus bus;
    const char **paths;
    size_t count;
    size_t next; /* of the paths */
    motet_sound sound;
    const char *name;
    bool good;
} playlist;

/* Leaves out the files that cannot be opened and tells each, before a device is opened for the others. */
static void find_files(playlist *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        char *complaint = motet_file_complaint(".", list->paths[i]);
        if (complaint == NULL) {
            list->paths[kept++] = list->paths[i];
        } else {
            motet_output_error("%s", complaint);
            list->good = false;
        }
        free(complaint);
    }
    list->count = kept;
}

/* Opens the next file that can be decoded; the others are told. {0} after the last. They are decoded while they play:
 * an hour of music starts at once, and takes no more memory than a second of it. */
static motet_sound load_next(playlist *list, const char **name)
{
    while (list->next < list->count) {
        *name = list->paths[list->next++];
        motet_sound sound = motet_sound_load(list->live.engine, *name, &(motet_sound_def){.stream = true});
        if (sound.id != 0) {
            return sound;
        }
        motet_output_error("%s", motet_last_error());
        list->good = false;
    }
    return (motet_sound){0};
}

static motet_voice start(playlist *list, uint64_t frame)
{
    const motet_live_options *options = list->live.options;
    const motet_voice_def def = {
        .volume_db = (float)options->volume_db,
        .pan = (float)options->pan,
        .pitch = options->pitch,
        .loop = options->loop,
        .bus = list->bus,
        .timing = motet_at(frame),
    };
    motet_voice voice = motet_voice_play(list->live.engine, list->sound, &def);
    if (voice.id == 0) {
        motet_output_error("%s", motet_last_error());
        list->good = false;
    }
    return voice;
}

static void show(const playlist *list, motet_voice voice)
{
    motet_voice_state state;
    motet_sound_info info;
    if (motet_voice_get_state(list->live.engine, voice, &state) == MOTET_OK &&
        motet_sound_get_info(list->live.engine, list->sound, &info) == MOTET_OK) {
        motet_live_show(&list->live, list->name, state.heard_seconds, info.seconds);
    }
}

/* Plays the files in turn; each is opened while the one before it plays. */
static void play_all(playlist *list)
{
    bool on = true;
    uint64_t frame = list->live.start_frame;
    while (on && list->sound.id != 0) {
        motet_voice voice = start(list, frame);
        const char *next_name = NULL;
        motet_sound next = load_next(list, &next_name);
        while (on && motet_voice_is_active(list->live.engine, voice)) {
            show(list, voice);
            on = motet_live_wait(&list->live);
        }
        (void)motet_sound_release(list->live.engine, list->sound);
        list->sound = next;
        list->name = next_name;
        frame = 0; /* as soon as possible */
    }
}

int motet_live_play_files(const char **paths, size_t count, const motet_live_options *options)
{
    playlist list = {.paths = paths, .count = count, .good = true};
    find_files(&list);
    if (list.count == 0 || !motet_live_open(&list.live, (motet_engine_def){0}, options)) {
        return MOTET_EXIT_FAILED;
    }
    list.bus = options->bus != NULL ? motet_bus_create(list.live.engine, options->bus, NULL)
                                    : motet_bus_master(list.live.engine);
    if (list.bus.id == 0) {
        motet_output_error("%s", motet_last_error());
        return motet_live_close(&list.live, false);
    }
    list.sound = load_next(&list, &list.name);
    motet_live_start(&list.live);
    play_all(&list);
    return motet_live_close(&list.live, list.good);
}
