/* The first sound: load it, play it, wait for its end.
 *
 *     cc hello.c -lmotet && ./a.out theme.ogg */
#include <motet/motet.h>

int main(int argc, char **argv)
{
    motet_engine *engine = motet_engine_create(NULL);
    motet_sound theme = motet_sound_load(engine, argc > 1 ? argv[1] : "theme.ogg", NULL);
    motet_voice voice = motet_voice_play(engine, theme, NULL);
    while (motet_voice_is_active(engine, voice)) {
        motet_sleep_ms(10);
    }
    motet_engine_destroy(engine);
    return theme.id == 0;
}
