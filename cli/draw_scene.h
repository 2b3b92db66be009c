/* What a picture shows of a rendered timeline beside its sound: when each voice played, and how loud each bus was. */
#ifndef MOTET_CLI_DRAW_SCENE_H
#define MOTET_CLI_DRAW_SCENE_H

#include "draw.h"
#include "offline.h"

typedef struct motet_draw_scene {
    motet_draw_bus *buses;
    motet_draw_voice *voices;
    motet_draw_span *pauses;
    size_t bus_count, voice_count, pause_count, pause_capacity;
} motet_draw_scene;

/* Of a timeline that has been rendered; names stay the timeline's. */
void motet_draw_scene_create(motet_draw_scene *scene, const motet_offline *offline);
void motet_draw_scene_free(motet_draw_scene *scene);

#endif /* MOTET_CLI_DRAW_SCENE_H */
