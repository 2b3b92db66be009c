/* A loading screen: sounds are read in the background while the game goes on, and the music of the level is played
 * before it is there. Names of sound files may be given; without any, files in memory are read.
 *
 *     cc loading_screen.c -lmotet -lm && ./a.out theme.ogg door.wav ... */
#include <math.h>
#include <motet/motet.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 64, MADE = 8, RATE = 8000, FRAMES = RATE };

/* A WAV file of a tone, as an archive of a game's own would have it. */
static unsigned char wav[44 + 2 * FRAMES] =
    "RIFF\xa4\x3e\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\x80\x3e";

static void make_wav(double hz)
{
    for (int i = 0; i < FRAMES; i++) {
        int sample = (int)(6000 * sin(6.283185307179586 * hz * i / RATE));
        wav[44 + 2 * i] = (unsigned char)(sample & 255);
        wav[45 + 2 * i] = (unsigned char)(sample >> 8 & 255);
    }
}

int main(int argc, char **argv)
{
    motet_engine *engine = motet_engine_create(NULL);
    motet_sound sounds[MOST];
    int count = argc > 1 ? (argc - 1 < MOST ? argc - 1 : MOST) : MADE;
    for (int i = 0; i < count; i++) {
        const motet_sound_def later = {.async = true};
        if (argc > 1) {
            sounds[i] = motet_sound_load(engine, argv[i + 1], &later);
        } else {
            make_wav(220 * (i + 2));
            sounds[i] = motet_sound_load_memory(engine, wav, sizeof wav, &later);
        }
    }

    /* The last one is wanted first: it is read before the others, and starts when it is there. */
    motet_voice music = motet_voice_play(engine, sounds[count - 1], &(motet_voice_def){.volume_db = -6});
    motet_voice_set_volume_db(engine, music, -12, motet_fade(0.5));

    int ready = 0;
    int failed = 0;
    while (ready + failed < count) { /* once in each of the game's pictures */
        ready = failed = 0;
        for (int i = 0; i < count; i++) {
            motet_sound_info info = {0};
            motet_sound_get_info(engine, sounds[i], &info);
            ready += info.state == MOTET_SOUND_READY;
            failed += info.state == MOTET_SOUND_FAILED;
        }
        motet_sleep_ms(5);
    }
    printf("%d of %d sounds are ready\n", ready, count);
    for (int i = 0; i < count; i++) {
        char text[256];
        if (motet_sound_get_error(engine, sounds[i], text, sizeof text) != MOTET_OK) {
            printf("%s\n", text);
        }
    }
    for (int i = 0; i < 100 && motet_voice_is_active(engine, music); i++) {
        motet_sleep_ms(10);
    }
    motet_engine_destroy(engine);
    return 0;
}
