#include "dsp/convolver_level.h"

#include <assert.h>
#include <string.h>

/* Into how many units a pass of a transform, and a group of products, is cut: with these a unit of the longest level
 * costs a few microseconds. */
static const uint32_t pass_parts[MOTET_IMPULSE_LEVELS] = {1, 1, 4};
static const uint32_t product_parts[MOTET_IMPULSE_LEVELS] = {1, 4, 16};

/* ------------------------------------------------------------------------------------------------------ Memory */

static float *take(float *memory, size_t *at, size_t floats)
{
    enum { LINE = 64 / sizeof(float) };
    float *start = memory != NULL ? memory + *at : NULL;
    *at += (floats + LINE - 1) / LINE * LINE;
    return start;
}

size_t motet_convolver_level_place(motet_convolver_level *level, uint32_t index, uint32_t channels, uint32_t frames,
                                   const motet_kernels *kernels, float *memory)
{
    size_t at = 0;
    uint32_t block = motet_impulse_shapes[index].block;
    motet_convolver_level made = {.index = index, .block = block, .channels = channels, .kernels = kernels};
    made.places = motet_impulse_parts(index, frames);
    if (made.places > 0) {
        float *tables = take(memory, &at, motet_fft_size(block) / sizeof(float));
        made.turns = take(memory, &at, 3 * (size_t)block);
        for (uint32_t i = 0; i < 2; i++) {
            made.work[i] = take(memory, &at, 2 * (size_t)block);
        }
        for (uint32_t c = 0; c < channels; c++) {
            made.inputs[c] = take(memory, &at, (size_t)made.places * 2 * block);
            for (uint32_t i = 0; i < 2 * MOTET_CONVOLVER_SLOTS; i++) {
                made.outputs[i % 2][i / 2][c] = take(memory, &at, block);
            }
        }
        if (memory != NULL) {
            motet_fft_build(&made.fft, block, tables);
            motet_impulse_turns(made.turns, block);
        }
    }
    if (memory != NULL) {
        *level = made;
    }
    return at;
}

/* ------------------------------------------------------------------------------------------------------- Units */

static motet_complexes halves(float *memory, uint32_t block) MOTET_NONBLOCKING
{
    return (motet_complexes){memory, memory + block};
}

static motet_complexes further(motet_complexes v, uint32_t by) MOTET_NONBLOCKING
{
    return (motet_complexes){v.re + by, v.im + by};
}

static motet_complexes input_at(const motet_convolver_level *level, uint32_t channel,
                                uint32_t blocks_ago) MOTET_NONBLOCKING
{
    uint32_t place = (level->newest + level->places - blocks_ago) % level->places;
    return halves(level->inputs[channel] + (size_t)place * 2 * level->block, level->block);
}

/* Turns the two blocks, then transforms them, so that the result comes to lie among the inputs. */
static void forward_unit(motet_convolver_level *level, uint32_t channel, uint32_t unit) MOTET_NONBLOCKING
{
    uint32_t parts = pass_parts[level->index];
    uint32_t part = unit % parts;
    bool even = level->fft.pass_count % 2 == 0;
    motet_complexes result = input_at(level, channel, 0);
    motet_complexes other = halves(level->work[0], level->block);
    motet_complexes a = even ? result : other;
    motet_complexes b = even ? other : result;
    if (unit < parts) {
        uint32_t count = level->block / parts;
        uint32_t at = part * count;
        motet_complexes in = {(float *)level->earlier[channel] + at, (float *)level->later[channel] + at};
        motet_complexes turns = {level->turns + at, level->turns + level->block + at};
        level->kernels->multiply_complex(further(a, at), in, turns, count);
        return;
    }
    motet_fft_part(&level->fft, level->kernels, unit / parts - 1, a, b, part, parts);
}

/* How many products make a channel of a response. */
static uint32_t products_of(const motet_convolver_level *level, const motet_impulse *impulse,
                            uint32_t channel) MOTET_NONBLOCKING
{
    uint32_t parts = impulse->parts[level->index] < level->known ? impulse->parts[level->index] : level->known;
    uint32_t paths = 0;
    for (uint32_t from = 0; from < level->channels; from++) {
        paths += impulse->path[channel][from] >= 0 ? 1 : 0;
    }
    return paths * parts;
}

