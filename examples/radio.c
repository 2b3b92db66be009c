/* A fed voice: the program makes the samples while they play (here a tone that changes its pitch), and writes as many
 * as there is room for.
 *
 *     cc radio.c -lmotet -lm && ./a.out */
#include <math.h>
#include <motet/motet.h>
#include <stdio.h>

enum { RATE = 44100, SECONDS = 2, CHUNK = 1024 };

/* The next frames of the programme. */
static void receive(int16_t *stereo, uint32_t frame_count, uint32_t from)
{
    static double phase;
    for (uint32_t i = 0; i < frame_count; i++) {
        double seconds = (double)(from + i) / RATE;
        phase += (330 + 110 * floor(seconds * 4)) / RATE;
        stereo[2 * i] = stereo[2 * i + 1] = (int16_t)(6000 * sin(6.283185307179586 * phase));
    }
}

int main(void)
{
    motet_engine *engine = motet_engine_create(NULL);
    motet_bus music = motet_bus_create(engine, "Music", &(motet_bus_def){.volume_db = -6});

    /* Up to half a second is held; playing starts once a tenth is there, and again after each gap. */
    motet_voice radio = motet_feed_open(engine, &(motet_feed_def){.sample_rate_hz = RATE,
                                                                  .channels = 2,
                                                                  .buffer_seconds = 0.5,
                                                                  .start_after_seconds = 0.1,
                                                                  .voice = {.bus = music}});
    for (uint32_t sent = 0; sent < RATE * SECONDS;) {
        static int16_t chunk[2 * CHUNK];
        receive(chunk, CHUNK, sent);
        for (uint32_t written = 0, taken; written < CHUNK; written += taken) {
            if (motet_feed_write_s16(engine, radio, chunk + 2 * written, CHUNK - written, &taken) != MOTET_OK) {
                return 1; /* switched off */
            }
            if (taken == 0) {
                motet_sleep_ms(20);
            }
        }
        sent += CHUNK;
    }
    motet_feed_finish(engine, radio);
    motet_event event;
    while (motet_voice_is_active(engine, radio) || motet_engine_poll_event(engine, &event)) {
        motet_sleep_ms(10);
    }
    motet_stats stats;
    motet_engine_get_stats(engine, &stats);
    printf("gaps: %llu\n", (unsigned long long)stats.feed_gaps);
    motet_engine_destroy(engine);
    return 0;
}
