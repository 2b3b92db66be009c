/* A test of a game's sound without a sound card: the engine renders by hand, and the samples are looked at.
 *
 *     cc offline.c -lmotet && ./a.out */
#include <motet/motet.h>
#include <stdio.h>

int main(void)
{
    motet_engine *engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL, .no_limiter = true});
    motet_sound beep = motet_sound_from_signal(
        engine, &(motet_signal){.kind = MOTET_SIGNAL_SINE, .hz = 440, .amplitude = 0.5, .seconds = 0.5}, NULL);
    motet_voice voice = motet_voice_play(engine, beep, NULL);

    /* Half way through, on exactly this frame, it moves to the left within 50 ms. */
    motet_voice_set_pan(engine, voice, -1, motet_at_fade(12000, 0.05));

    static float frames[48000][2];
    motet_engine_render_f32(engine, frames[0], 48000);
    float left = 0;
    float right = 0;
    for (int i = 14400; i < 24000; i++) {
        left = frames[i][0] > left ? frames[i][0] : left;
        right = frames[i][1] > right ? frames[i][1] : right;
    }
    motet_event event;
    while (motet_engine_poll_event(engine, &event)) {
        printf("frame %llu: the voice %s\n", (unsigned long long)event.frame, motet_end_reason_text(event.reason));
    }
    printf("after the move: left %.2f, right %.2f\n", (double)left, (double)right);
    motet_engine_destroy(engine);
    return !(left > 0.49f && right == 0);
}