static uint32_t groups_of(uint32_t products) MOTET_NONBLOCKING
{
    return (products + MOTET_PRODUCTS - 1) / MOTET_PRODUCTS;
}

/* A few products over a few bins: each bin's products are summed from the newest block on, first of one channel, then
 * of the other. */
static void products_unit(motet_convolver_level *level, const motet_impulse *impulse, uint32_t channel,
                          uint32_t unit) MOTET_NONBLOCKING
{
    uint32_t total = products_of(level, impulse, channel);
    uint32_t groups = groups_of(total);
    assert(groups > 0);
    uint32_t count = level->block / product_parts[level->index];
    uint32_t at = unit / groups * count;
    uint32_t first = unit % groups * MOTET_PRODUCTS;
    uint32_t parts = impulse->parts[level->index] < level->known ? impulse->parts[level->index] : level->known;
    motet_complexes sum = further(halves(level->work[0], level->block), at);
    motet_products products = {.count = 0};
    for (uint32_t i = first; i < total && products.count < MOTET_PRODUCTS; i++, products.count++) {
        uint32_t from = impulse->path[channel][0] < 0 ? 1 : i / parts;
        uint32_t part = i % parts;
        uint32_t response = (uint32_t)impulse->path[channel][from];
        products.x[products.count] = further(input_at(level, from, part), at);
        products.h[products.count] = further(motet_impulse_spectrum(impulse, level->index, response, part), at);
    }
    if (first == 0) {
        memset(sum.re, 0, count * sizeof(float));
        memset(sum.im, 0, count * sizeof(float));
    }
    level->kernels->add_products(sum, &products, count);
}

/* Back, by the forward transform with real and imaginary parts exchanged; of the two halves only the imaginary one is
 * free of what has wrapped around. */
static void inverse_unit(motet_convolver_level *level, uint32_t slot, uint32_t channel, uint32_t unit) MOTET_NONBLOCKING
{
    uint32_t parts = pass_parts[level->index];
    uint32_t part = unit % parts;
    uint32_t pass = unit / parts;
    uint32_t block = level->block;
    motet_complexes a = {level->work[0] + block, level->work[0]};
    motet_complexes b = {level->work[1] + block, level->work[1]};
    if (pass < level->fft.pass_count) {
        motet_fft_part(&level->fft, level->kernels, pass, a, b, part, parts);
        return;
    }
    uint32_t count = block / parts;
    uint32_t at = part * count;
    motet_complexes result = further(motet_fft_result(&level->fft, a, b), at);
    motet_complexes spare = further(level->fft.pass_count % 2 == 0 ? b : a, at);
    motet_complexes turns = {level->turns + at, level->turns + 2 * (size_t)block + at};
    motet_complexes out = {spare.re, level->outputs[1 - level->sounding][slot][channel] + at};
    level->kernels->multiply_complex(out, (motet_complexes){result.im, result.re}, turns, count);
}

static void run_unit(motet_convolver_level *level, const motet_convolver_section *section,
                     uint32_t unit) MOTET_NONBLOCKING
{
    const motet_impulse *impulse = level->of[1 - level->sounding][section->slot];
    if (section->work == MOTET_WORK_FORWARD) {
        forward_unit(level, section->channel, unit);
    } else if (impulse == NULL) {
        return; /* forgotten in the middle of it */
    } else if (section->work == MOTET_WORK_PRODUCTS) {
        products_unit(level, impulse, section->channel, unit);
    } else {
        inverse_unit(level, section->slot, section->channel, unit);
    }
}

/* ------------------------------------------------------------------------------------------------------- Blocks */

static void work_until(motet_convolver_level *level, uint32_t target) MOTET_NONBLOCKING
{
    for (; level->done < target; level->done++) {
        const motet_convolver_section *section = &level->sections[level->section];
        run_unit(level, section, level->unit);
        level->unit++;
        if (level->unit == section->units) {
            level->unit = 0;
            level->section++;
        }
    }
}

