/* Sounds out of one file of the program's own, as games ship them. A pak here is a row of entries, each a name of 56
 * bytes, a size of 8 (little-endian) and so many bytes of a sound's file.
 *
 *     cc pak.c -lmotet && ./a.out [a.pak sound...] */
#include <motet/motet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 56 };

/* ------------------------------------------------------------------------------------- What the engine gets */

/* One open entry: a part of the pak with a place of its own. */
typedef struct entry {
    FILE *pak;
    uint64_t start, size, at;
} entry;

static int64_t read_entry(void *file, void *bytes, size_t size)
{
    entry *e = file;
    uint64_t left = e->size - e->at;
    size_t got = fread(bytes, 1, size < left ? size : (size_t)left, e->pak);
    e->at += got;
    return got == 0 && left > 0 && size > 0 ? -1 : (int64_t)got;
}

static bool seek_entry(void *file, uint64_t offset)
{
    entry *e = file;
    e->at = offset;
    return fseek(e->pak, (long)(e->start + offset), SEEK_SET) == 0;
}

static void close_entry(void *file)
{
    entry *e = file;
    fclose(e->pak);
    free(e);
}

/* `user` is the pak's own path. Each file opens it anew: calls for two files may overlap. */
static motet_result open_entry(void *user, const char *path, motet_file *file)
{
    unsigned char head[NAME_SIZE + 8];
    entry *e = calloc(1, sizeof *e);
    if (e == NULL || (e->pak = fopen(user, "rb")) == NULL) {
        free(e);
        return MOTET_ERROR_IO;
    }
    while (fread(head, sizeof head, 1, e->pak) == 1) {
        e->start += sizeof head;
        e->size = 0;
        for (int i = 7; i >= 0; i--) {
            e->size = e->size << 8 | head[NAME_SIZE + i];
        }
        if (strncmp((const char *)head, path, NAME_SIZE) == 0) {
            *file = (motet_file){read_entry, seek_entry, close_entry, e->size, e};
            return MOTET_OK;
        }
        e->start += e->size;
        if (fseek(e->pak, (long)e->start, SEEK_SET) != 0) {
            break;
        }
    }
    close_entry(e);
    return MOTET_ERROR_NOT_FOUND;
}

/* ------------------------------------------------------------------------------------------- A pak to play from */

/* Appends a file to a pak under a name. */
static bool append(FILE *pak, const char *name, const char *path)
{
    unsigned char head[NAME_SIZE + 8] = {0}, bytes[4096];
    FILE *from = fopen(path, "rb");
    if (from == NULL || fseek(from, 0, SEEK_END) != 0) {
        return false;
    }
    uint64_t size = (uint64_t)ftell(from);
    rewind(from);
    snprintf((char *)head, NAME_SIZE, "%s", name);
    for (int i = 0; i < 8; i++) {
        head[NAME_SIZE + i] = (unsigned char)(size >> 8 * i);
    }
    bool written = fwrite(head, sizeof head, 1, pak) == 1;
    for (size_t got; written && (got = fread(bytes, 1, sizeof bytes, from)) > 0;) {
        written = fwrite(bytes, 1, got, pak) == got;
    }
    fclose(from);
    return written;
}

static bool make_pak(const char *path)
{
    FILE *pak = fopen(path, "wb");
    bool made = pak != NULL && append(pak, "music/theme.ogg", "theme.ogg") &&
                append(pak, "sfx/door.ogg", "theme.ogg") && append(pak, "sfx/steps.ogg", "theme.ogg");
    return pak != NULL && fclose(pak) == 0 && made;
}

int main(int count, char **arguments)
{
    static char small[] = "small.pak";
    const char *const names[] = {"music/theme.ogg", "sfx/door.ogg", "sfx/steps.ogg"};
    char *pak = count > 2 ? arguments[1] : small;
    const char *const *sounds = count > 2 ? (const char *const *)(arguments + 2) : names;
    int sound_count = count > 2 ? count - 2 : 3;
    if (count <= 2 && !make_pak(small)) {
        return 1;
    }
    motet_engine *engine = motet_engine_create(&(motet_engine_def){.files = {open_entry, pak}});
    for (int i = 0; i < sound_count; i++) {
        /* The first one is decoded while it plays, out of the pak. */
        motet_sound sound = motet_sound_load(engine, sounds[i], &(motet_sound_def){.stream = i == 0});
        motet_voice voice = motet_voice_play(engine, sound, NULL);
        if (voice.id == 0) {
            return 1;
        }
        while (motet_voice_is_active(engine, voice)) {
            motet_sleep_ms(10);
        }
        printf("%s\n", sounds[i]);
    }
    bool refused = motet_sound_load(engine, "sfx/none.ogg", NULL).id == 0;
    printf("%s\n", motet_last_error());
    motet_engine_destroy(engine);
    return refused ? 0 : 1;
}
