/* Music that follows a game: layers that come in by their volume, a piece that takes over at the next bar, and one that
 * is heard when that has come to its end. Its tones are made here; stems.wav ... would be loaded, and best streamed.
 *
 *     cc adaptive_music.c -lmotet && ./a.out */
#include <motet/motet.h>

#include <stdio.h>

enum { RATE = 48000 };

/* Two bars at 120 beats a minute. */
static motet_sound layer(motet_engine *engine, double hz, double seconds)
{
    motet_signal tone = {.kind = MOTET_SIGNAL_SINE, .hz = hz, .amplitude = 0.2, .seconds = seconds};
    return motet_sound_from_signal(engine, &tone, &(motet_sound_def){.tempo_bpm = 120});
}

/* A game's frames, so long as it plays on. */
static void play_on(motet_engine *engine, double seconds)
{
    static float out[2 * RATE / 50];
    for (int i = 0; i < (int)(seconds * 50); i++) {
        motet_engine_render_f32(engine, out, RATE / 50);
    }
}

int main(void)
{
    motet_engine *engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL});

    /* All layers run from the start, locked together; what is not wanted yet is silent. */
    const motet_stem layers[] = {{.sound = layer(engine, 110, 4)},
                                 {.sound = layer(engine, 165, 4), .volume_db = MOTET_VOLUME_MIN_DB},
                                 {.sound = layer(engine, 220, 4), .volume_db = MOTET_VOLUME_MIN_DB}};
    motet_voice music[3];
    if (motet_stems_play(engine, layers, 3, &(motet_voice_def){.loop = true}, music) != MOTET_OK) {
        return 1;
    }
    play_on(engine, 1.3);
    motet_voice_set_volume_db(engine, music[1], 0, motet_fade(2)); /* an enemy is near */
    play_on(engine, 2);
    motet_voice_set_volume_db(engine, music[2], -3, motet_fade(0.5)); /* it has seen us */

    /* The fight begins with the next bar. A stream is decoded ahead from here on, so it starts there too. */
    uint64_t bar = motet_voice_next_bar(engine, music[0], 1);
    motet_voice fight = motet_voice_crossfade(engine, music[0], layer(engine, 330, 2),
                                              &(motet_voice_def){.timing = motet_at_fade(bar, 0.5)});
    /* And when it is over there is silence for no frame. */
    motet_voice after = motet_voice_queue(engine, fight, layer(engine, 82.5, 1), NULL);
    play_on(engine, 5);

    motet_event event;
    uint64_t fight_ended = 0, after_ended = 0;
    while (motet_engine_poll_event(engine, &event)) {
        fight_ended = event.type == MOTET_EVENT_VOICE_ENDED && event.voice.id == fight.id ? event.frame : fight_ended;
        after_ended = event.type == MOTET_EVENT_VOICE_ENDED && event.voice.id == after.id ? event.frame : after_ended;
    }
    printf("the fight from frame %llu to %llu, and what follows to %llu\n", (unsigned long long)bar,
           (unsigned long long)fight_ended, (unsigned long long)after_ended);
    motet_engine_destroy(engine);
    return fight_ended != bar + 2 * RATE || after_ended != fight_ended + RATE;
}