static void add_section(motet_convolver_level *level, motet_convolver_work work, uint32_t slot, uint32_t channel,
                        uint32_t units) MOTET_NONBLOCKING
{
    level->sections[level->section_count++] = (motet_convolver_section){work, slot, channel, units};
    level->total += units;
}

static void plan_response(motet_convolver_level *level, uint32_t slot, const motet_impulse *impulse) MOTET_NONBLOCKING
{
    uint32_t transform = (level->fft.pass_count + 1) * pass_parts[level->index];
    for (uint32_t c = 0; c < level->channels; c++) {
        uint32_t groups = groups_of(products_of(level, impulse, c));
        add_section(level, MOTET_WORK_PRODUCTS, slot, c, groups * product_parts[level->index]);
        add_section(level, MOTET_WORK_INVERSE, slot, c, transform);
    }
}

/* A block has ended before `frame`. */
static void begin(motet_convolver_level *level, uint64_t frame,
                  const motet_impulse *const impulses[MOTET_CONVOLVER_SLOTS], const float *const rings[2],
                  uint32_t mask) MOTET_NONBLOCKING
{
    bool needed = false;
    level->section_count = level->section = level->unit = level->total = level->done = 0;
    for (uint32_t slot = 0; slot < MOTET_CONVOLVER_SLOTS; slot++) {
        const motet_impulse *impulse = impulses[slot];
        bool here = impulse != NULL && impulse->parts[level->index] > 0;
        level->of[1 - level->sounding][slot] = here ? impulse : NULL;
        needed = needed || here;
    }
    if (!needed) {
        level->known = 0;
        return;
    }
    level->newest = (level->newest + 1) % level->places;
    level->known = level->known < level->places ? level->known + 1 : level->places;
    for (uint32_t c = 0; c < level->channels; c++) {
        level->earlier[c] = rings[c] + ((frame - 2 * (uint64_t)level->block) & mask);
        level->later[c] = rings[c] + ((frame - level->block) & mask);
        add_section(level, MOTET_WORK_FORWARD, 0, c, (level->fft.pass_count + 1) * pass_parts[level->index]);
    }
    for (uint32_t slot = 0; slot < MOTET_CONVOLVER_SLOTS; slot++) {
        if (level->of[1 - level->sounding][slot] != NULL) {
            plan_response(level, slot, level->of[1 - level->sounding][slot]);
        }
    }
}

void motet_convolver_level_step(motet_convolver_level *level, uint64_t frame,
                                const motet_impulse *const impulses[MOTET_CONVOLVER_SLOTS], const float *const rings[2],
                                uint32_t mask) MOTET_NONBLOCKING
{
    if (level->places == 0) {
        return;
    }
    uint32_t gone = (uint32_t)(frame % level->block);
    bool at_once = motet_impulse_shapes[level->index].first == level->block;
    if (gone != 0) {
        work_until(level, (uint32_t)((uint64_t)level->total * gone / level->block));
        return;
    }
    if (at_once) {
        begin(level, frame, impulses, rings, mask);
    }
    work_until(level, level->total);
    level->sounding = 1 - level->sounding;
    if (!at_once) {
        begin(level, frame, impulses, rings, mask);
    }
}

void motet_convolver_level_reset(motet_convolver_level *level) MOTET_NONBLOCKING
{
    level->section_count = level->section = level->unit = level->total = level->done = 0;
    level->newest = level->known = level->sounding = 0;
    memset(level->of, 0, sizeof level->of);
}

void motet_convolver_level_forget(motet_convolver_level *level, uint32_t slot) MOTET_NONBLOCKING
{
    level->of[0][slot] = level->of[1][slot] = NULL;
}

const float *motet_convolver_level_output(const motet_convolver_level *level, uint64_t frame, uint32_t slot,
                                          const motet_impulse *impulse, uint32_t channel) MOTET_NONBLOCKING
{
    if (impulse == NULL || level->of[level->sounding][slot] != impulse) {
        return NULL;
    }
    return level->outputs[level->sounding][slot][channel] + frame % level->block;
}
