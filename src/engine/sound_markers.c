#include "engine/engine.h"
#include "engine/markers.h"
#include "engine/source.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of(const motet_marker *marker)
{
    return marker->name != NULL ? marker->name : "";
}

motet_result motet_markers_check(motet_engine *engine, const motet_sound_def *def)
{
    const motet_marker *markers = def->markers;
    if (def->marker_count > 0 && markers == NULL) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "marker_count is %u, but markers is NULL",
                          def->marker_count);
    }
    if (def->marker_count > MOTET_MAX_MARKERS) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID, "%u markers; expected at most %d", def->marker_count,
                          MOTET_MAX_MARKERS);
    }
    for (uint32_t i = 0; i < def->marker_count; i++) {
        if (i > 0 && markers[i].frame < markers[i - 1].frame) {
            return motet_fail(&engine->log, MOTET_ERROR_INVALID,
                              "marker %u is at frame %llu, but marker %u at %llu; expected them in the order of their "
                              "frames",
                              i, (unsigned long long)markers[i].frame, i - 1, (unsigned long long)markers[i - 1].frame);
        }
        if (strlen(name_of(&markers[i])) > MOTET_MAX_MARKER_NAME) {
            return motet_fail(&engine->log, MOTET_ERROR_INVALID,
                              "the name of marker %u is too long; expected at most %d bytes", i, MOTET_MAX_MARKER_NAME);
        }
    }
    return MOTET_OK;
}

/* ------------------------------------------------------------------------------------------------------- Keeping */

void motet_markers_free(motet_heap *heap, motet_marker *markers, uint32_t count)
{
    for (uint32_t i = 0; markers != NULL && i < count; i++) {
        motet_heap_give_text(heap, (char *)markers[i].name);
    }
    motet_heap_give(heap, markers, count * sizeof *markers);
}

static void forget(motet_heap *heap, motet_decoded *decoded)
{
    motet_markers_free(heap, decoded->markers, decoded->info.marker_count);
    decoded->markers = NULL;
    decoded->info.marker_count = 0;
}

