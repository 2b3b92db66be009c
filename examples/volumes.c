/* A settings page: buses by name, volumes set by sliders, saved and read back.
 *
 *     cc volumes.c -lmotet && ./a.out */
#include <motet/motet.h>
#include <stdio.h>

static void save(motet_engine *engine, FILE *file)
{
    for (motet_bus bus = motet_bus_master(engine); bus.id != 0; bus = motet_bus_next(engine, bus)) {
        motet_bus_info info;
        if (motet_bus_get_info(engine, bus, &info) == MOTET_OK) {
            fprintf(file, "%g %d %s\n", (double)info.volume_db, info.mute, info.name);
        }
    }
}

static void load(motet_engine *engine, FILE *file)
{
    float volume_db;
    int mute;
    char name[64];
    while (fscanf(file, "%f %d %63s", &volume_db, &mute, name) == 3) {
        motet_bus bus = motet_bus_find(engine, name);
        motet_bus_set_volume_db(engine, bus, volume_db, motet_now());
        motet_bus_set_mute(engine, bus, mute != 0, motet_now());
    }
}

static motet_engine *create_desk(void)
{
    motet_engine *engine = motet_engine_create(&(motet_engine_def){.device = MOTET_DEVICE_MANUAL});
    motet_bus music = motet_bus_create(engine, "Music", NULL);
    motet_bus sfx = motet_bus_create(engine, "SFX", NULL);
    motet_bus feet = motet_bus_create(engine, "Feet", &(motet_bus_def){.parent = sfx});
    return music.id != 0 && feet.id != 0 ? engine : NULL;
}

int main(void)
{
    FILE *file = tmpfile();
    motet_engine *yesterday = create_desk();
    motet_bus_set_volume_db(yesterday, motet_bus_find(yesterday, "Music"), motet_slider_to_db(0.5f), motet_now());
    motet_bus_set_mute(yesterday, motet_bus_find(yesterday, "Feet"), true, motet_now());
    save(yesterday, file);
    motet_engine_destroy(yesterday);

    rewind(file);
    motet_engine *today = create_desk();
    load(today, file);
    save(today, stdout);
    motet_bus_info music;
    motet_bus_get_info(today, motet_bus_find(today, "Music"), &music);
    motet_engine_destroy(today);
    fclose(file);
    return music.volume_db != motet_slider_to_db(0.5f);
}