/* A name as long as it may be, whole characters of UTF-8. */
static void cut_name(char *out, const char *name)
{
    size_t length = strlen(name);
    if (length > MOTET_MAX_MARKER_NAME) {
        length = MOTET_MAX_MARKER_NAME;
        while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    memcpy(out, name, length);
    out[length] = '\0';
}

static motet_result copy(motet_heap *heap, motet_decoded *decoded, const motet_marker *markers, uint32_t count)
{
    if (count == 0) {
        return MOTET_OK;
    }
    decoded->markers = motet_heap_take(heap, count * sizeof *markers, _Alignof(motet_marker));
    if (decoded->markers == NULL) {
        return MOTET_ERROR_MEMORY;
    }
    decoded->info.marker_count = count;
    bool complete = true;
    for (uint32_t i = 0; i < count; i++) {
        char name[MOTET_MAX_MARKER_NAME + 1];
        cut_name(name, name_of(&markers[i]));
        decoded->markers[i] = (motet_marker){markers[i].frame, motet_heap_copy_text(heap, name)};
        complete = complete && decoded->markers[i].name != NULL;
    }
    if (!complete) {
        forget(heap, decoded);
    }
    return complete ? MOTET_OK : MOTET_ERROR_MEMORY;
}

/* By frame; of one frame in the order of the file. */
static int compare(const void *a, const void *b)
{
    const motet_marker *const *x = a;
    const motet_marker *const *y = b;
    if ((*x)->frame != (*y)->frame) {
        return (*x)->frame < (*y)->frame ? -1 : 1;
    }
    return *x < *y ? -1 : *x > *y;
}

bool motet_markers_keep(motet_heap *heap, const motet_decoder_info *info, motet_decoded *decoded)
{
    if (info->marker_count == 0) {
        return true;
    }
    size_t order_size = info->marker_count * sizeof(motet_marker *);
    const motet_marker **order = motet_heap_take(heap, order_size, _Alignof(motet_marker *));
    size_t sorted_size = MOTET_MAX_MARKERS * sizeof(motet_marker);
    motet_marker *sorted = motet_heap_take(heap, sorted_size, _Alignof(motet_marker));
    motet_result result = order != NULL && sorted != NULL ? MOTET_OK : MOTET_ERROR_MEMORY;
    if (result == MOTET_OK) {
        uint32_t inside = 0;
        for (uint32_t i = 0; i < info->marker_count; i++) {
            if (info->markers[i].frame < decoded->info.frame_count) {
                order[inside++] = &info->markers[i];
            }
        }
        qsort(order, inside, sizeof *order, compare);
        uint32_t count = inside < MOTET_MAX_MARKERS ? inside : MOTET_MAX_MARKERS;
        for (uint32_t i = 0; i < count; i++) {
            sorted[i] = *order[i];
        }
        decoded->markers_left_out = inside - count;
        result = copy(heap, decoded, sorted, count);
    }
    motet_heap_give(heap, order, order_size);
    motet_heap_give(heap, sorted, sorted_size);
    return result == MOTET_OK;
}

motet_result motet_markers_take_def(motet_engine *engine, motet_decoded *decoded, const char *name,
                                    const motet_sound_def *def)
{
    uint64_t frames = decoded->info.frame_count;
    if (def->marker_count == 0) {
        return MOTET_OK;
    }
    uint64_t last = def->markers[def->marker_count - 1].frame;
    if (last >= frames) {
        return motet_fail(&engine->log, MOTET_ERROR_INVALID,
                          "%s: marker %u is at frame %llu of a sound of %llu frames; expected it inside the sound",
                          name, def->marker_count - 1, (unsigned long long)last, (unsigned long long)frames);
    }
    forget(&engine->heap, decoded);
    decoded->markers_left_out = 0;
    if (copy(&engine->heap, decoded, def->markers, def->marker_count) != MOTET_OK) {
        return motet_fail(&engine->log, MOTET_ERROR_MEMORY, "%s: out of memory for %u markers", name,
                          def->marker_count);
    }
    return MOTET_OK;
}

bool motet_markers_are_as_asked(const motet_sound_entry *entry, const motet_sound_def *def)
{
    bool same = entry->markers_of_def == (def->marker_count > 0);
    if (!entry->markers_of_def || !same) {
        return same;
    }
    const motet_marker *markers = entry->load != NULL ? entry->load->def.markers : entry->markers;
    same = (entry->load != NULL ? entry->load->def.marker_count : entry->info.marker_count) == def->marker_count;
    for (uint32_t i = 0; same && i < def->marker_count; i++) {
        same =
            markers[i].frame == def->markers[i].frame && strcmp(name_of(&markers[i]), name_of(&def->markers[i])) == 0;
    }
    return same;
}

/* ------------------------------------------------------------------------------------------------------- Placing */

static motet_result place(motet_heap *heap, motet_material *material, const motet_decoded *decoded)
{
    uint32_t count = decoded->info.marker_count;
    material->markers = motet_heap_take(heap, count * sizeof *material->markers, _Alignof(motet_marker_place));
    if (material->markers == NULL) {
        return MOTET_ERROR_MEMORY;
    }
    material->marker_count = count;
    for (uint32_t i = 0; i < count; i++) {
        material->markers[i] = motet_source_place(material, decoded->markers[i].frame);
    }
    return MOTET_OK;
}

motet_result motet_markers_place(motet_heap *heap, motet_decoded *decoded)
{
    motet_material *material = &decoded->material;
    if (decoded->info.marker_count == 0) {
        return MOTET_OK;
    }
    motet_result result = place(heap, material, decoded);
    return result == MOTET_OK && material->original != NULL ? place(heap, material->original, decoded) : result;
}

void motet_markers_unplace(motet_heap *heap, const motet_material *material)
{
    motet_heap_give(heap, material->markers, material->marker_count * sizeof *material->markers);
}
